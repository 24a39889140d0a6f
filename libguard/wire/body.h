/* SPDX-License-Identifier: MIT
 *
 * wire/body.h - what the encoders and decoders of this room share.
 */
#ifndef GUARD_WIRE_BODY_H
#define GUARD_WIRE_BODY_H

#include <stdbool.h>

#include "wire/wire.h"

/* A C string in an array of `capacity`; an unterminated one fails the writer. */
void guard_body_put_text(struct guard_writer *writer, const char *text, size_t capacity);
void guard_body_take_text(char *ret_text, size_t capacity, struct guard_reader *reader);
/* One byte below `end`; anything else fails the reader. */
uint8_t guard_body_take_enum(struct guard_reader *reader, uint8_t end);
/* The result of an encoder: nothing failed, and it fits one packet. */
int guard_body_end(const struct guard_writer *writer);
#endif
