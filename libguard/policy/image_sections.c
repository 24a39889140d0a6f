/* SPDX-License-Identifier: MIT
 *
 * policy/image_sections.c - the section table: bounds, alignment, element
 * sizes, no overlap, zero bytes between.  Sets the policy's views; looks into
 * no section.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

/* Views of a section that is not there. */
static const uint32_t no_values[1] = { 0 };

static const uint32_t element_sizes[GUARD_SECTION_MAX_] = {
	[GUARD_SECTION_META] = sizeof(struct guard_image_meta),
	[GUARD_SECTION_STRINGS] = 1,
	[GUARD_SECTION_DIGESTS] = sizeof(struct guard_digest),
	[GUARD_SECTION_DIGEST_INDEX] = sizeof(uint32_t),
	[GUARD_SECTION_DIGEST_RULES] = sizeof(uint32_t),
	[GUARD_SECTION_DIGEST_NAMES] = sizeof(uint32_t),
	[GUARD_SECTION_RULE_LISTS] = sizeof(uint32_t),
	[GUARD_SECTION_RULES] = sizeof(struct guard_image_rule),
	[GUARD_SECTION_SIGNERS] = sizeof(struct guard_image_signer),
	[GUARD_SECTION_VALUES] = sizeof(uint32_t),
	[GUARD_SECTION_CONTAINMENTS] = sizeof(struct guard_image_containment),
	[GUARD_SECTION_INTERPRETERS] = sizeof(struct guard_image_interpreter),
	[GUARD_SECTION_INTERPRETER_DIGESTS] = sizeof(struct guard_image_interpreter_digest),
	[GUARD_SECTION_PREFIXES] = sizeof(struct guard_image_prefix),
	[GUARD_SECTION_ALWAYS] = sizeof(uint32_t),
	[GUARD_SECTION_OPENPGP_KEYS] = 1,
	[GUARD_SECTION_CERTIFICATES] = sizeof(struct guard_image_certificate),
	[GUARD_SECTION_CERTIFICATE_BYTES] = 1,
	[GUARD_SECTION_TERMS] = sizeof(struct guard_image_term),
};

static uint32_t section_type(const struct guard_image_entry *entry)
{
	return entry->type & ~GUARD_IMAGE_CRITICAL;
}

static int check_entry(const struct guard_image_entry *entry, size_t first, size_t size)
{
	uint32_t type = section_type(entry);

	if (entry->offset % GUARD_IMAGE_ALIGN != 0 || entry->offset < first || entry->offset > size ||
	    entry->size > size - entry->offset)
		return -GUARD_E_FORMAT;
	if (entry->element_size == 0 || entry->size % entry->element_size != 0 ||
	    entry->count != entry->size / entry->element_size || entry->count > UINT32_MAX)
		return -GUARD_E_FORMAT;
	if (type == 0 || type >= GUARD_SECTION_MAX_)
		return entry->type & GUARD_IMAGE_CRITICAL ? -GUARD_E_VERSION : 0;
	return entry->element_size == element_sizes[type] ? 0 : -GUARD_E_FORMAT;
}

static int by_offset(const void *a, const void *b)
{
	const struct guard_image_entry *left = a, *right = b;

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	return 0;
}

static bool is_zero(const uint8_t *bytes, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Sections, sorted by offset, do not overlap; what lies between is zero. */
static int check_layout(const struct guard_policy *policy, const struct guard_image_entry *entries, uint32_t count,
			size_t first)
{
	struct guard_image_entry sorted[GUARD_IMAGE_SECTIONS_MAX];
	size_t at = first;

	memcpy(sorted, entries, count * sizeof(sorted[0]));
	qsort(sorted, count, sizeof(sorted[0]), by_offset);
	for (uint32_t i = 0; i < count; i++) {
		if (sorted[i].offset < at || !is_zero(policy->bytes, at, sorted[i].offset))
			return -GUARD_E_FORMAT;
		at = sorted[i].offset + sorted[i].size;
	}
	return is_zero(policy->bytes, at, policy->size) ? 0 : -GUARD_E_FORMAT;
}

/* The bytes of a section, or NULL when the image has none. */
static const void *view(const struct guard_policy *policy, const struct guard_image_entry *const *known,
			enum guard_image_section type, size_t *ret_count)
{
	if (!known[type] || known[type]->count == 0) {
		*ret_count = 0;
		return NULL;
	}
	*ret_count = known[type]->count;
	return &policy->bytes[known[type]->offset];
}

static int set_views(struct guard_policy *policy, const struct guard_image_entry *const *known)
{
	size_t metas, rules_of_digests, names_of_digests;

	policy->meta = view(policy, known, GUARD_SECTION_META, &metas);
	policy->strings = view(policy, known, GUARD_SECTION_STRINGS, &policy->strings_size);
	policy->digests = view(policy, known, GUARD_SECTION_DIGESTS, &policy->digest_count);
	policy->digest_index = view(policy, known, GUARD_SECTION_DIGEST_INDEX, &policy->digest_index_count);
	policy->digest_rules = view(policy, known, GUARD_SECTION_DIGEST_RULES, &rules_of_digests);
	policy->digest_names = view(policy, known, GUARD_SECTION_DIGEST_NAMES, &names_of_digests);
	policy->rule_lists = view(policy, known, GUARD_SECTION_RULE_LISTS, &policy->rule_list_count);
	policy->rules = view(policy, known, GUARD_SECTION_RULES, &policy->rule_count);
	policy->signers = view(policy, known, GUARD_SECTION_SIGNERS, &policy->signer_count);
	policy->values = view(policy, known, GUARD_SECTION_VALUES, &policy->value_count);
	policy->interpreters = view(policy, known, GUARD_SECTION_INTERPRETERS, &policy->interpreter_count);
	policy->interpreter_digests =
		view(policy, known, GUARD_SECTION_INTERPRETER_DIGESTS, &policy->interpreter_digest_count);
	policy->prefixes = view(policy, known, GUARD_SECTION_PREFIXES, &policy->prefix_count);
	policy->always = view(policy, known, GUARD_SECTION_ALWAYS, &policy->always_count);
	policy->openpgp_keys = view(policy, known, GUARD_SECTION_OPENPGP_KEYS, &policy->openpgp_keys_size);
	policy->certificates = view(policy, known, GUARD_SECTION_CERTIFICATES, &policy->certificate_count);
	policy->certificate_bytes =
		view(policy, known, GUARD_SECTION_CERTIFICATE_BYTES, &policy->certificate_bytes_size);
	policy->containments = view(policy, known, GUARD_SECTION_CONTAINMENTS, &policy->containment_count);
	policy->terms = view(policy, known, GUARD_SECTION_TERMS, &policy->term_count);
	if (metas != 1 || !known[GUARD_SECTION_STRINGS] || !known[GUARD_SECTION_RULES])
		return -GUARD_E_FORMAT;
	policy->digest_bits = policy->meta->digest_bits;
	if (rules_of_digests != policy->digest_count ||
	    (policy->digest_names && names_of_digests != policy->digest_count))
		return -GUARD_E_FORMAT;
	if (!policy->values) {
		policy->values = no_values;
		policy->value_count = 1;
	}
	return 0;
}

int guard_image_sections(struct guard_policy *policy)
{
	const struct guard_image_entry *known[GUARD_SECTION_MAX_] = { 0 };
	const struct guard_image_entry *entries = (const void *)&policy->bytes[GUARD_IMAGE_HEADER_SIZE];
	const uint32_t all_flags = GUARD_IMAGE_LOOKS_AT_PATH | GUARD_IMAGE_LOOKS_AT_SUBJECT | GUARD_IMAGE_LOOKS_AT_TIME;
	uint32_t count;
	size_t first;

	policy->header = (const void *)policy->bytes;
	count = policy->header->section_count;
	first = GUARD_IMAGE_HEADER_SIZE + (size_t)count * sizeof(*entries);
	if (count > GUARD_IMAGE_SECTIONS_MAX || first > policy->size || policy->header->flags & ~all_flags)
		return -GUARD_E_FORMAT;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t type = section_type(&entries[i]);
		int r = check_entry(&entries[i], first, policy->size);

		if (r < 0)
			return r;
		for (uint32_t j = 0; j < i; j++)
			if (section_type(&entries[j]) == type)
				return -GUARD_E_FORMAT;
		if (type < GUARD_SECTION_MAX_)
			known[type] = &entries[i];
	}
	if (check_layout(policy, entries, count, first) < 0)
		return -GUARD_E_FORMAT;
	return set_views(policy, known);
}
