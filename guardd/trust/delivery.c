/* SPDX-License-Identifier: MIT
 *
 * trust/delivery.c - what the help desk sends to this machine alone
 * (docs/phone-unlock.md, "Deliveries"): fetched and verified like every target,
 * handed to the keeper as it is.  What is sealed in it only the unlock process reads.
 * That there is none, or that it cannot be had now, holds up nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trust/internal.h"
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

static int hand_over(const struct trust_process *trust, const uint8_t *bytes, size_t size)
{
	const struct guardd_trust_message message = {.type = GUARDD_TRUST_UNLOCK};
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-delivery", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		return -GUARD_E_NOMEM;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	return trust_send(trust, &message, fd);
}

static int pass_on(const struct trust_process *trust, const struct guard_digest *digest)
{
	GUARD_AUTO_CLOSE int fd = -1;
	char text[TEXT_MAX + 1];
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX];
	size_t size = 0;
	ssize_t length;
	int r = trust_part_open(&fd, trust->parts, digest);

	if (r < 0)
		return r;
	length = pread(fd, text, sizeof(text), 0);
	if (length < 0 || length > (ssize_t)TEXT_MAX)
		return length < 0 ? -GUARD_E_IO : -GUARD_E_LIMIT;
	r = decode(bytes, &size, text, (size_t)length);
	return r < 0 ? r : hand_over(trust, bytes, size);
}

void trust_delivery_check(struct trust_process *trust)
{
	struct guard_trust_target *target = NULL;
	struct guard_digest digest;
	char path[TRUST_PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "unlock/%.100s.sealed", trust->config->host);
	r = guard_trust_find(&target, trust->client, path);
	if (r == 0)
		r = trust_part_fetch(&digest, trust, target);
	guard_trust_target_free(target);
	trust->delivery_due = r < 0 && r != -GUARD_E_NOT_FOUND;
	if (r < 0 || (trust->has_delivery && guard_digest_compare(&digest, &trust->delivery) == 0))
		return;
	r = pass_on(trust, &digest);
	trust->has_delivery = r == 0;
	trust->delivery = digest;
	if (r == -GUARD_E_FORMAT || r == -GUARD_E_LIMIT)
		trust_note(trust, GUARD_DAEMON_UPDATE_REFUSED,
			   "%s is no delivery of the help desk's: make it again with `guardctl helpdesk verifiers --sealed`",
			   path);
}
