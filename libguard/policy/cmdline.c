/* SPDX-License-Identifier: MIT
 *
 * policy/cmdline.c - which word of a command line names the script.  The words
 * are the caller's of the interpreter and may be meant to mislead: whatever the
 * option string does not explain gives GUARD_ARGUMENT_ANY, never "none".
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
	EFFECT_NEXT = 0, /* go on with the word behind it and `skip` more */
	EFFECT_NONE,     /* there is no script */
	EFFECT_ANY       /* not understood */
};

static bool word_is(const struct word *word, const char *text)
{
	return word->size == strlen(text) && memcmp(word->bytes, text, word->size) == 0;
}

/* The word at `at`; false at the end. */
static bool take_word(struct word *ret_word, const char *cmdline, size_t size, size_t at)
{
	if (at >= size)
		return false;
	*ret_word = (struct word){ &cmdline[at], strnlen(&cmdline[at], size - at), at };
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

/* A cluster of letters behind `-` or `+`. */
static enum effect read_cluster(size_t *skip, const char *options, const struct word *word)
{
	struct guard_option option;

	for (size_t i = 1; i < word->size; i++) {
		if (!guard_option_find_letter(&option, options, word->bytes[i]))
			return EFFECT_ANY;
		switch (option.argument) {
		case GUARD_OPTION_FLAG:
			break;
		case GUARD_OPTION_INLINE:
			if (word->bytes[0] == '-')
				return EFFECT_NONE;
			break; /* `+s` takes back what `-s` says */
		case GUARD_OPTION_ARGUMENT:
			*skip += i + 1 == word->size;
			return EFFECT_NEXT;
		case GUARD_OPTION_ATTACHED:
			return holds_space(word, i + 1) ? EFFECT_ANY : EFFECT_NEXT;
		case GUARD_OPTION_NEXT:
			*skip += 1;
			break;
		case GUARD_OPTION_VALUE:
			if (i + 1 < word->size && strchr(":=", word->bytes[i + 1]))
				return holds_space(word, i + 1) ? EFFECT_ANY : EFFECT_NEXT;
			break;
		case GUARD_OPTION_SET:
			i = skip_set(options, &option, word, i + 1) - 1;
			break;
		}
	}
	return EFFECT_NEXT;
}

/* A word that the string lists as a whole, in { }.  `NAME=VALUE` is its own
 * argument. */
static bool read_listed(enum effect *ret_effect, size_t *skip, const char *options, const struct word *word)
{
	const char *equal = memchr(word->bytes, '=', word->size);
	size_t name_size = equal ? (size_t)(equal - word->bytes) : word->size;
	struct guard_option option;

	if (!guard_option_find_word(&option, options, word->bytes, name_size))
		return false;
	if (option.argument == GUARD_OPTION_ARGUMENT && !equal)
		*skip += 1;
	*ret_effect = option.argument == GUARD_OPTION_INLINE ? EFFECT_NONE : EFFECT_NEXT;
	return true;
}

static enum effect read_options(size_t *skip, const char *options, const struct word *word)
{
	enum effect effect;

	if (read_listed(&effect, skip, options, word))
		return effect;
	if (word->size > 2 && memcmp(word->bytes, "--", 2) == 0)
		return memchr(word->bytes, '=', word->size) ? EFFECT_NEXT : EFFECT_ANY;
	return read_cluster(skip, options, word);
}

static bool is_option(const char *options, const struct word *word)
{
	if (word->size == 0)
		return false;
	return word->bytes[0] == '-' || (word->bytes[0] == '+' && guard_option_has_mark(options, '+'));
}

/* Offset of the word behind `word`. */
static size_t next_word(const struct word *word)
{
	return word->start + word->size + 1;
}

static ptrdiff_t script_at(size_t at, size_t size)
{
	return at < size ? (ptrdiff_t)at : GUARD_ARGUMENT_NONE;
}

ptrdiff_t guard_cmdline_script(const char *options, const char *cmdline, size_t size)
{
	struct word word;
	size_t at;

	if (size == 0 || size > PTRDIFF_MAX)
		return GUARD_ARGUMENT_NONE;
	if (cmdline[size - 1] != '\0')
		return GUARD_ARGUMENT_ANY;
	at = strnlen(cmdline, size) + 1; /* the program's own name */
	while (take_word(&word, cmdline, size, at)) {
		enum effect effect;
		size_t skip = 0;

		if (word_is(&word, "--") || (word_is(&word, "-") && guard_option_has_mark(options, '-')))
			return script_at(next_word(&word), size);
		if (word_is(&word, "-"))
			return GUARD_ARGUMENT_NONE;
		if (!is_option(options, &word))
			return script_at(at, size);
		effect = read_options(&skip, options, &word);
		if (effect != EFFECT_NEXT)
			return effect == EFFECT_NONE ? GUARD_ARGUMENT_NONE : GUARD_ARGUMENT_ANY;
		at = next_word(&word);
		while (skip-- > 0 && take_word(&word, cmdline, size, at))
			at = next_word(&word);
	}
	return GUARD_ARGUMENT_NONE;
}
