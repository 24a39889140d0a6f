/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer_known.c - see answer.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "i18n.h"
#include "output.h"

/* ---- lists ------------------------------------------------------------------------------ */

/* "HEX  NAME" or "HEX *NAME", a backslash in front where the name has odd bytes; other
 * lines are comments. */
void answer_take_line(struct answer *answer, const char *line)
{
	const size_t size = GUARD_DIGEST_HEX_SIZE - 1;
	struct guard_digest digest;

	line = &line[line[0] == '\\'];
	if (strnlen(line, size) < size || guard_digest_parse(&digest, line, size) < 0 ||
	    guard_unlock_call_matches(answer->call, &digest) != 1)
		return;
	line = &line[size];
	line = &line[strspn(line, " *")];
	snprintf(answer->known, sizeof(answer->known), "%s", *line ? line : "?");
	answer->digest = digest;
	answer->named = true;
}

static int read_list(struct answer *answer, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;

	if (!file) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (getline(&line, &capacity, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		answer_take_line(answer, line);
	}
	return 0;
}

int answer_find_known(struct answer *answer, const struct answer_options *given)
{
	int code = 0;

	for (unsigned i = 0; i < given->known_count && code == 0; i++)
		code = read_list(answer, given->known[i]);
	if (code == 0)
		code = answer_name_by_files(answer, given);
	if (code == 0)
		code = answer_name_by_policies(answer, given);
	if (code == 0)
		code = answer_name_by_signers(answer, given);
	return code ? code : answer_ask_policies(answer, given);
}

void answer_clear(struct answer *answer)
{
	guard_unlock_call_free(answer->call);
	json_decref(answer->policies);
	free(answer->signers);
	if (answer->file >= 0)
		close(answer->file);
}

/* ---- the ledger -------------------------------------------------------------------------- */

static bool is_same_slot(const json_t *line, const struct answer *answer)
{
	const char *machine = json_string_value(json_object_get(line, "machine"));
	const char *scope = json_string_value(json_object_get(line, "scope"));

	return json_object_get(line, "number") && machine && scope && strcmp(machine, answer->machine) == 0 &&
	       strcmp(scope, guard_unlock_scope_name(answer->fields.scope)) == 0 &&
	       json_integer_value(json_object_get(line, "slot")) == answer->fields.slot &&
	       json_integer_value(json_object_get(line, "epoch")) == guard_unlock_call_epoch(answer->call);
}

int answer_check_again(const struct answer *answer, const struct answer_options *given,
		       const struct desk_ledger *ledger)
{
	const char *when = NULL;
	json_t *line;
	size_t i;

	json_array_foreach(ledger->lines, i, line) {
		if (is_same_slot(line, answer))
			when = json_string_value(json_object_get(line, "time"));
	}
	if (!when)
		return 0;
	guardctl_error(_("answer: this machine's one-time code was answered for before, at %s. Either that call broke "
			 "off, or the machine's state was put back"),
		       when);
	if (given->again)
		return 0;
	guardctl_error(_("answer: nothing was given. Let the caller make a new request; --again if you are sure"));
	return GUARDCTL_REFUSED;
}

json_t *answer_line(const struct answer *answer)
{
	char number[GUARD_UNLOCK_TEXT_SIZE], hex[GUARD_DIGEST_HEX_SIZE];
	json_t *line = json_object();

	guard_unlock_number_format(number, &answer->number);
	json_object_set_new(line, "machine", json_string(answer->machine));
	json_object_set_new(line, "epoch", json_integer(guard_unlock_call_epoch(answer->call)));
	json_object_set_new(line, "scope", json_string(guard_unlock_scope_name(answer->fields.scope)));
	json_object_set_new(line, "slot", json_integer(answer->fields.slot));
	json_object_set_new(line, "number", json_string(number));
	json_object_set_new(line, "user", json_string(answer->user));
	json_object_set_new(line, "reason", json_string(answer->reason));
	json_object_set_new(line, "ticket", json_string(answer->ticket));
	json_object_set_new(line, "operator", json_string(answer->operator_name));
	if (answer->called[0])
		json_object_set_new(line, "called", guardctl_json_text(answer->called));
	if (answer->named) {
		guard_digest_format(hex, &answer->digest);
		json_object_set_new(line, "file", json_string(answer->known));
		json_object_set_new(line, "sha256", json_string(hex));
	}
	return line;
}
