/* SPDX-License-Identifier: MIT
 *
 * trust/delivery.c - what the help desk sends to this machine alone
 * (docs/phone-unlock.md, "Deliveries", "The first set"): fetched and verified like every
 * target, handed to the keeper.
 * That there is none, or that it cannot be had now, holds up nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trust/internal.h"
#include "unlock/box.h"
#include "unlock/delivery.h"

#define TEXT_MAX (2u * GUARD_UNLOCK_DELIVERY_MAX + 1u)

static int value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Hex digits and one newline, or nothing that is taken. */
static int decode(uint8_t ret_bytes[GUARD_UNLOCK_DELIVERY_MAX], size_t *ret_size, const char *text, size_t length)
{
	if (length == 0 || length % 2 == 0 || text[length - 1] != '\n')
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i + 1 < length; i += 2) {
		int high = value_of(text[i]), low = value_of(text[i + 1]);

		if (high < 0 || low < 0)
			return -GUARD_E_FORMAT;
		ret_bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	*ret_size = length / 2;
	return 0;
}

/* To the keeper, in memory that nobody changes any more. */
static int hand_over(const struct trust_process *trust, enum guardd_trust_type type, const uint8_t *bytes, size_t size)
{
	const struct guardd_trust_message message = {.type = type};
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-delivery", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		return -GUARD_E_NOMEM;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	return trust_send(trust, &message, fd);
}

static int read_sealed(uint8_t ret_bytes[GUARD_UNLOCK_DELIVERY_MAX], size_t *ret_size, const struct trust_process *trust,
		       const struct guard_digest *digest)
{
	GUARD_AUTO_CLOSE int fd = -1;
	char text[TEXT_MAX + 1];
	ssize_t length;
	int r = trust_part_open(&fd, trust->parts, digest);

	if (r < 0)
		return r;
	length = pread(fd, text, sizeof(text), 0);
	if (length < 0 || length > (ssize_t)TEXT_MAX)
		return length < 0 ? -GUARD_E_IO : -GUARD_E_LIMIT;
	return decode(ret_bytes, ret_size, text, (size_t)length);
}

/* What is sealed in it only the unlock process reads. */
static int pass_on(const struct trust_process *trust, const struct guard_digest *digest)
{
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX];
	size_t size = 0;
	int r = read_sealed(bytes, &size, trust, digest);

	return r < 0 ? r : hand_over(trust, GUARDD_TRUST_UNLOCK, bytes, size);
}

/* Sealed for the machine's key, which is here and nowhere else. */
static int open_box(const struct trust_process *trust, const struct guard_digest *digest)
{
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX], set[GUARD_UNLOCK_SET_SIZE_MAX], seed[GUARD_UNLOCK_MACHINE_KEY_SIZE];
	size_t size = 0, seed_size = sizeof(seed), set_size = 0;
	int r = read_sealed(bytes, &size, trust, digest);

	if (r == 0 && EVP_PKEY_get_raw_private_key(trust->key, seed, &seed_size) != 1)
		r = -GUARD_E_INTERNAL;
	if (r == 0)
		r = guard_unlock_box_open(set, &set_size, seed, bytes, size);
	OPENSSL_cleanse(seed, sizeof(seed));
	if (r == 0)
		r = hand_over(trust, GUARDD_TRUST_VERIFIERS, set, set_size);
	OPENSSL_cleanse(set, sizeof(set));
	return r;
}

/* 0 there is one (or another), 1 it is the one that was handed over, negative none. */
static int fetch_new(struct guard_digest *ret_digest, struct trust_process *trust, const char *path, bool has,
		     const struct guard_digest *before)
{
	struct guard_trust_target *target = NULL;
	int r = guard_trust_find(&target, trust->client, path);

	if (r == 0)
		r = trust_part_fetch(ret_digest, trust, target);
	guard_trust_target_free(target);
	trust->delivery_due |= r < 0 && r != -GUARD_E_NOT_FOUND;
	if (r < 0)
		return r;
	return has && guard_digest_compare(ret_digest, before) == 0;
}

static void check_box(struct trust_process *trust)
{
	char path[TRUST_PATH_MAX];
	struct guard_digest digest;
	int r;

	snprintf(path, sizeof(path), "unlock/%.100s.box", trust->config->host);
	if (fetch_new(&digest, trust, path, trust->has_box, &trust->box) != 0)
		return;
	r = open_box(trust, &digest);
	trust->has_box = r == 0 || r == -GUARD_E_SIGNATURE || r == -GUARD_E_FORMAT || r == -GUARD_E_VERSION;
	trust->box = digest;
	if (r < 0 && trust->has_box)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED,
			   "%s is not sealed for this machine's key (%s), id %s: make it again with `guardctl helpdesk "
			   "verifiers --seen`",
			   path, guard_error_name(r), trust->key_id);
}

static void check_sealed(struct trust_process *trust)
{
	char path[TRUST_PATH_MAX];
	struct guard_digest digest;
	int r;

	snprintf(path, sizeof(path), "unlock/%.100s.sealed", trust->config->host);
	if (fetch_new(&digest, trust, path, trust->has_delivery, &trust->delivery) != 0)
		return;
	r = pass_on(trust, &digest);
	trust->has_delivery = r == 0;
	trust->delivery = digest;
	if (r == -GUARD_E_FORMAT || r == -GUARD_E_LIMIT)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED,
			   "%s is no delivery of the help desk's: make it again with `guardctl helpdesk verifiers --sealed`",
			   path);
}

/* The box first: what is sealed for the set in it comes after. */
void trust_delivery_check(struct trust_process *trust)
{
	trust->delivery_due = false;
	check_box(trust);
	check_sealed(trust);
}
