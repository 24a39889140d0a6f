/* SPDX-License-Identifier: MIT
 *
 * gate/policies.h - the policy in force, and how another takes its place.
 */
#ifndef GUARDD_GATE_POLICIES_H
#define GUARDD_GATE_POLICIES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/policy.h>

#include "bpf/layer.h"
#include "gate/threads.h"
#include "guardd.h"
#include "identity/attribution.h"

struct gate;
struct gate_catalogs;
struct gate_keys;

/* ---- policies.c: the policy in force ------------------------------------------ */

struct gate_policy {
	struct guard_policy *policy;
	struct guard_policy_info info;
	struct gate_keys *keys; /* signers.h */
	struct gate_catalogs *catalogs;
	struct guard_attribution *attributions; /* who signed which package's files; NULL none */
	int64_t loaded_s; /* CLOCK_BOOTTIME */
	uint64_t generation;
	uint32_t layer_generation; /* the same for the kernel layer, 0 without one */
	struct guard_bpf_config layer_seen; /* when that was chosen */
	bool layer_adopted;        /* another gate put its contents in */
	bool layer_filled;         /* its contents are there under that generation */
	struct gate_interpreters *interpreters; /* by content, where the policy says none */
	bool judges_words;         /* of some interpreter the command line is looked at */
	bool leaves_data;          /* about a user's data nobody need be asked (data.h) */
	uint32_t contains;         /* containments (contain.h) */
	uint32_t contain_round;    /* of what the kernel layer is told of programs */
	uint32_t contain_slots[GUARD_BPF_CONTAINMENTS_MAX]; /* in the kernel layer, by containment */
	struct guard_digest layer_contents;
};
struct gate_policies {
	_Atomic(struct gate_policy *) current;
	_Atomic(struct gate_policy *) hazards[GATE_THREADS_MAX];
	pthread_mutex_t swap;
};
/* What time it is to the policy, Unix seconds: the clock, but never before the moment
 * at which headquarters' set was made and what has passed since it was loaded.  A
 * clock that is put back brings no exception back that has ended. */
int64_t gate_policy_now(const struct gate_policy *policy);
/* Between hold and release nothing may block; holds do not nest. */
const struct gate_policy *gate_policy_hold(struct gate *gate);
void gate_policy_release(struct gate *gate);
uint64_t gate_policy_generation(struct gate *gate);
/* Put the image in `fd` in force, or keep the old one.  Returns when no thread
 * decides by the old one any more and no answer of it is left in a cache.
 * `is_new`: not when it would lock the machine out (preflight.c). */
int gate_policy_load(struct gate *gate, int fd, bool is_new, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* preflight.c: can the machine go on under `policy`?  For one with rules by signer;
 * the others the loader has looked at.  Hashes files: never while a policy is held. */
int gate_preflight(struct gate *gate, const struct gate_policy *policy, char *ret_problem,
		   size_t problem_size) GUARD_WARN_UNUSED;
/* The same of the policy in force, when the daemon has just been started. */
int gate_preflight_first(struct gate *gate, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* Put `next` in force; returns when nothing leans on the one before, which is the
 * caller's then.  Under policies.swap. */
void gate_policy_replace(struct gate *gate, struct gate_policy *next);
/* attributions.c: the same for the table in `fd`.  `ret_text`: what is in it, or
 * what is wrong. */
int gate_attributions_load(struct gate *gate, int fd, char *ret_text, size_t size) GUARD_WARN_UNUSED;
/* For `guardctl status`: what the table holds, where the policy asks for packages. */
void gate_attributions_tell(struct gate *gate, const struct gate_policy *policy);

#endif
