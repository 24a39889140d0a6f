/* SPDX-License-Identifier: MIT
 *
 * identity/attribution_write.c - the table's bytes from what was collected.  Owns
 * what is kept: the newest attributions of each package.
 */
#include "identity/attribution_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* ---- what is kept ------------------------------------------------------------ */

static const char *string_of(const struct guard_attribution_builder *builder, uint32_t offset)
{
	return (const char *)&builder->strings.bytes[offset];
}

static int compare_names(const struct guard_attribution_builder *builder, const struct guard_attribution_package *a,
			 const struct guard_attribution_package *b)
{
	int order = strcmp(string_of(builder, a->name), string_of(builder, b->name));

	return order ? order : strcmp(string_of(builder, a->architecture), string_of(builder, b->architecture));
}

/* By name and architecture, the newest attribution first. */
static int by_name(const void *a, const void *b, void *context)
{
	const struct guard_attribution_builder *builder = context;
	const struct guard_attribution_package *left = &builder->packages[*(const uint32_t *)a];
	const struct guard_attribution_package *right = &builder->packages[*(const uint32_t *)b];
	int order = compare_names(builder, left, right);

	return order ? order : (left->order < right->order) - (left->order > right->order);
}

/* numbers[i]: the place of package i in the table, or NONE.  A .deb that is
 * there twice (with other keys) counts once: the later one stays. */
static int number_packages(uint32_t *numbers, uint32_t *ret_count, struct guard_attribution_builder *builder)
{
	GUARD_AUTO_FREE uint32_t *sorted = calloc(builder->package_count + 1, sizeof(*sorted));
	const struct guard_attribution_package *first = NULL, *last = NULL;
	uint32_t count = 0, same = 0;

	if (!sorted)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < builder->package_count; i++)
		sorted[i] = (uint32_t)i;
	qsort_r(sorted, builder->package_count, sizeof(*sorted), by_name, builder);
	memset(numbers, 0xff, builder->package_count * sizeof(*numbers));
	for (size_t i = 0; i < builder->package_count; i++) {
		const struct guard_attribution_package *package = &builder->packages[sorted[i]];

		if (!first || compare_names(builder, first, package) != 0) {
			first = package;
			same = 0;
		} else if (memcmp(last->sha256, package->sha256, sizeof(last->sha256)) == 0) {
			continue;
		}
		last = package;
		if (same++ < GUARD_ATTRIBUTION_KEPT)
			numbers[sorted[i]] = count++;
	}
	*ret_count = count;
	return count > GUARD_ATTRIBUTION_PACKAGES_MAX ? -GUARD_E_LIMIT : 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct guard_attribution_entry *left = a, *right = b;
	int order = memcmp(left->digest.bytes, right->digest.bytes, GUARD_DIGEST_SIZE);

	/* Of many packages with one content the newest are named. */
	return order ? order : (left->package < right->package) - (left->package > right->package);
}

/* ---- writing ----------------------------------------------------------------- */

struct output {
	struct guard_writer packages, digests, references, lists;
	uint32_t package_count, digest_count, list_count, order;
};

static void write_package(struct guard_writer *out, const struct guard_attribution_package *package)
{
	guard_write_u32(out, package->name);
	guard_write_u32(out, package->version);
	guard_write_u32(out, package->architecture);
	guard_write_u32(out, package->order);
	for (size_t i = 0; i < GUARD_ATTRIBUTION_PACKAGE_KEYS; i++)
		guard_write_u32(out, package->keys[i]);
	guard_write_bytes(out, package->sha256, sizeof(package->sha256));
}

static int write_packages(struct output *output, const struct guard_attribution_builder *builder,
			  const uint32_t *numbers)
{
	GUARD_AUTO_FREE uint32_t *places = calloc(output->package_count + 1, sizeof(*places));

	if (!places)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < builder->package_count; i++)
		if (numbers[i] != GUARD_ATTRIBUTION_NONE)
			places[numbers[i]] = (uint32_t)i;
	for (uint32_t i = 0; i < output->package_count; i++) {
		const struct guard_attribution_package *package = &builder->packages[places[i]];

		write_package(&output->packages, package);
		if (package->order > output->order)
			output->order = package->order;
	}
	return 0;
}

static void write_reference(struct output *output, const uint32_t *packages, uint32_t count)
{
	if (count == 1) {
		guard_write_u32(&output->references, packages[0]);
		return;
	}
	guard_write_u32(&output->references, output->list_count | GUARD_ATTRIBUTION_LIST);
	guard_write_u32(&output->lists, count);
	for (uint32_t i = 0; i < count; i++)
		guard_write_u32(&output->lists, packages[i]);
	output->list_count += count + 1;
}

static int write_digests(struct output *output, struct guard_attribution_builder *builder, const uint32_t *numbers)
{
	const struct guard_attribution_entry *entries = builder->entries;

	if (builder->entry_count > 0)
		qsort(builder->entries, builder->entry_count, sizeof(*builder->entries), by_digest);
	for (size_t i = 0, next; i < builder->entry_count; i = next) {
		uint32_t packages[GUARD_SIGNERS_MAX], count = 0, last = GUARD_ATTRIBUTION_NONE;

		for (next = i; next < builder->entry_count &&
			       memcmp(&entries[next].digest, &entries[i].digest, sizeof(entries[i].digest)) == 0;
		     next++) {
			uint32_t number = numbers[entries[next].package];

			if (number != GUARD_ATTRIBUTION_NONE && number != last && count < GUARD_SIGNERS_MAX)
				packages[count++] = last = number;
		}
		if (count == 0)
			continue;
		guard_write_bytes(&output->digests, entries[i].digest.bytes, GUARD_DIGEST_SIZE);
		write_reference(output, packages, count);
		output->digest_count++;
	}
	return output->digest_count > GUARD_ATTRIBUTION_DIGESTS_MAX || output->list_count > GUARD_ATTRIBUTION_LISTS_MAX ?
		       -GUARD_E_LIMIT : 0;
}

static void write_header(struct guard_writer *out, const struct guard_attribution_builder *builder,
			 const struct output *output, size_t size, const struct guard_digest *sum)
{
	static const uint8_t zero[40];

	guard_write_bytes(out, GUARD_ATTRIBUTION_MAGIC, 8);
	guard_write_u32(out, GUARD_ATTRIBUTION_VERSION);
	guard_write_u32(out, GUARD_ATTRIBUTION_HEADER_SIZE);
	guard_write_u64(out, size);
	guard_write_u32(out, builder->key_count);
	guard_write_u32(out, builder->release_count);
	guard_write_u32(out, output->package_count);
	guard_write_u32(out, output->digest_count);
	guard_write_u32(out, output->list_count);
	guard_write_u32(out, output->order);
	guard_write_u64(out, builder->strings.size);
	guard_write_bytes(out, sum->bytes, sizeof(sum->bytes));
	guard_write_bytes(out, zero, sizeof(zero));
}

static void write_body(struct guard_writer *out, const struct guard_attribution_builder *builder,
		       const struct output *output)
{
	const struct guard_writer *const parts[] = { &output->packages, &output->digests, &output->references,
						     &output->lists, &builder->strings };

	for (uint32_t i = 0; i < builder->key_count; i++)
		guard_write_bytes(out, builder->keys[i].bytes, GUARD_DIGEST_SIZE);
	for (uint32_t i = 0; i < builder->release_count; i++) {
		guard_write_u32(out, builder->releases[i].key);
		guard_write_u32(out, builder->releases[i].name);
		guard_write_i64(out, builder->releases[i].date);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		out->failed |= parts[i]->failed;
		guard_write_bytes(out, parts[i]->bytes, parts[i]->size);
	}
}

static int assemble(uint8_t **ret_bytes, size_t *ret_size, const struct guard_attribution_builder *builder,
		    const struct output *output)
{
	struct guard_digest sum = { { 0 } };
	struct guard_writer out, head;
	int r;

	guard_writer_init(&out);
	write_header(&out, builder, output, 0, &sum);
	write_body(&out, builder, output);
	r = out.failed ? -GUARD_E_NOMEM : out.size > GUARD_ATTRIBUTION_SIZE_MAX ? -GUARD_E_LIMIT : 0;
	if (r == 0)
		r = guard_digest_bytes(&sum, &out.bytes[GUARD_ATTRIBUTION_HEADER_SIZE],
				       out.size - GUARD_ATTRIBUTION_HEADER_SIZE);
	if (r < 0) {
		guard_writer_free(&out);
		return r;
	}
	guard_writer_init_fixed(&head, out.bytes, GUARD_ATTRIBUTION_HEADER_SIZE);
	write_header(&head, builder, output, out.size, &sum);
	*ret_bytes = out.bytes;
	*ret_size = out.size;
	return 0;
}

int guard_attribution_build(uint8_t **ret_bytes, size_t *ret_size, struct guard_attribution_builder *builder)
{
	GUARD_AUTO_FREE uint32_t *numbers = calloc(builder->package_count + 1, sizeof(*numbers));
	struct output output = { 0 };
	int r = numbers ? number_packages(numbers, &output.package_count, builder) : -GUARD_E_NOMEM;

	guard_writer_init(&output.packages);
	guard_writer_init(&output.digests);
	guard_writer_init(&output.references);
	guard_writer_init(&output.lists);
	if (r == 0)
		r = write_packages(&output, builder, numbers);
	if (r == 0)
		r = write_digests(&output, builder, numbers);
	if (r == 0)
		r = assemble(ret_bytes, ret_size, builder, &output);
	guard_writer_free(&output.packages);
	guard_writer_free(&output.digests);
	guard_writer_free(&output.references);
	guard_writer_free(&output.lists);
	return r;
}
