/* SPDX-License-Identifier: MIT
 *
 * unit/gate_crowd.c - who has his part of the workers; and that one user, who keeps every
 * worker that he gets, does not keep another waiting.
 */
#include "gate/crowd.h"

#include <semaphore.h>
#include <time.h>

#include "gate/queue.h"
#include "unit.h"

#define STUCK (3 * GATE_CROWD_MAX)

static uint64_t stuck[STUCK], full[GATE_CROWD_USERS];

static void fill(size_t from, size_t count, uint64_t user)
{
	for (size_t i = from; i < from + count; i++)
		stuck[i] = user;
}

static void nobody(void)
{
	fill(0, GATE_CROWD_MAX - 1, 1000);
	CU_ASSERT_EQUAL(gate_crowd_count(full, stuck, 0), 0);
	CU_ASSERT_EQUAL(gate_crowd_count(full, stuck, GATE_CROWD_MAX - 1), 0);
	for (size_t i = 0; i < STUCK; i++)
		stuck[i] = 1000 + i;
	CU_ASSERT_EQUAL(gate_crowd_count(full, stuck, STUCK), 0);
}

static void root(void)
{
	fill(0, STUCK, GATE_CROWD_ROOT);
	CU_ASSERT_EQUAL(gate_crowd_count(full, stuck, STUCK), 0);
}

static void some(void)
{
	fill(0, GATE_CROWD_MAX, 1000);
	fill(GATE_CROWD_MAX, GATE_CROWD_MAX - 1, 1001);
	fill(2 * GATE_CROWD_MAX - 1, GATE_CROWD_MAX, GATE_CROWD_FOREIGN);
	fill(STUCK - 1, 1, GATE_CROWD_ROOT);
	CU_ASSERT_EQUAL_FATAL(gate_crowd_count(full, stuck, STUCK), 2);
	CU_ASSERT_EQUAL(full[0], 1000);
	CU_ASSERT_EQUAL(full[1], GATE_CROWD_FOREIGN);
}

static void known(void)
{
	struct gate_crowd crowd = { 0 };

	CU_ASSERT_FALSE(gate_crowd_has(&crowd, GATE_CROWD_ROOT) || gate_crowd_has(&crowd, 1000));
	atomic_store(&crowd.full[1], 1000);
	CU_ASSERT_TRUE(gate_crowd_has(&crowd, 1000));
	CU_ASSERT_FALSE(gate_crowd_has(&crowd, GATE_CROWD_ROOT) || gate_crowd_has(&crowd, 1001));
}

/* ---- the queue and its workers, with callers made up ------------------------------------- */

#define HOSTILE 100 /* callers; more than there are workers */
#define HONEST_TID 7
#define BOTH_MS 10000 /* much more than it takes */

static struct gate gate;
static struct guardd_config config = { .workers = 8 };
static struct gate_event events[HOSTILE], honest;
static sem_t let_go;
static atomic_uint stuck_now, through;
static atomic_bool honest_done;

void gate_triage(struct gate *of, struct gate_event *event)
{
	(void)of;
	if (event->tid == HONEST_TID) {
		atomic_store(&honest_done, true);
		return;
	}
	atomic_fetch_add(&stuck_now, 1);
	while (sem_wait(&let_go) < 0)
		;
	atomic_fetch_sub(&stuck_now, 1);
	atomic_fetch_add(&through, 1);
}

void gate_job_run(struct gate *of, struct gate_task *task)
{
	(void)of, (void)task;
}

void gate_learn_run(struct gate *of, struct gate_event *event)
{
	(void)of, (void)event;
}

int gate_subject_read(struct gate_subject *ret_subject, int32_t tid)
{
	*ret_subject = (struct gate_subject){ .uid = tid == HONEST_TID ? 1001 : 1000 };
	return 0;
}

int gate_file_stat_at(struct gate_file *ret_file, int directory, const char *path, int flags)
{
	(void)directory, (void)path, (void)flags;
	*ret_file = (struct gate_file){ .mode = 0 };
	return 0;
}

bool gate_key_same_inode(const struct gate_key *a, const struct gate_key *b)
{
	(void)a, (void)b;
	return true;
}

/* As the watch does, until it is so. */
static bool look_until(bool (*is_so)(void))
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (int i = 0; i < BOTH_MS / 5 && !is_so(); i++) {
		(void)gate_queues_check(&gate);
		nanosleep(&pause, NULL);
	}
	return is_so();
}

static bool has_his_part(void)
{
	return gate_crowd_has(&gate.crowd, 1000);
}
static bool honest_is_through(void)
{
	return atomic_load(&honest_done);
}
static bool all_are_through(void)
{
	return atomic_load(&through) == HOSTILE;
}

static void workers(void)
{
	sem_init(&let_go, 0, 0);
	gate.config = &config;
	gate_jobs_init(&gate);
	CU_ASSERT_EQUAL_FATAL(gate_jobs_start(&gate), 0);
	for (int i = 0; i < HOSTILE; i++) {
		events[i] = (struct gate_event){ .task.type = GATE_TASK_EVENT, .tid = 1000 + i };
		gate_queue_push(&gate, &gate.jobs.quick, &events[i].task);
	}
	CU_ASSERT_TRUE_FATAL(look_until(has_his_part));
	honest = (struct gate_event){ .task.type = GATE_TASK_EVENT, .tid = HONEST_TID };
	gate_queue_push(&gate, &gate.jobs.quick, &honest.task);
	CU_ASSERT_TRUE(look_until(honest_is_through));
	CU_ASSERT_TRUE(atomic_load(&stuck_now) < GATE_QUICK_MAX);
	/* Nobody is forgotten. */
	for (int i = 0; i < HOSTILE; i++)
		sem_post(&let_go);
	CU_ASSERT_TRUE(look_until(all_are_through));
}

static CU_TestInfo tests[] = {
	{ "nobody has his part", nobody },
	{ "root is not bounded", root },
	{ "those who have theirs", some },
	{ "asked for one", known },
	{ "one user does not keep all workers", workers },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_crowd", tests)
