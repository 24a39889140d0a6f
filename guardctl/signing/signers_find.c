/* SPDX-License-Identifier: MIT
 *
 * signing/signers_find.c - every signature about one file: beside it, behind it, in
 * catalogs and of packages; and what each is worth by the keys at hand.  The same
 * verification as the daemon's, in the same order.
 */
#include "signers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "publish/publish.h"

/* Bytes of one signature, and what they are about. */
struct about {
	struct signers_found *found;
	const struct signers_keys *keys;
	enum guard_provider provider;
	enum guard_inspection type;
	const uint8_t *bytes;
	size_t size;
	int fd;			/* whose first `content_size` bytes, or */
	uint64_t content_size;
	const uint8_t *content; /* these */
	const char *where;
};

static struct signers_one *add(const struct about *about, enum signers_state state, const char *reason)
{
	struct signers_found *found = about->found;
	struct signers_one *one;

	if (found->count == SIGNERS_FOUND_MAX)
		found->count--;
	one = &found->all[found->count++];
	*one = (struct signers_one){ .provider = (uint8_t)about->provider, .state = (uint8_t)state };
	snprintf(one->reason, sizeof(one->reason), "%s", reason);
	snprintf(one->where, sizeof(one->where), "%s", about->where ? about->where : "");
	return one;
}

static bool hold(void *context, struct guard_vouch_policy *ret_policy)
{
	const struct signers_keys *keys = context;

	*ret_policy = (struct guard_vouch_policy){ keys->policy, keys->keys, keys->count };
	return true;
}

static void release(void *context)
{
	(void)context;
}

static void name(struct signers_one *one, const uint8_t *key)
{
	memcpy(one->key, key, sizeof(one->key));
	one->has_key = true;
}

static bool find_direct(const struct about *about, const struct guard_claim *claim, const struct guard_hash_value *value)
{
	bool found = false;

	for (size_t i = 0; i < about->keys->count; i++) {
		struct guard_policy_key key;
		struct signers_one *one;
		bool good;

		guard_policy_key(about->keys->policy, &key, i);
		if (!about->keys->keys[i] || !guard_policy_key_is_meant(&key, claim) ||
		    !guard_policy_names_key(about->keys->policy, about->provider, key.key_id))
			continue;
		good = guard_claim_verify(claim, about->keys->keys[i], value) == 0;
		one = add(about, good ? SIGNERS_GOOD : SIGNERS_BAD,
			  good ? "" : "it is not of this content: that was changed after it was signed");
		name(one, key.key_id);
		one->scheme = claim->scheme;
		one->hash = claim->content_hash;
		if (good)
			guard_policy_add_signers(about->keys->policy, &about->found->identity, about->provider,
						 key.key_id, NULL, false);
		found = true;
	}
	return found;
}

static bool find_authorities(const struct about *about, const struct guard_claim *claim,
			     const struct guard_hash_value *value, char *reason)
{
	const struct guard_vouching vouching = { .context = (void *)about->keys, .ask = signers_inspect, .hold = hold,
						 .release = release, .now = (int64_t)time(NULL) };
	GUARD_AUTO_FREE struct guard_vouched *vouched = calloc(GUARD_VOUCHED_MAX, sizeof(*vouched));
	size_t count = 0;

	if (vouched && claim->issued && about->keys->policy)
		count = guard_vouch(vouched, reason, &vouching, about->provider, claim, value, about->bytes, about->size);
	for (size_t i = 0; i < count; i++) {
		struct signers_one *one = add(about, vouched[i].good ? SIGNERS_GOOD : SIGNERS_REFUSED, vouched[i].reason);
		const struct guard_certificate_detail *leaf = &vouched[i].leaf;

		name(one, vouched[i].authority);
		one->scheme = claim->scheme;
		one->hash = claim->content_hash;
		one->signed_at = vouched[i].signed_at;
		guard_vouched_add(about->keys->policy, &about->found->identity, about->provider, &vouched[i]);
		if (leaf->subject_count)
			snprintf(one->subject, sizeof(one->subject), "%s", leaf->subjects[leaf->subject_count - 1]);
	}
	return count > 0;
}

static int hash_content(struct guard_hash_value *ret_value, const struct about *about, const struct guard_claim *claim)
{
	if (about->content)
		return guard_hash_bytes(ret_value, claim->content_hash, about->content, about->content_size);
	return guard_claim_hash(ret_value, claim, about->fd, about->content_size, NULL);
}

static int look_at(const struct about *about)
{
	GUARD_AUTO_FREE struct guard_claims *claims = calloc(1, sizeof(*claims));
	GUARD_AUTO_FREE uint8_t *reply = malloc(GUARD_INSPECT_REPLY_MAX);
	size_t size = 0;

	if (!claims || !reply)
		return -GUARD_E_NOMEM;
	if (signers_inspect(NULL, reply, &size, about->type, about->bytes, about->size) < 0 ||
	    guard_claims_decode(claims, reply, size) < 0)
		snprintf(claims->reason, sizeof(claims->reason), "it could not be taken apart");
	if (claims->count == 0)
		add(about, SIGNERS_UNREADABLE, claims->reason);
	for (uint32_t i = 0; i < claims->count; i++) {
		const struct guard_claim *claim = &claims->claims[i];
		char reason[GUARD_REASON_MAX] = "";
		struct guard_hash_value value;
		struct signers_one *one;
		bool direct, authority;
		int r = hash_content(&value, about, claim);

		if (r < 0)
			return r;
		direct = find_direct(about, claim, &value);
		authority = find_authorities(about, claim, &value, reason);
		if (direct || authority)
			continue;
		one = add(about, SIGNERS_UNKNOWN, reason[0] ? reason : "it is by no key that the policy names");
		one->scheme = claim->scheme;
		one->hash = claim->content_hash;
		if (claim->hint == GUARD_HINT_SPKI)
			name(one, claim->key);
	}
	return 0;
}

/* ---- where signatures are --------------------------------------------------------- */

static int look_beside(struct signers_found *found, int fd, const struct signers_keys *keys)
{
	uint8_t value[GUARD_IMA_XATTR_MAX];
	const ssize_t size = fgetxattr(fd, "security.ima", value, sizeof(value));
	const struct about about = { .found = found, .keys = keys, .provider = GUARD_PROVIDER_IMA, .type = GUARD_INSPECT_IMA,
				     .bytes = value, .size = size > 0 ? (size_t)size : 0, .fd = fd,
				     .content_size = found->size };

	return size > 0 ? look_at(&about) : 0;
}

static int look_behind(struct signers_found *found, int fd, const struct signers_keys *keys)
{
	GUARD_AUTO_FREE uint8_t *cms = NULL;
	struct about about = { .found = found, .keys = keys, .provider = GUARD_PROVIDER_APPENDED, .type = GUARD_INSPECT_CMS,
			       .fd = fd };

	if (guard_appended_read(&cms, &about.size, &about.content_size, fd, found->size) < 0)
		return 0;
	about.bytes = cms;
	return look_at(&about);
}

int signers_find_carried(struct signers_found *found, int fd, const struct signers_keys *keys)
{
	struct stat status;
	int r = fstat(fd, &status) == 0 ? 0 : -GUARD_E_IO;

	found->size = r == 0 ? (uint64_t)status.st_size : 0;
	if (r == 0)
		r = look_beside(found, fd, keys);
	return r == 0 ? look_behind(found, fd, keys) : r;
}

int signers_find_by_list(struct signers_found *found, const struct signers_keys *keys, const struct signers_list *list,
			 const char *name)
{
	const struct about about = { .found = found, .keys = keys, .provider = GUARD_PROVIDER_CATALOG,
				     .type = GUARD_INSPECT_CMS, .bytes = list->signature, .size = list->signature_size,
				     .fd = -1, .content = list->bytes, .content_size = list->size, .where = name };

	if (!list->reason[0])
		return look_at(&about);
	add(&about, SIGNERS_UNREADABLE, list->reason);
	return 0;
}

static int look_in_catalogs(struct signers_found *found, const struct signers_keys *keys)
{
	DIR *directory = opendir(keys->catalogs);
	const struct dirent *entry;
	int r = 0;

	while (directory && r == 0 && (entry = readdir(directory))) {
		struct signers_list list = { 0 };

		if (signers_is_list(entry->d_name) && signers_list_read(&list, dirfd(directory), entry->d_name) == 0 &&
		    signers_list_has(&list, &found->digest))
			r = signers_find_by_list(found, keys, &list, entry->d_name);
		signers_list_clear(&list);
	}
	if (directory)
		closedir(directory);
	return r;
}

static void look_in_table(struct signers_found *found, const struct signers_keys *keys)
{
	struct guard_signer signers[GUARD_SIGNERS_MAX];
	const size_t count = guard_attribution_signers(keys->table, signers, GUARD_SIGNERS_MAX, &found->digest);

	for (size_t i = 0; i < count; i++) {
		char where[256];
		const struct about about = { .found = found, .provider = GUARD_PROVIDER_PACKAGE, .where = where };
		struct signers_one *one;
		bool named;

		snprintf(where, sizeof(where), "%s %s", signers[i].name, signers[i].version);
		named = keys->policy && guard_policy_names_key(keys->policy, GUARD_PROVIDER_PACKAGE, signers[i].key_id);
		one = add(&about, named ? SIGNERS_GOOD : SIGNERS_UNKNOWN,
			  named ? "" : "it is by no repository that the policy names");
		name(one, signers[i].key_id);
	}
}

/* Beyond what the file itself carries. */
static int look_elsewhere(struct signers_found *found, const struct signers_keys *keys)
{
	int r = look_in_catalogs(found, keys);

	if (r == 0 && keys->table) {
		look_in_table(found, keys);
		found->identity.digest = found->digest;
		guard_attribution_add(keys->table, &found->identity);
	}
	return r;
}

int signers_find_by_content(struct signers_found *ret_found, const struct guard_digest *digest,
			    const struct signers_keys *keys)
{
	memset(ret_found, 0, sizeof(*ret_found));
	ret_found->digest = *digest;
	return look_elsewhere(ret_found, keys);
}

int signers_find(struct signers_found *ret_found, int fd, const struct signers_keys *keys)
{
	int r;

	memset(ret_found, 0, sizeof(*ret_found));
	r = guard_digest_fd(&ret_found->digest, &ret_found->size, fd, NULL, NULL);
	if (r == 0)
		r = look_beside(ret_found, fd, keys);
	if (r == 0)
		r = look_behind(ret_found, fd, keys);
	return r == 0 ? look_elsewhere(ret_found, keys) : r;
}
