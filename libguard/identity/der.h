/* SPDX-License-Identifier: MIT
 *
 * identity/der.h - one DER element at a time (ITU-T X.690), bounded and strict:
 * for the few places that look at DER themselves.
 */
#ifndef GUARD_IDENTITY_DER_H
#define GUARD_IDENTITY_DER_H

#include <stdbool.h>

#include "base/buffer.h"

enum { GUARD_DER_INTEGER = 0x02, GUARD_DER_OCTETS = 0x04, GUARD_DER_OID = 0x06, GUARD_DER_SEQUENCE = 0x30, GUARD_DER_SET = 0x31,
       GUARD_DER_CONTEXT_0 = 0xa0, GUARD_DER_CONTEXT_1 = 0xa1, GUARD_DER_BITS = 0x03, GUARD_DER_PRIMITIVE_0 = 0x80 };

/* The next element of `reader`, which must have this tag and a definite length in
 * its shortest form of at most 65535: its content.  false: `reader` has failed. */
bool guard_der_element(struct guard_reader *ret_content, struct guard_reader *reader, uint8_t tag);
/* The same with its header: the element as it stands there. */
bool guard_der_whole(struct guard_reader *ret_element, struct guard_reader *reader, uint8_t tag);
/* The tag of the next element; 0: there is none, or it has more than one octet. */
uint8_t guard_der_next(const struct guard_reader *reader);
/* The beginning of an element alone: this tag, a definite length in its shortest form
 * of at most four octets.  Its content need not be there. */
bool guard_der_header(uint64_t *ret_length, struct guard_reader *reader, uint8_t tag);
/* Tag and length for so many bytes of content (at most 65535). */
void guard_der_begin(struct guard_writer *writer, uint8_t tag, size_t size);

#endif
