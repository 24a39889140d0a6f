/* SPDX-License-Identifier: MIT
 *
 * unlock/delivery.c - see delivery.h.
 */
#include "unlock/delivery.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define MAGIC "GUARDUND"
#define MAGIC_SIZE 8u
#define VERSION 1u
#define HEAD_SIZE (MAGIC_SIZE + 4u + 4u + UNLOCK_NONCE_SIZE)
#define PLAIN_MAX (GUARD_UNLOCK_DELIVERY_MAX - HEAD_SIZE - UNLOCK_TAG_SIZE)

int guard_unlock_base_of_key(struct guard_unlock_base *ret_base, const struct guard_unlock_key *key,
			     const char *machine, uint32_t epoch)
{
	struct guard_unlock_base base = { .epoch = epoch };
	int r;

	if (!guard_unlock_machine_is_valid(machine) || epoch == 0)
		return -GUARD_E_USAGE;
	memcpy(base.machine, machine, strlen(machine) + 1);
	r = guard_unlock_mask(base.mask, key, machine, epoch);
	if (r == 0)
		*ret_base = base;
	OPENSSL_cleanse(&base, sizeof(base));
	return r;
}

void guard_unlock_base_of_set(struct guard_unlock_base *ret_base, const struct guard_unlock_set *set)
{
	*ret_base = (struct guard_unlock_base){ .epoch = set->epoch };
	memcpy(ret_base->machine, set->machine, sizeof(ret_base->machine));
	memcpy(ret_base->mask, set->mask, sizeof(ret_base->mask));
}

void guard_unlock_delivery_add(struct guard_unlock_delivery *delivery, const struct guard_unlock_approval *approval)
{
	if (delivery->count == GUARD_UNLOCK_DELIVERY_ANSWERS_MAX) {
		delivery->count--;
		memmove(&delivery->approvals[0], &delivery->approvals[1],
			delivery->count * sizeof(delivery->approvals[0]));
	}
	delivery->approvals[delivery->count++] = *approval;
}

/* ---- seal ------------------------------------------------------------------------------ */

static void write_plain(struct guard_writer *writer, const struct guard_unlock_delivery *delivery)
{
	guard_write_blob(writer, delivery->set, delivery->set_size);
	guard_write_u8(writer, (uint8_t)delivery->count);
	for (unsigned i = 0; i < delivery->count; i++) {
		guard_write_bytes(writer, delivery->approvals[i].number.digits, GUARD_UNLOCK_REQUEST_DIGITS);
		guard_write_u64(writer, delivery->approvals[i].answer.value);
	}
}

static int seal(struct guard_writer *writer, const struct guard_unlock_base *base, const struct guard_writer *plain)
{
	uint8_t nonce[UNLOCK_NONCE_SIZE], sealed[PLAIN_MAX], tag[UNLOCK_TAG_SIZE];
	struct unlock_sealing with = { .nonce = nonce };
	int r;

	if (plain->failed || plain->size > sizeof(sealed))
		return -GUARD_E_LIMIT;
	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return -GUARD_E_NOMEM;
	guard_write_bytes(writer, MAGIC, MAGIC_SIZE);
	guard_write_u32(writer, VERSION);
	guard_write_u32(writer, base->epoch);
	guard_write_bytes(writer, nonce, sizeof(nonce));
	if (writer->failed)
		return -GUARD_E_NOMEM;
	with.head = writer->bytes;
	with.head_size = writer->size;
	r = guard_unlock_delivery_key(with.key, base->mask, base->machine);
	if (r == 0)
		r = guard_unlock_seal(sealed, tag, &with, plain->bytes, plain->size);
	OPENSSL_cleanse(with.key, sizeof(with.key));
	if (r < 0)
		return r;
	guard_write_bytes(writer, sealed, plain->size);
	guard_write_bytes(writer, tag, sizeof(tag));
	return writer->failed ? -GUARD_E_NOMEM : 0;
}

int guard_unlock_delivery_seal(void **ret_bytes, size_t *ret_size, const struct guard_unlock_base *base,
			       const struct guard_unlock_delivery *delivery)
{
	uint8_t bytes[PLAIN_MAX];
	struct guard_writer plain, writer;
	uint8_t *sealed = malloc(GUARD_UNLOCK_DELIVERY_MAX);
	int r;

	if (!sealed)
		return -GUARD_E_NOMEM;
	guard_writer_init_fixed(&plain, bytes, sizeof(bytes));
	guard_writer_init_fixed(&writer, sealed, GUARD_UNLOCK_DELIVERY_MAX);
	write_plain(&plain, delivery);
	r = seal(&writer, base, &plain);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (r < 0) {
		free(sealed);
		return r;
	}
	*ret_bytes = sealed;
	*ret_size = writer.size;
	return 0;
}

/* ---- open ------------------------------------------------------------------------------ */

static void read_approval(struct guard_unlock_approval *ret_approval, struct guard_reader *reader)
{
	const uint8_t *digits = guard_read_bytes(reader, GUARD_UNLOCK_REQUEST_DIGITS);
	uint64_t value = guard_read_u64(reader);

	if (!digits)
		return;
	for (unsigned i = 0; i < GUARD_UNLOCK_REQUEST_DIGITS; i++)
		reader->failed |= digits[i] > 9;
	reader->failed |= value >= UNLOCK_ANSWER_LIMIT;
	memcpy(ret_approval->number.digits, digits, GUARD_UNLOCK_REQUEST_DIGITS);
	ret_approval->answer.value = value;
}

static int read_plain(struct guard_unlock_delivery *ret_delivery, const uint8_t *bytes, size_t size)
{
	struct guard_reader reader;
	const uint8_t *set;

	memset(ret_delivery, 0, sizeof(*ret_delivery));
	guard_reader_init(&reader, bytes, size);
	set = guard_read_blob(&reader, &ret_delivery->set_size, sizeof(ret_delivery->set));
	if (set)
		memcpy(ret_delivery->set, set, ret_delivery->set_size);
	ret_delivery->count = guard_read_u8(&reader);
	if (ret_delivery->count > GUARD_UNLOCK_DELIVERY_ANSWERS_MAX)
		return -GUARD_E_FORMAT;
	for (unsigned i = 0; i < ret_delivery->count; i++)
		read_approval(&ret_delivery->approvals[i], &reader);
	return guard_reader_done(&reader) ? 0 : -GUARD_E_FORMAT;
}

static int read_head(struct guard_reader *reader, uint32_t *ret_epoch, const uint8_t **ret_nonce)
{
	const uint8_t *magic = guard_read_bytes(reader, MAGIC_SIZE);

	if (!magic || memcmp(magic, MAGIC, MAGIC_SIZE) != 0)
		return -GUARD_E_FORMAT;
	if (guard_read_u32(reader) != VERSION)
		return -GUARD_E_VERSION;
	*ret_epoch = guard_read_u32(reader);
	*ret_nonce = guard_read_bytes(reader, UNLOCK_NONCE_SIZE);
	return *ret_nonce ? 0 : -GUARD_E_FORMAT;
}

static int unseal(struct guard_unlock_delivery *ret_delivery, const struct guard_unlock_base *base,
		  struct unlock_sealing *with, const uint8_t *sealed, size_t size, const uint8_t *tag)
{
	uint8_t plain[PLAIN_MAX];
	int r = guard_unlock_delivery_key(with->key, base->mask, base->machine);

	if (r == 0)
		r = guard_unlock_unseal(plain, with, sealed, size, tag);
	OPENSSL_cleanse(with->key, sizeof(with->key));
	if (r == 0)
		r = read_plain(ret_delivery, plain, size);
	OPENSSL_cleanse(plain, sizeof(plain));
	return r;
}

int guard_unlock_delivery_open(struct guard_unlock_delivery *ret_delivery, uint32_t *ret_epoch,
			       const struct guard_unlock_base *base, const void *bytes, size_t size)
{
	struct unlock_sealing with = { .head = bytes, .head_size = HEAD_SIZE };
	struct guard_reader reader;
	const uint8_t *sealed, *tag;
	uint32_t epoch;
	int r;

	if (size < HEAD_SIZE + UNLOCK_TAG_SIZE || size > GUARD_UNLOCK_DELIVERY_MAX)
		return -GUARD_E_FORMAT;
	guard_reader_init(&reader, bytes, size);
	r = read_head(&reader, &epoch, &with.nonce);
	if (r < 0)
		return r;
	if (ret_epoch)
		*ret_epoch = epoch;
	if (epoch != base->epoch)
		return -GUARD_E_NOT_FOUND;
	size -= HEAD_SIZE + UNLOCK_TAG_SIZE;
	sealed = guard_read_bytes(&reader, size);
	tag = guard_read_bytes(&reader, UNLOCK_TAG_SIZE);
	return sealed && tag ? unseal(ret_delivery, base, &with, sealed, size, tag) : -GUARD_E_FORMAT;
}
