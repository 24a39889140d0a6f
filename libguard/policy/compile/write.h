/* SPDX-License-Identifier: MIT
 *
 * compile/write.h - the image while it is put together: one growing writer per
 * section, a pool of strings, and lists of numbers that are stored once.
 */
#ifndef GUARD_COMPILE_WRITE_H
#define GUARD_COMPILE_WRITE_H

#include "base/buffer.h"
#include "model.h"
#include "policy/image.h"

/* What was stored already: an open hash table of offsets. */
struct compile_index {
	uint32_t *slots; /* offset + 1, 0: empty */
	size_t count, capacity; /* capacity: a power of two */
};

struct compile_image {
	const struct guard_compile *compile;
	struct guard_writer sections[GUARD_SECTION_MAX_];
	struct compile_index string_index, value_index, list_index;
	bool out_of_memory, too_large;
	uint32_t flags, digest_bits;
	uint32_t readers;
};

/* Offset of a string in the pool; equal strings are stored once.  NULL is "". */
uint32_t compile_pool_intern(struct compile_image *image, const char *string);
/* The same without looking for an equal one. */
uint32_t compile_pool_append(struct compile_image *image, const char *string);

/* Offset (in numbers) of the list in VALUES or RULE_LISTS, stored once. */
uint32_t compile_values(struct compile_image *image, const uint32_t *values, uint32_t count);
uint32_t compile_rule_list(struct compile_image *image, const uint32_t *rules, uint32_t count);
/* A rule, or the list of these rules with GUARD_IMAGE_LIST. */
uint32_t compile_rule_reference(struct compile_image *image, const uint32_t *rules, uint32_t count);
/* Strings as a list of pool offsets; 0 for none. */
uint32_t compile_strings_value(struct compile_image *image, const struct compile_strings *strings);

/* Sections, in this order. */
void compile_write_rules(struct compile_image *image);
int compile_write_signers(struct compile_image *image) GUARD_WARN_UNUSED;
/* write_certificates.c */
int compile_write_certificates(struct compile_image *image) GUARD_WARN_UNUSED;
int compile_write_prefixes(struct compile_image *image) GUARD_WARN_UNUSED;
int compile_write_interpreters(struct compile_image *image) GUARD_WARN_UNUSED;
void compile_write_containments(struct compile_image *image);
void compile_write_digests(struct compile_image *image);

#endif
