/* SPDX-License-Identifier: MIT
 *
 * guardctl/desk.h - the help desk's side: its key file and its own ledger
 * (docs/phone-unlock.md, "The help desk's ledger").  Used by `answer` and
 * `helpdesk`.  What fails has been said; the functions return exit codes.
 */
#ifndef GUARDCTL_DESK_H
#define GUARDCTL_DESK_H

#include <guard/unlock.h>
#include <jansson.h>
#include <limits.h>

#include "guardctl.h"
#include "unlock/delivery.h"

#define DESK_LINE_MAX 65536u /* bytes of one line of the ledger */

struct desk_secret {
	char text[GUARD_UNLOCK_PASSPHRASE_MAX + 2];
	size_t length;
};
/* desk_secret.c: from the first line of a file (its name may be NULL), or asked
 * for at the terminal without showing it; `twice`: a new one. */
int desk_secret_read(struct desk_secret *ret_secret, const char *file, const char *prompt, bool twice);
void desk_secret_wipe(struct desk_secret *secret);
/* What opens a key file: a pass phrase, or a token. */
struct desk_lock {
	const char *passphrase_file; /* of the pass phrase, or the token's PIN; NULL asks */
	const char *token;	     /* "pkcs11:token=LABEL;object=LABEL", or NULL */
};
/* desk_token.c: the pass phrase that the token makes. */
int desk_token_secret(struct desk_secret *ret_secret, const char *uri, const char *pin_file);
/* Load the key; asks for what the lock does not say. */
int desk_key_load(struct guard_unlock_key **ret_key, const char *path, const struct desk_lock *lock);
/* Save to a new file; one that is there is never replaced. */
int desk_key_save(const char *path, const struct guard_unlock_key *key, const struct desk_lock *lock);

/* desk_ledger.c: JSON lines, each with the SHA-256 of the line before.  The file
 * is locked while it is open. */
struct desk_ledger {
	int fd;
	char path[PATH_MAX];
	char last[GUARD_DIGEST_HEX_SIZE]; /* of the newest line; 64 zeros for none */
	json_t *lines;			  /* array of objects */
};
/* `path` NULL: KEY.ledger. */
int desk_ledger_open(struct desk_ledger *ret_ledger, const char *path, const char *key_path);
void desk_ledger_close(struct desk_ledger *ledger);
/* Append and sync; takes over `line`. */
int desk_ledger_append(struct desk_ledger *ledger, json_t *line);
/* Does it know to whom verifiers were issued?  An operator's own ledger does not. */
bool desk_ledger_issues(const struct desk_ledger *ledger);
/* The newest epoch issued to the machine, 0 none. */
unsigned desk_ledger_epoch(const struct desk_ledger *ledger, const char *machine);
/* The same of those that were given by hand, not sealed. */
unsigned desk_ledger_given_epoch(const struct desk_ledger *ledger, const char *machine);

/* desk_delivery.c: FOLDER/MACHINE.sealed.  read: nothing is there yet is an empty one. */
int desk_base(struct guard_unlock_base *ret_base, const struct desk_ledger *ledger, const struct guard_unlock_key *key,
	      const char *machine);
int desk_delivery_read(struct guard_unlock_delivery *ret_delivery, const char *folder,
		       const struct guard_unlock_base *base);
int desk_delivery_write(const char *folder, const struct guard_unlock_base *base,
			const struct guard_unlock_delivery *delivery);
#endif
