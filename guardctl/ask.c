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
#include "query.h"

/* ---- one ask ------------------------------------------------------------------------ */

struct hearer {
	guardctl_take_told take;
	guardctl_take_refusal refused; /* NULL: it is an error of this program's run */
	void *context;
};

static int take_refusal(struct guard_reader *reader, const struct hearer *hearer)
{
	struct guard_refusal refusal;
	char text[GUARDCTL_REFUSAL_SIZE];

	if (guard_refusal_decode(&refusal, reader) < 0 || !guard_reader_done(reader))
		return guardctl_unexpected();
	guardctl_refusal_text(text, sizeof(text), &refusal);
	if (hearer->refused)
		hearer->refused(hearer->context, text);
	else
		guardctl_error("%s", text);
	return GUARDCTL_REFUSED;
}

static int hear(struct guardctl_connection *connection, bool list, const struct hearer *hearer)
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
			return take_refusal(&reader, hearer);
		if (type != GUARD_WIRE_UNLOCK_TOLD || guard_told_decode(&told, &reader) < 0 ||
		    !guard_reader_done(&reader))
			return guardctl_unexpected();
		hearer->take(hearer->context, &told);
	} while (list);
	return GUARDCTL_DONE;
}

static int ask_hearer(const struct guardctl_options *options, const struct guard_ask *ask, const struct hearer *hearer)
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
		code = hear(&connection, ask->verb == GUARD_ASK_LIST || ask->verb == GUARD_ASK_PERMITS, hearer);
	guardctl_disconnect(&connection);
	return code;
}

int guardctl_ask(const struct guardctl_options *options, const struct guard_ask *ask, guardctl_take_told take,
		 void *context)
{
	return ask_hearer(options, ask, &(struct hearer){take, NULL, context});
}

int guardctl_ask_for(const struct guardctl_options *options, const struct guard_ask *ask, guardctl_take_told take,
		     guardctl_take_refusal refused, void *context)
{
	return ask_hearer(options, ask, &(struct hearer){take, refused, context});
}

/* ---- which file ----------------------------------------------------------------------- */

struct denial {
	const char *path;
	struct guard_digest digest;
	uint8_t medium;
	bool found;
};

static int take_denial(void *context, const struct guard_event *event)
{
	struct denial *denial = context;

	/* Oldest first: the newest stays. */
	if (event->has_digest && strcmp(event->path, denial->path) == 0) {
		denial->digest = event->digest;
		denial->medium = event->medium;
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
		ask->medium = denial.medium;
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
	ask->medium = question.medium;
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

static void pass_over_line(void)
{
	int c;

	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

int guardctl_read_line(char *ret_text, size_t capacity, FILE *out, const char *prompt)
{
	size_t length;

	for (;;) {
		fputs(prompt, out);
		fflush(out);
		if (!fgets(ret_text, (int)capacity, stdin)) {
			fputc('\n', out);
			guardctl_error(_("the input has ended: nothing was done"));
			return GUARDCTL_REFUSED;
		}
		length = strcspn(ret_text, "\n");
		if (ret_text[length] == '\n' || feof(stdin)) {
			ret_text[length] = '\0';
			return 0;
		}
		pass_over_line();
		guardctl_error(_("that is longer than %zu bytes: once more"), capacity - 2);
	}
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

void guardctl_put_digest_begin(const struct guard_digest *digest)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, digest);
	printf(_("SHA-256 begins: %.4s %.4s %.4s %.4s\n"), hex, &hex[4], &hex[8], &hex[12]);
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
