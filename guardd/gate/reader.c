/* SPDX-License-Identifier: MIT
 *
 * gate/reader.c - reads events and answers at once what needs no look at
 * content, and what quick.c can see at once.  One thread per group; must never
 * block: it waits for no disk, no caller and no server.  But the kernel itself opens the file of an event
 * while it is read, so the reader of the slow group may be stuck in there.
 *
 * The kernel writes events into shared memory.  An entry is wiped only when its
 * event has a slot or is answered, so a gate that is killed anywhere in here
 * leaves each event in the buffer, in a slot, or answered (see adopt.c).
 */
#include "gate/gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAKE_SIGNAL SIGURG

static void wipe(struct fanotify_event_metadata *entry)
{
	__atomic_store_n(&entry->metadata_len, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&entry->event_len, 0, __ATOMIC_RELEASE);
	entry->vers = 0;
	entry->reserved = 0;
}

static void pass_at_once(struct gate *gate, uint32_t group, struct fanotify_event_metadata *entry)
{
	int fd = entry->fd;

	gate_respond(gate, group, fd, true);
	atomic_fetch_add_explicit(&gate->shared->counters.allowed, 1, memory_order_relaxed);
	wipe(entry);
	close(fd);
}

/* A pipe, a device, a socket: nothing to identify.  Closed before the answer,
 * so that nobody meets our end of a pipe.  `reserved` tells a next gate that
 * the number is not ours any more. */
static void pass_special(struct gate *gate, uint32_t group, struct fanotify_event_metadata *entry)
{
	__atomic_store_n(&entry->reserved, 1, __ATOMIC_RELEASE);
	close(entry->fd);
	gate_respond(gate, group, entry->fd, true);
	atomic_fetch_add_explicit(&gate->shared->counters.allowed, 1, memory_order_relaxed);
	wipe(entry);
}

static void refuse_at_once(struct gate *gate, uint32_t group, struct fanotify_event_metadata *entry)
{
	int fd = entry->fd;

	atomic_fetch_add_explicit(&gate->shared->counters.overload, 1, memory_order_relaxed);
	gate_refuse_unslotted(gate, group, fd, entry->pid, GUARD_REASON_OVERLOAD);
	wipe(entry);
	close(fd);
}

/* Somebody closed a file that the kernel was told not to ask about. */
static void take_close(struct gate *gate, struct fanotify_event_metadata *entry)
{
	struct gate_file file;
	int fd = entry->fd;

	if (gate_file_stat(&file, fd) == 0)
		gate_forget(gate, fd, &file.key);
	wipe(entry);
	close(fd);
}

static void take_without_fd(struct gate *gate, struct fanotify_event_metadata *entry)
{
	if (entry->mask & FAN_Q_OVERFLOW)
		gate_note_daemon(gate, GUARD_DAEMON_EVENTS_LOST, 1,
				 "the kernel's event queue ran over: opens were allowed unseen");
	wipe(entry);
}

static void pass_seen(struct gate *gate, const struct gate_sight *sight, struct fanotify_event_metadata *entry)
{
	gate_respond(gate, sight->group, sight->fd, true);
	atomic_fetch_add_explicit(&gate->shared->counters.allowed, 1, memory_order_relaxed);
	wipe(entry);
	if (!gate_learn_seen(gate, sight))
		close(sight->fd);
}

static void hand_on(struct gate *gate, const struct gate_sight *sight, struct fanotify_event_metadata *entry)
{
	struct gate_filesystem filesystem;
	struct gate_event *event =
		gate_event_begin(gate, sight->group, sight->fd, sight->mask, sight->tid, sight->file);
	bool slow;

	if (!event) {
		refuse_at_once(gate, sight->group, entry);
		return;
	}
	wipe(entry);
	if (sight->leased) {
		event->sequence = sight->sequence;
		event->lease = GATE_LEASE_HELD;
	}
	slow = sight->group == GUARDD_GROUP_SLOW ||
	       !gate_filesystem_find(gate, &filesystem, sight->file->key.device) || filesystem.slow;
	gate_queue_push(gate, slow ? &gate->jobs.slow : &gate->jobs.quick, &event->task);
}

static void take_permission(struct gate *gate, uint32_t group, struct fanotify_event_metadata *entry)
{
	struct gate_file file;
	struct gate_sight sight = {
		.file = &file, .mask = entry->mask, .fd = entry->fd, .tid = entry->pid, .group = group
	};

	if (entry->reserved) { /* closed by a gate that was killed before it answered */
		gate_respond(gate, group, entry->fd, true);
		wipe(entry);
		return;
	}
	if (!(entry->mask & FAN_OPEN_EXEC_PERM) &&
	    (gate_thread_is_own(gate, entry->pid) || gate_process_is_own(gate, entry->pid))) {
		pass_at_once(gate, group, entry);
		return;
	}
	if (gate_file_stat(&file, entry->fd) < 0) /* a server's file that root may not see: never taken for another */
		file = (struct gate_file){ .key = { .device = UINT64_MAX, .inode = (uint64_t)entry->fd },
					   .uid = UINT32_MAX,
					   .mode = S_IFREG };
	if (!S_ISREG(file.mode))
		pass_special(gate, group, entry);
	else if (gate_quick_passes(gate, &sight))
		pass_seen(gate, &sight, entry);
	else
		hand_on(gate, &sight, entry);
}

void gate_reader_take(struct gate *gate, uint32_t group, size_t offset)
{
	struct fanotify_event_metadata *entry =
		(struct fanotify_event_metadata *)(void *)&gate->shared->read_buffer[group][offset];

	atomic_fetch_add_explicit(&gate->shared->counters.events, 1, memory_order_relaxed);
	if (entry->fd < 0)
		take_without_fd(gate, entry);
	else if (entry->mask & GATE_PERM_MASK)
		take_permission(gate, group, entry);
	else
		take_close(gate, entry);
}

/* The groups ask for no information records: each event is one metadata. */
static void take_all(struct gate *gate, uint32_t group, size_t size)
{
	for (size_t at = 0; at + FAN_EVENT_METADATA_LEN <= size; at += FAN_EVENT_METADATA_LEN)
		gate_reader_take(gate, group, at);
}

static ssize_t read_events(struct gate *gate, uint32_t group)
{
	struct gate_reader *reader = &gate->readers[group];
	unsigned char *buffer = gate->shared->read_buffer[group];
	ssize_t size;

	if (group == GUARDD_GROUP_MAIN)
		return read(gate->fanotify[group], buffer, GUARDD_READ_BUFFER);
	atomic_store(&reader->since_ns, gate_now_ns());
	gate_watch_wake(gate);
	/* One at a time: what was read waits for no other open. */
	size = read(gate->fanotify[group], buffer, FAN_EVENT_METADATA_LEN);
	atomic_store(&reader->since_ns, 0);
	return size;
}

bool gate_readers_check(struct gate *gate, int64_t now_ns)
{
	struct gate_reader *reader = &gate->readers[GUARDD_GROUP_SLOW];
	int64_t since_ns = atomic_load(&reader->since_ns);

	if (since_ns && now_ns - since_ns > gate->deadline_ns) {
		atomic_compare_exchange_strong(&reader->since_ns, &since_ns, now_ns); /* then it has another term */
		gate_mounts_force(gate);
	}
	return since_ns != 0;
}

static void read_once(struct gate *gate, uint32_t group)
{
	ssize_t size = read_events(gate, group);

	if (size > 0)
		take_all(gate, group, (size_t)size);
	else if (size < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		/* The kernel has denied that event itself. */
		atomic_fetch_add_explicit(&gate->shared->counters.overload, 1, memory_order_relaxed);
}

static void wait_event(struct gate *gate, uint32_t number)
{
	struct pollfd group = { .fd = gate->fanotify[number], .events = POLLIN };
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, WAKE_SIGNAL);
	ppoll(&group, 1, NULL, &all);
}

static void reader_run(struct gate *gate, struct gate_reader *reader) __attribute__((noreturn));
static void reader_run(struct gate *gate, struct gate_reader *reader)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (;;) {
		uint32_t state = atomic_load(&reader->reading), stopping = GATE_STOPPING;
		if (state == GATE_READING) {
			read_once(gate, reader->group);
			wait_event(gate, reader->group);
			continue;
		}
		if (state == GATE_STOPPING)
			atomic_compare_exchange_strong(&reader->reading, &stopping, GATE_STOPPED);
		nanosleep(&pause, NULL);
	}
}

struct launch {
	struct gate *gate;
	struct gate_reader *reader;
};

static void *reader_main(void *context)
{
	struct launch launch = *(struct launch *)context;

	free(context);
	if (gate_thread_enlist(launch.gate) < 0)
		abort();
	reader_run(launch.gate, launch.reader);
}

static void on_wake(int signal_number)
{
	(void)signal_number;
}

static int start_reader(struct gate *gate, uint32_t group)
{
	struct gate_reader *reader = &gate->readers[group];
	struct launch *launch = malloc(sizeof(*launch));

	if (!launch)
		return -GUARD_E_NOMEM;
	reader->group = group;
	*launch = (struct launch){ gate, reader };
	if (pthread_create(&reader->thread, NULL, reader_main, launch) == 0)
		return 0;
	free(launch);
	return -GUARD_E_NOMEM;
}

int gate_readers_start(struct gate *gate)
{
	struct sigaction action = { .sa_handler = on_wake };
	sigset_t wake;
	int r = 0;

	sigaction(WAKE_SIGNAL, &action, NULL);
	/* Blocked but for the moment of waiting: no wake-up is missed. */
	sigemptyset(&wake);
	sigaddset(&wake, WAKE_SIGNAL);
	pthread_sigmask(SIG_BLOCK, &wake, NULL);
	for (uint32_t group = 0; group < GUARDD_GROUPS && r == 0; group++)
		r = start_reader(gate, group);
	return r;
}

static void stop_reader(struct gate *gate, struct gate_reader *reader)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 1; atomic_load(&reader->reading) != GATE_STOPPED; i++) {
		if (reader->group == GUARDD_GROUP_SLOW && i % 1000 == 0)
			gate_mounts_force(gate);
		pthread_kill(reader->thread, WAKE_SIGNAL);
		nanosleep(&pause, NULL);
	}
}

void gate_readers_stop(struct gate *gate)
{
	for (uint32_t group = 0; group < GUARDD_GROUPS; group++) {
		uint32_t reading = GATE_READING;
		atomic_compare_exchange_strong(&gate->readers[group].reading, &reading, GATE_STOPPING);
	}
	for (uint32_t group = 0; group < GUARDD_GROUPS; group++)
		stop_reader(gate, &gate->readers[group]);
}

void gate_readers_resume(struct gate *gate)
{
	for (uint32_t group = 0; group < GUARDD_GROUPS; group++)
		atomic_store(&gate->readers[group].reading, GATE_READING);
}
