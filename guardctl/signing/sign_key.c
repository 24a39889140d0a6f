/* SPDX-License-Identifier: MIT
 *
 * signing/sign_key.c - a private key from a file or a token, and its certificates.
 * Asks for the passphrase or PIN and keeps none.
 */
#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "repo.h"

/* The certificate may stand in the key's own file. */
static bool load_certificates(struct sign_key *key, const struct sign_options *options)
{
	const char *path = options->certificate ? options->certificate : options->key;
	int r = publish_file_read(&key->certificates, &key->certificates_size, AT_FDCWD, path, SIGN_CERTIFICATES_MAX);

	if (r == 0)
		return true;
	guardctl_error("sign: %s cannot be read: %s", path, r == -GUARD_E_IO ? strerror(errno) : guard_error_text(r));
	return false;
}

bool sign_key_load(struct sign_key *ret_key, const struct sign_options *options)
{
	struct repo_options asking = { .passphrase_file = options->passphrase_file };
	const bool token = strncmp(options->key, "pkcs11:", 7) == 0;
	struct sign_key key = { 0 };
	int r;

	if (token && !options->certificate) {
		guardctl_error("sign: give the certificate of the token's key as --certificate FILE");
		return false;
	}
	if (!load_certificates(&key, options))
		return false;
	r = token ? publish_token_open(&key.pkey, &key.token, options->key, repo_ask, &asking) :
		    publish_key_open(&key.pkey, options->key, repo_ask, &asking);
	if (r < 0) {
		guardctl_error("sign: the key %s cannot be used: %s", options->key, repo_key_reason(r, strncmp(options->key, "pkcs11:", 7) == 0));
		sign_key_clear(&key);
		return false;
	}
	*ret_key = key;
	return true;
}

void sign_key_clear(struct sign_key *key)
{
	EVP_PKEY_free(key->pkey);
	publish_token_free(key->token);
	free(key->certificates);
	*key = (struct sign_key){ 0 };
}

bool sign_key_is_for_code(const struct sign_key *key)
{
	BIO *bio = BIO_new_mem_buf(key->certificates, (int)key->certificates_size);
	X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool good = true;

	if (x509 && X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) != 0)
		good = (X509_get_extension_flags(x509) & EXFLAG_XKUSAGE) &&
		       (X509_get_extended_key_usage(x509) & XKU_CODE_SIGN) &&
		       (X509_get_key_usage(x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
	X509_free(x509);
	BIO_free(bio);
	return good;
}
