/* SPDX-License-Identifier: MIT
 *
 * record/row.c - the hash of a row.  Pure.
 */
#include <string.h>

#include "record/row.h"

bool ledger_row_refused(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_DAEMON)
		return false;
	return event->denied || event->action == GUARD_DENY;
}

static void write_digest(struct guard_writer *writer, bool present, const struct guard_digest *digest)
{
	guard_write_u8(writer, present);
	if (present)
		guard_write_bytes(writer, digest->bytes, sizeof(digest->bytes));
}

static void write_verdict(struct guard_writer *writer, const struct guard_event *event)
{
	guard_write_u64(writer, event->id);
	guard_write_i64(writer, event->time_ns);
	guard_write_u8(writer, event->source);
	guard_write_u8(writer, event->what);
	guard_write_u8(writer, event->action);
	guard_write_u8(writer, event->mode);
	guard_write_u8(writer, event->reason);
	guard_write_u8(writer, event->kind);
	guard_write_u8(writer, event->access_exec);
	guard_write_u8(writer, event->medium);
	guard_write_u8(writer, event->denied);
	write_digest(writer, event->has_digest, &event->digest);
}

static void write_facts(struct guard_writer *writer, const struct guard_event *event)
{
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
	guard_write_string(writer, event->path);
	guard_write_string(writer, event->program);
	guard_write_string(writer, event->rule_text);
	guard_write_string(writer, event->text);
}

int ledger_row_hash(struct guard_digest *ret_hash, const struct guard_digest *ledger_id,
		    const struct guard_digest *previous, const struct ledger_row *row)
{
	uint8_t bytes[2 * GUARD_WIRE_PATH_MAX + 2048];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_write_bytes(&writer, LEDGER_ROW_DOMAIN, sizeof(LEDGER_ROW_DOMAIN));
	guard_write_bytes(&writer, ledger_id->bytes, sizeof(ledger_id->bytes));
	guard_write_bytes(&writer, previous->bytes, sizeof(previous->bytes));
	write_verdict(&writer, &row->event);
	write_facts(&writer, &row->event);
	guard_write_u64(&writer, row->link_id);
	write_digest(&writer, row->has_link, &row->link);
	if (writer.failed)
		return -GUARD_E_LIMIT;
	return guard_digest_bytes(ret_hash, bytes, writer.size);
}
