/* SPDX-License-Identifier: MIT
 *
 * gate/catalogs.c - reads the folder of catalogs: LIST with its detached CMS
 * signature LIST.p7s.  The list is hashed here and looked into only when a key
 * of the policy has signed that hash; the signature is parsed by an inspector.
 */
#include "gate/catalogs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SUFFIX ".p7s"

struct catalog {
	struct guard_digest *digests; /* sorted */
	size_t count;
	uint32_t keys; /* mask: indexes of the policy's keys that signed it; the first 32 count */
};
struct gate_catalogs {
	size_t count;
	struct catalog all[GATE_CATALOGS_MAX];
};

/* A regular file of at most so many bytes. */
static int read_file(uint8_t **ret_bytes, size_t *ret_size, int folder, const char *name, size_t max)
{
	GUARD_AUTO_CLOSE int fd = openat(folder, name, GATE_OPEN | O_NOFOLLOW);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	struct stat status;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -GUARD_E_IO;
	if (status.st_size <= 0 || (uint64_t)status.st_size > max)
		return -GUARD_E_LIMIT;
	bytes = malloc((size_t)status.st_size);
	if (!bytes)
		return -GUARD_E_NOMEM;
	while (done < (size_t)status.st_size) {
		ssize_t count = pread(fd, &bytes[done], (size_t)status.st_size - done, (off_t)done);

		if (count == 0 || (count < 0 && errno != EINTR))
			return -GUARD_E_IO;
		done += count > 0 ? (size_t)count : 0;
	}
	*ret_bytes = guard_steal_pointer(&bytes);
	*ret_size = done;
	return 0;
}

/* Which keys of the policy signed these bytes? */
static uint32_t signed_by(const struct guard_claims *claims, const struct guard_policy *policy,
			  const struct gate_keys *keys, const uint8_t *bytes, size_t size)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < claims->count; i++) {
		struct guard_hash_value value;

		if (guard_hash_bytes(&value, claims->claims[i].content_hash, bytes, size) < 0)
			continue;
		for (size_t k = 0; k < keys->count && k < 32; k++)
			if (gate_claim_is_by(policy, keys, k, GUARD_PROVIDER_CATALOG, &claims->claims[i], &value))
				mask |= 1u << k;
	}
	return mask;
}

static int load_one(struct catalog *catalog, struct gate *gate, const struct guard_policy *policy,
		    const struct gate_keys *keys, int folder, const char *signature_name)
{
	char name[NAME_MAX + 1];
	GUARD_AUTO_FREE uint8_t *signature = NULL, *list = NULL;
	GUARD_AUTO_FREE struct guard_claims *claims = calloc(1, sizeof(*claims));
	size_t signature_size = 0, list_size = 0, length = strlen(signature_name) - strlen(SUFFIX);
	int r = claims ? 0 : -GUARD_E_NOMEM;

	memcpy(name, signature_name, length);
	name[length] = '\0';
	if (r == 0)
		r = read_file(&signature, &signature_size, folder, signature_name, GUARD_CMS_MAX);
	if (r == 0)
		r = read_file(&list, &list_size, folder, name, GATE_CATALOG_SIZE_MAX);
	if (r == 0)
		r = gate_inspect(gate, claims, INSPECT_CMS, signature, signature_size);
	if (r < 0)
		return r;
	catalog->keys = signed_by(claims, policy, keys, list, list_size);
	/* Nobody of ours: not a byte of it is looked at. */
	if (!catalog->keys)
		return -GUARD_E_SIGNATURE;
	return gate_catalog_lines(&catalog->digests, &catalog->count, (const char *)list, list_size);
}

static bool is_signature(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(SUFFIX) && name[0] != '.' && strcmp(&name[length - strlen(SUFFIX)], SUFFIX) == 0;
}

static void load_folder(struct gate_catalogs *catalogs, struct gate *gate, const struct guard_policy *policy,
			const struct gate_keys *keys, DIR *directory)
{
	struct dirent *entry;

	while (catalogs->count < GATE_CATALOGS_MAX && (entry = readdir(directory))) {
		if (is_signature(entry->d_name) && load_one(&catalogs->all[catalogs->count], gate, policy, keys,
							     dirfd(directory), entry->d_name) == 0)
			catalogs->count++;
	}
}

int gate_catalogs_load(struct gate_catalogs **ret_catalogs, struct gate *gate, const struct guard_policy *policy,
		       const struct gate_keys *keys)
{
	struct gate_catalogs *catalogs = calloc(1, sizeof(*catalogs));
	int folder;
	DIR *directory;

	if (!catalogs)
		return -GUARD_E_NOMEM;
	*ret_catalogs = catalogs;
	if (!(keys->providers & 1u << GUARD_PROVIDER_CATALOG))
		return 0;
	folder = open(gate->config->catalogs, GATE_OPEN | O_DIRECTORY);
	directory = folder < 0 ? NULL : fdopendir(folder);
	if (!directory) {
		if (folder >= 0)
			close(folder);
		return 0; /* no folder, no catalogs: nothing is allowed by them */
	}
	load_folder(catalogs, gate, policy, keys, directory);
	closedir(directory);
	return 0;
}

void gate_catalogs_free(struct gate_catalogs *catalogs)
{
	if (!catalogs)
		return;
	for (size_t i = 0; i < catalogs->count; i++)
		free(catalogs->all[i].digests);
	free(catalogs);
}

static int by_value(const void *a, const void *b)
{
	return guard_digest_compare(a, b);
}

void gate_catalogs_find(const struct gate_catalogs *catalogs, const struct guard_policy *policy,
			struct guard_identity *identity)
{
	for (size_t i = 0; i < catalogs->count; i++) {
		const struct catalog *catalog = &catalogs->all[i];

		if (!bsearch(&identity->digest, catalog->digests, catalog->count, sizeof(catalog->digests[0]), by_value))
			continue;
		for (size_t k = 0; k < 32 && catalog->keys >> k; k++) {
			struct guard_policy_key key;

			if (!(catalog->keys >> k & 1))
				continue;
			guard_policy_key(policy, &key, k);
			guard_policy_add_signers(policy, identity, GUARD_PROVIDER_CATALOG, key.key_id, NULL);
		}
	}
}
