/* SPDX-License-Identifier: MIT
 *
 * identity/verity.c - the fs-verity digest of a file, from its content alone
 * (Documentation/filesystems/fsverity.rst of the kernel, "Merkle tree" and "fs-verity
 * digest"): blocks of 4096 bytes, no salt, as `fsverity digest` and `fsverity enable`
 * make it.  The kernel need not have the file enabled, nor fs-verity at all.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "identity/claim.h"

#define BLOCK 4096u
#define BLOCK_LOG 12u
#define LEVELS 12u /* 64 hashes a block: more than 2^64 bytes */
#define READ_SIZE (256u << 10)
#define ROOT_SIZE 64u
#define SALT_SIZE 32u
#define DESCRIPTOR_SIZE 256u

struct level {
	uint8_t block[BLOCK];
	size_t fill;
};
struct tree {
	enum guard_hash hash;
	const EVP_MD *algorithm;
	size_t hash_size;
	struct level levels[LEVELS];
};

/* A block, filled up with zeros. */
static int hash_block(uint8_t *ret_hash, const struct tree *tree, const uint8_t *bytes)
{
	return EVP_Digest(bytes, BLOCK, ret_hash, NULL, tree->algorithm, NULL) == 1 ? 0 : -GUARD_E_NOMEM;
}

/* A hash into a level; a level that is full goes into the next. */
static int add(struct tree *tree, unsigned at, const uint8_t *hash)
{
	uint8_t next[GUARD_HASH_SIZE_MAX];
	int r = 0;

	for (; r == 0 && at < LEVELS; at++) {
		struct level *level = &tree->levels[at];

		memcpy(&level->block[level->fill], hash, tree->hash_size);
		level->fill += tree->hash_size;
		if (level->fill < BLOCK)
			return 0;
		r = hash_block(next, tree, level->block);
		level->fill = 0;
		hash = next;
	}
	return r < 0 ? r : -GUARD_E_LIMIT;
}

static bool is_last(const struct tree *tree, unsigned at)
{
	for (unsigned i = at + 1; i < LEVELS; i++)
		if (tree->levels[i].fill)
			return false;
	return true;
}

/* The root: the one hash that is left when every level has gone into the next. */
static int end(struct tree *tree, uint8_t *ret_root)
{
	uint8_t next[GUARD_HASH_SIZE_MAX];

	for (unsigned at = 0; at < LEVELS; at++) {
		struct level *level = &tree->levels[at];
		int r;

		if (level->fill == tree->hash_size && is_last(tree, at)) {
			memcpy(ret_root, level->block, tree->hash_size);
			return 0;
		}
		if (level->fill == 0)
			continue;
		memset(&level->block[level->fill], 0, BLOCK - level->fill);
		level->fill = 0;
		r = hash_block(next, tree, level->block);
		if (r == 0)
			r = add(tree, at + 1, next);
		if (r < 0)
			return r;
	}
	return -GUARD_E_INTERNAL;
}

static int add_content(struct tree *tree, uint8_t *buffer, size_t size)
{
	uint8_t hash[GUARD_HASH_SIZE_MAX];
	int r = 0;

	if (size % BLOCK)
		memset(&buffer[size], 0, BLOCK - size % BLOCK);
	for (size_t at = 0; r == 0 && at < size; at += BLOCK) {
		r = hash_block(hash, tree, &buffer[at]);
		if (r == 0)
			r = add(tree, 0, hash);
	}
	return r;
}

/* struct fsverity_descriptor of the kernel, without a signature. */
static int describe(struct guard_hash_value *ret_value, const struct tree *tree, const uint8_t root[ROOT_SIZE],
		    uint64_t size)
{
	static const uint8_t zeros[DESCRIPTOR_SIZE];
	uint8_t bytes[DESCRIPTOR_SIZE];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_write_u8(&writer, 1);
	guard_write_u8(&writer, tree->hash == GUARD_HASH_SHA256 ? 1 : 2);
	guard_write_u8(&writer, BLOCK_LOG);
	guard_write_u8(&writer, 0);
	guard_write_u32(&writer, 0);
	guard_write_u64(&writer, size);
	guard_write_bytes(&writer, root, ROOT_SIZE);
	guard_write_bytes(&writer, zeros, sizeof(bytes) - writer.size);
	return writer.failed ? -GUARD_E_INTERNAL : guard_hash_bytes(ret_value, tree->hash, bytes, sizeof(bytes));
}

int guard_verity_digest(struct guard_hash_value *ret_value, enum guard_hash hash, int fd, uint64_t size,
			struct guard_witness *witness)
{
	GUARD_AUTO_FREE struct tree *tree = calloc(1, sizeof(*tree));
	GUARD_AUTO_FREE uint8_t *buffer = malloc(READ_SIZE);
	uint8_t root[ROOT_SIZE] = { 0 };
	int r = tree && buffer ? 0 : -GUARD_E_NOMEM;

	if (hash != GUARD_HASH_SHA256 && hash != GUARD_HASH_SHA512)
		return -GUARD_E_UNSUPPORTED;
	if (r < 0)
		return r;
	tree->hash = hash;
	tree->algorithm = guard_hash_algorithm(hash);
	tree->hash_size = guard_hash_size(hash);
	for (uint64_t done = 0; r == 0 && done < size;) {
		const size_t count = size - done < READ_SIZE ? (size_t)(size - done) : READ_SIZE;

		r = guard_read_whole(buffer, count, fd, done);
		if (r == 0)
			r = guard_witness_add(witness, buffer, count);
		if (r == 0)
			r = add_content(tree, buffer, count);
		done += count;
	}
	if (r == 0 && size > 0)
		r = end(tree, root);
	return r < 0 ? r : describe(ret_value, tree, root, size);
}
