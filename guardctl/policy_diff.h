/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_diff.h - the difference of two policies, group by group.
 */
#ifndef GUARDCTL_POLICY_DIFF_H
#define GUARDCTL_POLICY_DIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <guard/policy.h>

/* One thing that a policy says: a program by content, or a rule in words. */
struct policy_item {
	const char *group, *note;
	const char *name;            /* the program's name, or the rule in words */
	const char *rule;            /* programs only: their rule in words, a rule item's */
	char *words;                 /* to be freed, or NULL */
	struct guard_digest digest;  /* programs only */
	bool is_rule;
};

/* All of a policy, by group, programs first, by name, by digest. */
struct policy_items {
	struct policy_item *items;
	size_t count;
};
bool policy_items_collect(struct policy_items *ret_items, const struct guard_policy *policy);
void policy_items_free(struct policy_items *items);

enum policy_change { POLICY_ADDED, POLICY_REMOVED, POLICY_CHANGED };

/* What is different. */
struct policy_difference {
	enum policy_change change;
	const struct policy_item *old, *new; /* one may be NULL */
};
struct policy_differences {
	struct policy_difference *items;
	size_t count;
};
bool policy_differences_find(struct policy_differences *ret_differences, const struct policy_items *old,
			     const struct policy_items *new);
void policy_differences_free(struct policy_differences *differences);

/* The same content, under another rule. */
static inline bool policy_is_moved(const struct policy_difference *difference)
{
	return difference->change == POLICY_CHANGED && !difference->new->is_rule &&
	       guard_digest_compare(&difference->old->digest, &difference->new->digest) == 0;
}

struct policy_diff {
	bool digests;
	json_t *changes; /* NULL: print text */
	size_t count;
};
/* policy_diff_parts.c: all but programs and rules. */
void policy_diff_parts(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new);

/* policy_diff.c: print in words how two policies differ; an exit code. */
int policy_compare(const struct guard_policy *old, const struct guard_policy *new);

#endif
