/* SPDX-License-Identifier: MIT
 *
 * identity/attributes.c - finds the message digest among signed attributes (RFC
 * 5652, 5.4 and 11.2).  The bytes are the signer's own: they are looked at only
 * after the signature over them has verified.  Strict DER, one level at a time.
 */
#include <string.h>

#include "identity/der.h"
#include "identity/signature.h"

/* id-messageDigest, 1.2.840.113549.1.9.4 */
static const uint8_t message_digest[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04 };

/* One attribute; true when it is the message digest, whose value is then in
 * `ret_value`. */
static bool read_attribute(struct guard_reader *ret_value, struct guard_reader *reader)
{
	struct guard_reader attribute, type, values;

	if (!guard_der_element(&attribute, reader, GUARD_DER_SEQUENCE))
		return false;
	if (!guard_der_element(&type, &attribute, GUARD_DER_OID) || !guard_der_element(&values, &attribute, GUARD_DER_SET) ||
	    !guard_reader_done(&attribute)) {
		reader->failed = true;
		return false;
	}
	if (type.size != sizeof(message_digest) || memcmp(type.bytes, message_digest, type.size) != 0)
		return false;
	if (!guard_der_element(ret_value, &values, GUARD_DER_OCTETS) || !guard_reader_done(&values))
		reader->failed = true;
	return !reader->failed;
}

int guard_attributes_verify(const uint8_t *attributes, size_t size, const struct guard_hash_value *content)
{
	struct guard_reader reader, set, value, found = { 0 };
	unsigned count = 0;

	guard_reader_init(&reader, attributes, size);
	if (!guard_der_element(&set, &reader, GUARD_DER_SET) || !guard_reader_done(&reader))
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
