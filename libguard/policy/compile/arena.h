/* SPDX-License-Identifier: MIT
 *
 * compile/arena.h - memory that lives as long as one build and is released at
 * once.  Nothing in it is freed alone.
 */
#ifndef GUARD_COMPILE_ARENA_H
#define GUARD_COMPILE_ARENA_H

#include <stddef.h>

struct compile_block;
struct compile_arena {
	struct compile_block *blocks; /* newest first */
};

/* Zeroed and aligned for anything; NULL when memory is exhausted. */
void *compile_arena_alloc(struct compile_arena *arena, size_t size);
/* A copy with a NUL behind it. */
char *compile_arena_copy(struct compile_arena *arena, const char *bytes, size_t length);
char *compile_arena_format(struct compile_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* `bytes` from malloc(3) is released with the arena.  0 or -GUARD_E_NOMEM, and
 * then `bytes` stays the caller's. */
int compile_arena_adopt(struct compile_arena *arena, void *bytes) __attribute__((warn_unused_result));
void compile_arena_free(struct compile_arena *arena);

#endif
