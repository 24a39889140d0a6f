/* SPDX-License-Identifier: MIT
 *
 * gate/carried.c - the signatures that a file carries, as bytes: finds them at their
 * fixed places.  Must not look into them.
 */
#include "gate/signers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define IMA_XATTR "security.ima"
#define IMA_SIGNATURE 3 /* first byte; other types are hashes, but for */
#define IMA_VERITY_SIGNATURE 6

static void look_for_ima(struct gate_carried *carried, int fd)
{
	ssize_t size = fgetxattr(fd, IMA_XATTR, carried->ima, sizeof(carried->ima));

	if (size > 0 && (carried->ima[0] == IMA_SIGNATURE || carried->ima[0] == IMA_VERITY_SIGNATURE))
		carried->ima_size = (size_t)size;
}

/* What they are known again by; 0 without any. */
static uint64_t number_of(const struct gate_carried *carried)
{
	struct guard_digest digests[2] = { 0 }, both;
	uint64_t number = 0;

	if (!carried->ima_size && !carried->appended_size)
		return 0;
	if (guard_digest_bytes(&digests[0], carried->ima, carried->ima_size) < 0 ||
	    (carried->appended_size &&
	     guard_digest_bytes(&digests[1], carried->appended, carried->appended_size) < 0) ||
	    guard_digest_bytes(&both, digests, sizeof(digests)) < 0)
		return (uint64_t)gate_now_ns(); /* never again */
	memcpy(&number, both.bytes, sizeof(number));
	return number;
}

void gate_carried_look(struct gate_carried *ret_carried, struct gate_identity *identity, unsigned providers, int fd)
{
	struct gate_carried *carried = ret_carried;

	memset(carried, 0, sizeof(*carried));
	if (providers & 1u << GUARD_PROVIDER_IMA)
		look_for_ima(carried, fd);
	if (providers & 1u << GUARD_PROVIDER_APPENDED)
		(void)!guard_appended_read(&carried->appended, &carried->appended_size, &carried->content_size, fd,
					   identity->identity.size);
	identity->carried = (uint8_t)((carried->ima_size ? 1u << GUARD_PROVIDER_IMA : 0) |
				      (carried->appended_size ? 1u << GUARD_PROVIDER_APPENDED : 0));
	identity->looked_for = (uint8_t)(providers & GATE_CARRIED_PROVIDERS);
	identity->signatures = number_of(carried);
}

void gate_carried_clear(struct gate_carried *carried)
{
	free(carried->appended);
	carried->appended = NULL;
}
