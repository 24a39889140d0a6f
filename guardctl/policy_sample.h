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

#define POLICY_SAMPLES_MAX (8u << 20)
#define POLICY_LINE_MAX 65536u

struct policy_sample {
	char *path, *program, *user; /* program and user may be NULL */
	struct guard_identity identity;
	uint64_t count;
	uint32_t uid;
	uint8_t medium, path_protected;
	uint8_t has_before, before; /* what was answered when it was recorded */
	uint8_t after, after_reason; /* what the policy answers */
	uint32_t rule;
};

struct policy_samples {
	struct policy_sample *items;
	size_t count, capacity;
	size_t skipped; /* lines that no policy decides about */
};

/* Add one; its strings pass on.  false: too many, or no memory (said). */
bool policy_samples_add(struct policy_samples *samples, const struct policy_sample *sample);
void policy_samples_free(struct policy_samples *samples);

/* policy_events.c: the output of `guardctl --json events`.  Bad lines are said
 * with their number; then false. */
bool policy_samples_from_ledger(struct policy_samples *samples, const char *path);
/* policy_files.c */
bool policy_samples_from_file(struct policy_samples *samples, const char *path);
bool policy_samples_from_list(struct policy_samples *samples, const char *path);

#endif
