/* SPDX-License-Identifier: MIT
 *
 * policy/cmdline.c - what a command line tells an interpreter to run.  The words
 * are the caller's of the interpreter and may be meant to mislead: whatever the
 * option string does not explain gives GUARD_ARGUMENT_ANY and GUARD_RUNS_UNKNOWN,
 * never "none".
 */
#include "policy/cmdline.h"

#include <string.h>

#include <guard/policy.h>

#include "policy/option_string.h"

struct word {
	const char *bytes; /* not terminated */
	size_t size, start;
};

/* What a word that holds options leads to. */
enum effect {
	EFFECT_NEXT = 0, /* go on with the word behind it */
	EFFECT_STOP,     /* what follows is no option and no script */
	EFFECT_ANY       /* not understood */
};

struct walk {
	const char *options, *cmdline;
	size_t size, at;  /* of the next word */
	size_t skip;      /* words behind this one that are its arguments */
	bool no_script;   /* the first word that is no option is an argument */
	bool file_next;   /* the first of the words to be skipped names the script */
	struct guard_command command;
};

static bool word_is(const struct word *word, const char *text)
{
	return word->size == strlen(text) && memcmp(word->bytes, text, word->size) == 0;
}

/* The next word; false at the end. */
static bool take_word(struct word *ret_word, struct walk *walk)
{
	if (walk->at >= walk->size)
		return false;
	*ret_word = (struct word){ &walk->cmdline[walk->at], strnlen(&walk->cmdline[walk->at], walk->size - walk->at),
				   walk->at };
	walk->at += ret_word->size + 1;
	return true;
}

static bool holds_space(const struct word *word, size_t from)
{
	for (size_t i = from; i < word->size; i++)
		if (strchr(" \t\n\r\v\f", word->bytes[i]))
			return true;
	return false;
}

/* Bytes behind `from` that belong to the option's set. */
static size_t skip_set(const char *options, const struct guard_option *option, const struct word *word, size_t from)
{
	while (from < word->size && word->bytes[from] &&
	       memchr(&options[option->set_start], word->bytes[from], option->set_size))
		from++;
	return from;
}

/* ---- what is found ------------------------------------------------------------- */

#define RUNS_NO_FILE (GUARD_RUNS_CODE | GUARD_RUNS_INPUT | GUARD_RUNS_UNKNOWN)

/* The first word that tells of it is the one that is named to people. */
static void runs(struct walk *walk, uint32_t what, size_t word)
{
	if (!(walk->command.runs & RUNS_NO_FILE))
		walk->command.word = (ptrdiff_t)word;
	walk->command.runs |= what;
}

/* The script's name stands at `at`; where two are named, each argument may be it. */
static void names_script(struct walk *walk, size_t at)
{
	walk->command.script = walk->command.runs & GUARD_RUNS_SCRIPT ? GUARD_ARGUMENT_ANY : (ptrdiff_t)at;
	walk->command.runs |= GUARD_RUNS_SCRIPT;
	walk->no_script = true;
}

/* The same by an option: `-` there is standard input (`awk -f -`). */
static void option_names_script(struct walk *walk, size_t at)
{
	if (walk->cmdline[at] == '-' && (at + 1 >= walk->size || walk->cmdline[at + 1] == '\0'))
		runs(walk, GUARD_RUNS_INPUT, at);
	names_script(walk, at);
}

/* ---- words with options ---------------------------------------------------------- */

/* An option with an argument, which begins in its own word at `attached`, or is the
 * next word (0). */
static void take_argument(struct walk *walk, const struct guard_option *option, const struct word *word,
			  size_t attached)
{
	if (option->argument == GUARD_OPTION_CODE)
		runs(walk, GUARD_RUNS_CODE, word->start);
	if (!attached)
		walk->skip++;
	if (option->argument != GUARD_OPTION_FILE)
		return;
	if (attached && attached < word->size)
		option_names_script(walk, word->start + attached);
	else if (attached)
		names_script(walk, word->start + attached);
	else
		walk->file_next = true;
}

/* An option without one, wherever it stands. */
static enum effect take_flag(struct walk *walk, const struct guard_option *option, const struct word *word)
{
	switch (option->argument) {
	case GUARD_OPTION_INLINE:
		runs(walk, GUARD_RUNS_CODE, word->start);
		walk->no_script = true;
		return EFFECT_STOP;
	case GUARD_OPTION_ENDS:
		walk->no_script = true;
		return EFFECT_STOP;
	case GUARD_OPTION_INPUT:
		walk->no_script = true;
		runs(walk, GUARD_RUNS_INPUT, word->start);
		return EFFECT_NEXT;
	case GUARD_OPTION_ALSO:
		runs(walk, GUARD_RUNS_INPUT, word->start);
		return EFFECT_NEXT;
	default:
		return EFFECT_NEXT;
	}
}

/* The letter at `*i`; EFFECT_STOP: the word is through. */
static enum effect read_letter(struct walk *walk, const struct word *word, size_t *i, bool *ret_through)
{
	struct guard_option option;
	size_t next = *i + 1;

	if (!guard_option_find_letter(&option, walk->options, word->bytes[*i]))
		return EFFECT_ANY;
	switch (option.argument) {
	case GUARD_OPTION_ARGUMENT:
	case GUARD_OPTION_CODE:
	case GUARD_OPTION_FILE:
		take_argument(walk, &option, word, next < word->size ? next : 0);
		*ret_through = true;
		return EFFECT_NEXT;
	case GUARD_OPTION_ATTACHED:
		*ret_through = true;
		return holds_space(word, next) ? EFFECT_ANY : EFFECT_NEXT;
	case GUARD_OPTION_NEXT:
		walk->skip++;
		return EFFECT_NEXT;
	case GUARD_OPTION_VALUE:
		*ret_through = next < word->size && strchr(":=", word->bytes[next]);
		if (*ret_through)
			runs(walk, GUARD_RUNS_CODE, word->start);
		return *ret_through && holds_space(word, next) ? EFFECT_ANY : EFFECT_NEXT;
	case GUARD_OPTION_SET:
		*i = skip_set(walk->options, &option, word, next) - 1;
		return EFFECT_NEXT;
	default: /* `+s` takes back what `-s` says */
		return word->bytes[0] == '-' ? take_flag(walk, &option, word) : EFFECT_NEXT;
	}
}

/* A cluster of letters behind `-` or `+`. */
static enum effect read_cluster(struct walk *walk, const struct word *word)
{
	enum effect effect = EFFECT_NEXT;
	bool through = false;

	for (size_t i = 1; i < word->size && effect == EFFECT_NEXT && !through; i++)
		effect = read_letter(walk, word, &i, &through);
	return effect;
}

/* A word that the string lists as a whole, in { }.  `NAME=VALUE` is its own
 * argument. */
static bool read_listed(enum effect *ret_effect, struct walk *walk, const struct word *word)
{
	const char *equal = memchr(word->bytes, '=', word->size);
	size_t name_size = equal ? (size_t)(equal - word->bytes) : word->size;
	struct guard_option option;

	if (!guard_option_find_word(&option, walk->options, word->bytes, name_size))
		return false;
	*ret_effect = EFFECT_NEXT;
	if (option.argument == GUARD_OPTION_ARGUMENT || option.argument == GUARD_OPTION_CODE ||
	    option.argument == GUARD_OPTION_FILE)
		take_argument(walk, &option, word, equal ? name_size + 1 : 0);
	else
		*ret_effect = take_flag(walk, &option, word);
	return true;
}

/* An unlisted `--NAME=VALUE` takes no word from the script; what it does nobody
 * here knows. */
static enum effect read_options(struct walk *walk, const struct word *word)
{
	enum effect effect;

	if (read_listed(&effect, walk, word))
		return effect;
	if (word->size <= 2 || memcmp(word->bytes, "--", 2) != 0)
		return read_cluster(walk, word);
	if (!memchr(word->bytes, '=', word->size))
		return EFFECT_ANY;
	runs(walk, GUARD_RUNS_UNKNOWN, word->start);
	return EFFECT_NEXT;
}

static bool is_option(const char *options, const struct word *word)
{
	if (word->size == 0)
		return false;
	return word->bytes[0] == '-' || (word->bytes[0] == '+' && guard_option_has_mark(options, '+'));
}

static void skip_arguments(struct walk *walk)
{
	struct word word;

	while (walk->skip > 0 && take_word(&word, walk)) {
		if (walk->file_next && word.size > 0)
			option_names_script(walk, word.start);
		else if (walk->file_next)
			names_script(walk, word.start);
		walk->file_next = false;
		walk->skip--;
	}
	walk->skip = 0;
	walk->file_next = false;
}

/* ---- the whole line ---------------------------------------------------------------- */

/* The options are through: the next word, if there is one, is the script, or code. */
static void take_operand(struct walk *walk)
{
	struct word word;

	if (walk->no_script || !take_word(&word, walk))
		return;
	walk->no_script = true;
	if (guard_option_has_mark(walk->options, '!'))
		runs(walk, GUARD_RUNS_CODE, word.start);
	else
		names_script(walk, word.start);
}

static enum effect read_word(struct walk *walk, const struct word *word)
{
	if (word_is(word, "--") || (word_is(word, "-") && guard_option_has_mark(walk->options, '-'))) {
		take_operand(walk);
		return EFFECT_STOP;
	}
	if (word_is(word, "-") && !guard_option_has_mark(walk->options, '!')) {
		walk->no_script = true;
		runs(walk, GUARD_RUNS_INPUT, word->start);
		return EFFECT_STOP;
	}
	if (is_option(walk->options, word) && !word_is(word, "-"))
		return read_options(walk, word);
	walk->at = word->start;
	take_operand(walk);
	return EFFECT_STOP;
}

static void not_understood(struct walk *walk, size_t word)
{
	runs(walk, GUARD_RUNS_UNKNOWN, word);
	walk->command.script = GUARD_ARGUMENT_ANY;
	walk->no_script = true;
}

static void read_words(struct walk *walk)
{
	enum effect effect = EFFECT_NEXT;
	struct word word;

	while (effect == EFFECT_NEXT && take_word(&word, walk)) {
		effect = read_word(walk, &word);
		if (effect == EFFECT_ANY)
			not_understood(walk, word.start);
		else if (effect == EFFECT_NEXT)
			skip_arguments(walk);
	}
	/* Neither a file nor code: what stands at the end of a pipe, or is typed. */
	if (!walk->no_script && !guard_option_has_mark(walk->options, '!'))
		runs(walk, GUARD_RUNS_INPUT, walk->size);
	if (walk->command.word >= (ptrdiff_t)walk->size)
		walk->command.word = GUARD_ARGUMENT_NONE;
}

static size_t base_of(const struct word *word)
{
	size_t start = word->size;

	while (start > 0 && word->bytes[start - 1] != '/')
		start--;
	/* A login shell is called by a name with a minus. */
	return start == 0 && word->size > 0 && word->bytes[0] == '-' ? 1 : start;
}

static bool is_face(const struct walk *walk, const struct word *word)
{
	size_t base = base_of(word);

	return guard_option_is_face(walk->options, &word->bytes[base], word->size - base);
}

/* Of a program with many faces: is this command line one of those that the string
 * explains?  The face is the name by which it is called, or the word behind it. */
static bool takes_face(struct walk *walk, const struct word *name)
{
	struct word face;

	if (!guard_option_has_faces(walk->options) || is_face(walk, name))
		return true;
	return take_word(&face, walk) && is_face(walk, &face);
}

void guard_command_read(struct guard_command *ret_command, const char *options, const char *cmdline, size_t size)
{
	struct walk walk = { .options = options, .cmdline = cmdline, .size = size };
	struct word name;

	walk.command = (struct guard_command){ .script = GUARD_ARGUMENT_NONE, .word = GUARD_ARGUMENT_NONE };
	if (size > PTRDIFF_MAX || (size > 0 && cmdline[size - 1] != '\0')) {
		not_understood(&walk, 0);
	} else if (!take_word(&name, &walk)) {
		walk.command.runs = GUARD_RUNS_INPUT;
	} else if (takes_face(&walk, &name)) {
		read_words(&walk);
	}
	*ret_command = walk.command;
}

ptrdiff_t guard_cmdline_script(const char *options, const char *cmdline, size_t size)
{
	struct guard_command command;

	guard_command_read(&command, options, cmdline, size);
	return command.script;
}
