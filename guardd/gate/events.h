/* SPDX-License-Identifier: MIT
 *
 * gate/events.h - one event from its slot to its answer, and the workers that carry it.
 */
#ifndef GUARDD_GATE_EVENTS_H
#define GUARDD_GATE_EVENTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <guard/verdict.h>

#include "gate/file.h"
#include "gate/subject.h"
#include "guardd.h"

struct gate;
struct gate_identity;
struct gate_job;

/* ---- events.c: slots, answers ------------------------------------------------------ */

enum gate_task_type { GATE_TASK_EVENT, GATE_TASK_JOB, GATE_TASK_LEARN };
struct gate_task {
	struct gate_task *next;
	int64_t queued_ns;
	uint8_t type;
};

enum gate_lease { GATE_LEASE_UNASKED, GATE_LEASE_HELD, GATE_LEASE_REFUSED, GATE_LEASE_NONE };

/* One blocked caller.  Lives in an array beside the shared slots; belongs to
 * one worker at a time, but for `answered`, which the watch may set as well. */
struct gate_event {
	struct gate_task task;
	struct gate_event *older, *newer; /* all pending ones, by arrival */
	struct gate_event *next_waiter;   /* of the same job */
	uint64_t mask;
	int64_t arrived_ns;
	int32_t fd, tid;
	uint32_t group;                   /* enum guardd_group */
	uint32_t index;                   /* of the slot */
	uint32_t sequence;                /* of the inode, from before the lease */
	uint8_t lease;                    /* enum gate_lease */
	_Atomic bool answered;
	uint64_t user;                    /* while it is held: crowd.h */
	uint8_t looks;                    /* at a caller that was not asleep yet */
	uint8_t rounds;                   /* begun anew because a writer came */
	bool patient;                     /* in the hands of a worker that may wait */
	bool begun;                       /* counted in its slot: this gate has it in hand */
	struct gate_file file;
	struct gate_facts *facts;
};
struct gate_events {
	pthread_mutex_t lock;
	struct gate_event *oldest, *newest;
	uint32_t *free_list;
	uint32_t free_count;
	struct gate_event *all;
};
int gate_events_init(struct gate *gate) GUARD_WARN_UNUSED;
/* Take a slot; NULL when none is left.  From here on a killed gate's successor
 * finds the event. */
struct gate_event *gate_event_begin(struct gate *gate, uint32_t group, int32_t fd, uint64_t mask, int32_t tid,
				    const struct gate_file *file);
struct gate_event *gate_event_adopt(struct gate *gate, uint32_t index);
/* Answer the caller, once; later answers are dropped. */
void gate_event_answer(struct gate *gate, struct gate_event *event, bool allow);
/* It was answered, and counted, before it had a slot. */
void gate_event_answered(struct gate *gate, struct gate_event *event);
/* The owner is through with it: close the fd, free the slot. */
void gate_event_end(struct gate *gate, struct gate_event *event);
/* Write one response by number.  For events without a slot. */
void gate_respond(struct gate *gate, uint32_t group, int32_t fd, bool allow);
bool gate_events_pending(struct gate *gate);

/* ---- jobs.c: queues and workers ------------------------------------------------------ */

struct gate_queue {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct gate_task *head, *tail;
	struct gate_task *held;   /* of users who have their part of the workers */
	_Atomic unsigned depth; /* changes under the lock */
	unsigned threads, idle, base, most;
};
struct gate_job;
struct gate_jobs {
	struct gate_queue quick, slow, learn;
	pthread_mutex_t lock; /* of the table */
	struct gate_job *table[4096];
};
/* init: before the watch starts and before anything is adopted; start: the workers. */
void gate_jobs_init(struct gate *gate);
int gate_jobs_start(struct gate *gate) GUARD_WARN_UNUSED;
void gate_queue_push(struct gate *gate, struct gate_queue *queue, struct gate_task *task);
/* Add a worker where the oldest task waits too long.  true while one is queued. */
bool gate_queues_check(struct gate *gate);
/* Have the event's file identified, then gate_conclude() the event; several
 * events of one file share the work.  The event belongs to the job. */
void gate_identify_for(struct gate *gate, struct gate_event *event);

/* ---- quick.c: answers of the reader's own ------------------------------------------------ */

/* A permission event before it has a slot. */
struct gate_sight {
	const struct gate_file *file;
	uint64_t mask;
	int32_t fd, tid;
	uint32_t group;
	/* what was found: */
	uint32_t sequence; /* of the inode, from before the lease */
	bool leased;
	bool again;        /* `format` was known already */
	bool appended;     /* it is opened to be written to, and keeps what it has */
	uint8_t format;
};
/* May it be allowed at once?  Never blocks; false: a worker has to look. */
bool gate_quick_passes(struct gate *gate, struct gate_sight *sight);

/* ---- learn.c: listed data of root's ------------------------------------------------------ */

/* Allow the event as data; have its file identified for the kernel's sake. */
void gate_learn(struct gate *gate, struct gate_event *event, uint8_t format);
/* The same for what the reader has answered already; false: `sight->fd` is still
 * the caller's to close. */
bool gate_learn_seen(struct gate *gate, const struct gate_sight *sight);

/* ---- triage.c, conclude.c: one event --------------------------------------------------------------------- */

struct gate_facts {
	struct gate_subject subject;
	struct gate_program *program;
	struct gate_path path;
	uint8_t kind, format;
	bool exec, no_subject;
	bool call_unknown; /* an open, or the open beneath an exec: not looked at */
	char said[256];    /* what is to be recorded besides, "" nothing */
};
void gate_facts_free(struct gate_event *event);
void gate_triage(struct gate *gate, struct gate_event *event);
/* Forget what was found out about the event and queue it; false: too often. */
bool gate_triage_again(struct gate *gate, struct gate_event *event);
/* The file could not be identified or is identified: decide, answer, record. */
void gate_conclude(struct gate *gate, struct gate_event *event, const struct gate_identity *identity);
/* Deny for a reason of the gate's own, as mode and configuration say. */
void gate_refuse(struct gate *gate, struct gate_event *event, enum guard_reason reason);
/* Allow, nothing recorded. */
void gate_pass(struct gate *gate, struct gate_event *event);
/* Answer without a slot: overload.  In the reader. */
void gate_refuse_unslotted(struct gate *gate, uint32_t group, int32_t fd, int32_t tid, enum guard_reason reason);

/* tickets.c: an exec raises two events; the second is the same decision. */
struct gate_tickets;
int gate_tickets_new(struct gate_tickets **ret_tickets) GUARD_WARN_UNUSED;
void gate_ticket_give(struct gate *gate, const struct gate_event *event);
bool gate_ticket_take(struct gate *gate, const struct gate_event *event);

#endif
