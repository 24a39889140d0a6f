/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk.h - the verb `helpdesk`: keys in helpdesk.c, sets of
 * verifiers in helpdesk_verifiers.c, do both sides' records meet in helpdesk_compare.c.
 */
#ifndef GUARDCTL_HELPDESK_H
#define GUARDCTL_HELPDESK_H

#include <pthread.h>
#include <stdatomic.h>

#include "desk.h"
#include "unlock/box.h"

extern const struct guardctl_verb guardctl_helpdesk;

#define HELPDESK_LEDGERS_MAX 16u

/* What the command line says. */
struct helpdesk_given {
	const char *key, *output, *scopes, *machines, *seen;
	struct desk_lock lock, new_lock;
	const char *ledgers[HELPDESK_LEDGERS_MAX];
	unsigned ledger_count, epoch, log2_n;
	bool sealed; /* for the signed channel */
	int count; /* of names behind the options */
	char **names;
};
/* One machine's set, to be made or made. */
struct helpdesk_set {
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	unsigned epoch;
	bool done;
	int error; /* 0 or -GUARD_E_... */
	void *bytes;
	size_t size;
};
#define HELPDESK_THREADS_MAX 64u
struct helpdesk_sets {
	const struct guard_unlock_key *key;
	struct guard_unlock_plan plan;
	size_t count, capacity, thread_count;
	struct helpdesk_set *all;
	_Atomic size_t next;
	_Atomic bool stop;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t threads[HELPDESK_THREADS_MAX];
};
/* helpdesk_sets.c: begin to make all, exit code; wait for one; end and free, also
 * what was never begun. */
int helpdesk_sets_begin(struct helpdesk_sets *sets);
const struct helpdesk_set *helpdesk_sets_await(struct helpdesk_sets *sets, size_t index);
void helpdesk_sets_end(struct helpdesk_sets *sets);

/* helpdesk_seen.c: exit codes.  The list of machines (`path` NULL: none); the key that one
 * was seen with; its set as FOLDER/MACHINE.box. */
int helpdesk_seen_open(json_t **ret_machines, const char *path);
int helpdesk_seen_key(uint8_t ret_key[GUARD_UNLOCK_MACHINE_KEY_SIZE], const json_t *machines, const char *machine);
int helpdesk_seen_put(const char *folder, const uint8_t key[GUARD_UNLOCK_MACHINE_KEY_SIZE],
		      const struct helpdesk_set *set);

/* Exit code. */
int helpdesk_verifiers(const struct helpdesk_given *given);

struct helpdesk_sides {
	const char *ledgers[HELPDESK_LEDGERS_MAX]; /* of the operators; none: KEY.ledger */
	unsigned ledger_count;
	const char *key;
	char **files; /* what machines report */
	int file_count;
};
/* Exit code 1 when there is an alert: an unlock that no ledger knows, one whose
 * one-time code was used before, or one that another user opened. */
int helpdesk_compare(const struct guardctl_options *options, const struct helpdesk_sides *sides);
#endif
