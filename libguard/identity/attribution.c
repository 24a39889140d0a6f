/* SPDX-License-Identifier: MIT
 *
 * identity/attribution.c - opens a table and looks into it.  Checks every count,
 * offset and order once (attribution_check.c); allocates nothing afterwards.
 */
#include "identity/attribution.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool is_sealed(int fd)
{
	const int needed = F_SEAL_WRITE | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & needed) == needed;
}

static int map(const uint8_t **ret_bytes, size_t *ret_size, int fd)
{
	struct stat status;
	void *bytes;

	if (!is_sealed(fd))
		return -GUARD_E_UNSAFE;
	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (status.st_size < (off_t)GUARD_ATTRIBUTION_HEADER_SIZE)
		return -GUARD_E_FORMAT;
	if ((uint64_t)status.st_size > GUARD_ATTRIBUTION_SIZE_MAX)
		return -GUARD_E_LIMIT;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return errno == ENOMEM ? -GUARD_E_NOMEM : -GUARD_E_IO;
	*ret_bytes = bytes;
	*ret_size = (size_t)status.st_size;
	return 0;
}

int guard_attribution_open(struct guard_attribution **ret_table, int fd)
{
	struct guard_attribution *table = calloc(1, sizeof(*table));
	const uint8_t *bytes;
	size_t size;
	int r;

	if (!table)
		return -GUARD_E_NOMEM;
	r = map(&bytes, &size, fd);
	if (r == 0) {
		r = guard_attribution_view(table, bytes, size);
		if (r == 0)
			r = guard_attribution_check(table);
		if (r < 0)
			munmap((void *)(uintptr_t)bytes, size);
	}
	if (r < 0) {
		free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

void guard_attribution_free(struct guard_attribution *table)
{
	if (!table)
		return;
	munmap((void *)(uintptr_t)table->bytes, table->size);
	free(table);
}

static bool find(const struct guard_attribution *table, size_t *ret_index, const struct guard_digest *digest)
{
	size_t low = 0, high = table->header->digest_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(table->digests[middle].bytes, digest->bytes, GUARD_DIGEST_SIZE);

		if (order == 0) {
			*ret_index = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* One signer per key of the package. */
static size_t add_package(const struct guard_attribution *table, struct guard_signer *signers, size_t count,
			  size_t room, uint32_t index)
{
	const struct guard_attribution_package *package = &table->packages[index];

	for (size_t i = 0; i < GUARD_ATTRIBUTION_PACKAGE_KEYS && count < room; i++) {
		if (package->keys[i] == GUARD_ATTRIBUTION_NONE)
			break;
		signers[count] = (struct guard_signer){
			.provider = GUARD_PROVIDER_PACKAGE,
			.name = &table->strings[package->name],
			.version = &table->strings[package->version],
		};
		memcpy(signers[count].key_id, table->keys[package->keys[i]].bytes, GUARD_KEY_ID_SIZE);
		count++;
	}
	return count;
}

size_t guard_attribution_signers(const struct guard_attribution *table, struct guard_signer *ret_signers, size_t room,
				 const struct guard_digest *digest)
{
	size_t index, count = 0;
	uint32_t reference;

	if (!table || !find(table, &index, digest))
		return 0;
	reference = table->references[index];
	if (!(reference & GUARD_ATTRIBUTION_LIST))
		return add_package(table, ret_signers, 0, room, reference);
	reference &= ~GUARD_ATTRIBUTION_LIST;
	for (uint32_t i = 0; i < table->lists[reference]; i++)
		count = add_package(table, ret_signers, count, room, table->lists[reference + 1 + i]);
	return count;
}

void guard_attribution_add(const struct guard_attribution *table, struct guard_identity *identity)
{
	size_t count = identity->signer_count;

	if (count < GUARD_SIGNERS_MAX)
		count += guard_attribution_signers(table, &identity->signers[count], GUARD_SIGNERS_MAX - count,
						   &identity->digest);
	identity->signer_count = (uint8_t)count;
}

static bool package_has_key(const struct guard_attribution *table, const struct guard_attribution_package *package,
			    const struct guard_digest *key)
{
	for (size_t i = 0; i < GUARD_ATTRIBUTION_PACKAGE_KEYS; i++)
		if (package->keys[i] != GUARD_ATTRIBUTION_NONE &&
		    memcmp(table->keys[package->keys[i]].bytes, key->bytes, GUARD_DIGEST_SIZE) == 0)
			return true;
	return false;
}

bool guard_attribution_has_package(const struct guard_attribution *table, const struct guard_digest *deb,
				   const struct guard_digest *keys, size_t key_count)
{
	for (uint32_t i = 0; table && i < table->header->package_count; i++) {
		const struct guard_attribution_package *package = &table->packages[i];
		bool all = memcmp(package->sha256, deb->bytes, GUARD_DIGEST_SIZE) == 0;

		for (size_t j = 0; all && j < key_count; j++)
			all = package_has_key(table, package, &keys[j]);
		if (all)
			return true;
	}
	return false;
}

int64_t guard_attribution_release_date(const struct guard_attribution *table, const struct guard_digest *key,
				       const char *name)
{
	for (uint32_t i = 0; table && i < table->header->release_count; i++) {
		const struct guard_attribution_release *release = &table->releases[i];

		if (memcmp(table->keys[release->key].bytes, key->bytes, GUARD_DIGEST_SIZE) == 0 &&
		    strcmp(&table->strings[release->name], name) == 0)
			return release->date;
	}
	return INT64_MIN;
}
