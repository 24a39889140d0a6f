/* SPDX-License-Identifier: MIT
 *
 * unit/process_support.c - see process_support.h.
 */
#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "process_support.h"
#include "record/record.h"

static struct guardd_config config = {
    .ledger_max_bytes = 256u << 20, .ledger_max_days = 400, .ledger_allowed = true};

void set_patience(int socket, int milliseconds)
{
	const struct timeval timeout = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

	CU_ASSERT(setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0);
}

static void run_child(const struct recorder *recorder, const struct folder *folder)
{
	const struct guardd_record_arguments arguments = {.config = &config,
							  .unlock = -1,
							  .events = recorder->held[0],
							  .requests = recorder->held[1],
							  .state = folder->fd};
	struct record *record;

	close(recorder->events);
	close(recorder->requests);
	if (guardd_record_prepare(&record, &arguments) < 0)
		_exit(3);
	_exit(guardd_record_run(record) < 0);
}

void recorder_restart(struct recorder *recorder, const struct folder *folder)
{
	sigset_t stop, before;

	/* A SIGTERM that comes before the child is ready for it waits. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, &before);
	recorder->pid = fork();
	CU_ASSERT_FATAL(recorder->pid >= 0);
	if (recorder->pid == 0)
		run_child(recorder, folder);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

struct recorder recorder_start(const struct folder *folder)
{
	struct recorder recorder;
	int events[2], requests[2], size = 1 << 20;

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) == 0);
	CU_ASSERT(setsockopt(events[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == 0);
	recorder =
	    (struct recorder){.events = events[0], .requests = requests[0], .held = {events[1], requests[1]}};
	recorder_restart(&recorder, folder);
	return recorder;
}

void recorder_kill(struct recorder *recorder)
{
	CU_ASSERT(kill(recorder->pid, SIGKILL) == 0);
	CU_ASSERT(waitpid(recorder->pid, NULL, 0) == recorder->pid);
}

void recorder_close(struct recorder *recorder)
{
	close(recorder->events);
	close(recorder->requests);
	close(recorder->held[0]);
	close(recorder->held[1]);
}

void recorder_stop(struct recorder *recorder)
{
	int status = -1;

	CU_ASSERT(kill(recorder->pid, SIGTERM) == 0);
	CU_ASSERT(waitpid(recorder->pid, &status, 0) == recorder->pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	recorder_close(recorder);
}

bool send_event(int socket, const struct guard_event *event)
{
	struct guard_writer writer;
	int r;

	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EVENT, 0);
	CU_ASSERT_EQUAL(guard_event_encode(&writer, event), 0);
	r = guard_wire_send(socket, &writer);
	guard_writer_free(&writer);
	return r == 0;
}

int ask_events(const struct recorder *recorder, uint32_t uid, const struct guard_event_filter *filter)
{
	const struct record_request request = {.sequence = 7, .uid = uid, .filter = *filter};
	int pair[2];

	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CU_ASSERT_EQUAL(record_request_send(recorder->requests, pair[1], &request), 0);
	close(pair[1]);
	set_patience(pair[0], 10000);
	return pair[0];
}

uint16_t receive_event(struct guard_event *ret_event, int socket)
{
	static uint8_t packet[GUARD_WIRE_MAX];
	struct guard_reader reader;
	uint32_t sequence;
	uint16_t type;
	size_t size;

	if (guard_wire_receive(&size, socket, packet, sizeof(packet)) < 0)
		return 0;
	guard_reader_init(&reader, packet, size);
	CU_ASSERT_EQUAL_FATAL(guard_wire_open(&type, &sequence, &reader), 0);
	if (type == GUARD_WIRE_EVENT_DATA)
		CU_ASSERT_EQUAL(guard_event_decode(ret_event, &reader), 0);
	return type;
}

int count_events(int socket)
{
	static struct guard_event event;
	uint64_t last = 0;
	uint16_t type;
	int count = 0;

	while ((type = receive_event(&event, socket)) == GUARD_WIRE_EVENT_DATA) {
		CU_ASSERT(event.id == 0 || event.id > last); /* in order, each once */
		last = event.id;
		count++;
	}
	return type == GUARD_WIRE_END ? count : -1;
}

bool wait_events(const struct recorder *recorder, const struct guard_event_filter *filter, int count,
		 int64_t timeout_ms)
{
	int64_t end = clock_monotonic_ns() + timeout_ms * CLOCK_MS;
	int found;

	do {
		int socket = ask_events(recorder, 0, filter);
		found = count_events(socket);
		close(socket);
		if (found == count)
			return true;
	} while (clock_monotonic_ns() < end);
	printf("\nfound %d events of %d\n", found, count);
	return false;
}
