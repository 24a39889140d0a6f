/* SPDX-License-Identifier: MIT
 *
 * compile/pool.c - strings and lists that are stored once.  Offsets follow the
 * order of first use, so that equal sources give equal bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "write.h"

#define INDEX_START 1024u

/* Every slot of the grown table; `hash_at` hashes what lies at an offset. */
typedef uint64_t (*hash_at)(const struct guard_writer *section, uint32_t offset);

static int grow(struct compile_index *index, const struct guard_writer *section, hash_at hash)
{
	size_t capacity = index->capacity ? index->capacity * 2 : INDEX_START;
	uint32_t *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < index->capacity; i++) {
		size_t at;

		if (!index->slots[i])
			continue;
		at = hash(section, index->slots[i] - 1) & (capacity - 1);
		while (slots[at])
			at = (at + 1) & (capacity - 1);
		slots[at] = index->slots[i];
	}
	free(index->slots);
	index->slots = slots;
	index->capacity = capacity;
	return 0;
}

static bool make_room(struct compile_image *image, struct compile_index *index,
		      const struct guard_writer *section, hash_at hash)
{
	if (index->count * 2 >= index->capacity && grow(index, section, hash) < 0)
		image->out_of_memory = true;
	return !image->out_of_memory;
}

/* ---- strings ------------------------------------------------------------------ */

static const char *string_at(const struct guard_writer *section, uint32_t offset)
{
	return (const char *)&section->bytes[offset];
}

static uint64_t string_hash_at(const struct guard_writer *section, uint32_t offset)
{
	const char *string = string_at(section, offset);

	return guard_text_hash(string, strlen(string));
}

uint32_t compile_pool_append(struct compile_image *image, const char *string)
{
	struct guard_writer *section = &image->sections[GUARD_SECTION_STRINGS];
	size_t offset = section->size, size = strlen(string) + 1;

	if (offset > UINT32_MAX - 1 - size) {
		image->too_large = true;
		return 0;
	}
	guard_write_bytes(section, string, size);
	return section->failed ? 0 : (uint32_t)offset;
}

uint32_t compile_pool_intern(struct compile_image *image, const char *string)
{
	struct guard_writer *section = &image->sections[GUARD_SECTION_STRINGS];
	struct compile_index *index = &image->string_index;
	uint32_t offset;
	size_t at;

	if (!string || !string[0] || section->failed || !make_room(image, index, section, string_hash_at))
		return 0;
	at = guard_text_hash(string, strlen(string)) & (index->capacity - 1);
	for (; index->slots[at]; at = (at + 1) & (index->capacity - 1))
		if (strcmp(string_at(section, index->slots[at] - 1), string) == 0)
			return index->slots[at] - 1;
	offset = compile_pool_append(image, string);
	index->slots[at] = offset + 1;
	index->count++;
	return offset;
}

/* ---- lists of numbers ------------------------------------------------------------ */

/* Number `at` of a section, which holds little-endian u32. */
static uint32_t number_at(const struct guard_writer *section, size_t at)
{
	const uint8_t *bytes = &section->bytes[at * 4];

	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t hash_number(uint64_t hash, uint32_t number)
{
	for (unsigned shift = 0; shift < 32; shift += 8)
		hash = guard_fnv1a(hash, (uint8_t)(number >> shift));
	return hash;
}

static uint64_t list_hash(const uint32_t *numbers, uint32_t count)
{
	uint64_t hash = GUARD_FNV1A_START;

	for (uint32_t i = 0; i < count; i++)
		hash = hash_number(hash, numbers[i]);
	return hash;
}

static uint64_t list_hash_at(const struct guard_writer *section, uint32_t offset)
{
	uint64_t hash = GUARD_FNV1A_START;
	uint32_t count = number_at(section, offset);

	for (uint32_t i = 0; i < count; i++)
		hash = hash_number(hash, number_at(section, (size_t)offset + 1 + i));
	return hash;
}

static bool list_is(const struct guard_writer *section, uint32_t offset, const uint32_t *numbers, uint32_t count)
{
	if (number_at(section, offset) != count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (number_at(section, (size_t)offset + 1 + i) != numbers[i])
			return false;
	return true;
}

static uint32_t store_list(struct compile_image *image, struct compile_index *index,
			   struct guard_writer *section, const uint32_t *numbers, uint32_t count)
{
	size_t offset = section->size / 4, at;

	if (section->failed || !make_room(image, index, section, list_hash_at))
		return 0;
	at = list_hash(numbers, count) & (index->capacity - 1);
	for (; index->slots[at]; at = (at + 1) & (index->capacity - 1))
		if (list_is(section, index->slots[at] - 1, numbers, count))
			return index->slots[at] - 1;
	if (offset >= GUARD_IMAGE_LIST - 1) {
		image->too_large = true;
		return 0;
	}
	guard_write_u32(section, count);
	for (uint32_t i = 0; i < count; i++)
		guard_write_u32(section, numbers[i]);
	index->slots[at] = (uint32_t)offset + 1;
	index->count++;
	return (uint32_t)offset;
}

uint32_t compile_values(struct compile_image *image, const uint32_t *values, uint32_t count)
{
	return store_list(image, &image->value_index, &image->sections[GUARD_SECTION_VALUES], values, count);
}

uint32_t compile_rule_list(struct compile_image *image, const uint32_t *rules, uint32_t count)
{
	return store_list(image, &image->list_index, &image->sections[GUARD_SECTION_RULE_LISTS], rules, count);
}

uint32_t compile_rule_reference(struct compile_image *image, const uint32_t *rules, uint32_t count)
{
	return count == 1 ? rules[0] : (compile_rule_list(image, rules, count) | GUARD_IMAGE_LIST);
}

uint32_t compile_strings_value(struct compile_image *image, const struct compile_strings *strings)
{
	uint32_t *offsets, value;

	if (!strings->count)
		return 0;
	offsets = calloc(strings->count, sizeof(*offsets));
	if (!offsets) {
		image->out_of_memory = true;
		return 0;
	}
	for (uint32_t i = 0; i < strings->count; i++)
		offsets[i] = compile_pool_intern(image, strings->items[i]);
	value = compile_values(image, offsets, strings->count);
	free(offsets);
	return value;
}
