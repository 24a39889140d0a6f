/* SPDX-License-Identifier: MIT
 *
 * gate/watch.c - deadlines.  Answers callers that waited too long, adds workers
 * where all are stuck, sends what was folded.  Never blocks on a file; sleeps
 * without a timer while nothing is pending.
 */
#include "gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 50000000ll
#define LATE_MAX 1024

struct late {
	struct gate_event event; /* a copy for the record: the original goes its way */
	char path[GUARD_WIRE_PATH_MAX];
};

/* Answer one caller whose deadline has passed; the fd stays the worker's.  Under
 * the lock, so that the fd cannot be closed between the two. */
static bool answer_one(struct gate *gate, struct late *ret_late, bool allow, int64_t now_ns)
{
	struct gate_events *events = &gate->events;
	struct gate_event *event;
	bool found = false;

	pthread_mutex_lock(&events->lock);
	for (event = events->oldest; event && !found; event = event->newer) {
		char link[64];
		ssize_t length;
		if (event->arrived_ns + gate->deadline_ns > now_ns)
			break;
		if (atomic_load(&event->answered))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", event->fd);
		length = readlink(link, ret_late->path, sizeof(ret_late->path) - 1);
		ret_late->path[length > 0 ? length : 0] = '\0';
		ret_late->event.fd = -1;
		ret_late->event.tid = event->tid;
		ret_late->event.mask = event->mask;
		ret_late->event.group = event->group;
		ret_late->event.file = event->file;
		gate_event_answer(gate, event, allow);
		found = true;
	}
	pthread_mutex_unlock(&events->lock);
	return found;
}

static void note_late(struct gate *gate, struct late *late, const struct gate_policy *policy_now, bool allowed)
{
	struct gate_facts facts = { .no_subject = true, .path.claimed = late->path };
	struct guard_verdict verdict = { .action = allowed ? GUARD_ALLOW : GUARD_DENY,
					 .mode = policy_now->info.mode,
					 .reason = GUARD_REASON_TIMEOUT,
					 .rule = GUARD_NO_RULE };

	late->event.facts = &facts;
	gate_note_verdict(gate, &late->event, &verdict, NULL, "", policy_now->info.version,
			  !allowed && verdict.mode == GUARD_MODE_ENFORCE);
}

static void check_deadlines(struct gate *gate)
{
	struct late late;
	int64_t now_ns = gate_now_ns();

	for (int i = 0; i < LATE_MAX; i++) {
		const struct gate_policy *held = gate_policy_hold(gate);
		struct gate_policy policy;
		bool allow;

		if (!held) {
			gate_policy_release(gate);
			return;
		}
		policy = *held;
		gate_policy_release(gate);
		allow = gate->config->deadline_allow || policy.info.mode == GUARD_MODE_AUDIT;
		memset(&late, 0, sizeof(late));
		if (!answer_one(gate, &late, allow, now_ns))
			return;
		atomic_fetch_add_explicit(&gate->shared->counters.timeouts, 1, memory_order_relaxed);
		note_late(gate, &late, &policy, gate->config->deadline_allow);
	}
}

static void wait_for_work(struct gate_watch *watch, bool busy)
{
	struct timespec until;

	pthread_mutex_lock(&watch->lock);
	if (busy) {
		int64_t at = gate_now_ns() + TICK_NS;
		until = (struct timespec){ .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };
		pthread_cond_timedwait(&watch->wake, &watch->lock, &until);
	} else {
		while (!watch->busy)
			pthread_cond_wait(&watch->wake, &watch->lock);
	}
	watch->busy = false;
	pthread_mutex_unlock(&watch->lock);
}

static void watch_run(struct gate *gate, void *context)
{
	bool busy = false;

	(void)context;
	for (;;) {
		wait_for_work(&gate->watch, busy);
		check_deadlines(gate);
		busy = gate_events_pending(gate);
		busy |= gate_queues_check(gate);
		busy |= gate_readers_check(gate, gate_now_ns());
		busy |= gate_notes_flush(gate, gate_now_ns());
	}
}

void gate_watch_wake(struct gate *gate)
{
	struct gate_watch *watch = &gate->watch;

	pthread_mutex_lock(&watch->lock);
	if (!watch->busy) {
		watch->busy = true;
		pthread_cond_signal(&watch->wake);
	}
	pthread_mutex_unlock(&watch->lock);
}

int gate_watch_start(struct gate *gate)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&gate->watch.lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&gate->watch.wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return gate_thread_start(gate, watch_run, NULL);
}
