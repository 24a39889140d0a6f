/* SPDX-License-Identifier: MIT
 *
 * identity/attributes.c - finds the message digest among signed attributes (RFC
 * 5652, 5.4 and 11.2).  The bytes are the signer's own: they are looked at only
 * after the signature over them has verified.  Strict DER, one level at a time.
 */
#include <string.h>

#include "base/buffer.h"
#include "identity/signature.h"

enum { TAG_OCTETS = 0x04, TAG_OID = 0x06, TAG_SEQUENCE = 0x30, TAG_SET = 0x31 };

/* id-messageDigest, 1.2.840.113549.1.9.4 */
static const uint8_t message_digest[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04 };

/* Length octets: definite, the shortest form, at most 65535. */
static size_t read_length(struct guard_reader *reader)
{
	uint8_t first = guard_read_u8(reader);
	size_t length = first;

	if (first == 0x81)
		length = guard_read_u8(reader);
	else if (first == 0x82)
		length = (size_t)guard_read_u8(reader) << 8, length |= guard_read_u8(reader);
	else if (first >= 0x80)
		reader->failed = true;
	if ((first == 0x81 && length < 0x80) || (first == 0x82 && length < 0x100))
		reader->failed = true;
	return length;
}

static bool read_element(struct guard_reader *ret_content, struct guard_reader *reader, uint8_t tag)
{
	const uint8_t *content;
	size_t length;

	if (guard_read_u8(reader) != tag)
		reader->failed = true;
	length = read_length(reader);
	content = reader->failed ? NULL : guard_read_bytes(reader, length);
	if (!content)
		return false;
	guard_reader_init(ret_content, content, length);
	return true;
}

/* One attribute; true when it is the message digest, whose value is then in
 * `ret_value`. */
static bool read_attribute(struct guard_reader *ret_value, struct guard_reader *reader)
{
	struct guard_reader attribute, type, values;

	if (!read_element(&attribute, reader, TAG_SEQUENCE))
		return false;
	if (!read_element(&type, &attribute, TAG_OID) || !read_element(&values, &attribute, TAG_SET) ||
	    !guard_reader_done(&attribute)) {
		reader->failed = true;
		return false;
	}
	if (type.size != sizeof(message_digest) || memcmp(type.bytes, message_digest, type.size) != 0)
		return false;
	if (!read_element(ret_value, &values, TAG_OCTETS) || !guard_reader_done(&values))
		reader->failed = true;
	return !reader->failed;
}

int guard_attributes_verify(const uint8_t *attributes, size_t size, const struct guard_hash_value *content)
{
	struct guard_reader reader, set, value, found = { 0 };
	unsigned count = 0;

	guard_reader_init(&reader, attributes, size);
	if (!read_element(&set, &reader, TAG_SET) || !guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	while (!set.failed && guard_reader_left(&set) > 0) {
		if (read_attribute(&value, &set)) {
			found = value;
			count++;
		}
	}
	if (set.failed || count != 1)
		return -GUARD_E_FORMAT;
	if (found.size != guard_hash_size(content->hash) || memcmp(found.bytes, content->bytes, found.size) != 0)
		return -GUARD_E_SIGNATURE;
	return 0;
}
