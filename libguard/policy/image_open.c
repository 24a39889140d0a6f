/* SPDX-License-Identifier: MIT
 *
 * policy/image_open.c - open and close a policy, one image or a set of them:
 * map, check, bind.  Nothing of it is handed out before all three went well.
 */
#include "policy/policy.h"

#include <stdlib.h>

#include "base/cleanup.h"

static void free_policy(struct guard_policy **policy)
{
	guard_policy_free(*policy);
}

static int open_image(struct guard_policy **ret_policy, int fd, struct guard_image_range range,
		      const struct guard_set_part *part)
{
	struct guard_policy *policy __attribute__((cleanup(free_policy))) = calloc(1, sizeof(*policy));
	int r;

	if (!policy)
		return -GUARD_E_NOMEM;
	policy->head = policy;
	policy->part = *part;
	r = guard_image_map(&policy->bytes, fd, range);
	if (r < 0)
		return r;
	policy->size = (size_t)range.size;
	r = guard_image_sections(policy);
	if (r < 0)
		return r;
	r = guard_image_check(policy);
	if (r < 0)
		return r;
	*ret_policy = guard_steal_pointer(&policy);
	return 0;
}

/* One image by itself. */
static int open_single(struct guard_policy **ret_policy, int fd, const struct guard_machine *machine)
{
	static const struct guard_set_part all = { .kind = GUARD_SET_POLICY };
	struct guard_policy *policy __attribute__((cleanup(free_policy))) = NULL;
	struct guard_image_range range = { 0 };
	int r = guard_image_file_size(&range.size, fd);

	if (r == 0)
		r = open_image(&policy, fd, range, &all);
	if (r == 0)
		r = guard_policy_bind(policy, machine);
	if (r == 0)
		*ret_policy = guard_steal_pointer(&policy);
	return r;
}

/* The images behind one another; rules are numbered through all of them. */
static int open_parts(struct guard_policy **ret_policy, int fd, const struct guard_set_header *header,
		      const struct guard_set_part *parts, const struct guard_machine *machine)
{
	struct guard_policy *head __attribute__((cleanup(free_policy))) = NULL;
	struct guard_policy **end = &head;
	uint32_t rules = 0;
	int r;

	for (uint32_t i = 0; i < header->part_count; i++) {
		const struct guard_image_range range = { parts[i].offset, parts[i].size };

		r = open_image(end, fd, range, &parts[i]);
		if (r < 0)
			return r;
		(*end)->head = head;
		(*end)->made = header->made;
		(*end)->rule_base = rules;
		if (rules > UINT32_MAX - GUARD_POLICY_RULES_MAX)
			return -GUARD_E_LIMIT;
		rules += (uint32_t)(*end)->rule_count;
		r = guard_policy_bind(*end, machine);
		if (r < 0)
			return r;
		end = &(*end)->next;
	}
	if (!head)
		return -GUARD_E_FORMAT;
	head->snapshot = header->snapshot;
	head->fresh_until = header->fresh_until;
	*ret_policy = guard_steal_pointer(&head);
	return 0;
}

int guard_policy_open(struct guard_policy **ret_policy, int fd, const struct guard_machine *machine)
{
	GUARD_AUTO_FREE struct guard_set_part *parts = NULL;
	struct guard_set_header header;
	int r = guard_set_parts(&header, &parts, fd);

	if (r == -GUARD_E_NOT_FOUND)
		return open_single(ret_policy, fd, machine);
	return r < 0 ? r : open_parts(ret_policy, fd, &header, parts, machine);
}

void guard_policy_free(struct guard_policy *policy)
{
	struct guard_policy *next;

	for (; policy; policy = next) {
		next = policy->next;
		guard_image_unmap(policy->bytes, policy->size);
		free(policy->bound);
		free(policy->uids);
		free(policy->gids);
		free(policy->rule_digests);
		free(policy);
	}
}
