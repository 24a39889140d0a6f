/* SPDX-License-Identifier: MIT
 *
 * identity/openpgp.c - walks over the packets of a key file.  Looks into none
 * but the head of a primary key, whose fingerprint is a hash over the packet.
 */
#include "identity/openpgp.h"

#include <string.h>

#include <openssl/evp.h>

#define TAG_PUBLIC_KEY 6u
#define TAG_PUBLIC_SUBKEY 14u
#define TAG_USER_ID 13u
#define TAG_USER_ATTRIBUTE 17u
#define TAG_SIGNATURE 2u
#define TAG_TRUST 12u
#define TAG_MARKER 10u
#define TAG_PADDING 21u
#define KEY_REVOCATION 0x20u /* RFC 9580, 5.2.1.12 */

struct packet {
	unsigned tag;
	const uint8_t *body;
	size_t size;
};

static size_t read_big_endian(struct guard_reader *reader, unsigned bytes)
{
	size_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | guard_read_u8(reader);
	return value;
}

/* RFC 9580, 4.2.1; partial lengths are not for keys. */
static int read_new_length(size_t *ret_size, struct guard_reader *reader)
{
	unsigned first = guard_read_u8(reader);

	if (first < 192)
		*ret_size = first;
	else if (first < 224)
		*ret_size = ((size_t)(first - 192) << 8) + guard_read_u8(reader) + 192;
	else if (first == 255)
		*ret_size = read_big_endian(reader, 4);
	else
		return -GUARD_E_UNSUPPORTED;
	return 0;
}

static int read_packet(struct packet *ret_packet, struct guard_reader *reader)
{
	unsigned head = guard_read_u8(reader);
	struct packet packet = { 0 };
	int r = 0;

	if (!(head & 0x80))
		return -GUARD_E_FORMAT;
	if (head & 0x40) {
		packet.tag = head & 0x3f;
		r = read_new_length(&packet.size, reader);
	} else {
		packet.tag = head >> 2 & 0x0f;
		if ((head & 3) == 3)
			return -GUARD_E_UNSUPPORTED;
		packet.size = read_big_endian(reader, 1u << (head & 3));
	}
	if (r < 0)
		return r;
	packet.body = guard_read_bytes(reader, packet.size);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_packet = packet;
	return 0;
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

/* RFC 9580, 5.5.4. */
static int fingerprint(uint8_t ret_key_id[GUARD_KEY_ID_SIZE], const struct packet *packet)
{
	EVP_MD_CTX *context __attribute__((cleanup(free_context))) = EVP_MD_CTX_new();
	const size_t size = packet->size;
	const uint8_t long_prefix[] = { packet->size > 0 && packet->body[0] == 6 ? 0x9b : 0x9a, (uint8_t)(size >> 24),
					(uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size };
	const uint8_t short_prefix[] = { 0x99, (uint8_t)(size >> 8), (uint8_t)size };
	uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
	unsigned length = 0;
	bool is_v4;

	if (size == 0)
		return -GUARD_E_FORMAT;
	is_v4 = packet->body[0] == 4;
	if (!is_v4 && packet->body[0] != 5 && packet->body[0] != 6)
		return -GUARD_E_UNSUPPORTED;
	if (is_v4 && size > UINT16_MAX)
		return -GUARD_E_FORMAT;
	if (!context)
		return -GUARD_E_NOMEM;
	if (EVP_DigestInit_ex(context, is_v4 ? EVP_sha1() : EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(context, is_v4 ? short_prefix : long_prefix,
			     is_v4 ? sizeof(short_prefix) : sizeof(long_prefix)) != 1 ||
	    EVP_DigestUpdate(context, packet->body, size) != 1 || EVP_DigestFinal_ex(context, digest, &length) != 1)
		return -GUARD_E_INTERNAL;
	memset(ret_key_id, 0, GUARD_KEY_ID_SIZE);
	memcpy(ret_key_id, digest, is_v4 ? GUARD_OPENPGP_V4_SIZE : GUARD_KEY_ID_SIZE);
	return 0;
}

static bool belongs_to_key(unsigned tag)
{
	return tag == TAG_PUBLIC_SUBKEY || tag == TAG_USER_ID || tag == TAG_USER_ATTRIBUTE || tag == TAG_SIGNATURE ||
	       tag == TAG_TRUST || tag == TAG_MARKER || tag == TAG_PADDING;
}

/* RFC 9580, 5.2.2 and 5.2.3: the type stands behind the version, in version 3 behind
 * one byte more. */
static bool is_key_revocation(const struct packet *packet)
{
	const size_t at = packet->size > 0 && packet->body[0] == 3 ? 2 : 1;

	return packet->tag == TAG_SIGNATURE && packet->size > at && packet->body[at] == KEY_REVOCATION;
}

int guard_openpgp_next(struct guard_openpgp_key *ret_key, struct guard_reader *reader)
{
	struct guard_openpgp_key key = { .offset = reader->offset };
	struct packet packet;
	int r;

	if (guard_reader_left(reader) == 0)
		return -GUARD_E_NOT_FOUND;
	r = read_packet(&packet, reader);
	if (r < 0)
		return r;
	if (packet.tag != TAG_PUBLIC_KEY)
		return -GUARD_E_FORMAT;
	r = fingerprint(key.key_id, &packet);
	while (r == 0 && guard_reader_left(reader) > 0) {
		struct guard_reader before = *reader;

		r = read_packet(&packet, reader);
		if (r == 0 && packet.tag == TAG_PUBLIC_KEY) {
			*reader = before;
			break;
		}
		if (r == 0 && !belongs_to_key(packet.tag))
			r = -GUARD_E_FORMAT;
		key.revoked |= r == 0 && is_key_revocation(&packet);
	}
	if (r < 0)
		return r;
	key.size = reader->offset - key.offset;
	*ret_key = key;
	return 0;
}

int guard_openpgp_key_id_parse(uint8_t ret_key_id[GUARD_KEY_ID_SIZE], const char *hex, size_t length)
{
	char filled[GUARD_DIGEST_HEX_SIZE];
	struct guard_digest digest;

	if (length != 2 * GUARD_OPENPGP_V4_SIZE && length != GUARD_DIGEST_HEX_SIZE - 1)
		return -GUARD_E_SYNTAX;
	memset(filled, '0', sizeof(filled));
	memcpy(filled, hex, length);
	if (guard_digest_parse(&digest, filled, GUARD_DIGEST_HEX_SIZE - 1) < 0)
		return -GUARD_E_SYNTAX;
	memcpy(ret_key_id, digest.bytes, GUARD_KEY_ID_SIZE);
	return 0;
}

void guard_openpgp_key_id_format(char ret_hex[GUARD_DIGEST_HEX_SIZE], const uint8_t key_id[GUARD_KEY_ID_SIZE])
{
	static const uint8_t zero[GUARD_KEY_ID_SIZE - GUARD_OPENPGP_V4_SIZE];
	struct guard_digest digest;

	memcpy(digest.bytes, key_id, sizeof(digest.bytes));
	guard_digest_format(ret_hex, &digest);
	if (memcmp(&key_id[GUARD_OPENPGP_V4_SIZE], zero, sizeof(zero)) == 0)
		ret_hex[2 * GUARD_OPENPGP_V4_SIZE] = '\0';
}
