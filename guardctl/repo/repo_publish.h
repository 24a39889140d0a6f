/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish.h - one publication while it is made; known to the files
 * repo_publish*.c alone.
 */
#ifndef GUARDCTL_REPO_PUBLISH_H
#define GUARDCTL_REPO_PUBLISH_H

#include "repo.h"

struct publication {
	struct repo_image images[REPO_PROFILES_MAX]; /* by profile */
	json_t *roles;   /* name -> document, of all targets roles */
	json_t *targets; /* path -> content of a place, as text */
	struct guard_exception_limits limits; /* the strictest of the profiles */
	size_t changed;  /* roles signed anew */
};
void publication_clear(struct publication *publication);

/* ---- repo_publish_parts.c: what targets and bins say -------------------------------- */

/* A changed image has a higher version than the one that is signed. */
bool publication_check_version(const json_t *current, const struct repo_profile *profile,
			       const struct repo_image *image);
json_t *publication_policies(const struct publication *publication, const struct repo *repo);
json_t *publication_places(struct publication *publication, const struct repo *repo, unsigned bits, unsigned bin);
/* repo_publish_unlock.c: of unlock/MACHINE.sealed, which the help desk writes. */
void publication_deliveries(struct publication *publication, json_t *targets, const struct repo *repo, unsigned bits,
			    unsigned bin);
json_t *publication_delegations(const struct repo *repo, unsigned bits);
void publication_bin_name(char ret_name[REPO_ROLE_MAX], unsigned bits, unsigned bin);

/* ---- repo_publish_files.c: into the published folder ---------------------------------- */

bool publication_write_roots(const struct repo *repo);
bool publication_write_role(const struct repo *repo, const char *name, const json_t *document);
bool publication_write_roles(const struct publication *publication, const struct repo *repo);
bool publication_write_targets(const struct publication *publication, const struct repo *repo);

/* ---- repo_publish_tell.c: for the administrator ------------------------------------------ */

bool publication_tell(const struct publication *publication, const struct repo *repo,
		      const struct repo_options *options);
/* Offices that have a place, and no folder any more; `seen` (machines by office) may be NULL. */
void publication_tell_gone(const struct repo *repo, const json_t *seen);
/* Roles whose life nears its end. */
void publication_tell_ends(const struct repo *repo);

#endif
