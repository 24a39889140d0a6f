/* SPDX-License-Identifier: MIT
 *
 * unlock/seal.c - AES-256-GCM (NIST SP 800-38D) over one buffer, for key files and
 * deliveries.  Knows no format.
 */
#include "unlock/unlock.h"

#include <openssl/err.h>
#include <openssl/evp.h>

int guard_unlock_seal(uint8_t *ret_out, uint8_t ret_tag[UNLOCK_TAG_SIZE], const struct unlock_sealing *with,
		      const uint8_t *in, size_t in_size)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size = 0, rest = 0, r = -GUARD_E_NOMEM;

	if (context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, with->key, with->nonce) == 1 &&
	    EVP_EncryptUpdate(context, NULL, &size, with->head, (int)with->head_size) == 1 &&
	    EVP_EncryptUpdate(context, ret_out, &size, in, (int)in_size) == 1 &&
	    EVP_EncryptFinal_ex(context, &ret_out[size], &rest) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, UNLOCK_TAG_SIZE, ret_tag) == 1)
		r = 0;
	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	return r;
}

int guard_unlock_unseal(uint8_t *ret_out, const struct unlock_sealing *with, const uint8_t *in, size_t in_size,
			const uint8_t tag[UNLOCK_TAG_SIZE])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t rest[16];
	int size = 0, left = 0, r = -GUARD_E_SIGNATURE;

	if (!context)
		return -GUARD_E_NOMEM;
	if (EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, with->key, with->nonce) == 1 &&
	    EVP_DecryptUpdate(context, NULL, &size, with->head, (int)with->head_size) == 1 &&
	    EVP_DecryptUpdate(context, ret_out, &size, in, (int)in_size) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, UNLOCK_TAG_SIZE, (void *)tag) == 1 &&
	    EVP_DecryptFinal_ex(context, rest, &left) == 1)
		r = 0;
	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	return r;
}
