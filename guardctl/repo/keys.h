/* SPDX-License-Identifier: MIT
 *
 * repo/keys.h - what the files of the verb `keys` share.
 */
#ifndef GUARDCTL_KEYS_H
#define GUARDCTL_KEYS_H

#include "repo.h"

/* keys_tell.c: what it would bring about, to standard output. */
void keys_tell(const json_t *document);
/* How many signatures the file at `path` has now, the last by key `id`. */
void keys_tell_count(const json_t *document, const char *path, const char *id);

/* keys.c: a document that is to be signed; says why not. */
bool keys_read_document(json_t **ret_document, const char *path);
/* keys_merge.c: an exit code. */
int keys_merge(const struct repo_options *options);

#endif
