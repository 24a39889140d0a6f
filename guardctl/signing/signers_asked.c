/* SPDX-License-Identifier: MIT
 *
 * signing/signers_asked.c - who vouches for a file that the daemon is asked about.
 */
#include "signers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void say_why_not(char *reason, const struct signers_found *found)
{
	for (size_t i = found->count; i-- > 0;)
		if (found->all[i].state != SIGNERS_GOOD)
			snprintf(reason, GUARD_REASON_MAX, "%s", found->all[i].reason);
}

bool signers_add(struct guard_identity *identity, struct signers_keys *ret_keys, char *reason,
		 const struct signers_places *places, int fd)
{
	GUARD_AUTO_FREE struct signers_found *found = calloc(1, sizeof(*found));

	int r = fd < 0 ? -GUARD_E_NOT_FOUND : 0;

	if (!found || !signers_keys_load(ret_keys, places) || !ret_keys->policy)
		return false;
	if (r == 0)
		r = signers_find(found, fd, ret_keys);
	/* It lies there no more, or is another by now: of the content that is asked about. */
	if (r < 0 || guard_digest_compare(&found->digest, &identity->digest) != 0)
		r = signers_find_by_content(found, &identity->digest, ret_keys);
	if (r < 0)
		return true;
	if (reason)
		say_why_not(reason, found);
	identity->signer_count = found->identity.signer_count;
	memcpy(identity->signers, found->identity.signers, sizeof(identity->signers));
	return true;
}
