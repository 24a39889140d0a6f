/* SPDX-License-Identifier: MIT
 *
 * wire/event.c - records of events and the filter that asks for them.  Both
 * directions check the same ranges, so that nobody sends what nobody takes.
 */
#include "wire/body.h"

#include <string.h>

static bool event_is_sane(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_DAEMON) {
		if (event->what == 0 || event->what >= GUARD_DAEMON_MAX_)
			return false;
	} else if ((event->source != GUARD_EVENT_ACCESS && event->source != GUARD_EVENT_SWEEP) || event->what != 0) {
		return false;
	}
	return event->action <= GUARD_ALLOW && event->mode <= GUARD_MODE_ENFORCE &&
	       event->reason < GUARD_REASON_MAX_ && event->kind < GUARD_KIND_MAX_ && event->access_exec <= 1 &&
	       event->medium < GUARD_MEDIUM_MAX_ && event->denied <= 1 && event->has_digest <= 1 && event->count >= 1;
}

int guard_event_encode(struct guard_writer *writer, const struct guard_event *event)
{
	const uint8_t bytes[] = { event->source, event->what, event->action,      event->mode,   event->reason,
				  event->kind,   event->access_exec, event->medium, event->denied, event->has_digest };

	if (!event_is_sane(event))
		return -GUARD_E_USAGE;
	guard_write_u64(writer, event->id);
	guard_write_i64(writer, event->time_ns);
	guard_write_bytes(writer, bytes, sizeof(bytes));
	guard_write_bytes(writer, event->digest.bytes, GUARD_DIGEST_SIZE);
	guard_write_u64(writer, event->size);
	guard_write_u64(writer, event->device);
	guard_write_u64(writer, event->inode);
	guard_write_u64(writer, event->count);
	guard_write_u32(writer, event->pid);
	guard_write_u32(writer, event->ppid);
	guard_write_u32(writer, event->uid);
	guard_write_u32(writer, event->loginuid);
	guard_write_u32(writer, event->rule);
	guard_write_u64(writer, event->policy_version);
	guard_body_put_text(writer, event->path, sizeof(event->path));
	guard_body_put_text(writer, event->program, sizeof(event->program));
	guard_body_put_text(writer, event->rule_text, sizeof(event->rule_text));
	guard_body_put_text(writer, event->text, sizeof(event->text));
	return guard_body_end(writer);
}

static void take_numbers(struct guard_event *event, struct guard_reader *reader)
{
	event->size = guard_read_u64(reader);
	event->device = guard_read_u64(reader);
	event->inode = guard_read_u64(reader);
	event->count = guard_read_u64(reader);
	event->pid = guard_read_u32(reader);
	event->ppid = guard_read_u32(reader);
	event->uid = guard_read_u32(reader);
	event->loginuid = guard_read_u32(reader);
	event->rule = guard_read_u32(reader);
	event->policy_version = guard_read_u64(reader);
}

int guard_event_decode(struct guard_event *ret_event, struct guard_reader *reader)
{
	struct guard_event event = { 0 };
	const uint8_t *digest;

	event.id = guard_read_u64(reader);
	event.time_ns = guard_read_i64(reader);
	event.source = guard_read_u8(reader);
	event.what = guard_read_u8(reader);
	event.action = guard_read_u8(reader);
	event.mode = guard_read_u8(reader);
	event.reason = guard_read_u8(reader);
	event.kind = guard_read_u8(reader);
	event.access_exec = guard_read_u8(reader);
	event.medium = guard_read_u8(reader);
	event.denied = guard_read_u8(reader);
	event.has_digest = guard_read_u8(reader);
	digest = guard_read_bytes(reader, GUARD_DIGEST_SIZE);
	if (digest)
		memcpy(event.digest.bytes, digest, GUARD_DIGEST_SIZE);
	take_numbers(&event, reader);
	guard_body_take_text(event.path, sizeof(event.path), reader);
	guard_body_take_text(event.program, sizeof(event.program), reader);
	guard_body_take_text(event.rule_text, sizeof(event.rule_text), reader);
	guard_body_take_text(event.text, sizeof(event.text), reader);
	if (reader->failed || !event_is_sane(&event))
		return -GUARD_E_FORMAT;
	*ret_event = event;
	return 0;
}

static bool filter_is_sane(const struct guard_event_filter *filter)
{
	return filter->only_denied <= 1 && filter->only_allowed <= 1 && filter->unlocks <= 1 && filter->follow <= 1 &&
	       filter->has_uid <= 1 && filter->has_reason <= 1 && filter->reason < GUARD_REASON_MAX_;
}

int guard_event_filter_encode(struct guard_writer *writer, const struct guard_event_filter *filter)
{
	if (!filter_is_sane(filter))
		return -GUARD_E_USAGE;
	guard_write_i64(writer, filter->since_ns);
	guard_write_i64(writer, filter->until_ns);
	guard_write_u64(writer, filter->after_id);
	guard_write_u32(writer, filter->limit);
	guard_write_u8(writer, filter->only_denied);
	guard_write_u8(writer, filter->only_allowed);
	guard_write_u8(writer, filter->unlocks);
	guard_write_u8(writer, filter->follow);
	guard_write_u8(writer, filter->has_uid);
	guard_write_u32(writer, filter->uid);
	guard_write_u8(writer, filter->has_reason);
	guard_write_u8(writer, filter->reason);
	guard_body_put_text(writer, filter->program, sizeof(filter->program));
	return guard_body_end(writer);
}

int guard_event_filter_decode(struct guard_event_filter *ret_filter, struct guard_reader *reader)
{
	struct guard_event_filter filter = { 0 };

	filter.since_ns = guard_read_i64(reader);
	filter.until_ns = guard_read_i64(reader);
	filter.after_id = guard_read_u64(reader);
	filter.limit = guard_read_u32(reader);
	filter.only_denied = guard_read_u8(reader);
	filter.only_allowed = guard_read_u8(reader);
	filter.unlocks = guard_read_u8(reader);
	filter.follow = guard_read_u8(reader);
	filter.has_uid = guard_read_u8(reader);
	filter.uid = guard_read_u32(reader);
	filter.has_reason = guard_read_u8(reader);
	filter.reason = guard_read_u8(reader);
	guard_body_take_text(filter.program, sizeof(filter.program), reader);
	if (reader->failed || !filter_is_sane(&filter))
		return -GUARD_E_FORMAT;
	*ret_filter = filter;
	return 0;
}
