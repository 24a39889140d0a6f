/* SPDX-License-Identifier: MIT
 *
 * identity/attribution_build.c - collects an old table and new packages; what is kept
 * of them and how it is written: attribution_write.c.  Works in memory.
 */
#include "identity/attribution_builder.h"

#include <stdlib.h>
#include <string.h>

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
		builder->entries[builder->entry_count++] = (struct guard_attribution_entry){ *digest, package };
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
