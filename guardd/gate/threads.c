/* SPDX-License-Identifier: MIT
 *
 * gate/threads.c - the gate's threads and the daemon's processes: whose opens
 * must never wait on this gate.
 */
#include "gate/gate.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static _Thread_local unsigned thread_index;

struct launch {
	struct gate *gate;
	void (*run)(struct gate *gate, void *context);
	void *context;
};

int64_t gate_now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t gate_realtime_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t gate_boottime_s(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec;
}

int gate_thread_enlist(struct gate *gate)
{
	for (unsigned i = 0; i < GATE_THREADS_MAX; i++) {
		int32_t none = 0;
		if (atomic_compare_exchange_strong(&gate->threads.tids[i], &none, gettid())) {
			thread_index = i;
			return 0;
		}
	}
	return -GUARD_E_LIMIT;
}

static void *thread_main(void *context)
{
	struct launch launch = *(struct launch *)context;

	free(context);
	if (gate_thread_enlist(launch.gate) == 0) {
		launch.run(launch.gate, launch.context);
		atomic_store(&launch.gate->threads.tids[thread_index], 0);
	}
	return NULL;
}

int gate_thread_start(struct gate *gate, void (*run)(struct gate *gate, void *context), void *context)
{
	struct launch *launch = malloc(sizeof(*launch));
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	if (!launch)
		return -GUARD_E_NOMEM;
	*launch = (struct launch){ gate, run, context };
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, 512u << 10);
	r = pthread_create(&thread, &attributes, thread_main, launch);
	pthread_attr_destroy(&attributes);
	if (r != 0) {
		free(launch);
		return -GUARD_E_NOMEM;
	}
	return 0;
}

unsigned gate_thread_index(void)
{
	return thread_index;
}

bool gate_thread_is_own(const struct gate *gate, int32_t tid)
{
	if (tid <= 0)
		return false;
	for (unsigned i = 0; i < GATE_THREADS_MAX; i++)
		if (atomic_load_explicit(&gate->threads.tids[i], memory_order_relaxed) == tid)
			return true;
	return false;
}

bool gate_process_is_own(const struct gate *gate, int32_t pid)
{
	const struct guardd_shared *shared = gate->shared;
	uint32_t number = (uint32_t)pid;

	if (pid <= 0)
		return false;
	return number == atomic_load(&shared->keeper_pid) || number == atomic_load(&shared->gate_pid) ||
	       number == atomic_load(&shared->record_pid) || number == atomic_load(&shared->control_pid) ||
	       number == atomic_load(&shared->loader_pid) || number == atomic_load(&shared->unlock_pid) ||
	       number == atomic_load(&shared->sync_pid) || number == atomic_load(&shared->trust_pid) ||
	       number == atomic_load(&shared->understudy_pid) ||
	       number == atomic_load(&shared->inspect_pid) ||
	       pid == gate->pid;
}
