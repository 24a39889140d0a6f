/* SPDX-License-Identifier: MIT
 *
 * trust/rotation.c - section 5.3.11: when the keys of timestamp or snapshot
 * were replaced, what they signed is forgotten, so that a repository recovers
 * from an attacker who once ran its version numbers up.
 *
 * Storing the new root and forgetting the old files are two writes, and the
 * power may go between them.  Hence a note, written before the root: "from this
 * root version on, forget".  It counts once that root is the trusted one.
 */
#include "trust/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"

#define ROTATION_NOTE "rotated"
#define ROTATION_NOTE_SIZE 24u /* a number */

static bool lists(const json_t *key_ids, const char *wanted)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)key_ids, i, item) {
		if (strcmp(json_string_value(item), wanted) == 0)
			return true;
	}
	return false;
}

static bool takes_away(const struct guard_trust_document *old_root,
		       const struct guard_trust_document *new_root, enum guard_trust_type type)
{
	struct guard_trust_role old_role, new_role;
	size_t i;
	json_t *item;

	guard_trust_root_role(&old_role, old_root, type);
	guard_trust_root_role(&new_role, new_root, type);
	json_array_foreach((json_t *)old_role.key_ids, i, item) {
		if (!lists(new_role.key_ids, json_string_value(item)))
			return true;
	}
	return false;
}

bool guard_trust_rotates(const struct guard_trust_document *old_root,
			 const struct guard_trust_document *new_root)
{
	return takes_away(old_root, new_root, GUARD_TRUST_TIMESTAMP) ||
	       takes_away(old_root, new_root, GUARD_TRUST_SNAPSHOT);
}

void guard_trust_online_keys(uint8_t ret_digest[32], const struct guard_trust_document *root)
{
	static const enum guard_trust_type types[] = { GUARD_TRUST_TIMESTAMP, GUARD_TRUST_SNAPSHOT };
	struct guard_writer ids;

	memset(ret_digest, 0, 32);
	guard_writer_init(&ids);
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		struct guard_trust_role role;
		size_t i;
		json_t *item;

		guard_trust_root_role(&role, root, types[t]);
		json_array_foreach((json_t *)role.key_ids, i, item)
			guard_write_string(&ids, json_string_value(item));
		guard_write_u8(&ids, 0);
	}
	if (!ids.failed)
		(void)!EVP_Digest(ids.bytes, ids.size, ret_digest, NULL, EVP_sha256(), NULL);
	guard_writer_free(&ids);
}

/* -GUARD_E_NOT_FOUND when there is no note that can be read. */
static int read_note(uint64_t *ret_version, int directory)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	int r = guard_trust_store_read(&blob, directory, ROTATION_NOTE, ROTATION_NOTE_SIZE);

	if (r < 0)
		return r == -GUARD_E_IO || r == -GUARD_E_NOMEM ? r : -GUARD_E_NOT_FOUND;
	r = guard_text_parse_u64(ret_version, (const char *)blob.bytes, blob.size, UINT64_MAX);
	return r < 0 ? -GUARD_E_NOT_FOUND : 0;
}

int guard_trust_rotation_begin(int directory, uint64_t trusted_version, uint64_t version)
{
	char note[ROTATION_NOTE_SIZE];
	uint64_t noted;
	int r = read_note(&noted, directory), length;

	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		return r;
	/* One that counts already must not be put off by this one. */
	if (r == 0 && noted <= trusted_version)
		return 0;
	length = snprintf(note, sizeof(note), "%" PRIu64, version);
	return guard_trust_store_write(directory, ROTATION_NOTE, note, (size_t)length);
}

int guard_trust_rotation_finish(int directory, uint64_t trusted_version)
{
	uint64_t noted;
	int r = read_note(&noted, directory);

	if (r == -GUARD_E_NOT_FOUND || (r == 0 && noted > trusted_version))
		return 0;
	if (r == 0)
		r = guard_trust_store_remove(directory, "timestamp.json");
	if (r == 0)
		r = guard_trust_store_remove(directory, "snapshot.json");
	if (r == 0)
		r = guard_trust_store_remove(directory, ROTATION_NOTE);
	return r;
}
