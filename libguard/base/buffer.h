/* SPDX-License-Identifier: MIT
 *
 * base/buffer.h - bounded reader and writer over memory.  The only way that
 * bytes from outside are taken apart: no pointer arithmetic in a parser.
 * Integers are little-endian.  A reader or writer that once failed stays
 * failed, so that one check at the end is enough.
 */
#ifndef GUARD_BASE_BUFFER_H
#define GUARD_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct guard_reader {
	const uint8_t *bytes;
	size_t size, offset;
	bool failed;
};
void guard_reader_init(struct guard_reader *reader, const void *bytes, size_t size);
uint8_t guard_read_u8(struct guard_reader *reader);
uint16_t guard_read_u16(struct guard_reader *reader);
uint32_t guard_read_u32(struct guard_reader *reader);
uint64_t guard_read_u64(struct guard_reader *reader);
int64_t guard_read_i64(struct guard_reader *reader);
/* `count` bytes in place; NULL when they are not there. */
const uint8_t *guard_read_bytes(struct guard_reader *reader, size_t count);
/* u32 length, then the bytes, then a NUL byte that must be the only one: a C
 * string in place; NULL on failure or when longer than `max`. */
const char *guard_read_string(struct guard_reader *reader, size_t max);
/* u32 length, then the bytes, which may be any. */
const uint8_t *guard_read_blob(struct guard_reader *reader, size_t *ret_size, size_t max);
size_t guard_reader_left(const struct guard_reader *reader);
/* true when nothing failed and nothing is left over. */
bool guard_reader_done(const struct guard_reader *reader);

struct guard_writer {
	uint8_t *bytes;
	size_t size, capacity;
	bool failed;
	bool fixed; /* memory is the caller's and does not grow */
};
void guard_writer_init(struct guard_writer *writer);                        /* grows on the heap */
void guard_writer_init_fixed(struct guard_writer *writer, void *bytes, size_t capacity);
void guard_writer_free(struct guard_writer *writer);
void guard_write_u8(struct guard_writer *writer, uint8_t value);
void guard_write_u16(struct guard_writer *writer, uint16_t value);
void guard_write_u32(struct guard_writer *writer, uint32_t value);
void guard_write_u64(struct guard_writer *writer, uint64_t value);
void guard_write_i64(struct guard_writer *writer, int64_t value);
void guard_write_bytes(struct guard_writer *writer, const void *bytes, size_t count);
void guard_write_string(struct guard_writer *writer, const char *string);   /* NULL writes "" */
void guard_write_blob(struct guard_writer *writer, const void *bytes, size_t count);
#endif
