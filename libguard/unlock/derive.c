/* SPDX-License-Identifier: MIT
 *
 * unlock/derive.c - every value that comes from a key: one HMAC-SHA256 over a
 * label and fields, and its reduction to digits.  Must not store or compare.
 */
#include "unlock/unlock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define MESSAGE_MAX 512u /* the longest: label, digits, user, digest */

struct message {
	uint8_t bytes[MESSAGE_MAX];
	struct guard_writer writer;
};

static void begin(struct message *message, const char *label)
{
	guard_writer_init_fixed(&message->writer, message->bytes, sizeof(message->bytes));
	guard_write_string(&message->writer, label);
}

static int finish(uint8_t ret_out[UNLOCK_SECRET_SIZE], const struct message *message,
		  const uint8_t key[UNLOCK_SECRET_SIZE])
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (message->writer.failed)
		return -GUARD_E_LIMIT;
	if (!HMAC(EVP_sha256(), key, (int)UNLOCK_SECRET_SIZE, message->bytes, message->writer.size, out, &size) ||
	    size != UNLOCK_SECRET_SIZE)
		return -GUARD_E_NOMEM;
	for (unsigned i = 0; i < UNLOCK_SECRET_SIZE; i++)
		ret_out[i] = out[i];
	OPENSSL_cleanse(out, sizeof(out));
	return 0;
}

/* The 256-bit big-endian number modulo `limit`, which is at most 10^16 (so that
 * 256 times a rest fits into 64 bits). */
static int finish_below(uint64_t *ret_value, uint64_t limit, const struct message *message,
			const uint8_t key[UNLOCK_SECRET_SIZE])
{
	uint8_t out[UNLOCK_SECRET_SIZE];
	uint64_t value = 0;
	int r = finish(out, message, key);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < UNLOCK_SECRET_SIZE; i++)
		value = (value * 256 + out[i]) % limit;
	OPENSSL_cleanse(out, sizeof(out));
	*ret_value = value;
	return 0;
}

int guard_unlock_mask(uint8_t ret_mask[UNLOCK_SECRET_SIZE], const struct guard_unlock_key *key,
		      const char *machine, uint32_t epoch)
{
	struct message message;

	begin(&message, "guard unlock mask 1");
	guard_write_string(&message.writer, machine);
	guard_write_u32(&message.writer, epoch);
	return finish(ret_mask, &message, key->mask_master);
}

int guard_unlock_key_id(uint8_t ret_id[4], const struct guard_unlock_key *key)
{
	uint8_t out[UNLOCK_SECRET_SIZE];
	struct message message;
	int r;

	begin(&message, "guard unlock key 1");
	r = finish(out, &message, key->mask_master);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < 4; i++)
		ret_id[i] = out[i];
	return 0;
}

static void begin_place(struct message *message, const char *label, const struct unlock_place *place)
{
	begin(message, label);
	guard_write_string(&message->writer, place->machine);
	guard_write_u32(&message->writer, place->epoch);
	guard_write_u8(&message->writer, place->scope);
	guard_write_u8(&message->writer, place->slot);
}

int guard_unlock_code(uint64_t *ret_code, const struct guard_unlock_key *key, const struct unlock_place *place)
{
	struct message message;

	begin_place(&message, "guard unlock code 1", place);
	return finish_below(ret_code, UNLOCK_ANSWER_LIMIT, &message, key->scope[place->scope - 1]);
}

int guard_unlock_salt(uint8_t ret_salt[UNLOCK_SALT_SIZE], const struct guard_unlock_key *key,
		      const struct unlock_place *place)
{
	uint8_t out[UNLOCK_SECRET_SIZE];
	struct message message;
	int r;

	begin_place(&message, "guard unlock salt 1", place);
	r = finish(out, &message, key->scope[place->scope - 1]);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < UNLOCK_SALT_SIZE; i++)
		ret_salt[i] = out[i];
	return 0;
}

int guard_unlock_file_digits(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
			     const struct guard_unlock_number *number, const char *user,
			     const struct guard_digest *digest)
{
	struct message message;

	begin(&message, "guard unlock file 1");
	guard_write_bytes(&message.writer, number->digits, UNLOCK_AT_FILE);
	guard_write_string(&message.writer, user);
	guard_write_bytes(&message.writer, digest->bytes, GUARD_DIGEST_SIZE);
	return finish_below(ret_value, 100000000, &message, mask);
}

int guard_unlock_tag(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
		     const struct guard_unlock_number *number, const char *user)
{
	struct message message;

	begin(&message, "guard unlock tag 1");
	guard_write_bytes(&message.writer, number->digits, UNLOCK_AT_TAG);
	guard_write_string(&message.writer, user);
	return finish_below(ret_value, 10000, &message, mask);
}

int guard_unlock_blind(uint64_t *ret_value, const uint8_t mask[UNLOCK_SECRET_SIZE],
		       const struct guard_unlock_number *number)
{
	struct message message;

	begin(&message, "guard unlock answer 1");
	guard_write_bytes(&message.writer, number->digits, GUARD_UNLOCK_REQUEST_DIGITS);
	return finish_below(ret_value, UNLOCK_ANSWER_LIMIT, &message, mask);
}

int guard_unlock_delivery_key(uint8_t ret_key[UNLOCK_SECRET_SIZE], const uint8_t mask[UNLOCK_SECRET_SIZE],
			      const char *machine)
{
	struct message message;

	begin(&message, "guard unlock delivery 1");
	guard_write_string(&message.writer, machine);
	return finish(ret_key, &message, mask);
}
