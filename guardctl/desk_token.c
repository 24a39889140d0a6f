/* SPDX-License-Identifier: MIT
 *
 * guardctl/desk_token.c - a key file that a PKCS #11 token opens: its pass phrase
 * is made from a signature that only the token's RSA key can make
 * (docs/phone-unlock.md, "A token").  The token's key never leaves it.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "desk.h"
#include "i18n.h"
#include "publish/publish.h"

#define SIGNED "guard help desk key file 1"
#define SIGNATURE_MAX 1024u
#define RSA_BITS_MIN 2048

struct question {
	const char *pin_file;
	int code;
};

static int ask_pin(void *context, char ret_text[PUBLISH_PASSPHRASE_MAX], const char *what, bool verify)
{
	struct question *question = context;
	struct desk_secret secret = {.length = 0};

	(void)what;
	(void)verify;
	question->code = desk_secret_read(&secret, question->pin_file, _("PIN of the token: "), false);
	if (question->code == 0 && secret.length < PUBLISH_PASSPHRASE_MAX)
		memcpy(ret_text, secret.text, secret.length + 1);
	else if (question->code == 0)
		question->code = GUARDCTL_USAGE;
	desk_secret_wipe(&secret);
	return question->code ? -GUARD_E_DENIED : 0;
}

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2): the same each time. */
static int sign(uint8_t ret_signature[SIGNATURE_MAX], size_t *ret_size, EVP_PKEY *pkey)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL;
	int r = -GUARD_E_SIGNATURE;

	*ret_size = SIGNATURE_MAX;
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || EVP_PKEY_get_bits(pkey) < RSA_BITS_MIN)
		r = -GUARD_E_UNSUPPORTED;
	else if (context && EVP_DigestSignInit(context, &key_context, EVP_sha256(), NULL, pkey) == 1 &&
		 EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PADDING) == 1 &&
		 EVP_DigestSign(context, ret_signature, ret_size, (const unsigned char *)SIGNED, strlen(SIGNED)) == 1)
		r = 0;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}

static int say(const char *uri, int error)
{
	if (error == -GUARD_E_UNSUPPORTED)
		guardctl_error(_("%s: the key must be an RSA key of at least %d bits: only such a one signs the same each "
				 "time"),
			       uri, RSA_BITS_MIN);
	else if (error == -GUARD_E_NOT_FOUND || error == -GUARD_E_FORMAT)
		guardctl_error(_("%s: there is no such token, module or key; `p11tool --list-tokens` shows what there is"),
			       uri);
	else if (error == -GUARD_E_DENIED)
		guardctl_error(_("%s: the PIN is wrong"), uri);
	else if (error == -GUARD_E_USAGE)
		guardctl_error(_("%s: give pkcs11:token=LABEL;object=LABEL"), uri);
	else
		guardctl_error("%s: %s", uri, guardctl_error_text(error));
	return GUARDCTL_REFUSED;
}

int desk_token_secret(struct desk_secret *ret_secret, const char *uri, const char *pin_file)
{
	struct question question = {.pin_file = pin_file};
	uint8_t signature[SIGNATURE_MAX];
	struct publish_token *token = NULL;
	struct guard_digest digest;
	EVP_PKEY *pkey = NULL;
	size_t size = 0;
	int r = -GUARD_E_USAGE;

	if (strncmp(uri, "pkcs11:", 7) == 0)
		r = publish_token_open(&pkey, &token, uri, ask_pin, &question);
	if (r == 0)
		r = sign(signature, &size, pkey);
	if (r == 0)
		r = guard_digest_bytes(&digest, signature, size);
	EVP_PKEY_free(pkey);
	publish_token_free(token);
	if (r == 0) {
		guard_digest_format(ret_secret->text, &digest);
		ret_secret->length = strlen(ret_secret->text);
	}
	OPENSSL_cleanse(signature, sizeof(signature));
	OPENSSL_cleanse(&digest, sizeof(digest));
	return r == 0 ? GUARDCTL_DONE : question.code ? question.code : say(uri, r);
}
