/* SPDX-License-Identifier: MIT
 *
 * gate/cache.c - identities that the gate remembers: inode facts -> format and
 * digest.  Never verdicts.  Bounded; the least recently used of a set goes.
 *
 * An entry may stand for content only while nobody writes.  Every open for
 * writing raises a permission event after the kernel has counted the writer;
 * whoever handles that event drops the inode here, which raises the set's
 * sequence.  An identity is kept only when the sequence is what it was before
 * the lease under which it was found was taken.
 */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8u
#define LOCKS 256u

struct entry {
	struct gate_key key; /* inode 0: empty */
	struct gate_cached cached;
	uint32_t used;
};
struct set {
	struct entry entries[WAYS];
	uint32_t sequence, clock;
};
struct gate_cache {
	uint32_t mask;
	pthread_mutex_t locks[LOCKS];
	struct set sets[];
};

int gate_cache_new(struct gate_cache **ret_cache, uint32_t sets)
{
	struct gate_cache *cache;

	if (sets == 0 || (sets & (sets - 1)) != 0)
		return -GUARD_E_USAGE;
	cache = calloc(1, sizeof(*cache) + (size_t)sets * sizeof(struct set));
	if (!cache)
		return -GUARD_E_NOMEM;
	cache->mask = sets - 1;
	for (unsigned i = 0; i < LOCKS; i++)
		pthread_mutex_init(&cache->locks[i], NULL);
	*ret_cache = cache;
	return 0;
}

void gate_cache_free(struct gate_cache *cache)
{
	free(cache);
}

static struct set *lock_set(struct gate_cache *cache, const struct gate_key *key)
{
	uint32_t index = (uint32_t)gate_key_hash(key) & cache->mask;

	pthread_mutex_lock(&cache->locks[index % LOCKS]);
	return &cache->sets[index];
}

static void unlock_set(struct gate_cache *cache, const struct set *set)
{
	pthread_mutex_unlock(&cache->locks[(size_t)(set - cache->sets) % LOCKS]);
}

static struct entry *find(struct set *set, const struct gate_key *key)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set->entries[i].key.inode && gate_key_same_inode(&set->entries[i].key, key))
			return &set->entries[i];
	return NULL;
}

bool gate_cache_get(struct gate_cache *cache, struct gate_cached *ret_cached, const struct gate_key *key)
{
	struct set *set = lock_set(cache, key);
	struct entry *entry = find(set, key);
	bool known = entry && gate_key_equal(&entry->key, key);

	if (known) {
		*ret_cached = entry->cached;
		entry->used = ++set->clock;
	} else if (entry) {
		memset(entry, 0, sizeof(*entry));
	}
	unlock_set(cache, set);
	return known;
}

uint32_t gate_cache_sequence(struct gate_cache *cache, const struct gate_key *key)
{
	struct set *set = lock_set(cache, key);
	uint32_t sequence = set->sequence;

	unlock_set(cache, set);
	return sequence;
}

static struct entry *oldest(struct set *set)
{
	struct entry *victim = &set->entries[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (!set->entries[i].key.inode)
			return &set->entries[i];
		if (set->entries[i].used < victim->used)
			victim = &set->entries[i];
	}
	return victim;
}

bool gate_cache_put(struct gate_cache *cache, const struct gate_key *key, const struct gate_cached *cached,
		    uint32_t sequence, int64_t realtime_ns)
{
	struct set *set;
	bool kept = false;

	if (key->ctime_ns > realtime_ns - GATE_FRESH_NS || !key->inode)
		return false;
	set = lock_set(cache, key);
	if (set->sequence == sequence) {
		struct entry *entry = find(set, key);
		if (!entry)
			entry = oldest(set);
		/* What was only sniffed must not displace what was hashed. */
		if (cached->has_digest || !entry->cached.has_digest || !gate_key_equal(&entry->key, key))
			*entry = (struct entry){ *key, *cached, ++set->clock };
		kept = true;
	}
	unlock_set(cache, set);
	return kept;
}

void gate_cache_drop(struct gate_cache *cache, const struct gate_key *key)
{
	struct set *set = lock_set(cache, key);
	struct entry *entry = find(set, key);

	set->sequence++;
	if (entry)
		memset(entry, 0, sizeof(*entry));
	unlock_set(cache, set);
}

void gate_cache_drop_device(struct gate_cache *cache, uint64_t device)
{
	for (uint32_t i = 0; i <= cache->mask; i++) {
		struct set *set = &cache->sets[i];

		pthread_mutex_lock(&cache->locks[i % LOCKS]);
		set->sequence++;
		for (unsigned way = 0; way < WAYS; way++)
			if (set->entries[way].key.device == device)
				memset(&set->entries[way], 0, sizeof(set->entries[way]));
		pthread_mutex_unlock(&cache->locks[i % LOCKS]);
	}
}
