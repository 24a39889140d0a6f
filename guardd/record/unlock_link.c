/* SPDX-License-Identifier: MIT
 *
 * record/unlock_link.c - see unlock_link.h.
 */
#include "record/unlock_link.h"

#include <stdio.h>

#include "record/database.h"

#define PACKETS_PER_TURN 16u

static bool is_about_unlocks(const struct guard_event *event)
{
	return event->source == GUARD_EVENT_DAEMON && event->what >= GUARD_DAEMON_UNLOCK_REQUESTED &&
	       event->what <= GUARD_DAEMON_REPORTED;
}

static bool is_on_disk(struct store *store, int64_t now_ns)
{
	struct guard_event waiting;

	while (store_flush(store, now_ns, true) > 0)
		;
	return store_ledger(store) && store_waiting(store, &waiting, 0) < 0;
}

/* Serials rise: the newest row has the highest.  A report has none. */
static uint64_t newest_serial(struct store *store)
{
	struct ledger *ledger = store_ledger(store);
	char sql[256];
	int64_t serial = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT size FROM record WHERE source = %d AND what BETWEEN %d AND %d AND size > 0 "
		 "ORDER BY id DESC LIMIT 1",
		 GUARD_EVENT_DAEMON, GUARD_DAEMON_UNLOCK_REQUESTED, GUARD_DAEMON_UNLOCK_RESTORED);
	if (!ledger || ledger_database_number(&serial, ledger_database(ledger), sql) < 0 || serial < 0)
		return 0;
	return (uint64_t)serial;
}

static void acknowledge(int socket, uint32_t sequence, uint32_t error, uint64_t serial)
{
	uint8_t bytes[64];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_RECORDED, sequence);
	guard_write_u32(&writer, error);
	guard_write_u64(&writer, serial);
	(void)!guard_wire_send(socket, &writer); /* who does not listen opens nothing */
}

static void take_packet(int socket, struct store *store, const uint8_t *bytes, size_t size, int64_t now_ns)
{
	struct guard_reader reader;
	struct guard_event event;
	uint32_t sequence;
	uint16_t type;

	guard_reader_init(&reader, bytes, size);
	if (guard_wire_open(&type, &sequence, &reader) < 0)
		return;
	if (type == GUARD_WIRE_EVENT) {
		if (guard_event_decode(&event, &reader) < 0 || !guard_reader_done(&reader) ||
		    !is_about_unlocks(&event)) {
			acknowledge(socket, sequence, GUARD_E_FORMAT, 0);
			return;
		}
		event.id = 0;
		store_add(store, &event, now_ns);
	} else if (type != GUARD_WIRE_STATUS) {
		return;
	}
	if (is_on_disk(store, now_ns))
		acknowledge(socket, sequence, 0, type == GUARD_WIRE_STATUS ? newest_serial(store) : 0);
	else
		acknowledge(socket, sequence, GUARD_E_IO, 0);
}

void unlock_link_serve(int socket, struct store *store, int64_t now_ns)
{
	static uint8_t packet[GUARD_WIRE_MAX]; /* one thread */
	size_t size;
	int r = 0;

	for (unsigned i = 0; i < PACKETS_PER_TURN && r == 0; i++) {
		r = guard_wire_receive(&size, socket, packet, sizeof(packet));
		if (r == 0)
			take_packet(socket, store, packet, size, now_ns);
	}
}
