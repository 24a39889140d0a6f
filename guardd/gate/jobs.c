/* SPDX-License-Identifier: MIT
 *
 * gate/jobs.c - one job per file that is being identified, with all who wait
 * for it, so that a storm of execs hashes a program once.
 */
#include "gate/gate.h"

#include <stdlib.h>

#include "gate/queue.h"

struct gate_job {
	struct gate_task task;
	struct gate_job *chain;      /* in the table */
	struct gate_event *owner;    /* whose fd is read */
	struct gate_event *waiters;
	struct gate_key key;
	_Atomic int64_t until_ns;    /* deadline of the last who came */
};

#define TABLE (sizeof(((struct gate_jobs *)0)->table) / sizeof(((struct gate_jobs *)0)->table[0]))

static struct gate_job **bucket_of(struct gate_jobs *jobs, const struct gate_key *key)
{
	return &jobs->table[gate_key_hash(key) % TABLE];
}

/* Wait with those who wait already; false: there is no such job. */
static bool join(struct gate *gate, struct gate_event *event)
{
	struct gate_jobs *jobs = &gate->jobs;
	struct gate_job *job = *bucket_of(jobs, &event->file.key);

	while (job && !gate_key_equal(&job->key, &event->file.key))
		job = job->chain;
	if (!job)
		return false;
	event->next_waiter = job->waiters;
	job->waiters = event;
	atomic_store(&job->until_ns, event->arrived_ns + gate->deadline_ns);
	return true;
}

static struct gate_job *create(struct gate *gate, struct gate_event *event)
{
	struct gate_job **bucket = bucket_of(&gate->jobs, &event->file.key);
	struct gate_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->task.type = GATE_TASK_JOB;
	job->owner = event;
	job->key = event->file.key;
	atomic_init(&job->until_ns, event->arrived_ns + gate->deadline_ns);
	job->chain = *bucket;
	*bucket = job;
	return job;
}

static struct gate_event *take_waiters(struct gate *gate, struct gate_job *job)
{
	struct gate_job **link = bucket_of(&gate->jobs, &job->key);

	pthread_mutex_lock(&gate->jobs.lock);
	while (*link != job)
		link = &(*link)->chain;
	*link = job->chain;
	pthread_mutex_unlock(&gate->jobs.lock);
	return job->waiters;
}

/* What was found holds for those whose lease is good now as well. */
static void conclude_waiter(struct gate *gate, struct gate_event *event, const struct gate_identity *identity)
{
	struct gate_identity own = *identity;

	own.cold = false;
	gate_crowd_enter(gate, event->tid);
	gate_lease_take(gate, event);
	if (event->lease == GATE_LEASE_HELD && !gate_lease_intact(event))
		own.writer = true;
	gate_conclude(gate, event, &own);
}

void gate_job_run(struct gate *gate, struct gate_task *task)
{
	struct gate_job *job = (struct gate_job *)task;
	struct gate_identity identity;
	struct gate_event *waiter;

	gate_identify(gate, &identity, job->owner, &job->until_ns);
	waiter = take_waiters(gate, job);
	while (waiter) {
		struct gate_event *next = waiter->next_waiter;
		conclude_waiter(gate, waiter, &identity);
		waiter = next;
	}
	/* Last: it holds the lease. */
	gate_crowd_enter(gate, job->owner->tid);
	gate_conclude(gate, job->owner, &identity);
	free(job);
}

void gate_identify_for(struct gate *gate, struct gate_event *event)
{
	struct gate_job *job = NULL;
	struct gate_filesystem filesystem;
	bool joined;

	pthread_mutex_lock(&gate->jobs.lock);
	joined = join(gate, event);
	if (!joined)
		job = create(gate, event);
	pthread_mutex_unlock(&gate->jobs.lock);
	if (joined)
		return;
	if (!job) {
		gate_refuse(gate, event, GUARD_REASON_OVERLOAD);
		return;
	}
	gate_filesystem_of(gate, &filesystem, event->file.key.device, event->fd);
	if (event->file.key.size >= GATE_LARGE_FILE && !filesystem.slow)
		gate_queue_push(gate, &gate->jobs.slow, &job->task);
	else
		gate_job_run(gate, &job->task); /* this worker is as good as another */
}
