/* SPDX-License-Identifier: MIT
 *
 * unit/bpf_maps.c - the kernel layer's maps as the daemon writes them, on small maps
 * of this kernel: full tables, two generations side by side, what goes with one; the
 * disks beneath, and command lines; the hashes that the programs make themselves.
 */
#include "bpf/layer.h"
#include "bpf/sha256.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/values.h"
#include "unit.h"

#define ROOM 4u
#define FD 99 /* of a file: here the maps of inodes have numbers as keys */

static int map_make(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = type;
	attributes.key_size = key_size;
	attributes.value_size = value_size;
	attributes.max_entries = entries;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

static struct guard_digest content(uint8_t number)
{
	return (struct guard_digest){ .bytes = { number, 1 } };
}

static bool has(const struct guardd_bpf *layer, uint8_t number, unsigned place, uint32_t generation, uint32_t kinds)
{
	const struct guard_digest key = content(number);
	struct guard_bpf_listed listed;
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_fd = (uint32_t)layer->digests;
	attributes.key = (uint64_t)(uintptr_t)&key;
	attributes.value = (uint64_t)(uintptr_t)&listed;
	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attributes, sizeof(attributes)) == 0 &&
	       listed.generation[place] == generation && listed.kinds[place] == kinds;
}

static int put(const struct guardd_bpf *layer, uint8_t number, uint32_t now, uint32_t next, uint32_t kinds)
{
	const struct guardd_bpf_generations generations = { now, next };
	const struct guard_digest digest = content(number);

	return guardd_bpf_digest_put(layer, &digest, &generations, kinds);
}

/* A machine whose kernel lets nobody make maps has no layer either. */
static bool begin(struct guardd_bpf *ret_layer)
{
	*ret_layer = (struct guardd_bpf){ .on = true };
	ret_layer->digests = map_make(BPF_MAP_TYPE_HASH, GUARD_BPF_DIGEST_SIZE, sizeof(struct guard_bpf_listed), ROOM);
	ret_layer->devices = map_make(BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(uint32_t), ROOM);
	ret_layer->verdicts = map_make(BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(struct guard_bpf_verdict), ROOM);
	ret_layer->words = map_make(BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(struct guard_bpf_words), ROOM);
	ret_layer->lost = map_make(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint64_t), GUARD_BPF_LOST_MAX_);
	ret_layer->config = map_make(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(struct guard_bpf_config), 1);
	if (ret_layer->digests < 0)
		printf("no maps here: %s\n", strerror(errno));
	return ret_layer->digests >= 0;
}

static void end(struct guardd_bpf *layer)
{
	close(layer->digests);
	close(layer->devices);
	close(layer->config);
	close(layer->verdicts);
	close(layer->words);
	close(layer->lost);
}

static void what_was_lost_is_told_once(void)
{
	const uint32_t counted = GUARD_BPF_LOST;
	uint64_t lost = 7;
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(guardd_bpf_ring_lost(&layer), 0);
	CU_ASSERT_EQUAL(guardd_bpf_put(layer.lost, &counted, &lost), 0);
	CU_ASSERT_EQUAL(guardd_bpf_ring_lost(&layer), 7);
	CU_ASSERT_EQUAL(guardd_bpf_ring_lost(&layer), 0);
	lost = 9;
	CU_ASSERT_EQUAL(guardd_bpf_put(layer.lost, &counted, &lost), 0);
	CU_ASSERT_EQUAL(guardd_bpf_ring_lost(&layer), 2);
	end(&layer);
}

static void a_full_table_says_so(void)
{
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	for (uint8_t i = 0; i < ROOM; i++)
		CU_ASSERT_EQUAL(put(&layer, i, 0, 1, GUARD_BPF_EXECUTABLE), 0);
	CU_ASSERT_EQUAL(put(&layer, ROOM, 0, 1, GUARD_BPF_EXECUTABLE), -GUARD_E_LIMIT);
	/* What has its place keeps it, and can be said anew. */
	CU_ASSERT_EQUAL(put(&layer, 0, 1, 2, GUARD_BPF_LIBRARY), 0);
	CU_ASSERT_TRUE(has(&layer, 0, 0, 1, GUARD_BPF_EXECUTABLE));
	for (uint8_t i = 0; i < ROOM; i++)
		CU_ASSERT_EQUAL(guardd_bpf_device_put(&layer, (uint64_t)i + 1, GUARD_BPF_DEVICE_COVERED), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_put(&layer, ROOM + 1, GUARD_BPF_DEVICE_COVERED), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, ROOM + 1), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, ROOM), GUARD_BPF_DEVICE_COVERED);
	end(&layer);
}

static void the_generation_in_force_stays_whole(void)
{
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(put(&layer, 1, 0, 7, GUARD_BPF_EXECUTABLE), 0);
	CU_ASSERT_EQUAL(put(&layer, 1, 7, 8, GUARD_BPF_LIBRARY), 0);
	CU_ASSERT_TRUE(has(&layer, 1, 0, 7, GUARD_BPF_EXECUTABLE));
	CU_ASSERT_TRUE(has(&layer, 1, 1, 8, GUARD_BPF_LIBRARY));
	/* The one that never came into force gives way, not the other. */
	CU_ASSERT_EQUAL(put(&layer, 1, 7, 9, GUARD_BPF_SCRIPT), 0);
	CU_ASSERT_TRUE(has(&layer, 1, 0, 7, GUARD_BPF_EXECUTABLE));
	CU_ASSERT_TRUE(has(&layer, 1, 1, 9, GUARD_BPF_SCRIPT));
	end(&layer);
}

static void what_is_no_longer_listed_goes(void)
{
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(put(&layer, 1, 0, 7, GUARD_BPF_EXECUTABLE), 0);
	CU_ASSERT_EQUAL(put(&layer, 2, 7, 8, GUARD_BPF_EXECUTABLE), 0);
	guardd_bpf_digests_prune(&layer, 8);
	CU_ASSERT_FALSE(has(&layer, 1, 0, 7, GUARD_BPF_EXECUTABLE));
	CU_ASSERT_TRUE(has(&layer, 2, 0, 8, GUARD_BPF_EXECUTABLE));
	guardd_bpf_device_remove(&layer, 5); /* nobody there: no error */
	end(&layer);
}

static void a_generation_is_never_zero(void)
{
	struct guard_bpf_config config = { .abi = GUARD_BPF_ABI, .generation = 5 }, read;
	struct guardd_bpf layer;

	CU_ASSERT_EQUAL(guardd_bpf_next_generation(0), 1);
	CU_ASSERT_EQUAL(guardd_bpf_next_generation(GUARD_BPF_GENERATION_MASK), 1);
	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(guardd_bpf_config_set(&layer, &config), 0);
	CU_ASSERT_EQUAL(guardd_bpf_config_get(&layer, &read), 0);
	CU_ASSERT_EQUAL(memcmp(&read, &config, sizeof(read)), 0);
	end(&layer);
}

static void the_disks_beneath_change(void)
{
	static const uint64_t first[] = { 0x801, 0x800 }, second[] = { 0x811, 0x800 };
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(guardd_bpf_device_put(&layer, 0x801, GUARD_BPF_DEVICE_COVERED), 0);
	CU_ASSERT_EQUAL(guardd_bpf_devices_beneath(&layer, first, 2), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x800), GUARD_BPF_DEVICE_BENEATH);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x801), GUARD_BPF_DEVICE_COVERED | GUARD_BPF_DEVICE_BENEATH);
	/* What is still covered stays, what nothing lies on goes. */
	CU_ASSERT_EQUAL(guardd_bpf_devices_beneath(&layer, second, 2), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x801), GUARD_BPF_DEVICE_COVERED);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x811), GUARD_BPF_DEVICE_BENEATH);
	CU_ASSERT_EQUAL(guardd_bpf_devices_beneath(&layer, NULL, 0), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x800), 0);
	CU_ASSERT_EQUAL(guardd_bpf_device_flags(&layer, 0x801), GUARD_BPF_DEVICE_COVERED);
	end(&layer);
}

/* The published vector of SipHash-2-4: key 00 to 0f, input 00 to 0e. */
static void the_hash_is_siphash(void)
{
	static const __u64 key[2] = { 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull };
	struct guard_bpf_sip sip;

	guard_bpf_sip_begin(&sip, key);
	guard_bpf_sip_word(&sip, 0x0706050403020100ull);
	guard_bpf_sip_word(&sip, 0x0f0e0d0c0b0a0908ull); /* the last byte: the length */
	CU_ASSERT_EQUAL(guard_bpf_sip_end(&sip), 0xa129ca6149be45e5ull);
}

static struct guard_bpf_words words_of(const struct guardd_bpf *layer, const char *words, size_t size)
{
	const struct guardd_bpf_judged judged = { .words = words, .size = size, .round = 3, .until_ns = 99,
						  .scripts = { .names = { 5 }, .mode = GUARD_BPF_SCRIPTS_NAMED } };
	struct guard_bpf_words told = { .round = 1 };
	const uint32_t thread = 7;

	CU_ASSERT_EQUAL(guardd_bpf_words_put(layer, (int32_t)thread, FD, &judged), 0);
	CU_ASSERT_EQUAL(guardd_bpf_get(layer->words, &thread, &told), 0);
	CU_ASSERT_EQUAL(memcmp(told.scripts.names, judged.scripts.names, sizeof(told.scripts.names)), 0);
	CU_ASSERT_EQUAL(told.scripts.mode, judged.scripts.mode);
	return told;
}

static void a_command_line_is_told(void)
{
	static char long_line[GUARD_BPF_WORDS_SIZE_MAX + 1];
	const struct guardd_bpf_judged too_long = { .words = long_line, .size = sizeof(long_line) };
	struct guard_bpf_words first, second;
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	CU_ASSERT_EQUAL(guardd_bpf_words_put(&layer, 7, FD, &too_long), -GUARD_E_LIMIT);
	first = words_of(&layer, "sh\0-c\0x", 8);
	CU_ASSERT_EQUAL(first.size, 8);
	CU_ASSERT_EQUAL(first.count, 3);
	CU_ASSERT_EQUAL(first.round, 3);
	/* Nobody can know the hash beforehand. */
	second = words_of(&layer, "sh\0-c\0x", 8);
	CU_ASSERT_NOT_EQUAL(first.hash, second.hash);
	first = words_of(&layer, "", 0);
	CU_ASSERT_EQUAL(first.size, 1);
	CU_ASSERT_EQUAL(first.count, 1);
	/* They are of that file: no exec of another takes them. */
	CU_ASSERT_NOT_EQUAL(first.scripts.program, 0);
	CU_ASSERT_EQUAL(first.scripts.program, second.scripts.program);
	end(&layer);
}

/* From the end, so that each suffix is met on the way. */
static void a_name_is_its_last(void)
{
	static const char name[] = "x.xs.so";
	uint64_t hash = GUARD_BPF_NAME_BEGIN;

	for (size_t i = strlen(name); i-- > 0;)
		hash = guard_bpf_name_step(hash, (unsigned char)name[i]);
	CU_ASSERT_EQUAL(guardd_bpf_name_hash(name), hash);
	CU_ASSERT_EQUAL(guardd_bpf_name_hash("/a/b/x.xs.so"), hash);
	CU_ASSERT_EQUAL(guardd_bpf_name_hash("../x.xs.so"), hash);
	CU_ASSERT_NOT_EQUAL(guardd_bpf_name_hash("x.xs.s"), hash);
	CU_ASSERT_NOT_EQUAL(guardd_bpf_name_hash(".xs.so"), hash);
	CU_ASSERT_NOT_EQUAL(guardd_bpf_interpreter_hash("python"), guardd_bpf_interpreter_hash("perl"));
	CU_ASSERT_NOT_EQUAL(guardd_bpf_interpreter_hash(""), 0);
}

static void a_suffix_has_its_length(void)
{
	struct guard_bpf_suffix key = { .suffix = guardd_bpf_name_hash(".py"), .interpreter = 3 };
	char longest[GUARD_BPF_SUFFIX_SIZE + 2];
	struct guardd_bpf layer;
	uint32_t value = 0;

	if (!begin(&layer))
		return;
	layer.suffixes = map_make(BPF_MAP_TYPE_HASH, sizeof(key), sizeof(value), ROOM);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, longest), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, &longest[1]), 0);
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, ".py"), 0);
	CU_ASSERT_EQUAL(guardd_bpf_get(layer.suffixes, &key, &value), 0);
	key.interpreter = 4;
	CU_ASSERT_EQUAL(guardd_bpf_get(layer.suffixes, &key, &value), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, ".pyc"), 0);
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, ".pyo"), 0);
	CU_ASSERT_EQUAL(guardd_bpf_suffix_put(&layer, 3, ".pyw"), -GUARD_E_LIMIT);
	close(layer.suffixes);
	end(&layer);
}

static void data_counts_in_its_round(void)
{
	struct guardd_bpf layer;

	if (!begin(&layer))
		return;
	layer.data = map_make(BPF_MAP_TYPE_HASH, sizeof(uint32_t), sizeof(uint32_t), ROOM);
	layer.data_round = map_make(BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint32_t), 1);
	/* Before the first round nothing would count. */
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), -GUARD_E_DENIED);
	guardd_bpf_data_end(&layer);
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), 0);
	CU_ASSERT_EQUAL(guardd_bpf_data_flags(&layer, FD), GUARD_BPF_DATA_SET);
	guardd_bpf_data_clear(&layer, FD, false);
	CU_ASSERT_EQUAL(guardd_bpf_data_flags(&layer, FD), 0);
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), 0);
	guardd_bpf_data_end(&layer);
	CU_ASSERT_EQUAL(guardd_bpf_data_flags(&layer, FD), 0);
	/* What an interpreter was refused is asked about for the rest of the round. */
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), 0);
	guardd_bpf_data_clear(&layer, FD, true);
	guardd_bpf_data_clear(&layer, FD, false);
	CU_ASSERT_EQUAL(guardd_bpf_data_flags(&layer, FD), GUARD_BPF_DATA_NEVER);
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), -GUARD_E_DENIED);
	guardd_bpf_data_end(&layer);
	CU_ASSERT_EQUAL(guardd_bpf_data_set(&layer, FD), 0);
	close(layer.data);
	close(layer.data_round);
	end(&layer);
}

/* By the other implementation that there is, at every length about the ends of blocks. */
static void the_other_hash_is_sha256(void)
{
	uint8_t message[200], bytes[GUARD_DIGEST_SIZE];
	struct guard_digest wanted;
	unsigned different = 0;

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7 + 3);
	for (size_t size = 0; size <= sizeof(message); size++) {
		struct guard_bpf_sha256 sha;

		guard_bpf_sha256_begin(&sha);
		for (size_t at = 0; at < guard_bpf_sha256_blocks(size) * GUARD_BPF_SHA256_BLOCK; at += GUARD_BPF_SHA256_BLOCK) {
			memset(sha.w, 0, sizeof(sha.w));
			if (at < size)
				memcpy(sha.w, &message[at], size - at < sizeof(sha.w) ? size - at : sizeof(sha.w));
			guard_bpf_sha256_step(&sha, at, size);
		}
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(sha.state[i / 4] >> (24 - 8 * (i % 4)));
		CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&wanted, message, size), 0);
		different += memcmp(bytes, wanted.bytes, sizeof(bytes)) != 0;
	}
	CU_ASSERT_EQUAL(different, 0);
}

static CU_TestInfo tests[] = {
	{ "a full table says so", a_full_table_says_so },
	{ "the generation in force stays whole", the_generation_in_force_stays_whole },
	{ "what is no longer listed goes", what_is_no_longer_listed_goes },
	{ "a generation is never zero", a_generation_is_never_zero },
	{ "the disks beneath change", the_disks_beneath_change },
	{ "the hash is SipHash-2-4", the_hash_is_siphash },
	{ "a command line is told", a_command_line_is_told },
	{ "a name is its last", a_name_is_its_last },
	{ "data counts in its round", data_counts_in_its_round },
	{ "a suffix has its length", a_suffix_has_its_length },
	{ "the hash of what lies in memory is SHA-256", the_other_hash_is_sha256 },
	{ "what was lost is told once", what_was_lost_is_told_once },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("the kernel layer's maps", tests)
