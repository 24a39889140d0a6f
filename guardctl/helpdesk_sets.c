/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk_sets.c - many verifier sets at once, on as many cores as there
 * are: each costs a scrypt evaluation for every slot.  Writes nothing.
 */
#include <stdlib.h>
#include <unistd.h>

#include "helpdesk.h"

static void *work(void *context)
{
	struct helpdesk_sets *sets = context;
	size_t i;

	while (!atomic_load(&sets->stop) && (i = atomic_fetch_add(&sets->next, 1)) < sets->count) {
		struct helpdesk_set *set = &sets->all[i];

		set->error = guard_unlock_set_make(&set->bytes, &set->size, sets->key, set->machine, set->epoch,
						   &sets->plan);
		pthread_mutex_lock(&sets->lock);
		set->done = true;
		pthread_cond_signal(&sets->wake);
		pthread_mutex_unlock(&sets->lock);
	}
	return NULL;
}

int helpdesk_sets_begin(struct helpdesk_sets *sets)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = cores < 1 ? 1 : (size_t)cores;

	pthread_mutex_init(&sets->lock, NULL);
	pthread_cond_init(&sets->wake, NULL);
	if (wanted > HELPDESK_THREADS_MAX)
		wanted = HELPDESK_THREADS_MAX;
	if (wanted > sets->count)
		wanted = sets->count;
	while (sets->thread_count < wanted &&
	       pthread_create(&sets->threads[sets->thread_count], NULL, work, sets) == 0)
		sets->thread_count++;
	if (sets->thread_count || sets->count == 0)
		return GUARDCTL_DONE;
	guardctl_error("%s", guardctl_error_text(-GUARD_E_NOMEM));
	return GUARDCTL_REFUSED;
}

const struct helpdesk_set *helpdesk_sets_await(struct helpdesk_sets *sets, size_t index)
{
	pthread_mutex_lock(&sets->lock);
	while (!sets->all[index].done)
		pthread_cond_wait(&sets->wake, &sets->lock);
	pthread_mutex_unlock(&sets->lock);
	return &sets->all[index];
}

void helpdesk_sets_end(struct helpdesk_sets *sets)
{
	atomic_store(&sets->stop, true);
	for (size_t i = 0; i < sets->thread_count; i++)
		pthread_join(sets->threads[i], NULL);
	for (size_t i = 0; i < sets->count; i++)
		free(sets->all[i].bytes);
	free(sets->all);
}
