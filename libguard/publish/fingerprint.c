/* SPDX-License-Identifier: MIT
 *
 * publish/fingerprint.c - a root's fingerprint, short enough to be read aloud:
 * 100 bits of the SHA-256 of what is signed, in Crockford's base32.
 */
#include "publish/publish.h"

#include <string.h>

#define SYMBOLS 20u
#define GROUP 4u

/* The 5 bits at `index`, counted from the first. */
static unsigned symbol(const uint8_t *bytes, size_t index)
{
	size_t bit = 5 * index;
	unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

	return two >> (11 - bit % 8) & 31u;
}

int publish_fingerprint(char ret_text[PUBLISH_FINGERPRINT_SIZE], const json_t *root)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct guard_writer writer;
	uint8_t digest[32];
	size_t at = 0;
	int r;

	guard_writer_init(&writer);
	r = guard_trust_canonical(&writer, json_object_get(root, "signed"));
	if (r == 0 && EVP_Digest(writer.bytes, writer.size, digest, NULL, EVP_sha256(), NULL) != 1)
		r = -GUARD_E_NOMEM;
	guard_writer_free(&writer);
	if (r < 0)
		return r;
	for (size_t i = 0; i < SYMBOLS; i++) {
		if (i > 0 && i % GROUP == 0)
			ret_text[at++] = '-';
		ret_text[at++] = alphabet[symbol(digest, i)];
	}
	ret_text[at] = '\0';
	return 0;
}
