/* SPDX-License-Identifier: MIT
 *
 * unlock/key.c - the help desk's key in memory: new, limited to scopes, wiped.
 */
#include "unlock/unlock.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

int guard_unlock_key_new(struct guard_unlock_key **ret_key)
{
	struct guard_unlock_key *key = calloc(1, sizeof(*key));

	if (!key)
		return -GUARD_E_NOMEM;
	key->scopes = GUARD_UNLOCK_ALL_SCOPES;
	if (RAND_priv_bytes(key->mask_master, sizeof(key->mask_master)) != 1 ||
	    RAND_priv_bytes(key->scope[0], sizeof(key->scope)) != 1) {
		ERR_clear_error();
		guard_unlock_key_free(key);
		return -GUARD_E_NOMEM;
	}
	*ret_key = key;
	return 0;
}

void guard_unlock_key_free(struct guard_unlock_key *key)
{
	if (!key)
		return;
	OPENSSL_cleanse(key, sizeof(*key));
	free(key);
}

int guard_unlock_key_limit(struct guard_unlock_key **ret_key, const struct guard_unlock_key *key, unsigned scopes)
{
	struct guard_unlock_key *limited;

	if (scopes == 0 || (scopes & ~GUARD_UNLOCK_ALL_SCOPES) != 0)
		return -GUARD_E_USAGE;
	if ((scopes & ~key->scopes) != 0)
		return -GUARD_E_NOT_FOUND;
	limited = calloc(1, sizeof(*limited));
	if (!limited)
		return -GUARD_E_NOMEM;
	limited->scopes = scopes;
	memcpy(limited->mask_master, key->mask_master, UNLOCK_SECRET_SIZE);
	for (unsigned i = 0; i < GUARD_UNLOCK_SCOPES; i++)
		if (scopes & GUARD_UNLOCK_BIT(i + 1))
			memcpy(limited->scope[i], key->scope[i], UNLOCK_SECRET_SIZE);
	*ret_key = limited;
	return 0;
}

unsigned guard_unlock_key_scopes(const struct guard_unlock_key *key)
{
	return key->scopes;
}
