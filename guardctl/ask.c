/* SPDX-License-Identifier: MIT
 *
 * guardctl/ask.c - see ask.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "claim.h"
#include "connection.h"
#include "i18n.h"
#include "told_text.h"
#include "query.h"

/* ---- refusals --------------------------------------------------------------------- */

static void say_number(enum guard_refusal_kind kind, uint32_t number)
{
	char span[GUARDCTL_SPAN_SIZE];

	guardctl_span_text(span, number);
	if (kind == GUARD_REFUSAL_WAIT)
		guardctl_error(_("after so many wrong answers the next try has to wait %s"), span);
	else if (number == 0)
		guardctl_error(_("the answer code is wrong, and no try is left for this request: cancel it "
				 "(`guardctl request --cancel`) and ask again"));
	else
		guardctl_error(_("the answer code is wrong; tries left: %u. Let the operator read it again"), number);
}

static void say_flaw(const struct guard_refusal *refusal)
{
	const struct guard_unlock_flaw flaw = {.kind = (uint8_t)refusal->number, .group = refusal->group};
	char text[512];

	guardctl_flaw_text(text, sizeof(text), &flaw);
	guardctl_error("%s", text);
}

static void say_refusal(const struct guard_refusal *refusal)
{
	static const char *const sentences[GUARD_REFUSAL_MAX_] = {
	    [GUARD_REFUSAL_SCOPE] = N_("the policy does not offer this kind of unlock: ask for another (--scope)"),
	    [GUARD_REFUSAL_DENIED] = N_("headquarters denies this file. The help desk cannot unlock it: do not phone "
					"for that, ask your administrator"),
	    [GUARD_REFUSAL_LOCKED] = N_("unlock by phone is locked on this machine after too many wrong answers: the "
					"help desk must issue new verifiers"),
	    [GUARD_REFUSAL_RESTORED] = N_("the unlock state of this machine was put back to an older one: unlock by "
					  "phone stays locked until the help desk issues new verifiers"),
	    [GUARD_REFUSAL_NO_SLOT] = N_("all one-time codes of this kind are used: the help desk must issue new "
					 "verifiers for this machine"),
	    [GUARD_REFUSAL_TOO_MANY] = N_("too many requests are open, or were made in this hour: cancel one "
					  "(`guardctl request --cancel`), or wait"),
	    [GUARD_REFUSAL_NO_REQUEST] = N_("nothing is asked for: the request has expired, was cancelled, or the "
					    "machine was restarted. Ask again with `guardctl request`"),
	    [GUARD_REFUSAL_REQUEST_LOCKED] = N_("five wrong answers have locked this request: cancel it (`guardctl "
						"request --cancel`) and ask again"),
	    [GUARD_REFUSAL_NO_RECORD] = N_("it cannot be recorded now, and nothing is unlocked without a record: see "
					   "`guardctl status`"),
	    [GUARD_REFUSAL_FULL] = N_("too many unlocks are open on this machine: end one first (`guardctl unlock "
				      "end`)"),
	    [GUARD_REFUSAL_NOT_YOURS] = N_("nothing of yours is open under that number"),
	    [GUARD_REFUSAL_NOT_ROOT] = N_("maintenance is root's: ask again as root"),
	    [GUARD_REFUSAL_NOT_APPROVED] = N_("the help desk has not approved it yet, or the approval has not reached "
					      "this machine: try again in a minute, or phone"),
	};

	if (refusal->kind == GUARD_REFUSAL_WAIT || refusal->kind == GUARD_REFUSAL_WRONG)
		say_number(refusal->kind, refusal->number);
	else if (refusal->kind == GUARD_REFUSAL_FLAW)
		say_flaw(refusal);
	else if (refusal->kind == GUARD_REFUSAL_OFF)
		guardctl_error(_("there is no unlock by phone on this machine: %s"), guardctl_told(refusal->text));
	else if (sentences[refusal->kind])
		guardctl_error("%s", gettext(sentences[refusal->kind]));
	else
		guardctl_error("%s", guardctl_told(refusal->text));
}

/* ---- one ask ------------------------------------------------------------------------ */

static int take_refusal(struct guard_reader *reader)
{
	struct guard_refusal refusal;

	if (guard_refusal_decode(&refusal, reader) < 0 || !guard_reader_done(reader))
		return guardctl_unexpected();
	say_refusal(&refusal);
	return GUARDCTL_REFUSED;
}

static int hear(struct guardctl_connection *connection, bool list, guardctl_take_told take, void *context)
{
	struct guard_reader reader;
	struct guard_told told;
	uint16_t type;
	int code;

	do {
		code = guardctl_receive(&type, &reader, connection);
		if (code)
			return code;
		if (type == GUARD_WIRE_END && list)
			return GUARDCTL_DONE;
		if (type == GUARD_WIRE_RESULT)
			return guardctl_result(&reader);
		if (type == GUARD_WIRE_UNLOCK_REFUSED)
			return take_refusal(&reader);
		if (type != GUARD_WIRE_UNLOCK_TOLD || guard_told_decode(&told, &reader) < 0 ||
		    !guard_reader_done(&reader))
			return guardctl_unexpected();
		take(context, &told);
	} while (list);
	return GUARDCTL_DONE;
}

int guardctl_ask(const struct guardctl_options *options, const struct guard_ask *ask, guardctl_take_told take,
		 void *context)
{
	struct guardctl_connection connection;
	struct guard_writer writer;
	int code = guardctl_connect(&connection, options);

	if (code)
		return code;
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_UNLOCK, 1);
	if (guard_ask_encode(&writer, ask) < 0)
		writer.failed = true;
	code = guardctl_send(&connection, &writer);
	if (code == 0)
		code = hear(&connection, ask->verb == GUARD_ASK_LIST || ask->verb == GUARD_ASK_PERMITS, take, context);
	guardctl_disconnect(&connection);
	return code;
}

/* ---- which file ----------------------------------------------------------------------- */

struct denial {
	const char *path;
	struct guard_digest digest;
	bool found;
};

static int take_denial(void *context, const struct guard_event *event)
{
	struct denial *denial = context;

	/* Oldest first: the newest stays. */
	if (event->has_digest && strcmp(event->path, denial->path) == 0) {
		denial->digest = event->digest;
		denial->found = true;
	}
	return 0;
}

static int find_denial(struct guard_ask *ask, const struct guardctl_options *options)
{
	struct guard_event_filter filter = {.only_denied = 1, .limit = 100, .has_uid = 1, .uid = (uint32_t)getuid()};
	struct denial denial = {.path = ask->path};
	char text[512];
	int code = guardctl_query_events(options, &filter, take_denial, &denial);

	if (code)
		return code;
	if (denial.found) {
		ask->digest = denial.digest;
		return 0;
	}
	guard_text_escape(text, sizeof(text), ask->path, strlen(ask->path));
	guardctl_error(_("%s: it cannot be read, and no denial of it is on record: try to start it first"), text);
	return GUARDCTL_REFUSED;
}

int guardctl_ask_about(struct guard_ask *ask, const struct guardctl_options *options, const char *path)
{
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	GUARD_AUTO_CLOSE int fd = -1;
	struct guard_question question;
	char text[512];

	guard_text_escape(text, sizeof(text), path, strlen(path));
	if (!resolved || strlen(resolved) >= sizeof(ask->path)) {
		guardctl_error("%s: %s", text, resolved ? _("the path is too long") : strerror(errno));
		return GUARDCTL_REFUSED;
	}
	memcpy(ask->path, resolved, strlen(resolved) + 1);
	fd = open(resolved, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return find_denial(ask, options);
	if (claim_file(&question, fd, resolved, GUARD_KIND_MAX_) < 0) {
		guardctl_error(_("%s: a regular file that can be read is wanted"), text);
		return GUARDCTL_REFUSED;
	}
	ask->digest = question.identity.digest;
	return 0;
}

/* ---- words ---------------------------------------------------------------------------- */

int guardctl_ask_scope(uint8_t *ret_scope, const char *verb, const char *word)
{
	enum guard_unlock_scope scope;

	if (guard_unlock_scope_parse(&scope, word) < 0) {
		guardctl_error(_("%s: --scope is file, day, install, audit or maintenance, not \"%s\""), verb, word);
		return GUARDCTL_USAGE;
	}
	*ret_scope = (uint8_t)scope;
	return 0;
}

const char *guardctl_scope_text(uint8_t scope)
{
	switch (scope) {
	case GUARD_UNLOCK_SHORT:
		return _("this file, for a short time");
	case GUARD_UNLOCK_DAY:
		return _("this file, for the working day");
	case GUARD_UNLOCK_INSTALL:
		return _("this installer, what it starts and what it writes");
	case GUARD_UNLOCK_AUDIT:
		return _("the whole machine: record instead of refusing");
	case GUARD_UNLOCK_MAINTENANCE:
		return _("maintenance: root may stop, upgrade or remove guard");
	default:
		return "";
	}
}

void guardctl_span_text(char ret_text[GUARDCTL_SPAN_SIZE], uint32_t seconds)
{
	if (seconds < 60)
		snprintf(ret_text, GUARDCTL_SPAN_SIZE, _("%u s"), seconds);
	else if (seconds < 3600)
		snprintf(ret_text, GUARDCTL_SPAN_SIZE, _("%u min"), (seconds + 59) / 60);
	else
		snprintf(ret_text, GUARDCTL_SPAN_SIZE, _("%u h %u min"), seconds / 3600, seconds % 3600 / 60);
}

void guardctl_flaw_text(char *ret_text, size_t capacity, const struct guard_unlock_flaw *flaw)
{
	switch (flaw->kind) {
	case GUARD_UNLOCK_FLAW_CHARACTER:
		snprintf(ret_text, capacity, _("group %u holds something that is no digit. No try was used up"), flaw->group);
		break;
	case GUARD_UNLOCK_FLAW_MISSING:
		snprintf(ret_text, capacity, _("digits are missing: look from group %u on. No try was used up"), flaw->group);
		break;
	case GUARD_UNLOCK_FLAW_EXTRA:
		snprintf(ret_text, capacity, _("there are too many digits: look from group %u on. No try was used up"),
			 flaw->group);
		break;
	case GUARD_UNLOCK_FLAW_CHECK:
		snprintf(ret_text, capacity, _("group %u is not right: let it be read again. No try was used up"),
			 flaw->group);
		break;
	case GUARD_UNLOCK_FLAW_SWAPPED:
		snprintf(ret_text, capacity, _("group %u is in another group's place. No try was used up"), flaw->group);
		break;
	case GUARD_UNLOCK_FLAW_OTHER:
		snprintf(ret_text, capacity,
			 _("this is the other number: a request number has five groups and goes to the help desk, an "
			   "answer code has four and comes from it. No try was used up"));
		break;
	default:
		snprintf(ret_text, capacity, _("the number cannot be read. No try was used up"));
	}
}

void guardctl_put_readings(const char *number)
{
	static const char *const digits[10] = {N_("zero"), N_("one"), N_("two"),   N_("three"), N_("four"),
					       N_("five"), N_("six"), N_("seven"), N_("eight"), N_("nine")};
	bool begun = false;

	for (; *number; number++) {
		if (*number < '0' || *number > '9') {
			begun = false;
			continue;
		}
		if (!begun)
			fputs("\n    ", stdout);
		/* Translators: between two digits that are read out. */
		printf("%s%s", begun ? _("-") : "", gettext(digits[*number - '0']));
		begun = true;
	}
	putchar('\n');
}
