/* SPDX-License-Identifier: MIT
 *
 * unit/gate_cache.c - when an identity may be remembered, and when not.
 */
#include "gate/gate.h"

#include "unit.h"

#define NOW 1000000000000ll
#define OLD (NOW - 2 * GATE_FRESH_NS)

static struct gate_cache *cache;
static const struct gate_key key = { .device = 7, .inode = 8, .size = 9, .ctime_ns = OLD };
static const struct gate_cached cached = { .format = GUARD_FORMAT_TEXT, .has_digest = true, .digest = { { 1 } } };

static void begin(void)
{
	CU_ASSERT_EQUAL_FATAL(gate_cache_new(&cache, 16), 0);
}

static bool knows(const struct gate_key *asked)
{
	struct gate_cached found;

	return gate_cache_get(cache, &found, asked) && found.has_digest;
}

static bool put(const struct gate_key *put_key)
{
	return gate_cache_put(cache, put_key, &cached, gate_cache_sequence(cache, put_key), NOW);
}

static void fresh_is_not_kept(void)
{
	struct gate_key fresh = key, future = key;

	begin();
	fresh.ctime_ns = NOW - GATE_FRESH_NS + 1;
	future.ctime_ns = NOW + 1;
	CU_ASSERT_FALSE(put(&fresh) || put(&future) || knows(&fresh) || knows(&future));
	CU_ASSERT_TRUE(put(&key) && knows(&key));
	gate_cache_free(cache);
}

static void any_change_is_a_miss(void)
{
	struct gate_key other[6];

	begin();
	for (int i = 0; i < 6; i++) {
		CU_ASSERT_TRUE(put(&key));
		other[i] = key;
		other[i].size += i == 0;
		other[i].ctime_ns += i == 1;
		other[i].mtime_ns += i == 2;
		other[i].born_ns += i == 3;
		other[i].inode += i == 4;
		other[i].device += i == 5;
		CU_ASSERT_FALSE(knows(&other[i]));
	}
	gate_cache_free(cache);
}

static void writer_between_is_noticed(void)
{
	uint32_t sequence;

	begin();
	sequence = gate_cache_sequence(cache, &key);
	gate_cache_drop(cache, &key);
	CU_ASSERT_FALSE(gate_cache_put(cache, &key, &cached, sequence, NOW));
	CU_ASSERT_FALSE(knows(&key));
	CU_ASSERT_TRUE(put(&key));
	gate_cache_drop(cache, &key);
	CU_ASSERT_FALSE(knows(&key));
	gate_cache_free(cache);
}

static void device_goes(void)
{
	struct gate_key other = key;

	begin();
	other.device = 70;
	CU_ASSERT_TRUE(put(&key) && put(&other));
	gate_cache_drop_device(cache, 7);
	CU_ASSERT_FALSE(knows(&key));
	CU_ASSERT_TRUE(knows(&other));
	gate_cache_free(cache);
}

static void is_bounded(void)
{
	struct gate_key many = key;

	begin();
	for (many.inode = 1; many.inode < 10000; many.inode++)
		CU_ASSERT_TRUE(put(&many) && knows(&many));
	gate_cache_free(cache);
}

static void sniffed_does_not_displace_hashed(void)
{
	struct gate_cached sniffed = { .format = GUARD_FORMAT_TEXT };

	begin();
	CU_ASSERT_TRUE(put(&key));
	CU_ASSERT_TRUE(gate_cache_put(cache, &key, &sniffed, gate_cache_sequence(cache, &key), NOW));
	CU_ASSERT_TRUE(knows(&key));
	gate_cache_free(cache);
}

static CU_TestInfo tests[] = {
	{ "what changed just now is not kept", fresh_is_not_kept },
	{ "any change of the inode is a miss", any_change_is_a_miss },
	{ "a writer between is noticed", writer_between_is_noticed },
	{ "a device's entries go with it", device_goes },
	{ "it is bounded", is_bounded },
	{ "what was sniffed does not displace what was hashed", sniffed_does_not_displace_hashed },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_cache", tests)
