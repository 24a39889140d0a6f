/* SPDX-License-Identifier: MIT
 *
 * unlock/notes.c - rows in the ledger, and waiting until they are on the disk.
 * The newest serial number in the ledger tells whether the state was put back.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "record/clock.h"
#include "unlock/process.h"

/* Wait for the acknowledgement of `sequence`; older ones are passed over. */
static int await(uint64_t *ret_serial, struct unlock_process *process, uint32_t sequence)
{
	int64_t end = clock_monotonic_ns() + UNLOCK_RECORD_MS * CLOCK_MS, left;
	uint8_t bytes[64];
	struct guard_reader reader;
	uint32_t got, error;
	uint16_t type;
	size_t size;
	int r;

	while ((left = end - clock_monotonic_ns()) > 0) {
		struct pollfd ready = {.fd = process->record, .events = POLLIN};

		if (poll(&ready, 1, (int)(left / CLOCK_MS) + 1) < 0 && errno != EINTR)
			return -GUARD_E_UNREACHABLE;
		r = guard_wire_receive(&size, process->record, bytes, sizeof(bytes));
		if (r == -GUARD_E_UNREACHABLE)
			return r; /* nobody is at the other end: it would be asked without a pause */
		if (r < 0)
			continue;
		guard_reader_init(&reader, bytes, size);
		if (guard_wire_open(&type, &got, &reader) < 0 || type != GUARD_WIRE_RECORDED || got != sequence)
			continue;
		error = guard_read_u32(&reader);
		*ret_serial = guard_read_u64(&reader);
		return error || !guard_reader_done(&reader) ? -GUARD_E_IO : 0;
	}
	return -GUARD_E_UNREACHABLE;
}

static int send_event(struct unlock_process *process)
{
	static uint8_t bytes[GUARD_WIRE_MAX]; /* one thread */
	struct guard_writer writer;
	uint64_t serial;
	int r;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_EVENT, ++process->sequence);
	r = guard_event_encode(&writer, &process->event);
	if (r == 0)
		r = guard_wire_send(process->record, &writer);
	return r < 0 ? -GUARD_E_UNREACHABLE : await(&serial, process, process->sequence);
}

static void fill_entry(struct guard_event *event, const struct unlock_entry *entry)
{
	event->uid = entry->uid;
	event->rule = entry->id ? entry->id : GUARD_NO_RULE;
	event->has_digest = GUARD_UNLOCK_HAS_FILE(entry->scope);
	event->digest = entry->digest;
	event->device = entry->scope;
	event->inode = entry->id ? (entry->until_ms - entry->opened_ms) / 1000 : 0;
	memcpy(event->path, entry->path, sizeof(event->path));
	guard_unlock_number_format(event->rule_text, &entry->number);
}

int unlock_note(struct unlock_process *process, enum guard_daemon_event what, const struct unlock_entry *entry,
		const char *format, ...)
{
	struct guard_event *event = &process->event;
	va_list arguments;

	*event = (struct guard_event){.time_ns = clock_real_ns(),
				      .source = GUARD_EVENT_DAEMON,
				      .what = (uint8_t)what,
				      .action = GUARD_ALLOW,
				      .size = what == GUARD_DAEMON_REPORTED ? 0 : process->serial,
				      .count = 1,
				      .loginuid = UINT32_MAX,
				      .rule = GUARD_NO_RULE};
	if (entry)
		fill_entry(event, entry);
	va_start(arguments, format);
	vsnprintf(event->text, sizeof(event->text), format, arguments);
	va_end(arguments);
	return send_event(process);
}

/* ---- the ledger remembers more than the state: it was put back ------------------- */

static void lock_restored(struct unlock_process *process, uint64_t ledger)
{
	uint64_t had = process->serial;
	struct guard_unlock_state_info info;
	struct guard_unlock_clock clock;

	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	process->restored_epoch = info.epoch;
	process->permits_from = clock_real_ns() / 1000000000;
	process->serial = ledger;
	if (unlock_store_save(process) < 0)
		return; /* the next look finds the same */
	snprintf(process->off, sizeof(process->off),
		 "the unlock state was put back to an older one: unlock by phone stays locked until the help desk "
		 "issues an epoch above %u",
		 process->restored_epoch);
	(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_RESTORED, NULL,
			   "The unlock state was put back: it says %llu, the ledger has seen %llu. Unlock by phone is "
			   "locked until the help desk issues an epoch above %u.",
			   (unsigned long long)had, (unsigned long long)ledger, process->restored_epoch);
}

int unlock_note_look(struct unlock_process *process)
{
	uint8_t bytes[16];
	struct guard_writer writer;
	uint64_t serial;
	int r;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_STATUS, ++process->sequence);
	r = guard_wire_send(process->record, &writer);
	r = r < 0 ? -GUARD_E_UNREACHABLE : await(&serial, process, process->sequence);
	if (r < 0 || process->checked)
		return r;
	process->checked = true;
	if (!process->unreadable && serial > process->serial)
		lock_restored(process, serial);
	return 0;
}
