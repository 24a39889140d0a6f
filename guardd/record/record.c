/* SPDX-License-Identifier: MIT
 *
 * record/record.c - the record process: events in, rows out, questions
 * answered.  One thread, one loop; each turn does a bounded amount of each.
 * Nobody waits for it: the gate drops and counts when its socket is full.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "record/clients.h"
#include "record/clock.h"
#include "record/fold.h"
#include "record/record.h"
#include "record/unlock_link.h"
#include "stop.h"

#define NEWS_INTERVAL_NS (200 * CLOCK_MS)
#define LAST_TURNS 64u /* of reading events, when it is to stop */

struct record {
	const struct guardd_config *config;
	int events, requests; /* requests: -1 when control is gone */
	int unlock;
	bool events_ended;
	struct journal journal;
	struct fold *fold;
	struct store *store;
	struct clients clients;
	struct record_news told; /* to control, last */
	bool news_wait;		 /* there are news that are not told yet */
	int64_t next_news_ns;	 /* no news before */
	struct guard_event event;
	uint8_t packet[GUARD_WIRE_MAX];
};

/* ---- events ----------------------------------------------------------------------- */

static bool is_wanted(const struct record *record, const struct guard_event *event)
{
	if (record->config->ledger_allowed || event->source != GUARD_EVENT_ACCESS ||
	    event->reason == GUARD_REASON_UNLOCK)
		return true;
	return ledger_row_refused(event);
}

static void take_packet(struct record *record, size_t size, int64_t now_ns)
{
	struct guard_reader reader;
	uint32_t sequence;
	uint16_t type;

	guard_reader_init(&reader, record->packet, size);
	if (guard_wire_open(&type, &sequence, &reader) < 0 || type != GUARD_WIRE_EVENT ||
	    guard_event_decode(&record->event, &reader) < 0 || !guard_reader_done(&reader)) {
		store_lost(record->store, 1);
		return;
	}
	record->event.id = 0;
	if (is_wanted(record, &record->event) && fold_take(record->fold, &record->event, now_ns))
		store_add(record->store, &record->event, now_ns);
}

/* Returns true when the socket may hold more. */
static bool take_events(struct record *record, int64_t now_ns)
{
	size_t size;
	int r;

	for (unsigned i = 0; i < RECORD_EVENTS_PER_TURN; i++) {
		r = guard_wire_receive(&size, record->events, record->packet, sizeof(record->packet));
		if (r == -GUARD_E_BUSY)
			return false;
		if (r == -GUARD_E_LIMIT) {
			store_lost(record->store, 1);
			continue;
		}
		if (r < 0) {
			record->events_ended = true;
			return false;
		}
		take_packet(record, size, now_ns);
	}
	return true;
}

static void take_repeats(struct record *record, int64_t now_ns, int all)
{
	while (fold_due(record->fold, &record->event, now_ns, all))
		store_add(record->store, &record->event, now_ns);
}

/* ---- control ------------------------------------------------------------------------- */

static void lose_control(struct record *record)
{
	close(record->requests);
	record->requests = -1;
}

static void take_requests(struct record *record)
{
	struct record_request request;
	int client, r;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		r = record_request_receive(&client, &request, record->requests);
		if (r == -GUARD_E_BUSY)
			return;
		if (r == -GUARD_E_UNREACHABLE) {
			lose_control(record);
			return;
		}
		if (r == -GUARD_E_NOT_FOUND)
			record->told.lost = UINT64_MAX;
		if (r == 0)
			clients_take(&record->clients, client, &request);
	}
}

/* Tell control, for `guardctl status`, what is wrong; again when it did not fit. */
static void tell_news(struct record *record, int64_t now_ns)
{
	struct record_news news = {.lost = store_lost_total(record->store)};
	uint8_t bytes[1024];
	struct guard_writer writer;

	snprintf(news.problem, sizeof(news.problem), "%s", store_problem(record->store));
	record->news_wait = record->requests >= 0 && (news.lost != record->told.lost ||
						      strcmp(news.problem, record->told.problem) != 0);
	if (!record->news_wait || now_ns < record->next_news_ns)
		return;
	record->next_news_ns = now_ns + NEWS_INTERVAL_NS;
	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	if (record_news_encode(&writer, &news) == 0 && guard_wire_send(record->requests, &writer) == 0) {
		record->told = news;
		record->news_wait = false;
	}
}

/* ---- the loop -------------------------------------------------------------------------- */

static void wait_for_work(struct record *record, bool busy)
{
	enum { EVENTS = CLIENTS_MAX, REQUESTS, UNLOCK, POLLS };
	int64_t now_ns = clock_monotonic_ns(), next = store_next(record->store);
	struct pollfd polls[POLLS];
	struct timespec timeout = {0};
	sigset_t none;

	if (fold_next(record->fold) < next)
		next = fold_next(record->fold);
	if (clients_next(&record->clients) < next)
		next = clients_next(&record->clients);
	if (record->news_wait && record->next_news_ns < next)
		next = record->next_news_ns;
	if (next > now_ns && !busy) {
		timeout.tv_sec = (time_t)((next - now_ns) / 1000000000);
		timeout.tv_nsec = (long)((next - now_ns) % 1000000000);
	}
	clients_poll(&record->clients, polls);
	polls[EVENTS] = (struct pollfd){.fd = record->events, .events = POLLIN};
	polls[REQUESTS] = (struct pollfd){.fd = record->requests, .events = POLLIN};
	polls[UNLOCK] = (struct pollfd){.fd = record->unlock, .events = POLLIN};
	sigemptyset(&none);
	if (ppoll(polls, POLLS, next == INT64_MAX && !busy ? NULL : &timeout, &none) < 0)
		return;
	clients_polled(&record->clients, polls, clock_monotonic_ns());
	if (polls[REQUESTS].revents)
		take_requests(record);
	if (polls[UNLOCK].revents)
		unlock_link_serve(record->unlock, record->store, clock_monotonic_ns());
}

static void turn(struct record *record)
{
	bool busy = take_events(record, clock_monotonic_ns());
	int64_t now_ns = clock_monotonic_ns();

	take_repeats(record, now_ns, 0);
	if (store_flush(record->store, now_ns, false) > 0)
		clients_wake(&record->clients);
	tell_news(record, now_ns);
	busy |= clients_serve(&record->clients, record->store, now_ns);
	if (!record->events_ended && !guardd_stop_asked())
		wait_for_work(record, busy);
}

/* All that came, and all repeats, to the disk; bounded, for a disk may be full. */
static void write_rest(struct record *record)
{
	int64_t now_ns = clock_monotonic_ns();
	struct guard_event event;

	for (unsigned i = 0; i < LAST_TURNS && !record->events_ended && take_events(record, now_ns); i++)
		;
	take_repeats(record, now_ns, 1);
	while (store_waiting(record->store, &event, 0) == 0 && store_flush(record->store, now_ns, true) > 0)
		;
}

static void record_free(struct record *record)
{
	clients_close(&record->clients);
	store_free(record->store);
	fold_free(record->fold);
	journal_close(&record->journal);
	if (record->requests >= 0)
		close(record->requests);
	free(record);
}

int guardd_record_prepare(struct record **ret_record, const struct guardd_record_arguments *arguments)
{
	struct ledger_limits limits = {arguments->config->ledger_max_bytes,
				       arguments->config->ledger_max_days};
	struct record *record = calloc(1, sizeof(*record));
	int r;

	if (!record)
		return -GUARD_E_NOMEM;
	record->config = arguments->config;
	record->events = arguments->events;
	record->requests = arguments->requests;
	record->unlock = arguments->unlock;
	record->told.lost = UINT64_MAX; /* nothing yet */
	journal_open(&record->journal, arguments->config->journal);
	tzset(); /* gmtime_r(3) reads the time zone once, which the jail would not let it */
	umask(077);
	r = fold_new(&record->fold);
	if (r == 0)
		r = store_new(&record->store, arguments->state, &limits, &record->journal);
	if (r == 0)
		r = guardd_stop_listen();
	if (r == 0 && (fcntl(record->events, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
		       fcntl(record->requests, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
		       (record->unlock >= 0 && fcntl(record->unlock, F_SETFL, O_RDWR | O_NONBLOCK) < 0)))
		r = -GUARD_E_IO;
	if (r < 0) {
		record->requests = -1;
		record_free(record);
		return r;
	}
	*ret_record = record;
	return 0;
}

int guardd_record_run(struct record *record)
{
	while (!guardd_stop_asked() && !record->events_ended)
		turn(record);
	write_rest(record);
	record_free(record);
	return 0;
}
