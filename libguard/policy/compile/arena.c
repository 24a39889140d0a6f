/* SPDX-License-Identifier: MIT
 *
 * compile/arena.c - a bump allocator.  Owns its blocks and what it adopted.
 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <guard/error.h>

#define BLOCK_SIZE_FIRST ((size_t)16 << 10)
#define BLOCK_SIZE_MAX ((size_t)1 << 20)
#define ALIGNMENT _Alignof(max_align_t)

struct compile_block {
	struct compile_block *next;
	void *adopted; /* or NULL */
	size_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct compile_block *push_block(struct compile_arena *arena, size_t size)
{
	struct compile_block *block = calloc(1, sizeof(*block) + size);

	if (!block)
		return NULL;
	block->size = size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

/* Each block is twice the one before. */
static size_t block_size(const struct compile_block *before, size_t needed)
{
	size_t size = before && before->size >= BLOCK_SIZE_FIRST ? before->size * 2 : BLOCK_SIZE_FIRST;

	if (size > BLOCK_SIZE_MAX)
		size = BLOCK_SIZE_MAX;
	return needed > size ? needed : size;
}

void *compile_arena_alloc(struct compile_arena *arena, size_t size)
{
	struct compile_block *block = arena->blocks;
	size_t rounded;
	void *memory;

	if (size > SIZE_MAX / 2)
		return NULL;
	rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!block || block->size - block->used < rounded)
		block = push_block(arena, block_size(block, rounded));
	if (!block)
		return NULL;
	memory = &block->bytes[block->used];
	block->used += rounded;
	return memory;
}

char *compile_arena_copy(struct compile_arena *arena, const char *bytes, size_t length)
{
	char *copy = compile_arena_alloc(arena, length + 1);

	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

char *compile_arena_format(struct compile_arena *arena, const char *format, ...)
{
	va_list list;
	char *copy, *text = NULL;
	int length;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0)
		return NULL;
	copy = compile_arena_copy(arena, text, (size_t)length);
	free(text);
	return copy;
}

int compile_arena_adopt(struct compile_arena *arena, void *bytes)
{
	/* An empty block behind the current one, so that this one stays in use. */
	struct compile_block *block = calloc(1, sizeof(*block));

	if (!block)
		return -GUARD_E_NOMEM;
	block->adopted = bytes;
	if (arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		arena->blocks = block;
	}
	return 0;
}

void compile_arena_free(struct compile_arena *arena)
{
	while (arena->blocks) {
		struct compile_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block->adopted);
		free(block);
	}
}
