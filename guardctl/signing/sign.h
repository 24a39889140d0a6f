/* SPDX-License-Identifier: MIT
 *
 * signing/sign.h - what the parts of `guardctl sign` share.
 */
#ifndef GUARDCTL_SIGNING_SIGN_H
#define GUARDCTL_SIGNING_SIGN_H

#include "guardctl.h"
#include "publish/publish.h"

#define SIGN_DIRECTORIES_MAX 256u
#define SIGN_CERTIFICATES_MAX (1u << 20) /* bytes of a file of certificates */

struct sign_options {
	const char *key, *certificate, *output, *passphrase_file;
	const char *directories[SIGN_DIRECTORIES_MAX];
	size_t directory_count;
	const char *excludes[SIGN_DIRECTORIES_MAX];
	size_t exclude_count;
	bool all, attached, json;
};

struct sign_key {
	EVP_PKEY *pkey;
	struct publish_token *token; /* NULL: the key is in memory */
	uint8_t *certificates;       /* PEM, owned */
	size_t certificates_size;
};
/* sign_key.c: the key and the certificates that go with it; says what is wrong. */
bool sign_key_load(struct sign_key *ret_key, const struct sign_options *options);
void sign_key_clear(struct sign_key *key);
/* Would its certificate count for a policy that names who issued it?  true as well where
 * nobody else did. */
bool sign_key_is_for_code(const struct sign_key *key);

/* sign_catalog.c: an exit code. */
int sign_catalog(const struct sign_options *options);

#endif
