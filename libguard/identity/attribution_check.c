/* SPDX-License-Identifier: MIT
 *
 * identity/attribution_check.c - every count, offset and order of a table, once.
 * Reads the bytes, changes nothing.
 */
#include "identity/attribution.h"

#include <string.h>

#include "base/buffer.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the table is read in place and is little-endian");

static int check_header(const struct guard_attribution_header *header, size_t size)
{
	static const uint8_t zero[sizeof(header->zero)];

	if (memcmp(header->magic, GUARD_ATTRIBUTION_MAGIC, sizeof(header->magic)) != 0)
		return -GUARD_E_FORMAT;
	if (header->version > GUARD_ATTRIBUTION_VERSION)
		return -GUARD_E_VERSION;
	if (header->version == 0 || header->header_size != GUARD_ATTRIBUTION_HEADER_SIZE || header->size != size ||
	    memcmp(header->zero, zero, sizeof(zero)) != 0)
		return -GUARD_E_FORMAT;
	if (header->key_count > GUARD_ATTRIBUTION_KEYS_MAX || header->release_count > GUARD_ATTRIBUTION_RELEASES_MAX ||
	    header->package_count > GUARD_ATTRIBUTION_PACKAGES_MAX ||
	    header->digest_count > GUARD_ATTRIBUTION_DIGESTS_MAX || header->list_count > GUARD_ATTRIBUTION_LISTS_MAX ||
	    header->strings_size > GUARD_ATTRIBUTION_STRINGS_MAX)
		return -GUARD_E_LIMIT;
	return 0;
}

int guard_attribution_view(struct guard_attribution *ret_table, const void *bytes, size_t size)
{
	struct guard_attribution table = { .bytes = bytes, .size = size };
	struct guard_reader reader;
	int r;

	guard_reader_init(&reader, bytes, size);
	table.header = (const void *)guard_read_bytes(&reader, GUARD_ATTRIBUTION_HEADER_SIZE);
	if (!table.header)
		return -GUARD_E_FORMAT;
	r = check_header(table.header, size);
	if (r < 0)
		return r;
	table.keys = (const void *)guard_read_bytes(&reader, (size_t)table.header->key_count * sizeof(*table.keys));
	table.releases = (const void *)guard_read_bytes(&reader, table.header->release_count * sizeof(*table.releases));
	table.packages = (const void *)guard_read_bytes(&reader, table.header->package_count * sizeof(*table.packages));
	table.digests = (const void *)guard_read_bytes(&reader, table.header->digest_count * sizeof(*table.digests));
	table.references = (const void *)guard_read_bytes(&reader, table.header->digest_count * sizeof(uint32_t));
	table.lists = (const void *)guard_read_bytes(&reader, table.header->list_count * sizeof(uint32_t));
	table.strings = (const void *)guard_read_bytes(&reader, table.header->strings_size);
	if (!guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	*ret_table = table;
	return 0;
}

static bool is_string(const struct guard_attribution *table, uint32_t offset)
{
	return offset < table->header->strings_size;
}

static bool strings_are_sane(const struct guard_attribution *table)
{
	const size_t size = table->header->strings_size;

	return size > 0 && table->strings[0] == '\0' && table->strings[size - 1] == '\0';
}

static bool keys_are_sane(const struct guard_attribution *table, const struct guard_attribution_package *package)
{
	bool ended = false;

	for (size_t i = 0; i < GUARD_ATTRIBUTION_PACKAGE_KEYS; i++) {
		if (package->keys[i] == GUARD_ATTRIBUTION_NONE)
			ended = true;
		else if (ended || package->keys[i] >= table->header->key_count)
			return false;
	}
	return package->keys[0] != GUARD_ATTRIBUTION_NONE;
}

static bool records_are_sane(const struct guard_attribution *table)
{
	uint32_t newest = 0;

	for (uint32_t i = 0; i < table->header->release_count; i++)
		if (table->releases[i].key >= table->header->key_count || !is_string(table, table->releases[i].name))
			return false;
	for (uint32_t i = 0; i < table->header->package_count; i++) {
		const struct guard_attribution_package *package = &table->packages[i];

		if (!is_string(table, package->name) || !is_string(table, package->version) ||
		    !is_string(table, package->architecture) || !keys_are_sane(table, package))
			return false;
		if (package->order > newest)
			newest = package->order;
	}
	return newest == table->header->order;
}

static bool list_is_sane(const struct guard_attribution *table, uint32_t offset)
{
	const uint32_t size = table->header->list_count;
	uint32_t count;

	if (offset >= size)
		return false;
	count = table->lists[offset];
	if (count < 2 || count > GUARD_SIGNERS_MAX || count > size - offset - 1)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (table->lists[offset + 1 + i] >= table->header->package_count)
			return false;
	return true;
}

static bool digests_are_sane(const struct guard_attribution *table)
{
	for (uint32_t i = 0; i < table->header->digest_count; i++) {
		uint32_t reference = table->references[i];

		if (i > 0 && memcmp(table->digests[i - 1].bytes, table->digests[i].bytes, GUARD_DIGEST_SIZE) >= 0)
			return false;
		if (reference & GUARD_ATTRIBUTION_LIST ? !list_is_sane(table, reference & ~GUARD_ATTRIBUTION_LIST) :
							 reference >= table->header->package_count)
			return false;
	}
	return true;
}

int guard_attribution_check(const struct guard_attribution *table)
{
	struct guard_digest sum;
	int r = guard_digest_bytes(&sum, table->keys, table->size - GUARD_ATTRIBUTION_HEADER_SIZE);

	if (r < 0)
		return r;
	if (memcmp(sum.bytes, table->header->sha256, sizeof(sum.bytes)) != 0)
		return -GUARD_E_CHECKSUM;
	if (!strings_are_sane(table) || !records_are_sane(table) || !digests_are_sane(table))
		return -GUARD_E_FORMAT;
	return 0;
}
