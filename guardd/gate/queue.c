/* SPDX-License-Identifier: MIT
 *
 * gate/queue.c - the queues and their workers; what is learned has one of its
 * own, for which nobody waits.  Quick workers never take a
 * large file or one that a server holds, so that such a file keeps up nobody
 * else.  Where all workers of a queue are stuck, it gets more, up to a limit; and there
 * no user has more than a part of the quick ones (crowd.h).
 */
#include "gate/queue.h"

#include "gate/patience.h"

#define RELEASED 256 /* at a time */

static void init_queue(struct gate_queue *queue, unsigned base, unsigned most)
{
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->wake, NULL);
	queue->base = base;
	queue->most = most;
}

/* NULL: enough others are idle, this worker was an extra one. */
static struct gate_task *take(struct gate_queue *queue)
{
	struct gate_task *task = NULL;

	pthread_mutex_lock(&queue->lock);
	while (!queue->head && queue->idle < queue->base) {
		queue->idle++;
		pthread_cond_wait(&queue->wake, &queue->lock);
		queue->idle--;
	}
	task = queue->head;
	if (task) {
		queue->head = task->next;
		if (!queue->head)
			queue->tail = NULL;
		queue->depth--;
	} else {
		queue->threads--;
	}
	pthread_mutex_unlock(&queue->lock);
	return task;
}

/* Until his workers are through, or his deadline has passed. */
static void hold(struct gate_queue *queue, struct gate_event *event, uint64_t user)
{
	event->user = user;
	pthread_mutex_lock(&queue->lock);
	event->task.next = queue->held;
	queue->held = &event->task;
	pthread_mutex_unlock(&queue->lock);
}

static bool stays_held(struct gate *gate, const struct gate_event *event)
{
	return !atomic_load(&event->answered) && gate_crowd_has(&gate->crowd, event->user);
}

/* Those who may go on, a few at a time: others came in the meantime.  true while some are
 * held. */
static bool release(struct gate *gate, struct gate_queue *queue)
{
	struct gate_task *out = NULL, **link, *next;
	unsigned count = 0;
	bool held;

	pthread_mutex_lock(&queue->lock);
	held = queue->held != NULL;
	for (link = &queue->held; *link && count < RELEASED;) {
		struct gate_task *task = *link;

		if (stays_held(gate, (struct gate_event *)task)) {
			link = &task->next;
			continue;
		}
		*link = task->next;
		task->next = out;
		out = task;
		count++;
	}
	pthread_mutex_unlock(&queue->lock);
	for (; out; out = next) {
		next = out->next;
		gate_queue_push(gate, queue, out);
	}
	return held;
}

static void look_at_event(struct gate *gate, struct gate_queue *queue, struct gate_event *event)
{
	uint64_t user;

	if (queue == &gate->jobs.quick && !atomic_load(&event->answered) &&
	    gate_crowd_is_full(gate, event->tid, &user)) {
		hold(queue, event, user);
		return;
	}
	gate_crowd_enter(gate, event->tid);
	gate_triage(gate, event);
}

static void run(struct gate *gate, struct gate_queue *queue, struct gate_task *task)
{
	gate_patience_begin(task->type != GATE_TASK_LEARN);
	if (task->type == GATE_TASK_EVENT)
		look_at_event(gate, queue, (struct gate_event *)task);
	else if (task->type == GATE_TASK_LEARN)
		gate_learn_run(gate, (struct gate_event *)task);
	else
		gate_job_run(gate, task);
	gate_crowd_leave(gate);
}

static void work(struct gate *gate, void *context)
{
	struct gate_queue *queue = context;
	struct gate_task *task;

	while ((task = take(queue)))
		run(gate, queue, task);
}

static int add_worker(struct gate *gate, struct gate_queue *queue)
{
	int r;

	pthread_mutex_lock(&queue->lock);
	queue->threads++;
	pthread_mutex_unlock(&queue->lock);
	r = gate_thread_start(gate, work, queue);
	if (r < 0) {
		pthread_mutex_lock(&queue->lock);
		queue->threads--;
		pthread_mutex_unlock(&queue->lock);
	}
	return r;
}

void gate_jobs_init(struct gate *gate)
{
	struct gate_jobs *jobs = &gate->jobs;
	unsigned slow = gate->config->workers > 3 ? gate->config->workers / 3 : 1;
	unsigned quick = gate->config->workers > slow ? gate->config->workers - slow : 1;

	pthread_mutex_init(&jobs->lock, NULL);
	init_queue(&jobs->quick, quick, GATE_QUICK_MAX);
	init_queue(&jobs->slow, slow, GATE_SLOW_MAX);
	init_queue(&jobs->learn, 1, 1);
}

int gate_jobs_start(struct gate *gate)
{
	struct gate_jobs *jobs = &gate->jobs;
	int r = 0;

	for (unsigned i = 0; i < jobs->quick.base && r == 0; i++)
		r = add_worker(gate, &jobs->quick);
	for (unsigned i = 0; i < jobs->slow.base && r == 0; i++)
		r = add_worker(gate, &jobs->slow);
	return r < 0 ? r : add_worker(gate, &jobs->learn);
}

void gate_queue_push(struct gate *gate, struct gate_queue *queue, struct gate_task *task)
{
	(void)gate;
	task->next = NULL;
	task->queued_ns = gate_now_ns();
	pthread_mutex_lock(&queue->lock);
	if (queue->tail)
		queue->tail->next = task;
	else
		queue->head = task;
	queue->tail = task;
	queue->depth++;
	if (queue->idle > 0)
		pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

static bool check_queue(struct gate *gate, struct gate_queue *queue, int64_t now_ns)
{
	bool waiting, grow;

	pthread_mutex_lock(&queue->lock);
	waiting = queue->head != NULL;
	/* Before the first workers there is no policy by which one could decide. */
	grow = waiting && queue->threads > 0 && now_ns - queue->head->queued_ns > GATE_STUCK_NS &&
	       queue->threads < queue->most;
	pthread_mutex_unlock(&queue->lock);
	if (grow)
		(void)add_worker(gate, queue); /* tried again at the next look */
	return waiting;
}

/* More workers than usual are at work: some are stuck. */
static bool is_strained(struct gate_queue *queue)
{
	bool strained;

	pthread_mutex_lock(&queue->lock);
	strained = queue->threads > queue->base;
	pthread_mutex_unlock(&queue->lock);
	return strained;
}

bool gate_queues_check(struct gate *gate)
{
	int64_t now_ns = gate_now_ns();
	bool quick = check_queue(gate, &gate->jobs.quick, now_ns);
	bool slow = check_queue(gate, &gate->jobs.slow, now_ns);

	gate_crowd_look(gate, is_strained(&gate->jobs.quick), now_ns);
	return release(gate, &gate->jobs.quick) || quick || slow;
}
