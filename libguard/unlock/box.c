/* SPDX-License-Identifier: MIT
 *
 * unlock/box.c - see box.h.  A key pair for one box, X25519 (RFC 7748) with the
 * machine's key, HMAC-SHA256 of what came out and of both public keys as the key of
 * AES-256-GCM.
 */
#include "unlock/box.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#define MAGIC "GUARDUNB"
#define MAGIC_SIZE 8u
#define VERSION 1u
#define KEY_SIZE GUARD_UNLOCK_MACHINE_KEY_SIZE
#define LABEL "guard unlock box 1"
#define HEAD_SIZE (MAGIC_SIZE + 4u + KEY_SIZE + UNLOCK_NONCE_SIZE)

_Static_assert(HEAD_SIZE + UNLOCK_TAG_SIZE == GUARD_UNLOCK_BOX_OVERHEAD, "as the header says");

static int agree(uint8_t ret_shared[KEY_SIZE], EVP_PKEY *own, const uint8_t other[KEY_SIZE])
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, other, KEY_SIZE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	size_t size = KEY_SIZE;
	/* A point of low order gives nothing but zeros, which OpenSSL refuses. */
	int good = peer && context && EVP_PKEY_derive_init(context) == 1 &&
		   EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, ret_shared, &size) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	return good ? 0 : -GUARD_E_SIGNATURE;
}

/* The key for one box: of what the two share, and of who they are. */
static int derive(uint8_t ret_key[UNLOCK_SECRET_SIZE], EVP_PKEY *own, const uint8_t other[KEY_SIZE],
		  const uint8_t once[KEY_SIZE], const uint8_t machine[KEY_SIZE])
{
	uint8_t shared[KEY_SIZE], text[sizeof(LABEL) + 2 * KEY_SIZE];
	unsigned length = 0;
	int r = agree(shared, own, other);

	memcpy(text, LABEL, sizeof(LABEL));
	memcpy(&text[sizeof(LABEL)], once, KEY_SIZE);
	memcpy(&text[sizeof(LABEL) + KEY_SIZE], machine, KEY_SIZE);
	if (r == 0 && !HMAC(EVP_sha256(), shared, KEY_SIZE, text, sizeof(text), ret_key, &length))
		r = -GUARD_E_NOMEM;
	OPENSSL_cleanse(shared, sizeof(shared));
	return r;
}

/* ---- seal -------------------------------------------------------------------------------- */

static void write_head(uint8_t ret_head[HEAD_SIZE], const uint8_t once[KEY_SIZE], const uint8_t nonce[UNLOCK_NONCE_SIZE])
{
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, ret_head, HEAD_SIZE);
	guard_write_bytes(&writer, MAGIC, MAGIC_SIZE);
	guard_write_u32(&writer, VERSION);
	guard_write_bytes(&writer, once, KEY_SIZE);
	guard_write_bytes(&writer, nonce, UNLOCK_NONCE_SIZE);
}

static int seal_with(uint8_t *ret_box, EVP_PKEY *pair, const uint8_t machine[KEY_SIZE], const void *set, size_t size)
{
	uint8_t once[KEY_SIZE], curve[KEY_SIZE], nonce[UNLOCK_NONCE_SIZE];
	struct unlock_sealing with = { .head = ret_box, .head_size = HEAD_SIZE, .nonce = nonce };
	size_t length = sizeof(once);
	int r = guard_unlock_curve_public(curve, machine);

	if (r == 0 && (EVP_PKEY_get_raw_public_key(pair, once, &length) != 1 || RAND_bytes(nonce, sizeof(nonce)) != 1))
		r = -GUARD_E_NOMEM;
	if (r == 0)
		r = derive(with.key, pair, curve, once, machine);
	if (r == 0) {
		write_head(ret_box, once, nonce);
		r = guard_unlock_seal(&ret_box[HEAD_SIZE], &ret_box[HEAD_SIZE + size], &with, set, size);
	}
	OPENSSL_cleanse(with.key, sizeof(with.key));
	return r;
}

int guard_unlock_box_seal(uint8_t *ret_box, const uint8_t machine[KEY_SIZE], const void *set, size_t size)
{
	EVP_PKEY *pair;
	int r;

	if (size > GUARD_UNLOCK_SET_SIZE_MAX)
		return -GUARD_E_LIMIT;
	pair = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	r = pair ? seal_with(ret_box, pair, machine, set, size) : -GUARD_E_NOMEM;
	EVP_PKEY_free(pair);
	return r == -GUARD_E_SIGNATURE ? -GUARD_E_USAGE : r;
}

/* ---- open -------------------------------------------------------------------------------- */

struct parts {
	const uint8_t *once, *nonce, *sealed, *tag;
	size_t size; /* of `sealed` */
};

static int take_apart(struct parts *ret_parts, const void *box, size_t size)
{
	struct guard_reader reader;
	const uint8_t *magic;

	if (size < GUARD_UNLOCK_BOX_OVERHEAD || size > GUARD_UNLOCK_BOX_MAX)
		return -GUARD_E_FORMAT;
	guard_reader_init(&reader, box, size);
	magic = guard_read_bytes(&reader, MAGIC_SIZE);
	if (!magic || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
		return -GUARD_E_FORMAT;
	if (guard_read_u32(&reader) != VERSION)
		return -GUARD_E_VERSION;
	ret_parts->once = guard_read_bytes(&reader, KEY_SIZE);
	ret_parts->nonce = guard_read_bytes(&reader, UNLOCK_NONCE_SIZE);
	ret_parts->size = size - GUARD_UNLOCK_BOX_OVERHEAD;
	ret_parts->sealed = guard_read_bytes(&reader, ret_parts->size);
	ret_parts->tag = guard_read_bytes(&reader, UNLOCK_TAG_SIZE);
	return guard_reader_done(&reader) ? 0 : -GUARD_E_FORMAT;
}

/* The public half that a seed has. */
static int public_of(uint8_t ret_machine[KEY_SIZE], const uint8_t seed[KEY_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
	size_t size = KEY_SIZE;
	int good = key && EVP_PKEY_get_raw_public_key(key, ret_machine, &size) == 1;

	EVP_PKEY_free(key);
	return good ? 0 : -GUARD_E_NOMEM;
}

static int open_with(uint8_t *ret_set, const struct parts *parts, const uint8_t seed[KEY_SIZE], const void *box)
{
	uint8_t curve[KEY_SIZE], machine[KEY_SIZE];
	struct unlock_sealing with = { .head = box, .head_size = HEAD_SIZE, .nonce = parts->nonce };
	EVP_PKEY *own = NULL;
	int r = public_of(machine, seed);

	if (r == 0)
		r = guard_unlock_curve_private(curve, seed);
	if (r == 0) {
		own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, curve, KEY_SIZE);
		OPENSSL_cleanse(curve, sizeof(curve));
		r = own ? derive(with.key, own, parts->once, parts->once, machine) : -GUARD_E_NOMEM;
	}
	if (r == 0)
		r = guard_unlock_unseal(ret_set, &with, parts->sealed, parts->size, parts->tag);
	OPENSSL_cleanse(with.key, sizeof(with.key));
	EVP_PKEY_free(own);
	return r;
}

int guard_unlock_box_open(uint8_t *ret_set, size_t *ret_size, const uint8_t seed[KEY_SIZE], const void *box, size_t size)
{
	uint8_t set[GUARD_UNLOCK_SET_SIZE_MAX];
	struct parts parts = { 0 };
	int r = take_apart(&parts, box, size);

	if (r == 0)
		r = open_with(set, &parts, seed, box);
	if (r == 0) {
		memcpy(ret_set, set, parts.size);
		*ret_size = parts.size;
	}
	OPENSSL_cleanse(set, sizeof(set));
	return r;
}
