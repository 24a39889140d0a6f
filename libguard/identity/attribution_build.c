/* SPDX-License-Identifier: MIT
 *
 * identity/attribution_build.c - a new table from an old one and new packages.
 * Owns what is kept: the newest attributions of each package.  Works in memory.
 */
#include "identity/attribution.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* A package while the table is built; strings are offsets into `strings`. */
struct entry {
	struct guard_digest digest;
	uint32_t package;
};

struct guard_attribution_builder {
	struct guard_digest keys[GUARD_ATTRIBUTION_KEYS_MAX];
	struct guard_attribution_release releases[GUARD_ATTRIBUTION_RELEASES_MAX];
	uint32_t key_count, release_count, order;
	struct guard_attribution_package *packages;
	size_t package_count, package_capacity;
	struct entry *entries;
	size_t entry_count, entry_capacity;
	struct guard_writer strings;
};

/* More than will be kept may pass through: three versions of everything. */
#define ENTRIES_MAX (4u * GUARD_ATTRIBUTION_DIGESTS_MAX)

static int grow(void **items, size_t *capacity, size_t count, size_t size, size_t most)
{
	size_t wanted = *capacity ? *capacity * 2 : 256;
	void *grown;

	if (count < *capacity)
		return 0;
	if (count >= most)
		return -GUARD_E_LIMIT;
	grown = realloc(*items, wanted * size);
	if (!grown)
		return -GUARD_E_NOMEM;
	*items = grown;
	*capacity = wanted;
	return 0;
}

static int intern(uint32_t *ret_offset, struct guard_attribution_builder *builder, const char *text)
{
	size_t length = strlen(text);

	if (length > GUARD_ATTRIBUTION_NAME_MAX || builder->strings.size > GUARD_ATTRIBUTION_STRINGS_MAX - length - 1)
		return -GUARD_E_LIMIT;
	*ret_offset = length == 0 ? 0 : (uint32_t)builder->strings.size;
	if (length > 0)
		guard_write_bytes(&builder->strings, text, length + 1);
	return builder->strings.failed ? -GUARD_E_NOMEM : 0;
}

static int intern_key(uint32_t *ret_index, struct guard_attribution_builder *builder, const struct guard_digest *key)
{
	for (uint32_t i = 0; i < builder->key_count; i++) {
		if (memcmp(builder->keys[i].bytes, key->bytes, GUARD_DIGEST_SIZE) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	if (builder->key_count == GUARD_ATTRIBUTION_KEYS_MAX)
		return -GUARD_E_LIMIT;
	builder->keys[builder->key_count] = *key;
	*ret_index = builder->key_count++;
	return 0;
}

static int add_entry(struct guard_attribution_builder *builder, const struct guard_digest *digest, uint32_t package)
{
	int r = grow((void **)&builder->entries, &builder->entry_capacity, builder->entry_count,
		     sizeof(*builder->entries), ENTRIES_MAX);

	if (r == 0)
		builder->entries[builder->entry_count++] = (struct entry){ *digest, package };
	return r;
}

/* ---- what is there already ------------------------------------------------- */

static int take_old_package(struct guard_attribution_builder *builder, const struct guard_attribution *old, uint32_t i)
{
	struct guard_attribution_package package = old->packages[i];
	int r = grow((void **)&builder->packages, &builder->package_capacity, builder->package_count,
		     sizeof(*builder->packages), 2 * GUARD_ATTRIBUTION_PACKAGES_MAX);

	if (r == 0)
		r = intern(&package.name, builder, &old->strings[package.name]);
	if (r == 0)
		r = intern(&package.version, builder, &old->strings[package.version]);
	if (r == 0)
		r = intern(&package.architecture, builder, &old->strings[package.architecture]);
	if (r == 0)
		builder->packages[builder->package_count++] = package; /* keys are taken over in order */
	return r;
}

static int take_old_digest(struct guard_attribution_builder *builder, const struct guard_attribution *old, uint32_t i)
{
	uint32_t reference = old->references[i];
	int r = 0;

	if (!(reference & GUARD_ATTRIBUTION_LIST))
		return add_entry(builder, &old->digests[i], reference);
	reference &= ~GUARD_ATTRIBUTION_LIST;
	for (uint32_t j = 0; r == 0 && j < old->lists[reference]; j++)
		r = add_entry(builder, &old->digests[i], old->lists[reference + 1 + j]);
	return r;
}

static int take_old(struct guard_attribution_builder *builder, const struct guard_attribution *old)
{
	int r = 0;

	memcpy(builder->keys, old->keys, old->header->key_count * sizeof(builder->keys[0]));
	builder->key_count = old->header->key_count;
	builder->order = old->header->order;
	for (uint32_t i = 0; r == 0 && i < old->header->release_count; i++)
		r = guard_attribution_note_release(builder, &old->keys[old->releases[i].key],
						   &old->strings[old->releases[i].name], old->releases[i].date);
	for (uint32_t i = 0; r == 0 && i < old->header->package_count; i++)
		r = take_old_package(builder, old, i);
	for (uint32_t i = 0; r == 0 && i < old->header->digest_count; i++)
		r = take_old_digest(builder, old, i);
	return r;
}

int guard_attribution_builder_new(struct guard_attribution_builder **ret_builder, const struct guard_attribution *old)
{
	struct guard_attribution_builder *builder = calloc(1, sizeof(*builder));
	int r;

	if (!builder)
		return -GUARD_E_NOMEM;
	guard_writer_init(&builder->strings);
	guard_write_u8(&builder->strings, 0);
	r = builder->strings.failed ? -GUARD_E_NOMEM : 0;
	if (r == 0 && old)
		r = take_old(builder, old);
	if (r < 0) {
		guard_attribution_builder_free(builder);
		return r;
	}
	*ret_builder = builder;
	return 0;
}

void guard_attribution_builder_free(struct guard_attribution_builder *builder)
{
	if (!builder)
		return;
	guard_writer_free(&builder->strings);
	free(builder->packages);
	free(builder->entries);
	free(builder);
}

/* ---- what is new ------------------------------------------------------------ */

int guard_attribution_begin_package(struct guard_attribution_builder *builder,
				    const struct guard_attribution_new_package *package)
{
	struct guard_attribution_package record = { .order = builder->order + 1 };
	int r;

	if (package->key_count == 0 || package->key_count > GUARD_ATTRIBUTION_PACKAGE_KEYS)
		return -GUARD_E_USAGE;
	r = grow((void **)&builder->packages, &builder->package_capacity, builder->package_count,
		 sizeof(*builder->packages), 2 * GUARD_ATTRIBUTION_PACKAGES_MAX);
	memset(record.keys, 0xff, sizeof(record.keys));
	for (size_t i = 0; r == 0 && i < package->key_count; i++)
		r = intern_key(&record.keys[i], builder, &package->keys[i]);
	if (r == 0)
		r = intern(&record.name, builder, package->name);
	if (r == 0)
		r = intern(&record.version, builder, package->version);
	if (r == 0)
		r = intern(&record.architecture, builder, package->architecture);
	if (r < 0)
		return r;
	memcpy(record.sha256, package->deb.bytes, sizeof(record.sha256));
	builder->packages[builder->package_count++] = record;
	builder->order++;
	return 0;
}

int guard_attribution_add_digest(struct guard_attribution_builder *builder, const struct guard_digest *digest)
{
	if (builder->package_count == 0)
		return -GUARD_E_USAGE;
	return add_entry(builder, digest, (uint32_t)builder->package_count - 1);
}

void guard_attribution_drop_package(struct guard_attribution_builder *builder)
{
	if (builder->package_count == 0)
		return;
	builder->package_count--;
	while (builder->entry_count > 0 && builder->entries[builder->entry_count - 1].package == builder->package_count)
		builder->entry_count--;
}

int guard_attribution_note_release(struct guard_attribution_builder *builder, const struct guard_digest *key,
				   const char *name, int64_t date)
{
	struct guard_attribution_release release = { .date = date };
	int r = intern_key(&release.key, builder, key);

	for (uint32_t i = 0; r == 0 && i < builder->release_count; i++) {
		struct guard_attribution_release *known = &builder->releases[i];

		if (known->key == release.key &&
		    strcmp((const char *)&builder->strings.bytes[known->name], name) == 0) {
			if (known->date < date)
				known->date = date;
			return 0;
		}
	}
	if (r == 0 && builder->release_count == GUARD_ATTRIBUTION_RELEASES_MAX)
		r = -GUARD_E_LIMIT;
	if (r == 0)
		r = intern(&release.name, builder, name);
	if (r == 0)
		builder->releases[builder->release_count++] = release;
	return r;
}

/* ---- what is kept ------------------------------------------------------------ */

struct sorting {
	const struct guard_attribution_builder *builder;
	uint32_t *indexes;
};

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
	const struct entry *left = a, *right = b;
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
	const struct entry *entries = builder->entries;

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
