/* SPDX-License-Identifier: MIT
 *
 * repo/exception.h - what `exception` and `deny` share: one entry of a list, as
 * a source of its own.
 */
#ifndef GUARDCTL_EXCEPTION_H
#define GUARDCTL_EXCEPTION_H

#include "repo.h"

#define EXCEPTION_PROGRAMS_MAX 1000u /* beside the first, of one entry */

struct exception_program {
	char sha256[65];
	char name[512]; /* of the file, or "" */
};
/* What the entry is about; from the command line. */
struct exception_subject {
	char sha256[65];     /* "" when it is not by content */
	char name[512];      /* of the file, or "" */
	const char *signer;  /* "PROVIDER:KEY" or "PROVIDER:FILE" with the certificate, or NULL */
	char certificate[REPO_NAME_MAX + 8]; /* the copy of FILE beside the source, or "" */
	const char *path;    /* pattern, or NULL */
	struct exception_program *more; /* what else belongs to it, by content */
	size_t more_count;
};
/* exception_subject.c: --file, --sha256, --from-ledger, --from-unlock, --signer or
 * --path; an exit code. */
int exception_subject_read(struct exception_subject *ret_subject, const struct repo_options *options,
			   const struct guardctl_options *global);
void exception_subject_free(struct exception_subject *subject);
/* exception_unlock.c: what ran under an unlock, of the daemon's ledger or of what
 * `guardctl --json unlocks [show ID]` wrote; an exit code. */
int exception_from_unlock(struct exception_subject *subject, const struct repo_options *options,
			  const struct guardctl_options *global);
/* "2027-01-31", RFC 3339, or "30d", "12h" from now. */
bool exception_time(int64_t *ret_seconds, const char *text, int64_t now);

/* exception_source.c: `rules = (...)` of the subject. */
void exception_put_rule(FILE *out, const struct exception_subject *subject, const char *action, const char *hosts);
/* A string as the policy language has it. */
void exception_put_string(FILE *out, const char *text);
/* The entry's name: what was given, else made of the subject. */
bool exception_make_id(char ret_id[REPO_NAME_MAX + 1], const struct repo_options *options,
		       const struct exception_subject *subject);
/* A signer that is given by FILE: put FOLDER/ID.pem beside the source. */
bool exception_take_signer(struct exception_subject *subject, const struct repo *repo, const char *folder,
			   const char *id);
/* Write FOLDER/ID.conf; one that is there is not replaced. */
bool exception_save(const struct repo *repo, const char *folder, const char *id, const char *text, size_t size);
bool exception_remove(const struct repo *repo, const char *folder, const char *id);
/* exception_list.c: an exit code. */
int exception_list(const struct repo *repo, const struct repo_options *options);

#endif
