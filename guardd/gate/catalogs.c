/* SPDX-License-Identifier: MIT
 *
 * gate/catalogs.c - reads the folder of catalogs.  A list is hashed here and looked
 * into only when a key of the policy has signed that hash; the signature is parsed
 * by an inspector.
 */
#include "gate/catalogs.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

struct catalog {
	struct guard_digest *digests; /* sorted */
	size_t count;
	struct guard_digest list, signature; /* of the files */
	uint32_t keys; /* mask: indexes of the policy's keys that signed it; the first 32 count */
	struct guard_vouched *vouched; /* by authorities of the policy */
	size_t vouched_count;
};
/* One that was left out. */
struct left_out {
	char name[NAME_MAX + 1];
	char reason[GUARD_REASON_MAX];
};
struct gate_catalogs {
	size_t count, left_out_count;
	struct catalog all[GATE_CATALOGS_MAX];
	struct left_out left_out[GATE_CATALOGS_TOLD];
};

/* A catalog on its way in. */
struct loading {
	struct gate *gate;
	const struct guard_policy *policy;
	const struct gate_keys *keys;
	struct catalog *catalog;
	struct gate_catalog_files files;
	char *reason; /* why it is left out */
};

static int refuse(const struct loading *loading, int error, const char *sentence)
{
	if (!loading->reason[0])
		snprintf(loading->reason, GUARD_REASON_MAX, "%s", sentence);
	return error;
}

/* Authorities of the policy behind a signature; one that does not count leaves its
 * reason, and is kept for rules that deny. */
static int add_authorities(const struct loading *loading, const struct guard_claim *claim,
			   const struct guard_hash_value *value)
{
	struct gate_authority authority = { .gate = loading->gate, .policy = loading->policy, .keys = loading->keys };
	struct catalog *catalog = loading->catalog;
	struct guard_vouched *all = reallocarray(catalog->vouched, catalog->vouched_count + GUARD_VOUCHED_MAX, sizeof(*all));
	size_t count;

	if (!all)
		return -GUARD_E_NOMEM;
	catalog->vouched = all;
	count = gate_authority_find(&all[catalog->vouched_count], loading->reason, &authority, GUARD_PROVIDER_CATALOG,
				    claim, value, loading->files.signature, loading->files.signature_size);
	for (size_t i = 0; i < count; i++)
		if (!all[catalog->vouched_count + i].good)
			(void)!refuse(loading, 0, all[catalog->vouched_count + i].reason);
	catalog->vouched_count += count;
	return 0;
}

/* By which keys and authorities of the policy were these bytes signed? */
static int find_signers(const struct loading *loading, const struct guard_claims *claims)
{
	const struct gate_keys *keys = loading->keys;
	bool meant = false;
	int r = 0;

	for (uint32_t i = 0; i < claims->count && r == 0; i++) {
		const struct guard_claim *claim = &claims->claims[i];
		struct guard_hash_value value;

		if (guard_hash_bytes(&value, claim->content_hash, loading->files.list, loading->files.list_size) < 0)
			continue;
		for (size_t k = 0; k < keys->count && k < 32; k++) {
			meant |= gate_claim_is_meant(loading->policy, k, GUARD_PROVIDER_CATALOG, claim);
			if (gate_claim_is_by(loading->policy, keys, k, GUARD_PROVIDER_CATALOG, claim, &value))
				loading->catalog->keys |= 1u << k;
		}
		if (keys->authorities >> GUARD_PROVIDER_CATALOG & 1)
			r = add_authorities(loading, claim, &value);
	}
	if (r < 0 || loading->catalog->keys || loading->catalog->vouched_count)
		return r;
	return refuse(loading, -GUARD_E_SIGNATURE,
		      claims->count == 0 ? claims->reason :
		      meant		 ? "the list was changed after it was signed" :
					   "it is signed by no key that the policy names");
}

static int look_at(const struct loading *loading)
{
	GUARD_AUTO_FREE struct guard_claims *claims = calloc(1, sizeof(*claims));
	int r = claims ? gate_inspect(loading->gate, claims, GUARD_INSPECT_CMS, loading->files.signature, loading->files.signature_size) :
			 -GUARD_E_NOMEM;

	if (r < 0)
		return refuse(loading, r, "its signature could not be looked at");
	r = find_signers(loading, claims);
	/* Nobody of ours: not a byte of it is looked at. */
	if (r == 0)
		r = guard_digest_bytes(&loading->catalog->list, loading->files.list, loading->files.list_size);
	if (r == 0)
		r = guard_digest_bytes(&loading->catalog->signature, loading->files.signature, loading->files.signature_size);
	if (r < 0)
		return r;
	r = gate_catalog_lines(&loading->catalog->digests, &loading->catalog->count, (const char *)loading->files.list,
			       loading->files.list_size);
	return r < 0 ? refuse(loading, r, "a line of the list is none that sha256sum(1) writes") : 0;
}

static void catalog_clear(struct catalog *catalog)
{
	free(catalog->digests);
	free(catalog->vouched);
	*catalog = (struct catalog){ 0 };
}

static int load_one(struct loading *loading, int folder, const char *signature_name)
{
	int r = gate_catalog_read(&loading->files, loading->gate, folder, signature_name, loading->reason);

	if (r == 0)
		r = look_at(loading);
	gate_catalog_files_clear(&loading->files);
	if (r < 0)
		catalog_clear(loading->catalog);
	return r;
}

static bool is_signature(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(GATE_CATALOG_SUFFIX) && name[0] != '.' && strcmp(&name[length - strlen(GATE_CATALOG_SUFFIX)], GATE_CATALOG_SUFFIX) == 0;
}

static void leave_out(struct gate_catalogs *catalogs, const char *name, const char *reason)
{
	struct left_out *left_out = &catalogs->left_out[catalogs->left_out_count];

	if (catalogs->left_out_count++ >= GATE_CATALOGS_TOLD)
		return;
	snprintf(left_out->name, sizeof(left_out->name), "%s", name);
	snprintf(left_out->reason, sizeof(left_out->reason), "%s", reason);
}

/* An inspector that did not come to its end says nothing of the list: on a machine that
 * is short of time, as while it starts, it is asked again. */
static int load_one_again(struct loading *loading, unsigned *more, int folder, const char *signature_name)
{
	int r = load_one(loading, folder, signature_name);

	for (; (r == -GUARD_E_TIMEOUT || r == -GUARD_E_UNREACHABLE) && *more > 0; --*more) {
		loading->reason[0] = '\0';
		r = load_one(loading, folder, signature_name);
	}
	return r;
}

static void load_folder(struct gate_catalogs *catalogs, struct gate *gate, const struct guard_policy *policy,
			const struct gate_keys *keys, DIR *directory)
{
	struct dirent *entry;
	unsigned more = GATE_CATALOGS_AGAIN;

	while ((entry = readdir(directory))) {
		char reason[GUARD_REASON_MAX] = "";
		struct loading loading = { .gate = gate, .policy = policy, .keys = keys, .reason = reason };
		int r = -GUARD_E_LIMIT;

		if (!is_signature(entry->d_name))
			continue;
		loading.catalog = &catalogs->all[catalogs->count];
		if (catalogs->count < GATE_CATALOGS_MAX)
			r = load_one_again(&loading, &more, dirfd(directory), entry->d_name);
		else
			(void)!refuse(&loading, r, "there are 256 others already");
		catalogs->count += r == 0;
		/* One by an authority that does not count stays for rules that deny. */
		if (reason[0])
			leave_out(catalogs, entry->d_name, reason);
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
		catalog_clear(&catalogs->all[i]);
	free(catalogs);
}

const struct guard_digest *gate_catalogs_list(const struct gate_catalogs *catalogs, size_t number, size_t *ret_count)
{
	if (number >= catalogs->count)
		return NULL;
	*ret_count = catalogs->all[number].count;
	return catalogs->all[number].digests;
}

int gate_catalogs_checksum(struct guard_digest *ret_digest, const struct gate_catalogs *catalogs)
{
	struct seen {
		struct guard_digest list, signature;
		uint64_t keys, good;
	};
	GUARD_AUTO_FREE struct seen *all = calloc(catalogs->count + 1, sizeof(*all));

	if (!all)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < catalogs->count; i++) {
		const struct catalog *catalog = &catalogs->all[i];

		all[i] = (struct seen){ .list = catalog->list, .signature = catalog->signature, .keys = catalog->keys };
		for (size_t k = 0; k < catalog->vouched_count && k < 64; k++)
			all[i].good |= (uint64_t)catalog->vouched[k].good << k;
	}
	return guard_digest_bytes(ret_digest, all, catalogs->count * sizeof(*all));
}

static int by_value(const void *a, const void *b)
{
	return guard_digest_compare(a, b);
}

void gate_catalogs_tell(struct gate *gate, const struct gate_catalogs *catalogs)
{
	char *text = gate->shared->catalogs;
	const size_t size = sizeof(gate->shared->catalogs);

	for (size_t i = 0; i < catalogs->left_out_count && i < GATE_CATALOGS_TOLD; i++)
		gate_note_daemon(gate, GUARD_DAEMON_CATALOG_REFUSED, 1, "the catalog %s does not count: %s",
				 catalogs->left_out[i].name, catalogs->left_out[i].reason);
	if (catalogs->left_out_count)
		snprintf(text, size, "%zu signed lists; %zu do not count: %.100s: %.160s", catalogs->count,
			 catalogs->left_out_count, catalogs->left_out[0].name, catalogs->left_out[0].reason);
	else
		snprintf(text, size, "%zu signed lists", catalogs->count);
	if (!catalogs->left_out_count && !catalogs->count)
		text[0] = '\0';
}

static void add_vouched(const struct catalog *catalog, const struct guard_policy *policy, struct gate_identity *identity)
{
	const int64_t now = gate_realtime_ns() / 1000000000;

	for (size_t i = 0; i < catalog->vouched_count; i++) {
		struct guard_vouched vouched = catalog->vouched[i];

		if (vouched.good && vouched.valid_until < now) {
			vouched.good = false;
			snprintf(vouched.reason, sizeof(vouched.reason), "the certificate of its catalog has expired");
		}
		guard_vouched_add(policy, &identity->identity, GUARD_PROVIDER_CATALOG, &vouched);
		if (!vouched.good && !identity->reason[0])
			memcpy(identity->reason, vouched.reason, sizeof(identity->reason));
		else if (vouched.good && vouched.valid_until < identity->signers_until)
			identity->signers_until = vouched.valid_until;
	}
}

void gate_catalogs_find(const struct gate_catalogs *catalogs, const struct guard_policy *policy,
			struct gate_identity *identity)
{
	for (size_t i = 0; i < catalogs->count; i++) {
		const struct catalog *catalog = &catalogs->all[i];

		if (!bsearch(&identity->identity.digest, catalog->digests, catalog->count, sizeof(catalog->digests[0]),
			     by_value))
			continue;
		add_vouched(catalog, policy, identity);
		for (size_t k = 0; k < 32 && catalog->keys >> k; k++) {
			struct guard_policy_key key;

			if (!(catalog->keys >> k & 1))
				continue;
			guard_policy_key(policy, &key, k);
			guard_policy_add_signers(policy, &identity->identity, GUARD_PROVIDER_CATALOG, key.key_id, NULL,
						 false);
		}
	}
}
