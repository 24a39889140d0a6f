/* SPDX-License-Identifier: MIT
 *
 * signing/signers.h - what the parts of `guardctl signers` share.
 */
#ifndef GUARDCTL_SIGNING_SIGNERS_H
#define GUARDCTL_SIGNING_SIGNERS_H

#include <jansson.h>

#include "guardctl.h"
#include "identity/attribution.h"
#include "policy/vouch.h"

#define SIGNERS_POLICY "/var/lib/guard/policy-last"
#define SIGNERS_TABLE "/var/lib/guard/attributions"
#define SIGNERS_CATALOGS "/etc/guard/catalogs"
#define SIGNERS_FOUND_MAX 64u

enum signers_state {
	SIGNERS_GOOD = 0,  /* verifies, by a key that is named */
	SIGNERS_UNKNOWN,   /* by a key that is not */
	SIGNERS_BAD,	   /* by one that is, and not of this content */
	SIGNERS_REFUSED,   /* verifies, but its certificates do not count */
	SIGNERS_UNREADABLE /* no signature that is taken */
};
struct signers_one {
	uint8_t provider, state, scheme, hash;
	uint8_t key[GUARD_KEY_ID_SIZE]; /* of the one named, when good, bad or refused */
	bool has_key;
	int64_t signed_at; /* 0: no time stamp counts */
	char where[256];   /* catalog's file, or package and version */
	char subject[GUARD_SUBJECT_MAX];
	char reason[GUARD_REASON_MAX];
};
struct signers_found {
	struct guard_digest digest;
	uint64_t size;
	size_t count;
	struct signers_one all[SIGNERS_FOUND_MAX];
};

/* Keys of a policy and of --certificate files, as one policy. */
struct signers_keys {
	struct guard_policy *policy; /* NULL: none */
	struct guard_public_key **keys;
	size_t count;
	struct guard_attribution *table; /* NULL: none */
	const char *catalogs;
};

/* signers_find.c: everything that vouches for the file in `fd`. */
int signers_find(struct signers_found *ret_found, int fd, const struct signers_keys *keys) GUARD_WARN_UNUSED;
/* signers_print.c */
void signers_print(const char *path, const struct signers_found *found);
json_t *signers_json(const char *path, const struct signers_found *found);

/* inspect.c: parse in a child that has no file, no rights and two seconds; as the
 * callback of struct guard_vouching. */
int signers_inspect(void *context, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		    size_t size) GUARD_WARN_UNUSED;

#endif
