/* SPDX-License-Identifier: MIT
 *
 * guardctl/unlocks_show.c - the review of one unlock.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "query.h"
#include "told_text.h"
#include "unlocks.h"

#define MARGIN_NS (300ll * 1000000000) /* before and after */

struct review {
	const struct guardctl_options *options;
	const struct unlocks_row *row;
	bool colours;
	uint64_t ran, listed, denied, wrote, carried_in;
	json_t *events;
};

static bool is_of_unlock(const struct guard_event *event, uint32_t id)
{
	if (event->source == GUARD_EVENT_DAEMON)
		return ((event->what >= GUARD_DAEMON_UNLOCK_REQUESTED && event->what <= GUARD_DAEMON_UNLOCK_WROTE) ||
			event->what == GUARD_DAEMON_UNLOCK_RAN) &&
		       event->rule == id;
	return event->reason == GUARD_REASON_UNLOCK && event->rule == id;
}

static bool is_denial(const struct guard_event *event)
{
	return event->source != GUARD_EVENT_DAEMON && (event->denied || event->action == GUARD_DENY);
}

/* What the policy allowed anyway, where the ledger keeps that. */
static bool is_other_start(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_ACCESS && event->access_exec && event->action == GUARD_ALLOW &&
	       event->reason != GUARD_REASON_UNLOCK;
}

static bool is_row(const struct guard_event *event, enum guard_daemon_event what)
{
	return event->source == GUARD_EVENT_DAEMON && event->what == what;
}

static bool is_carried_in(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_ACCESS &&
	       (event->medium == GUARD_MEDIUM_REMOVABLE || event->medium == GUARD_MEDIUM_NETWORK);
}

/* Red: refused meanwhile; yellow: written, or run from a medium that somebody brought;
 * plain: what was unlocked. */
static const char *colour_of(const struct guard_event *event)
{
	if (is_denial(event))
		return "\033[31m";
	return is_row(event, GUARD_DAEMON_UNLOCK_WROTE) || is_carried_in(event) ? "\033[33m" : "";
}

/* What the line does not say: the content, who vouches for it, where it lies. */
static void put_details(const struct guard_event *event)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	if (event->source != GUARD_EVENT_ACCESS)
		return;
	if (event->medium != GUARD_MEDIUM_FIXED)
		printf(_("        on a medium of this kind: %s\n"), _(guard_medium_name((enum guard_medium)event->medium)));
	if (event->reason != GUARD_REASON_UNLOCK)
		return;
	if (event->has_digest) {
		guard_digest_format(hex, &event->digest);
		printf("        SHA-256 %s\n", hex);
	}
	fputs("        ", stdout);
	if (event->text[0])
		guardctl_put_told(stdout, event->text);
	else
		fputs(_("No signature of it that this policy asks for."), stdout);
	putchar('\n');
}

static void put_event(const struct review *review, const struct guard_event *event)
{
	const char *colour = review->colours ? colour_of(event) : "";
	bool inside = event->time_ns >= review->row->opened_ns &&
		      (!review->row->ended_ns || event->time_ns <= review->row->ended_ns);

	fputs(inside ? "  | " : "    ", stdout);
	fputs(colour, stdout);
	guardctl_print_event(stdout, event, false);
	put_details(event);
	if (colour[0])
		fputs("\033[0m", stdout);
}

static void count(struct review *review, const struct guard_event *event)
{
	if (is_denial(event))
		review->denied += event->count;
	else if (is_row(event, GUARD_DAEMON_UNLOCK_WROTE))
		review->wrote++;
	else if (is_row(event, GUARD_DAEMON_UNLOCK_RAN) || is_other_start(event))
		review->listed += event->count;
	else if (event->source != GUARD_EVENT_DAEMON)
		review->ran += event->count;
	if (event->reason == GUARD_REASON_UNLOCK && is_carried_in(event))
		review->carried_in += event->count;
}

static int take(void *context, const struct guard_event *event)
{
	struct review *review = context;

	if (!is_of_unlock(event, review->row->id) && !is_denial(event) && !is_other_start(event))
		return 0;
	count(review, event);
	if (review->options->json)
		json_array_append_new(review->events, guardctl_event_json(event));
	else
		put_event(review, event);
	return 0;
}

static int print_json(struct review *review)
{
	const struct unlocks_row *row = review->row;
	char user[GUARDCTL_USER_SIZE], hex[GUARD_DIGEST_HEX_SIZE] = "";
	json_t *object = json_object();

	guardctl_user_name(user, row->uid);
	if (row->has_digest)
		guard_digest_format(hex, &row->digest);
	json_object_set_new(object, "id", json_integer(row->id));
	json_object_set_new(object, "scope", json_string(guard_unlock_scope_name(row->scope)));
	json_object_set_new(object, "number", json_string(row->number));
	json_object_set_new(object, "user", guardctl_json_text(user));
	guardctl_json_set_bytes(object, "path", row->path);
	json_object_set_new(object, "sha256", hex[0] ? json_string(hex) : json_null());
	json_object_set_new(object, "opened", guardctl_json_time(row->opened_ns / 1000000000));
	json_object_set_new(object, "ended",
			    row->ended_ns ? guardctl_json_time(row->ended_ns / 1000000000) : json_null());
	json_object_set_new(object, "text", guardctl_json_text(row->text));
	json_object_set_new(object, "ran", json_integer((json_int_t)review->ran));
	json_object_set_new(object, "denied", json_integer((json_int_t)review->denied));
	json_object_set_new(object, "wrote", json_integer((json_int_t)review->wrote));
	json_object_set_new(object, "listed", json_integer((json_int_t)review->listed));
	json_object_set_new(object, "carried_in", json_integer((json_int_t)review->carried_in));
	json_object_set_new(object, "events", review->events);
	return guardctl_print_json(object);
}

static void put_head(const struct unlocks_row *row)
{
	char user[GUARDCTL_USER_SIZE], opened[GUARDCTL_TIME_SIZE];

	guardctl_user_name(user, row->uid);
	guardctl_local_time(opened, row->opened_ns / 1000000000);
	printf(_("Unlock %u, opened %s by "), row->id, opened);
	guard_text_put_escaped(stdout, user);
	printf("\n%s\n", guardctl_scope_text(row->scope));
	if (row->path[0]) {
		guard_text_put_escaped(stdout, row->path);
		putchar('\n');
	}
	guardctl_put_told(stdout, row->text);
	putchar('\n');
	if (row->ended_ns)
		guardctl_put_told(stdout, row->end);
	else
		fputs(_("It is still open."), stdout);
	puts(_("\nFive minutes before to five minutes after (| while it was open):"));
}

int unlocks_show(const struct guardctl_options *options, const struct unlocks_row *row)
{
	struct review review = {.options = options, .row = row, .colours = guardctl_colours()};
	const struct guard_event_filter filter = {
	    .since_ns = row->opened_ns - MARGIN_NS,
	    .until_ns = row->ended_ns ? row->ended_ns + MARGIN_NS : 0,
	    .limit = UINT32_MAX,
	};
	int code;

	if (options->json)
		review.events = json_array();
	else
		put_head(row);
	code = guardctl_query_events(options, &filter, take, &review);
	if (code || options->json)
		return code ? code : print_json(&review);
	printf(_("Run under it: %" PRIu64 ", refused meanwhile: %" PRIu64 ", files written by an installer: %" PRIu64 "\n"),
	       review.ran, review.denied, review.wrote);
	printf(_("Listed programs started meanwhile: %" PRIu64 ", run from removable or network media: %" PRIu64 "\n"),
	       review.listed, review.carried_in);
	return GUARDCTL_DONE;
}
