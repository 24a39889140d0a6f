/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_sample.h - accesses that `policy test` puts to a policy: from
 * a ledger, or made from files.
 */
#ifndef GUARDCTL_POLICY_SAMPLE_H
#define GUARDCTL_POLICY_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/policy.h>

struct signers_keys;

#define POLICY_SAMPLES_MAX (8u << 20)
#define POLICY_LINE_MAX 65536u

struct policy_sample {
	char *path, *program, *user; /* program and user may be NULL */
	struct guard_identity identity;
	struct guard_identity *old_identity; /* as the old policy sees who vouches; NULL: the same */
	uint64_t count;
	uint32_t uid;
	uint8_t medium, path_protected;
	uint8_t has_before, before; /* what was answered when it was recorded */
	uint8_t after, after_reason; /* what the policy answers */
	uint32_t rule;
	uint8_t unsure; /* who vouches for it could not be seen, and the policy asks */
};

/* What a policy has to know of who vouches for a file. */
struct policy_witness {
	struct guard_policy *policy;
	struct signers_keys *keys; /* NULL: it does not ask */
};

struct policy_samples {
	struct policy_sample *items;
	size_t count, capacity;
	size_t skipped; /* lines that no policy decides about */
	struct policy_witness witness, old_witness;
};

/* Add one; its strings pass on.  false: too many, or no memory (said). */
bool policy_samples_add(struct policy_samples *samples, const struct policy_sample *sample);
void policy_samples_free(struct policy_samples *samples);

/* policy_witness.c: who vouches for files, where the policy (or the old one, which
 * may be NULL) asks.  false: said.  Released by policy_samples_free. */
bool policy_witness_begin(struct policy_samples *samples, struct guard_policy *policy, struct guard_policy *old);
void policy_witness_end(struct policy_samples *samples);
/* Add them to a sample; `fd` -1: a record, of which the content alone is known. */
bool policy_witness_look(const struct policy_samples *samples, struct policy_sample *sample, int fd);

/* policy_events.c: the output of `guardctl --json events`.  Bad lines are said
 * with their number; then false. */
bool policy_samples_from_ledger(struct policy_samples *samples, const char *path);
/* policy_files.c */
bool policy_samples_from_file(struct policy_samples *samples, const char *path);
bool policy_samples_from_list(struct policy_samples *samples, const char *path);

#endif
