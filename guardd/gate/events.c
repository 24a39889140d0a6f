/* SPDX-License-Identifier: MIT
 *
 * gate/events.c - slots of the shared memory and the answers to the kernel.
 *
 * Order, so that a gate that is killed at any point neither loses an event nor
 * closes a stranger's fd: slot pending -> response written -> slot answered ->
 * fd closed -> slot free.  The kernel finds an event by its fd number, so no
 * answer may be written after the fd is closed: the watch answers under the
 * lock that gate_event_end() takes before it closes.
 *
 * An answer wakes every caller that waits, not only its own: the kernel has one
 * wait queue per group.  With thousands of them each answer costs milliseconds,
 * whoever gives it.
 */
#include "gate/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

int gate_events_init(struct gate *gate)
{
	struct gate_events *events = &gate->events;

	events->all = calloc(GUARDD_INFLIGHT_MAX, sizeof(*events->all));
	events->free_list = calloc(GUARDD_INFLIGHT_MAX, sizeof(*events->free_list));
	if (!events->all || !events->free_list)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&events->lock, NULL);
	for (uint32_t i = GUARDD_INFLIGHT_MAX; i-- > 0;)
		if (atomic_load(&gate->shared->slots[i].state) != GUARDD_SLOT_PENDING)
			events->free_list[events->free_count++] = i;
	return 0;
}

static void link_newest(struct gate_events *events, struct gate_event *event)
{
	event->older = events->newest;
	event->newer = NULL;
	if (events->newest)
		events->newest->newer = event;
	else
		events->oldest = event;
	events->newest = event;
}

static void unlink_event(struct gate_events *events, struct gate_event *event)
{
	if (event->older)
		event->older->newer = event->newer;
	else
		events->oldest = event->newer;
	if (event->newer)
		event->newer->older = event->older;
	else
		events->newest = event->older;
}

static void fill_event(struct gate_event *event, uint32_t index, const struct guardd_slot *slot)
{
	memset(event, 0, sizeof(*event));
	event->task.type = GATE_TASK_EVENT;
	event->index = index;
	event->fd = slot->fd;
	event->tid = slot->tid;
	event->mask = slot->mask;
	event->group = slot->group;
	event->arrived_ns = gate_now_ns();
}

struct gate_event *gate_event_begin(struct gate *gate, uint32_t group, int32_t fd, uint64_t mask, int32_t tid,
				    const struct gate_file *file)
{
	struct gate_events *events = &gate->events;
	struct gate_event *event = NULL;
	struct guardd_slot *slot;
	bool first;

	pthread_mutex_lock(&events->lock);
	if (events->free_count > 0) {
		uint32_t index = events->free_list[--events->free_count];
		slot = &gate->shared->slots[index];
		slot->fd = fd;
		slot->mask = mask;
		slot->tid = tid;
		slot->blamed = 0;
		slot->group = group;
		atomic_store(&slot->state, GUARDD_SLOT_PENDING);
		event = &events->all[index];
		fill_event(event, index, slot);
		event->file = *file;
		first = !events->oldest;
		link_newest(events, event);
	}
	pthread_mutex_unlock(&events->lock);
	if (event) {
		atomic_fetch_add_explicit(&gate->shared->counters.queue, 1, memory_order_relaxed);
		if (first)
			gate_watch_wake(gate);
	}
	return event;
}

struct gate_event *gate_event_adopt(struct gate *gate, uint32_t index)
{
	struct gate_events *events = &gate->events;
	struct gate_event *event = &events->all[index];

	pthread_mutex_lock(&events->lock);
	fill_event(event, index, &gate->shared->slots[index]);
	link_newest(events, event);
	pthread_mutex_unlock(&events->lock);
	gate_watch_wake(gate);
	return event;
}

void gate_respond(struct gate *gate, uint32_t group, int32_t fd, bool allow)
{
	struct fanotify_response response = { .fd = fd, .response = allow ? FAN_ALLOW : FAN_DENY };

	/* ENOENT: the caller was killed, or a killed gate had answered already. */
	while (write(gate->fanotify[group], &response, sizeof(response)) < 0 && errno == EINTR)
		;
}

void gate_event_answer(struct gate *gate, struct gate_event *event, bool allow)
{
	struct guardd_counters *counters = &gate->shared->counters;

	if (atomic_exchange(&event->answered, true))
		return;
	gate_respond(gate, event->group, event->fd, allow);
	atomic_store(&gate->shared->slots[event->index].state, GUARDD_SLOT_ANSWERED);
	atomic_fetch_add_explicit(allow ? &counters->allowed : &counters->denied, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&counters->queue, 1, memory_order_relaxed);
}

void gate_event_answered(struct gate *gate, struct gate_event *event)
{
	atomic_store(&event->answered, true);
	atomic_store(&gate->shared->slots[event->index].state, GUARDD_SLOT_ANSWERED);
	atomic_fetch_sub_explicit(&gate->shared->counters.queue, 1, memory_order_relaxed);
}

void gate_event_end(struct gate *gate, struct gate_event *event)
{
	struct gate_events *events = &gate->events;
	uint32_t index = event->index;

	pthread_mutex_lock(&events->lock);
	unlink_event(events, event);
	pthread_mutex_unlock(&events->lock);
	close(event->fd); /* gives up the lease as well */
	atomic_store(&gate->shared->slots[index].state, GUARDD_SLOT_FREE);
	pthread_mutex_lock(&events->lock);
	events->free_list[events->free_count++] = index;
	pthread_mutex_unlock(&events->lock);
}

bool gate_events_pending(struct gate *gate)
{
	bool pending = false;

	pthread_mutex_lock(&gate->events.lock);
	for (struct gate_event *event = gate->events.oldest; event && !pending; event = event->newer)
		pending = atomic_load(&gate->shared->slots[event->index].state) == GUARDD_SLOT_PENDING;
	pthread_mutex_unlock(&gate->events.lock);
	return pending;
}
