/* SPDX-License-Identifier: MIT
 *
 * compile/write.c - the image as a whole: META, the section table, the
 * checksum (docs/policy-image.md).  Owns the order of things.
 */
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include <guard/policy.h>

static const uint32_t element_sizes[GUARD_SECTION_MAX_] = {
	[GUARD_SECTION_META] = sizeof(struct guard_image_meta),
	[GUARD_SECTION_STRINGS] = 1,
	[GUARD_SECTION_DIGESTS] = GUARD_DIGEST_SIZE,
	[GUARD_SECTION_DIGEST_INDEX] = 4,
	[GUARD_SECTION_DIGEST_RULES] = 4,
	[GUARD_SECTION_DIGEST_NAMES] = 4,
	[GUARD_SECTION_RULE_LISTS] = 4,
	[GUARD_SECTION_RULES] = sizeof(struct guard_image_rule),
	[GUARD_SECTION_SIGNERS] = sizeof(struct guard_image_signer),
	[GUARD_SECTION_VALUES] = 4,
	[GUARD_SECTION_CONTAINMENTS] = sizeof(struct guard_image_containment),
	[GUARD_SECTION_INTERPRETERS] = sizeof(struct guard_image_interpreter),
	[GUARD_SECTION_INTERPRETER_DIGESTS] = sizeof(struct guard_image_interpreter_digest),
	[GUARD_SECTION_PREFIXES] = sizeof(struct guard_image_prefix),
	[GUARD_SECTION_ALWAYS] = 4,
	[GUARD_SECTION_OPENPGP_KEYS] = 1,
	[GUARD_SECTION_CERTIFICATES] = sizeof(struct guard_image_certificate),
	[GUARD_SECTION_CERTIFICATE_BYTES] = 1,
	[GUARD_SECTION_TERMS] = sizeof(struct guard_image_term),
};

/* The strings of META come first in the pool; META itself is written last,
 * when `digest_bits` is known. */
static void intern_meta(struct compile_image *image)
{
	const struct guard_compile *compile = image->compile;
	struct compile_strings readers = { compile->readers, (uint32_t)compile->reader_array.count };

	guard_write_bytes(&image->sections[GUARD_SECTION_STRINGS], "", 1);
	compile_values(image, NULL, 0);
	compile_pool_intern(image, compile->policy.id);
	compile_pool_intern(image, compile->policy.help_phone);
	compile_pool_intern(image, compile->policy.help_text);
	image->readers = compile_strings_value(image, &readers);
}

static void write_meta(struct compile_image *image)
{
	static const uint8_t zero[sizeof(((struct guard_image_meta *)NULL)->zero)];
	const struct compile_policy *policy = &image->compile->policy;
	struct guard_writer *section = &image->sections[GUARD_SECTION_META];

	guard_write_u32(section, compile_pool_intern(image, policy->id));
	guard_write_u32(section, compile_pool_intern(image, policy->help_phone));
	guard_write_u32(section, compile_pool_intern(image, policy->help_text));
	guard_write_u32(section, image->digest_bits);
	guard_write_u64(section, policy->version);
	guard_write_i64(section, policy->expires);
	guard_write_u8(section, policy->mode);
	guard_write_u8(section, policy->default_action);
	guard_write_u8(section, policy->running);
	guard_write_u8(section, 0);
	guard_write_u32(section, image->readers);
	guard_write_u32(section, policy->limits.longest);
	guard_write_u32(section, policy->limits.digests);
	guard_write_u8(section, policy->limits.kinds);
	guard_write_u8(section, (policy->limits.signers ? GUARD_EXCEPTION_SIGNERS : 0) |
					(policy->limits.paths ? GUARD_EXCEPTION_PATHS : 0));
	guard_write_u8(section, policy->unlock_end);
	guard_write_u8(section, 0);
	for (size_t i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++)
		guard_write_u32(section, policy->unlock_seconds[i]);
	guard_write_u32(section, policy->maintenance_longest);
	guard_write_bytes(section, zero, sizeof(zero));
}

static int write_sections(struct compile_image *image)
{
	int r;

	intern_meta(image);
	compile_write_rules(image);
	r = compile_write_signers(image);
	if (r == 0)
		r = compile_write_certificates(image);
	if (r == 0)
		r = compile_write_prefixes(image);
	if (r == 0)
		r = compile_write_interpreters(image);
	if (r < 0)
		return r;
	compile_write_containments(image);
	compile_write_digests(image);
	guard_write_bytes(&image->sections[GUARD_SECTION_OPENPGP_KEYS], image->compile->openpgp_keys,
			  image->compile->openpgp_keys_size);
	write_meta(image);
	for (size_t i = 0; i < GUARD_SECTION_MAX_; i++)
		if (image->sections[i].failed || image->out_of_memory)
			return -GUARD_E_NOMEM;
	return image->too_large ? -GUARD_E_LIMIT : 0;
}

/* ---- layout -------------------------------------------------------------------------- */

static bool is_written(const struct compile_image *image, size_t type)
{
	return type == GUARD_SECTION_META || type == GUARD_SECTION_STRINGS || type == GUARD_SECTION_RULES ||
	       image->sections[type].size > 0;
}

static uint64_t align(uint64_t offset)
{
	return (offset + GUARD_IMAGE_ALIGN - 1) / GUARD_IMAGE_ALIGN * GUARD_IMAGE_ALIGN;
}

static uint64_t table_end(const struct compile_image *image, uint32_t *ret_count)
{
	uint32_t count = 0;

	for (size_t i = 1; i < GUARD_SECTION_MAX_; i++)
		count += is_written(image, i);
	*ret_count = count;
	return GUARD_IMAGE_HEADER_SIZE + count * sizeof(struct guard_image_entry);
}

static uint64_t total_size(const struct compile_image *image)
{
	uint32_t count;
	uint64_t offset = table_end(image, &count);

	for (size_t i = 1; i < GUARD_SECTION_MAX_; i++)
		if (is_written(image, i))
			offset = align(offset) + image->sections[i].size;
	return offset;
}

static void write_header(struct guard_writer *writer, const struct compile_image *image, uint64_t size,
			 const struct guard_digest *checksum)
{
	static const uint8_t zero[64];
	uint32_t count;

	table_end(image, &count);
	guard_write_bytes(writer, GUARD_IMAGE_MAGIC, 8);
	guard_write_u32(writer, GUARD_IMAGE_VERSION);
	guard_write_u32(writer, GUARD_IMAGE_HEADER_SIZE);
	guard_write_u64(writer, size);
	guard_write_u32(writer, count);
	guard_write_u32(writer, image->flags);
	guard_write_bytes(writer, checksum->bytes, sizeof(checksum->bytes));
	guard_write_bytes(writer, zero, sizeof(zero));
}

static void write_table(struct guard_writer *writer, const struct compile_image *image)
{
	uint32_t count;
	uint64_t offset = table_end(image, &count);

	for (size_t i = 1; i < GUARD_SECTION_MAX_; i++) {
		if (!is_written(image, i))
			continue;
		offset = align(offset);
		guard_write_u32(writer, (uint32_t)i | GUARD_IMAGE_CRITICAL);
		guard_write_u32(writer, element_sizes[i]);
		guard_write_u64(writer, offset);
		guard_write_u64(writer, image->sections[i].size);
		guard_write_u64(writer, image->sections[i].size / element_sizes[i]);
		offset += image->sections[i].size;
	}
}

static void write_contents(struct guard_writer *writer, const struct compile_image *image)
{
	static const uint8_t zero[GUARD_IMAGE_ALIGN];

	for (size_t i = 1; i < GUARD_SECTION_MAX_; i++) {
		if (!is_written(image, i))
			continue;
		guard_write_bytes(writer, zero, (size_t)(align(writer->size) - writer->size));
		if (image->sections[i].size)
			guard_write_bytes(writer, image->sections[i].bytes, image->sections[i].size);
	}
}

static int assemble(uint8_t **ret_bytes, size_t *ret_size, const struct compile_image *image)
{
	uint64_t size = total_size(image);
	struct guard_digest checksum = { { 0 } };
	struct guard_writer writer;
	uint8_t *bytes;
	int r = -GUARD_E_INTERNAL;

	if (size > GUARD_POLICY_IMAGE_MAX)
		return -GUARD_E_LIMIT;
	bytes = malloc((size_t)size);
	if (!bytes)
		return -GUARD_E_NOMEM;
	guard_writer_init_fixed(&writer, bytes, (size_t)size);
	write_header(&writer, image, size, &checksum);
	write_table(&writer, image);
	write_contents(&writer, image);
	if (!writer.failed && writer.size == size)
		r = guard_digest_bytes(&checksum, &bytes[GUARD_IMAGE_HEADER_SIZE], (size_t)size - GUARD_IMAGE_HEADER_SIZE);
	if (r < 0) {
		free(bytes);
		return r;
	}
	guard_writer_init_fixed(&writer, bytes, GUARD_IMAGE_HEADER_SIZE);
	write_header(&writer, image, size, &checksum);
	*ret_bytes = bytes;
	*ret_size = (size_t)size;
	return 0;
}

int guard_compile_image(uint8_t **ret_bytes, size_t *ret_size, const struct guard_compile *compile)
{
	struct compile_image image = { .compile = compile };
	int r;

	if (guard_compile_error_count(compile))
		return -GUARD_E_SYNTAX;
	if (!compile->policy.given)
		return -GUARD_E_USAGE;
	for (size_t i = 0; i < GUARD_SECTION_MAX_; i++)
		guard_writer_init(&image.sections[i]);
	r = write_sections(&image);
	if (r == 0)
		r = assemble(ret_bytes, ret_size, &image);
	for (size_t i = 0; i < GUARD_SECTION_MAX_; i++)
		guard_writer_free(&image.sections[i]);
	free(image.string_index.slots);
	free(image.value_index.slots);
	free(image.list_index.slots);
	return r;
}
