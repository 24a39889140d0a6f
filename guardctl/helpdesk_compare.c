/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk_compare.c - what machines say was unlocked against what the
 * help desk says it answered.  Whatever does not meet is an alert.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "helpdesk.h"
#include "i18n.h"
#include "output.h"

enum finding { FINDING_GIVEN, FINDING_NOBODY, FINDING_TWICE, FINDING_USER, FINDING_MAX_ };

static const char *const finding_names[FINDING_MAX_] = {"given", "nobody-gave-it", "used-twice", "other-user"};

struct comparison {
	const struct guardctl_options *options;
	json_t *answers; /* number -> line of a ledger, with "used" added here */
	json_t *slots;	 /* one-time code -> number that it was used for */
	unsigned compared, alerts;
	bool colours;
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* ---- the help desk's side ---------------------------------------------------------------- */

static int read_ledger(struct comparison *comparison, const char *path, const char *key_path)
{
	struct desk_ledger ledger;
	json_t *line;
	size_t i;
	int code;

	if (path && access(path, R_OK) < 0) { /* opening would begin a new one */
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	code = desk_ledger_open(&ledger, path, key_path);
	if (code)
		return code;
	json_array_foreach(ledger.lines, i, line) {
		if (text_of(line, "number")[0])
			json_object_set(comparison->answers, text_of(line, "number"), line);
	}
	desk_ledger_close(&ledger);
	return GUARDCTL_DONE;
}

/* ---- one unlock ----------------------------------------------------------------------------- */

/* A one-time code burns at its first use: not even for another request. */
static bool slot_is_used_again(struct comparison *comparison, const json_t *answer, const char *number)
{
	char slot[GUARD_UNLOCK_MACHINE_MAX + 64];
	const char *before;

	snprintf(slot, sizeof(slot), "%.63s %lld %.8s %lld", text_of(answer, "machine"),
		 (long long)json_integer_value(json_object_get(answer, "epoch")), text_of(answer, "scope"),
		 (long long)json_integer_value(json_object_get(answer, "slot")));
	before = json_string_value(json_object_get(comparison->slots, slot));
	if (before)
		return strcmp(before, number) != 0;
	json_object_set_new(comparison->slots, slot, json_string(number));
	return false;
}

static enum finding find(struct comparison *comparison, const json_t *unlock)
{
	json_t *answer = json_object_get(comparison->answers, text_of(unlock, "number")), *used;

	if (!answer)
		return FINDING_NOBODY;
	/* The same file may be given twice, and say the same. */
	used = json_object_get(answer, "used");
	if (used && strcmp(json_string_value(used), text_of(unlock, "opened")) != 0)
		return FINDING_TWICE;
	json_object_set(answer, "used", json_object_get(unlock, "opened"));
	if (slot_is_used_again(comparison, answer, text_of(unlock, "number")))
		return FINDING_TWICE;
	return strcmp(text_of(answer, "user"), text_of(unlock, "user")) == 0 ? FINDING_GIVEN : FINDING_USER;
}

static void say_alert(const struct comparison *comparison, enum finding finding, const json_t *unlock,
		      const json_t *answer)
{
	const char *number = text_of(unlock, "number"), *user = text_of(unlock, "user"),
		   *opened = text_of(unlock, "opened");

	if (comparison->colours)
		fputs("\033[1;31m", stdout);
	if (finding == FINDING_NOBODY)
		printf(_("ALERT: nobody gave an answer to request %s of %s, and it was opened %s"), number, user, opened);
	else if (finding == FINDING_TWICE)
		printf(_("ALERT: the one-time code for request %s of %s, opened %s, was used twice: the machine was put "
			 "back to an older state"),
		       number, user, opened);
	else
		printf(_("ALERT: the answer to request %s was given to %s, and %s used it at %s"), number,
		       text_of(answer, "user"), user, opened);
	puts(comparison->colours ? "\033[0m" : "");
}

static int say(const struct comparison *comparison, enum finding finding, const json_t *unlock)
{
	const json_t *answer = json_object_get(comparison->answers, text_of(unlock, "number"));

	if (comparison->options->json)
		return guardctl_print_json(json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s}", "finding",
						     finding_names[finding], "alert", finding != FINDING_GIVEN, "number",
						     text_of(unlock, "number"), "user", text_of(unlock, "user"),
						     "opened", text_of(unlock, "opened"), "operator",
						     text_of(answer, "operator"), "ticket", text_of(answer, "ticket")));
	if (finding == FINDING_GIVEN)
		printf(_("given by %s, ticket %s: request %s of %s, opened %s\n"), text_of(answer, "operator"),
		       text_of(answer, "ticket"), text_of(unlock, "number"), text_of(unlock, "user"),
		       text_of(unlock, "opened"));
	else
		say_alert(comparison, finding, unlock, answer);
	return GUARDCTL_DONE;
}

static int take(void *context, const json_t *unlock)
{
	struct comparison *comparison = context;
	enum finding finding;

	if (!text_of(unlock, "number")[0] || !text_of(unlock, "opened")[0])
		return GUARDCTL_DONE; /* a request that nobody answered yet */
	finding = find(comparison, unlock);
	comparison->compared++;
	comparison->alerts += finding != FINDING_GIVEN;
	return say(comparison, finding, unlock);
}

/* ---- answers that no machine has used -------------------------------------------------------- */

static void say_unused(const struct comparison *comparison)
{
	const char *number;
	json_t *answer;

	json_object_foreach(comparison->answers, number, answer) {
		if (!json_object_get(answer, "used"))
			printf(_("not used, or not on these machines: the answer to request %s of %s on %s\n"), number,
			       text_of(answer, "user"), text_of(answer, "machine"));
	}
	printf(_("%u unlocks compared, %u alerts\n"), comparison->compared, comparison->alerts);
}

static int compare(struct comparison *comparison, const struct helpdesk_sides *sides)
{
	int code = GUARDCTL_DONE;

	for (unsigned i = 0; i < sides->ledger_count && code == GUARDCTL_DONE; i++)
		code = read_ledger(comparison, sides->ledgers[i], NULL);
	if (sides->ledger_count == 0)
		code = read_ledger(comparison, NULL, sides->key);
	for (int i = 0; i < sides->file_count && code == GUARDCTL_DONE; i++)
		code = guardctl_json_lines(sides->files[i], "guardctl --json unlocks", take, comparison);
	if (code == GUARDCTL_DONE && !comparison->options->json)
		say_unused(comparison);
	return code ? code : comparison->alerts ? GUARDCTL_REFUSED : GUARDCTL_DONE;
}

int helpdesk_compare(const struct guardctl_options *options, const struct helpdesk_sides *sides)
{
	struct comparison comparison = {.options = options, .answers = json_object(), .slots = json_object(),
					.colours = guardctl_colours()};
	int code;

	if ((sides->ledger_count == 0 && !sides->key) || sides->file_count == 0) {
		guardctl_error(_("helpdesk compare: give --ledger FILE and files made by `guardctl --json unlocks`"));
		code = GUARDCTL_USAGE;
	} else {
		code = compare(&comparison, sides);
	}
	json_decref(comparison.answers);
	json_decref(comparison.slots);
	return code;
}
