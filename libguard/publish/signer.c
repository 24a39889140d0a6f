/* SPDX-License-Identifier: MIT
 *
 * publish/signer.c - a private key at work: its public half as metadata has it,
 * and signatures over canonical JSON.  Where the key lives is not known here.
 */
#include "publish/publish.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static char *pem_of(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *bytes;
	long size;

	if (bio && PEM_write_bio_PUBKEY(bio, pkey) == 1) {
		size = BIO_get_mem_data(bio, &bytes);
		text = size > 0 ? strndup(bytes, (size_t)size) : NULL;
	}
	BIO_free(bio);
	return text;
}

static char *raw_of(EVP_PKEY *pkey)
{
	uint8_t raw[32];
	size_t size = sizeof(raw);
	char *hex = malloc(2 * sizeof(raw) + 1);

	if (!hex || EVP_PKEY_get_raw_public_key(pkey, raw, &size) != 1 || size != sizeof(raw)) {
		free(hex);
		return NULL;
	}
	guard_trust_hex_encode(hex, raw, size);
	return hex;
}

static json_t *object(const char *type, const char *scheme, const char *public)
{
	return public ? json_pack("{s:s, s:s, s:{s:s}}", "keytype", type, "scheme", scheme, "keyval", "public", public) :
			NULL;
}

json_t *publish_key_object(EVP_PKEY *pkey)
{
	char group[64] = "";
	size_t length = 0;
	GUARD_AUTO_FREE char *public = NULL;

	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519) {
		public = raw_of(pkey);
		return object("ed25519", "ed25519", public);
	}
	public = pem_of(pkey);
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA && EVP_PKEY_get_bits(pkey) >= GUARD_TRUST_RSA_BITS_MIN)
		return object("rsa", "rsassa-pss-sha256", public);
	if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), &length) == 1 && strcmp(group, "prime256v1") == 0)
		return object("ecdsa", "ecdsa-sha2-nistp256", public);
	return NULL;
}

int publish_signer_init(struct publish_signer *ret_signer, EVP_PKEY *pkey)
{
	struct publish_signer signer = { .pkey = pkey, .key = publish_key_object(pkey) };
	int r = signer.key ? guard_trust_key_id(signer.id, signer.key) : -GUARD_E_UNSUPPORTED;

	ERR_clear_error();
	if (r < 0) {
		publish_signer_clear(&signer);
		return r;
	}
	*ret_signer = signer;
	return 0;
}

void publish_signer_clear(struct publish_signer *signer)
{
	EVP_PKEY_free(signer->pkey);
	json_decref(signer->key);
	publish_token_free(signer->token);
	*signer = (struct publish_signer){ 0 };
}

static bool set_padding(EVP_PKEY_CTX *context, EVP_PKEY *pkey)
{
	return EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
	       (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static int sign_bytes(uint8_t *ret_signature, size_t *ret_size, EVP_PKEY *pkey, const struct guard_writer *message)
{
	const EVP_MD *md = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context = NULL; /* owned by `context` */
	int r = -GUARD_E_NOMEM;

	*ret_size = GUARD_TRUST_SIGNATURE_SIZE_MAX;
	if (context)
		r = EVP_DigestSignInit(context, &key_context, md, NULL, pkey) == 1 && set_padding(key_context, pkey) &&
				    EVP_DigestSign(context, ret_signature, ret_size, message->bytes, message->size) == 1 ?
			    0 :
			    -GUARD_E_SIGNATURE;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return r;
}

/* The same key's earlier signature goes. */
static void drop_signature(json_t *signatures, const char *id)
{
	for (size_t i = json_array_size(signatures); i-- > 0;)
		if (strcmp(json_string_value(json_object_get(json_array_get(signatures, i), "keyid")), id) == 0)
			json_array_remove(signatures, i);
}

int publish_sign(json_t *document, const struct publish_signer *signer)
{
	json_t *signatures = json_object_get(document, "signatures");
	uint8_t signature[GUARD_TRUST_SIGNATURE_SIZE_MAX];
	char hex[2 * GUARD_TRUST_SIGNATURE_SIZE_MAX + 1];
	struct guard_writer message;
	size_t size = 0;
	int r;

	guard_writer_init(&message);
	r = guard_trust_canonical(&message, json_object_get(document, "signed"));
	if (r == 0)
		r = sign_bytes(signature, &size, signer->pkey, &message);
	guard_writer_free(&message);
	if (r < 0)
		return r;
	guard_trust_hex_encode(hex, signature, size);
	drop_signature(signatures, signer->id);
	return json_array_append_new(signatures, json_pack("{s:s, s:s}", "keyid", signer->id, "sig", hex)) < 0 ?
		       -GUARD_E_NOMEM :
		       0;
}
