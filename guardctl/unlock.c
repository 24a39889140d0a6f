/* SPDX-License-Identifier: MIT
 *
 * guardctl/unlock.c - `guardctl unlock CODE`: the answer of the help desk; and
 * `guardctl unlock end`.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "told.h"

static const struct option table[] = {
    {"request", required_argument, NULL, 'r'},
    {"online", no_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

struct show {
	const struct guardctl_options *options;
	int code;
};

static void take(void *context, const struct guard_told *told)
{
	struct show *show = context;
	char span[GUARDCTL_SPAN_SIZE];

	guardctl_span_text(span, told->seconds);
	if (show->options->json) {
		show->code = guardctl_print_json(guardctl_told_json(told));
	} else if (told->what == GUARD_TOLD_DONE) {
		printf(_("Unlocks ended: %u\n"), told->id);
	} else {
		printf(_("Unlocked for %s: %s\n"), span, guardctl_scope_text(told->scope));
		if (told->path[0]) {
			fputs("  ", stdout);
			guard_text_put_escaped(stdout, told->path);
			putchar('\n');
		}
		printf(_("Everything that runs under it is recorded. End it early with: guardctl unlock end %u\n"),
		       told->id);
	}
}

/* All arguments are one code: people put spaces into it. */
static int join(char *ret_code, size_t capacity, int count, char **words)
{
	size_t used = 0;

	for (int i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if (used + length + 2 > capacity) {
			guardctl_error(_("unlock: that is longer than any answer code"));
			return GUARDCTL_USAGE;
		}
		if (used)
			ret_code[used++] = ' ';
		memcpy(&ret_code[used], words[i], length);
		used += length;
	}
	ret_code[used] = '\0';
	return 0;
}

/* Said before anything is sent: a slip of the tongue costs nothing. */
static int check_code(const char *code)
{
	struct guard_unlock_answer answer;
	struct guard_unlock_flaw flaw = {0};
	char text[512];

	if (guard_unlock_answer_parse(&answer, &flaw, code, strlen(code)) == 0)
		return 0;
	guardctl_flaw_text(text, sizeof(text), &flaw);
	guardctl_error("%s", text);
	return GUARDCTL_REFUSED;
}

/* At the terminal; a code with a slip in it is asked for again. */
static int ask_for_code(char *ret_code, size_t capacity)
{
	int code;

	if (!isatty(STDIN_FILENO)) {
		guardctl_error(_("unlock: give the answer code, e.g. `guardctl unlock 397197 375442 922204 741951`"));
		return GUARDCTL_USAGE;
	}
	do {
		code = guardctl_read_line(ret_code, capacity, stdout, _("Answer code: "));
		if (code)
			return code;
	} while (check_code(ret_code));
	return 0;
}

static int parse_end(struct guard_ask *ask, int count, char **words)
{
	uint64_t id = 0;

	ask->verb = GUARD_ASK_END;
	if (count > 1 || (count == 1 && (guard_text_parse_u64(&id, words[0], strlen(words[0]), UINT32_MAX) < 0 ||
					 id == 0))) {
		guardctl_error(_("unlock end: give the number of one unlock (`guardctl unlocks` lists them), or none for "
				 "all of yours"));
		return GUARDCTL_USAGE;
	}
	ask->id = (uint32_t)id;
	return 0;
}

static int parse(struct guard_ask *ask, int argc, char **argv)
{
	int option, code;
	bool online = false;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		online |= option == 'o';
		if (option == 'o')
			continue;
		if (option != 'r' || strlen(optarg) >= sizeof(ask->number))
			return GUARDCTL_USAGE;
		memcpy(ask->number, optarg, strlen(optarg) + 1);
	}
	if (optind < argc && strcmp(argv[optind], "end") == 0)
		return parse_end(ask, argc - optind - 1, &argv[optind + 1]);
	ask->verb = GUARD_ASK_ANSWER;
	if (online && optind < argc) {
		guardctl_error(_("unlock: --online takes no code: the approval comes with the policy"));
		return GUARDCTL_USAGE;
	}
	if (online)
		return 0;
	if (optind == argc)
		return ask_for_code(ask->code, sizeof(ask->code));
	code = join(ask->code, sizeof(ask->code), argc - optind, &argv[optind]);
	return code ? code : check_code(ask->code);
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct guard_ask ask = {0};
	struct show show = {options, 0};
	int code = parse(&ask, argc, argv);

	if (code == 0)
		code = guardctl_ask(options, &ask, take, &show);
	return code ? code : show.code;
}

const struct guardctl_verb guardctl_unlock = {
    .name = "unlock",
    .summary = N_("type the answer code of the help desk; end an unlock"),
    .usage = N_("Usage: guardctl [--json] unlock [--request NUMBER] CODE\n"
	     "       guardctl [--json] unlock [--request NUMBER] --online\n"
	     "       guardctl [--json] unlock end [ID]\n"
	     "\n"
	     "Opens what was asked for with `guardctl request`, for the time that the policy\n"
	     "says.  Spaces, dashes and full-width digits are taken.  A code with a slip in it\n"
	     "is refused with the group named and costs no try; five wrong ones lock the request.\n"
	     "\n"
	     "  --request NUMBER  which request, when several of yours are open\n"
	     "  --online          the help desk has approved by the signed channel: no code is typed\n"
	     "  end [ID]          shut one unlock, or all of yours, before its time\n"
	     "\n"
	     "Example: guardctl unlock 397197 375442 922204 741951\n"),
    .run = run,
};
