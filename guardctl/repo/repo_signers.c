/* SPDX-License-Identifier: MIT
 *
 * repo/repo_signers.c - the private keys at hand: from --key, else those that
 * repo.conf names as `signers`.  Asks for passphrases; keeps none.
 */
#include "repo.h"

#include <string.h>

#include <openssl/crypto.h>

static int from_file(char ret_text[PUBLISH_PASSPHRASE_MAX], const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");

	if (!file || !fgets(ret_text, PUBLISH_PASSPHRASE_MAX, file)) {
		guardctl_error("the passphrase file %s cannot be read", path);
		return -GUARD_E_IO;
	}
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return 0;
}

int repo_ask(void *context, char ret_text[PUBLISH_PASSPHRASE_MAX], const char *what, bool verify)
{
	const struct repo_options *options = context;
	char prompt[320];

	if (options->passphrase_file)
		return from_file(ret_text, options->passphrase_file);
	snprintf(prompt, sizeof(prompt), _("Passphrase for %.240s: "), what);
	if (EVP_read_pw_string(ret_text, (int)PUBLISH_PASSPHRASE_MAX - 1, prompt, verify) == 0)
		return 0;
	guardctl_error("no passphrase was given; without a terminal use --passphrase-file FILE");
	return -GUARD_E_DENIED;
}

const char *repo_key_reason(int r, bool token)
{
	switch (r) {
	case -GUARD_E_DENIED:
		return _("the passphrase or PIN is wrong");
	case -GUARD_E_USAGE:
		return _("a token's key is named pkcs11:token=LABEL;object=LABEL");
	case -GUARD_E_UNREACHABLE:
		return _("the PKCS #11 module cannot be loaded; name the token's own by ?module-path=FILE.so, or install p11-kit");
	case -GUARD_E_UNSUPPORTED:
		return token ? _("the token's key is of no kind that signs here: it is P-256, or RSA of 2048 bits and more") :
			       _("it is of no kind that signs here: Ed25519, P-256, or RSA of 2048 bits and more");
	case -GUARD_E_UNSAFE:
		return _("it is not encrypted and others can read it; chmod 600");
	case -GUARD_E_FORMAT:
		return token ? _("the token has no P-256 or RSA key of that label; `pkcs11-tool --login --list-objects` shows what "
			       "it has") :
			       _("it holds no private key");
	case -GUARD_E_NOT_FOUND:
		return _("there is no token of that label; `pkcs11-tool --list-slots` shows those that there are");
	case -GUARD_E_IO:
		return strerror(errno);
	default:
		return guardctl_error_text(r);
	}
}

int repo_load_key(struct publish_signer *ret_signer, const struct repo_options *options, const char *name)
{
	int r;

	if (strncmp(name, "pkcs11:", 7) == 0)
		r = publish_token_load(ret_signer, name, repo_ask, (void *)options);
	else
		r = publish_key_load(ret_signer, name, repo_ask, (void *)options);
	if (r < 0)
		guardctl_error("the key %s cannot be used: %s", name, repo_key_reason(r, strncmp(name, "pkcs11:", 7) == 0));
	return r;
}

static bool load_one(struct repo *repo, const struct repo_options *options, const char *name)
{
	if (repo->signer_count == REPO_SIGNERS_MAX) {
		guardctl_error("more than %u keys", REPO_SIGNERS_MAX);
		return false;
	}
	if (repo_load_key(&repo->signers[repo->signer_count], options, name) < 0)
		return false;
	repo->signer_count++;
	return true;
}

bool repo_load_signers(struct repo *repo, const struct repo_options *options)
{
	size_t i;
	json_t *name;

	for (i = 0; i < options->key_count; i++)
		if (!load_one(repo, options, options->keys[i]))
			return false;
	json_array_foreach(json_object_get(repo->conf, "signers"), i, name) {
		if (json_is_string(name) && !load_one(repo, options, json_string_value(name)))
			return false;
	}
	return true;
}

static bool lists(const struct repo_keys *keys, const char *id)
{
	size_t i;
	json_t *key;

	json_array_foreach(keys->objects, i, key) {
		char other[GUARD_TRUST_KEY_ID_SIZE];

		if (guard_trust_key_id(other, key) == 0 && strcmp(other, id) == 0)
			return true;
	}
	return false;
}

size_t repo_signers_of(const struct repo *repo, const struct repo_keys *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < repo->signer_count; i++)
		count += lists(keys, repo->signers[i].id);
	return count;
}

bool repo_can_sign(const struct repo *repo, const struct repo_keys *keys)
{
	return repo_signers_of(repo, keys) > 0;
}

int repo_sign_all(json_t *document, const struct repo *repo, const struct repo_keys *keys)
{
	for (size_t i = 0; i < repo->signer_count; i++) {
		int r;

		if (!lists(keys, repo->signers[i].id))
			continue;
		r = publish_sign(document, &repo->signers[i]);
		if (r < 0)
			return r;
	}
	return 0;
}
