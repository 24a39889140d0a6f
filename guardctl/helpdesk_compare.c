/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk_compare.c - what machines say was unlocked against what the
 * help desk says it answered.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "helpdesk.h"
#include "i18n.h"

static const json_t *find_answer(const struct desk_ledger *ledger, const char *number)
{
	const char *given;
	json_t *line;
	size_t i;

	json_array_foreach(ledger->lines, i, line) {
		given = json_string_value(json_object_get(line, "number"));
		if (given && strcmp(given, number) == 0)
			return line;
	}
	return NULL;
}

/* One object of `guardctl --json unlocks`. */
static bool check_one(const struct desk_ledger *ledger, const json_t *unlock)
{
	const char *number = json_string_value(json_object_get(unlock, "number"));
	const char *user = json_string_value(json_object_get(unlock, "user"));
	const char *opened = json_string_value(json_object_get(unlock, "opened"));
	const json_t *answer = number ? find_answer(ledger, number) : NULL;

	if (!number || !opened)
		return true; /* not about an unlock */
	if (answer) {
		printf(_("given by %s, ticket %s: request %s of %s, opened %s\n"),
		       json_string_value(json_object_get(answer, "operator")),
		       json_string_value(json_object_get(answer, "ticket")), number, user ? user : "?", opened);
		return true;
	}
	printf(_("ALERT: nobody gave an answer to request %s of %s, and it was opened %s\n"), number, user ? user : "?",
	       opened);
	return false;
}

static bool check_file(const struct desk_ledger *ledger, FILE *file, bool *ret_clean)
{
	json_error_t error;
	json_t *object;

	while ((object = json_loadf(file, JSON_DISABLE_EOF_CHECK, &error))) {
		*ret_clean &= check_one(ledger, object);
		json_decref(object);
	}
	return json_error_code(&error) == json_error_premature_end_of_input || feof(file);
}

int helpdesk_compare(const char *ledger_path, const char *key_path, int count, char **files)
{
	struct desk_ledger ledger;
	bool clean = true;
	int code;

	if ((!ledger_path && !key_path) || count == 0) {
		guardctl_error(_("helpdesk compare: give --ledger FILE and files made by `guardctl --json unlocks`"));
		return GUARDCTL_USAGE;
	}
	code = desk_ledger_open(&ledger, ledger_path, key_path);
	if (code)
		return code;
	for (int i = 0; i < count && code == 0; i++) {
		GUARD_AUTO_FCLOSE FILE *file = fopen(files[i], "re");

		if (!file || !check_file(&ledger, file, &clean)) {
			guardctl_error("%s: %s", files[i], file ? _("is not what `guardctl --json unlocks` prints")
								: strerror(errno));
			code = GUARDCTL_REFUSED;
		}
	}
	desk_ledger_close(&ledger);
	return code ? code : clean ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}
