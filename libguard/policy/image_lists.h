/* SPDX-License-Identifier: MIT
 *
 * policy/image_lists.h - the lists of an image, each looked at once.  A record
 * may point only at where a list starts, so that checking stays linear however
 * many records share one.
 */
#ifndef GUARD_POLICY_IMAGE_LISTS_H
#define GUARD_POLICY_IMAGE_LISTS_H

#include "policy/policy.h"

/* What is true of every entry of a list. */
enum guard_list_mark {
	GUARD_LIST_START = 1u << 0,    /* a list starts here */
	/* in RULE_LISTS */
	GUARD_LIST_DIGESTS = 1u << 1,  /* every rule has digests */
	GUARD_LIST_SIGNERS = 1u << 2,  /* every rule has signers */
	GUARD_LIST_PATHS = 1u << 3,    /* every rule has neither */
	/* in VALUES */
	GUARD_LIST_WORDS = 1u << 4,    /* strings that are not empty */
	GUARD_LIST_GLOBS = 1u << 5,    /* and well-formed patterns */
	GUARD_LIST_PATTERNS = 1u << 6, /* and absolute */
};

struct guard_image_lists {
	uint8_t *rule_marks, *value_marks; /* one per u32 of RULE_LISTS, VALUES */
};
int guard_image_lists_init(struct guard_image_lists *ret_lists, const struct guard_policy *policy) GUARD_WARN_UNUSED;
void guard_image_lists_free(struct guard_image_lists *lists);

/* One rule's marks, by its flags.  Here and below: asked once per digest, too
 * often for a call. */
static inline uint8_t guard_image_rule_mark(const struct guard_image_rule *rule)
{
	uint8_t mark = 0;

	if (rule->flags & GUARD_RULE_HAS_DIGESTS)
		mark |= GUARD_LIST_DIGESTS;
	if (rule->flags & GUARD_RULE_HAS_SIGNERS)
		mark |= GUARD_LIST_SIGNERS;
	return mark ? mark : GUARD_LIST_PATHS;
}

/* A rule, or with bit 31 set a list, all of whose rules have `mark`. */
static inline bool guard_image_rules_are(const struct guard_image_lists *lists, const struct guard_policy *policy,
					 uint32_t reference, uint8_t mark)
{
	const uint32_t list = reference & ~GUARD_IMAGE_LIST;
	const uint8_t wanted = mark | GUARD_LIST_START;

	if (!(reference & GUARD_IMAGE_LIST))
		return reference < policy->rule_count &&
		       (guard_image_rule_mark(&policy->rules[reference]) & mark) == mark;
	return list < policy->rule_list_count && (lists->rule_marks[list] & wanted) == wanted;
}

/* A list in VALUES with `mark`; 0, the empty list, always is. */
bool guard_image_values_are(const struct guard_image_lists *lists, const struct guard_policy *policy, uint32_t list,
			    uint8_t mark);
static inline bool guard_image_is_string(const struct guard_policy *policy, uint32_t offset)
{
	return offset < policy->strings_size;
}

#endif
