/* SPDX-License-Identifier: MIT
 *
 * gate/keys.c - the public keys of a policy, made ready once, so that a
 * verification allocates little and decodes nothing.
 */
#include <stdlib.h>

#include "gate/signers.h"

int gate_keys_new(struct gate_keys **ret_keys, const struct guard_policy *policy)
{
	const size_t count = guard_policy_key_count(policy);
	struct gate_keys *keys = calloc(1, sizeof(*keys) + count * sizeof(struct guard_public_key *));

	if (!keys)
		return -GUARD_E_NOMEM;
	keys->providers = guard_policy_providers(policy);
	keys->count = count;
	for (unsigned i = GUARD_PROVIDER_NONE + 1; i < GUARD_PROVIDER_MAX_; i++)
		if (guard_policy_has_authority(policy, (enum guard_provider)i))
			keys->authorities |= 1u << i;
	for (size_t i = 0; i < count; i++) {
		struct guard_policy_key key;
		int r;

		guard_policy_key(policy, &key, i);
		r = key.spki ? guard_public_key_load(&keys->keys[i], key.spki, key.spki_size) : 0;
		if (r == -GUARD_E_NOMEM) {
			gate_keys_free(keys);
			return r;
		}
	}
	*ret_keys = keys;
	return 0;
}

void gate_keys_free(struct gate_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++)
		guard_public_key_free(keys->keys[i]);
	free(keys);
}
