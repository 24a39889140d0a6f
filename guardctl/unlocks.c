/* SPDX-License-Identifier: MIT
 *
 * guardctl/unlocks.c - `guardctl unlocks`: who, when, why, still open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "query.h"
#include "told.h"
#include "told_text.h"
#include "unlocks.h"

#define LOOK_BACK_DAYS 400

/* ---- the ledger ----------------------------------------------------------------------- */

static struct unlocks_row *add(struct unlocks *unlocks)
{
	struct unlocks_row *grown;
	size_t capacity = unlocks->capacity ? unlocks->capacity * 2 : 16;

	if (unlocks->count == unlocks->capacity) {
		grown = realloc(unlocks->rows, capacity * sizeof(*grown));
		if (!grown || unlocks->count >= UNLOCKS_MAX)
			return NULL;
		unlocks->rows = grown;
		unlocks->capacity = capacity;
	}
	memset(&unlocks->rows[unlocks->count], 0, sizeof(*grown));
	return &unlocks->rows[unlocks->count++];
}

static void end(struct unlocks *unlocks, const struct guard_event *event)
{
	for (size_t i = unlocks->count; i > 0; i--) {
		struct unlocks_row *row = &unlocks->rows[i - 1];

		if (row->id != event->rule || row->ended_ns)
			continue;
		row->ended_ns = event->time_ns;
		memcpy(row->end, event->text, sizeof(row->end));
		return;
	}
}

static int take(void *context, const struct guard_event *event)
{
	struct unlocks *unlocks = context;
	struct unlocks_row *row;

	if (event->source != GUARD_EVENT_DAEMON)
		return 0;
	if (event->what == GUARD_DAEMON_UNLOCK_ENDED)
		end(unlocks, event);
	if (event->what != GUARD_DAEMON_UNLOCK_OPENED)
		return 0;
	row = add(unlocks);
	if (!row)
		return 0;
	row->id = event->rule;
	row->uid = event->uid;
	row->scope = event->device < GUARD_UNLOCK_SCOPE_MAX_ ? (uint8_t)event->device : 0;
	row->seconds = (uint32_t)event->inode;
	row->has_digest = event->has_digest;
	row->digest = event->digest;
	row->opened_ns = event->time_ns;
	snprintf(row->number, sizeof(row->number), "%.34s", event->rule_text);
	memcpy(row->path, event->path, sizeof(row->path));
	memcpy(row->text, event->text, sizeof(row->text));
	return 0;
}

int unlocks_read(struct unlocks *ret_unlocks, const struct guardctl_options *options, int64_t since_ns)
{
	const struct guard_event_filter filter = {.since_ns = since_ns, .limit = UINT32_MAX};

	*ret_unlocks = (struct unlocks){.since_ns = since_ns};
	return guardctl_query_events(options, &filter, take, ret_unlocks);
}

void unlocks_free(struct unlocks *unlocks)
{
	free(unlocks->rows);
}

/* ---- the list --------------------------------------------------------------------------- */

static json_t *row_json(const struct unlocks_row *row)
{
	char user[GUARDCTL_USER_SIZE], hex[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	guardctl_user_name(user, row->uid);
	json_object_set_new(object, "id", json_integer(row->id));
	json_object_set_new(object, "scope", json_string(guard_unlock_scope_name(row->scope)));
	json_object_set_new(object, "number", json_string(row->number));
	json_object_set_new(object, "user", guardctl_json_text(user));
	json_object_set_new(object, "uid", json_integer(row->uid));
	json_object_set_new(object, "seconds", json_integer(row->seconds));
	json_object_set_new(object, "opened", guardctl_json_time(row->opened_ns / 1000000000));
	json_object_set_new(object, "ended",
			    row->ended_ns ? guardctl_json_time(row->ended_ns / 1000000000) : json_null());
	guardctl_json_set_bytes(object, "path", row->path);
	if (row->has_digest) {
		guard_digest_format(hex, &row->digest);
		json_object_set_new(object, "sha256", json_string(hex));
	}
	json_object_set_new(object, "text", guardctl_json_text(row->text));
	return object;
}

static void put_row(const struct unlocks_row *row)
{
	char user[GUARDCTL_USER_SIZE], opened[GUARDCTL_TIME_SIZE], ended[GUARDCTL_TIME_SIZE];

	guardctl_user_name(user, row->uid);
	guardctl_local_time(opened, row->opened_ns / 1000000000);
	guardctl_local_time(ended, row->ended_ns / 1000000000);
	printf("%4u  %s - %s  ", row->id, opened, row->ended_ns ? ended : _("still open"));
	guard_text_put_escaped(stdout, user);
	printf("  %s  ", guard_unlock_scope_name(row->scope));
	guard_text_put_escaped(stdout, row->path[0] ? row->path : "-");
	putchar('\n');
	printf("      ");
	guardctl_put_told(stdout, row->text);
	putchar('\n');
}

/* Requests that nobody answered yet. */
static void take_told(void *context, const struct guard_told *told)
{
	const struct guardctl_options *options = context;
	char span[GUARDCTL_SPAN_SIZE];

	if (told->what != GUARD_TOLD_REQUEST && !options->json) {
		guardctl_span_text(span, told->seconds);
		printf(_("Unlock %u is open for another %s\n"), told->id, span);
	} else if (told->what == GUARD_TOLD_REQUEST && options->json) {
		(void)guardctl_print_json(guardctl_told_json(told));
	} else if (told->what == GUARD_TOLD_REQUEST) {
		printf(_("Asked for by %s: %s, request number %s\n"), told->user, guardctl_scope_text(told->scope),
		       told->number);
	}
}

static int list(const struct guardctl_options *options, const struct unlocks *unlocks)
{
	const struct guard_ask ask = {.verb = GUARD_ASK_LIST};
	int code = 0;

	for (size_t i = 0; i < unlocks->count && code == 0; i++) {
		if (options->json)
			code = guardctl_print_json(row_json(&unlocks->rows[i]));
		else
			put_row(&unlocks->rows[i]);
	}
	if (unlocks->count == 0 && !options->json)
		puts(_("Nothing was unlocked."));
	if (code == 0)
		code = guardctl_ask(options, &ask, take_told, (void *)(uintptr_t)options);
	return code;
}

static int show(const struct guardctl_options *options, const struct unlocks *unlocks, const char *word)
{
	uint64_t id;

	if (guard_text_parse_u64(&id, word, strlen(word), UINT32_MAX) < 0) {
		guardctl_error(_("unlocks show: give the number of an unlock; `guardctl unlocks` lists them"));
		return GUARDCTL_USAGE;
	}
	for (size_t i = unlocks->count; i > 0; i--)
		if (unlocks->rows[i - 1].id == id)
			return unlocks_show(options, &unlocks->rows[i - 1]);
	guardctl_error(_("unlocks show: there is no unlock %llu on record, or it is not yours"), (unsigned long long)id);
	return GUARDCTL_REFUSED;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct unlocks unlocks = {0};
	int64_t since_ns = ((int64_t)time(NULL) - LOOK_BACK_DAYS * 86400ll) * 1000000000;
	bool wants_one = argc == 3 && strcmp(argv[1], "show") == 0;
	int code;

	if (argc != 1 && !wants_one) {
		guardctl_error(_("unlocks: give nothing, or `show` and a number; see `guardctl help unlocks`"));
		return GUARDCTL_USAGE;
	}
	code = unlocks_read(&unlocks, options, since_ns);
	if (code == 0)
		code = wants_one ? show(options, &unlocks, argv[2]) : list(options, &unlocks);
	unlocks_free(&unlocks);
	return code;
}

const struct guardctl_verb guardctl_unlocks = {
    .name = "unlocks",
    .summary = N_("what was unlocked, and what was done under it"),
    .usage = N_("Usage: guardctl [--json] unlocks\n"
	     "       guardctl [--json] unlocks show ID\n"
	     "\n"
	     "Lists unlocks and open requests (root: everybody's).  `show` is the review: every\n"
	     "execution and denial in an unlock and five minutes either side, and the files that an\n"
	     "installer wrote.\n"
	     "\n"
	     "Example: guardctl unlocks show 17\n"),
    .run = run,
};
