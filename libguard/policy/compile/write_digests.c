/* SPDX-License-Identifier: MIT
 *
 * compile/write_digests.c - the sections DIGESTS, DIGEST_INDEX, DIGEST_RULES
 * and DIGEST_NAMES.
 */
#include <stdlib.h>
#include <string.h>

#include "write.h"

/* Digests of one bucket on average: between one and this. */
#define BUCKET 2u

static uint32_t choose_bits(size_t digests)
{
	uint32_t bits = 0;

	while (bits < GUARD_IMAGE_DIGEST_BITS_MAX && digests > (size_t)BUCKET << bits)
		bits++;
	return bits;
}

static uint32_t first_bits(const struct guard_digest *digest, uint32_t bits)
{
	uint32_t head = (uint32_t)digest->bytes[0] << 24 | (uint32_t)digest->bytes[1] << 16 |
			(uint32_t)digest->bytes[2] << 8 | (uint32_t)digest->bytes[3];

	return bits ? head >> (32 - bits) : 0;
}

/* Starts of all buckets up to and with `bucket`, that are not written yet. */
static void write_starts(struct compile_image *image, uint32_t *next, uint32_t bucket, uint32_t start)
{
	for (; *next <= bucket; ++*next)
		guard_write_u32(&image->sections[GUARD_SECTION_DIGEST_INDEX], start);
}

/* The rules of the equal digests at order[first, next), without repeats. */
static uint32_t reference(struct compile_image *image, size_t first, size_t next)
{
	const struct guard_compile *compile = image->compile;
	uint32_t single = compile->digests[compile->digest_order[first]].rule, count = 0, result;
	uint32_t *rules;

	if (next - first == 1)
		return single;
	rules = calloc(next - first, sizeof(*rules));
	if (!rules) {
		image->out_of_memory = true;
		return single;
	}
	for (size_t i = first; i < next; i++) {
		uint32_t rule = compile->digests[compile->digest_order[i]].rule;

		if (!count || rules[count - 1] != rule)
			rules[count++] = rule;
	}
	result = compile_rule_reference(image, rules, count);
	free(rules);
	return result;
}

/* The first name that was given for the digest. */
static const char *name_of(const struct guard_compile *compile, size_t first, size_t next)
{
	for (size_t i = first; i < next; i++)
		if (compile->digests[compile->digest_order[i]].name)
			return compile->digests[compile->digest_order[i]].name;
	return NULL;
}

void compile_write_digests(struct compile_image *image)
{
	const struct guard_compile *compile = image->compile;
	size_t count = compile->digest_array.count;
	uint32_t written = 0, bucket = 0;

	image->digest_bits = choose_bits(compile->digest_unique);
	for (size_t i = 0, next; i < count; i = next) {
		const struct guard_digest *digest = &compile->digests[compile->digest_order[i]].digest;
		const char *name;

		for (next = i + 1; next < count; next++)
			if (memcmp(digest, &compile->digests[compile->digest_order[next]].digest, sizeof(*digest)) != 0)
				break;
		name = name_of(compile, i, next);
		write_starts(image, &bucket, first_bits(digest, image->digest_bits), written++);
		guard_write_bytes(&image->sections[GUARD_SECTION_DIGESTS], digest, sizeof(*digest));
		guard_write_u32(&image->sections[GUARD_SECTION_DIGEST_RULES], reference(image, i, next));
		guard_write_u32(&image->sections[GUARD_SECTION_DIGEST_NAMES],
				name ? compile_pool_append(image, name) : 0);
	}
	write_starts(image, &bucket, 1u << image->digest_bits, written);
}
