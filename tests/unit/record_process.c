/* SPDX-License-Identifier: MIT
 *
 * unit/record_process.c - the record process over its sockets: who may ask, slow
 * and hostile clients, what is seen when.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "process_support.h"
#include "record/clients.h"
#include "unit.h"

static const struct guard_event_filter any = {.limit = 100000};
static const struct guard_event_filter denied = {.only_denied = 1, .limit = 100000};

static void send_events(const struct recorder *recorder, unsigned first, unsigned count, bool refused)
{
	for (unsigned i = 0; i < count; i++) {
		struct guard_event event = make_event(first + i, refused);
		CU_ASSERT_TRUE(send_event(recorder->events, &event));
	}
}

static void test_other_users(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	struct guard_event_filter filter = {.has_uid = 1, .uid = 1001, .limit = 1000};
	struct guard_event event;
	int socket;

	send_events(&recorder, 0, 9, true); /* uids 1000, 1001, 1002 */
	CU_ASSERT_TRUE(wait_events(&recorder, &denied, 9, 20000));
	socket = ask_events(&recorder, 1000, &filter); /* another's */
	CU_ASSERT_EQUAL(receive_event(&event, socket), GUARD_WIRE_RESULT);
	CU_ASSERT_EQUAL(receive_event(&event, socket), 0);
	close(socket);
	socket = ask_events(&recorder, 1000, &any); /* one's own, without asking for it */
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(receive_event(&event, socket), GUARD_WIRE_EVENT_DATA);
		CU_ASSERT_EQUAL(event.uid, 1000);
	}
	CU_ASSERT_EQUAL(receive_event(&event, socket), GUARD_WIRE_END);
	close(socket);
	socket = ask_events(&recorder, 0, &filter);
	CU_ASSERT_EQUAL(count_events(socket), 3);
	close(socket);
	recorder_stop(&recorder);
	folder_free(&folder);
}

static void send_bytes(int socket, const void *bytes, size_t size)
{
	CU_ASSERT(send(socket, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Neither the gate nor control may break it, whatever they send. */
static void test_hostile_sockets(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	uint8_t noise[70000];

	memset(noise, 0xa5, sizeof(noise));
	for (size_t size = 1; size < 60000; size = size * 3 + 1) {
		send_bytes(recorder.events, noise, size);
		send_bytes(recorder.requests, noise, size > 8000 ? 8000 : size);
	}
	noise[0] = GUARD_WIRE_VERSION;
	noise[1] = 0;
	noise[2] = GUARD_WIRE_EVENT;
	noise[3] = 0;
	send_bytes(recorder.events, noise, 9000);
	noise[2] = GUARD_WIRE_EVENTS;
	send_bytes(recorder.requests, noise, 4000);
	send_events(&recorder, 0, 4, true);
	CU_ASSERT_TRUE(wait_events(&recorder, &denied, 4, 20000));
	recorder_stop(&recorder);
	/* what was not understood is counted, not dropped in silence */
	CU_ASSERT(query_number(&folder, "SELECT sum(count) FROM record WHERE source = 3 AND what = 9") > 5);
	CU_ASSERT_TRUE(verify(&folder).intact);
	folder_free(&folder);
}

/* Clients that never read, more of them than there are places, while events come. */
static void test_slow_clients(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	struct guard_event_filter follow = {.follow = 1, .limit = 100000};
	int slow[CLIENTS_MAX + 4], quick;
	unsigned refused = 0;
	int64_t begin;

	send_events(&recorder, 0, 2000, true);
	for (unsigned i = 0; i < CLIENTS_MAX + 4; i++)
		slow[i] = ask_events(&recorder, 0, &follow);
	begin = clock_monotonic_ns();
	send_events(&recorder, 2000, 2000, true);
	quick = -1;
	/* all places are taken until the first is dropped for not reading */
	while (quick < 0 && clock_monotonic_ns() - begin < 10 * CLIENTS_STALL_NS) {
		int socket = ask_events(&recorder, 0, &denied), count = count_events(socket);
		close(socket);
		if (count == 4000)
			quick = 0;
		else
			refused++;
		(void)poll(NULL, 0, 20);
	}
	CU_ASSERT_EQUAL(quick, 0);
	CU_ASSERT(refused > 0);
	for (unsigned i = 0; i < CLIENTS_MAX + 4; i++)
		close(slow[i]);
	CU_ASSERT_TRUE(wait_events(&recorder, &denied, 4000, 20000));
	recorder_stop(&recorder);
	folder_free(&folder);
}

static void test_places_per_user(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	struct guard_event_filter follow = {.follow = 1, .limit = 10};
	int sockets[CLIENTS_PER_UID + 1], other;
	struct guard_event event;

	for (unsigned i = 0; i <= CLIENTS_PER_UID; i++)
		sockets[i] = ask_events(&recorder, 1000, &follow);
	CU_ASSERT_EQUAL(receive_event(&event, sockets[CLIENTS_PER_UID]), GUARD_WIRE_RESULT);
	other = ask_events(&recorder, 1001, &any);
	CU_ASSERT_EQUAL(count_events(other), 0);
	close(other);
	close(sockets[0]);
	for (unsigned i = 0; i < 100; i++) { /* the place is free as soon as the end is seen */
		other = ask_events(&recorder, 1000, &any);
		if (count_events(other) == 0)
			break;
		close(other);
	}
	close(other);
	for (unsigned i = 1; i <= CLIENTS_PER_UID; i++)
		close(sockets[i]);
	recorder_stop(&recorder);
	folder_free(&folder);
}

/* A denial can be asked for within 200 ms, and a follower sees it. */
static void test_prompt(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	struct guard_event_filter follow = {.follow = 1, .only_denied = 1, .limit = 10};
	struct guard_event event = make_event(0, true), seen;
	int follower;
	int64_t begin;

	CU_ASSERT_TRUE(send_event(recorder.events, &event));
	CU_ASSERT_TRUE(wait_events(&recorder, &denied, 1, 20000)); /* it is up */
	follower = ask_events(&recorder, 0, &follow);
	CU_ASSERT_EQUAL(receive_event(&seen, follower), GUARD_WIRE_EVENT_DATA);
	for (unsigned i = 1; i <= 5; i++) {
		event = make_event(i, true);
		begin = clock_monotonic_ns();
		CU_ASSERT_TRUE(send_event(recorder.events, &event));
		CU_ASSERT_TRUE(wait_events(&recorder, &denied, (int)i + 1, 200));
		CU_ASSERT_EQUAL(receive_event(&seen, follower), GUARD_WIRE_EVENT_DATA);
		CU_ASSERT_STRING_EQUAL(seen.path, event.path);
		printf("%.1f ms ", (double)(clock_monotonic_ns() - begin) / CLOCK_MS);
	}
	/* allowed ones are not for this follower */
	send_events(&recorder, 100, 5, false);
	send_events(&recorder, 200, 1, true);
	CU_ASSERT_EQUAL(receive_event(&seen, follower), GUARD_WIRE_EVENT_DATA);
	CU_ASSERT_STRING_EQUAL(seen.path, "/home/user/program-200");
	close(follower);
	recorder_stop(&recorder);
	folder_free(&folder);
}

static void test_repeats(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	struct guard_event event = make_event(1, true);

	for (unsigned i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(send_event(recorder.events, &event));
	recorder_stop(&recorder); /* the counted ones are written when it ends */
	CU_ASSERT_EQUAL(query_number(&folder, "SELECT count(*) FROM record WHERE source = 1"), 2);
	CU_ASSERT_EQUAL(query_number(&folder, "SELECT sum(count) FROM record WHERE source = 1"), 1000);
	CU_ASSERT_TRUE(verify(&folder).intact);
	folder_free(&folder);
}

/* Everything that was in the socket is written before the end. */
static void test_end(void)
{
	struct folder folder = folder_new();
	struct recorder recorder = recorder_start(&folder);
	int status = -1;

	send_events(&recorder, 0, 300, false);
	close(recorder.events);
	close(recorder.held[0]);
	CU_ASSERT(waitpid(recorder.pid, &status, 0) == recorder.pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(query_number(&folder, "SELECT count(*) FROM record WHERE source = 1"), 300);
	close(recorder.requests);
	close(recorder.held[1]);
	folder_free(&folder);
}

static CU_TestInfo tests[] = {
    {"other users' events", test_other_users},
    {"hostile sockets", test_hostile_sockets},
    {"places per user", test_places_per_user},
    {"clients that do not read", test_slow_clients},
    {"promptness", test_prompt},
    {"repeats", test_repeats},
    {"the end", test_end},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("record process", tests)
