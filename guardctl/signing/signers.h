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
#include "policy_verbs.h"
#include "wire/wire.h"

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
	struct guard_identity identity; /* the signers that a decision would see; names are the table's */
};

/* Where to look; NULL: this machine's own. */
struct signers_places {
	const char *policy;   /* image or source; else what is in force */
	const char *catalogs; /* folder */
	const char *state;    /* folder */
};

/* The daemon's own places in the place of those that were not named; they lie in `told`. */
void signers_places_of(struct signers_places *places, const struct guard_status *told);

/* A folder that somebody named (NULL: nobody did) is there; false: it was said that not. */
bool signers_folder_is_there(const char *path);

struct signers_keys {
	struct policy_input input;
	struct guard_policy *policy; /* NULL: none; the input's */
	struct guard_public_key **keys;
	size_t count;
	struct guard_attribution *table; /* NULL: none */
	const char *catalogs;
};
/* signers_keys.c: false: it was said why.  Without a policy of the machine's that can
 * be read `policy` is NULL and every key unknown.  Clear it in either case. */
/* signers_asked.c: who vouches for the content of `fd` (-1, or another content than that of
 * `identity`: whatever does not come with the file), for a question to the daemon, which is
 * told this as it is told the rest.  `reason` (GUARD_REASON_MAX bytes, or NULL) gets why a
 * signature does not count, if one does not.  false: no policy could be read, so nobody was
 * looked for.  `ret_keys` has the names that are added: clear it behind the question. */
bool signers_add(struct guard_identity *identity, struct signers_keys *ret_keys, char *reason,
		 const struct signers_places *places, int fd);
bool signers_keys_load(struct signers_keys *ret_keys, const struct signers_places *places);
/* The same for a policy that is open already and stays the caller's. */
bool signers_keys_of(struct signers_keys *ret_keys, struct guard_policy *policy, const struct signers_places *places);
void signers_keys_clear(struct signers_keys *keys);
/* The table of attributed files alone.  Errors: GUARD_E_NOT_FOUND (there is none),
 * GUARD_E_IO (not for this user), those of guard_attribution_open. */
int signers_table_load(struct guard_attribution **ret_table, const struct signers_places *places) GUARD_WARN_UNUSED;
const char *signers_state(const struct signers_places *places);

/* signers_list.c: a signed list.  The name is that of its signature. */
struct signers_list {
	uint8_t *bytes, *signature;
	size_t size, signature_size;
	char reason[GUARD_REASON_MAX]; /* not "": why its signature is none */
};
bool signers_is_list(const char *name);
int signers_list_read(struct signers_list *ret_list, int folder, const char *signature) GUARD_WARN_UNUSED;
void signers_list_clear(struct signers_list *list);
bool signers_list_has(const struct signers_list *list, const struct guard_digest *digest);

/* signers_find.c: everything that vouches for the file in `fd`. */
int signers_find(struct signers_found *ret_found, int fd, const struct signers_keys *keys) GUARD_WARN_UNUSED;
/* The same of a content that is not at hand: lists and packages alone. */
int signers_find_by_content(struct signers_found *ret_found, const struct guard_digest *digest,
			    const struct signers_keys *keys) GUARD_WARN_UNUSED;
/* What lies beside and behind it alone, without its hash. */
int signers_find_carried(struct signers_found *found, int fd, const struct signers_keys *keys) GUARD_WARN_UNUSED;
/* Who signed a list; `name` is shown. */
int signers_find_by_list(struct signers_found *found, const struct signers_keys *keys, const struct signers_list *list,
			 const char *name) GUARD_WARN_UNUSED;
/* signers_print.c */
void signers_print(const char *path, const struct signers_found *found);
void signers_print_all(const struct signers_found *found); /* a line for each signature, or that there is none */
json_t *signers_json(const char *path, const struct signers_found *found);
json_t *signers_json_all(const struct signers_found *found); /* an array of signatures */

/* inspect.c: parse in a child that has no file, no rights and two seconds; as the
 * callback of struct guard_vouching. */
int signers_inspect(void *context, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		    size_t size) GUARD_WARN_UNUSED;

#endif
