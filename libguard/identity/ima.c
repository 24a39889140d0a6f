/* SPDX-License-Identifier: MIT
 *
 * identity/ima.c - the value of security.ima as `evmctl ima_sign` and Fedora's
 * packages write it: type 3, then the kernel's struct signature_v2_hdr
 * (security/integrity/integrity.h): version, hash algorithm, key id (big-endian),
 * size of the signature (big-endian), the signature.  Version 3 is about struct
 * ima_file_id: with type 6 about the file's fs-verity digest.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "identity/claim.h"

enum { IMA_XATTR_DIGSIG = 3, IMA_VERITY_DIGSIG = 6, IMA_VERSION = 2, IMA_VERSION_FILE_ID = 3 };
enum { HASH_ALGO_SHA256 = 4, HASH_ALGO_SHA384 = 5, HASH_ALGO_SHA512 = 6 }; /* include/uapi/linux/hash_info.h */

static enum guard_hash hash_of(uint8_t algorithm)
{
	switch (algorithm) {
	case HASH_ALGO_SHA256:
		return GUARD_HASH_SHA256;
	case HASH_ALGO_SHA384:
		return GUARD_HASH_SHA384;
	case HASH_ALGO_SHA512:
		return GUARD_HASH_SHA512;
	default:
		return GUARD_HASH_NONE;
	}
}

int guard_ecdsa_plain(uint8_t *ret_bytes, uint32_t *ret_size, size_t capacity, const uint8_t *der, size_t size)
{
	const unsigned char *at = der;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
	const BIGNUM *r, *s;
	int half, made = -1;

	ERR_clear_error();
	if (!pair || at != der + size) {
		ECDSA_SIG_free(pair);
		return -GUARD_E_FORMAT;
	}
	ECDSA_SIG_get0(pair, &r, &s);
	half = BN_num_bytes(r) > BN_num_bytes(s) ? BN_num_bytes(r) : BN_num_bytes(s);
	if (half > 0 && (size_t)half * 2 <= capacity && !BN_is_negative(r) && !BN_is_negative(s) &&
	    BN_bn2binpad(r, ret_bytes, half) == half)
		made = BN_bn2binpad(s, &ret_bytes[half], half);
	ECDSA_SIG_free(pair);
	if (made != half)
		return -GUARD_E_FORMAT;
	*ret_size = (uint32_t)half * 2;
	return 0;
}

__attribute__((format(printf, 3, 4)))
static int refuse(struct guard_claims *claims, int error, const char *format, ...)
{
	va_list arguments;

	memset(claims, 0, sizeof(*claims));
	va_start(arguments, format);
	vsnprintf(claims->reason, sizeof(claims->reason), format, arguments);
	va_end(arguments);
	return error;
}

/* RSA and ECDSA are not told apart by the header: an ECDSA signature is a DER
 * SEQUENCE of nothing but two numbers, an RSA one as long as its key. */
static void take_signature(struct guard_claim *claim, const uint8_t *signature, size_t size)
{
	if (guard_ecdsa_plain(claim->signature, &claim->signature_size, sizeof(claim->signature), signature, size) == 0) {
		claim->scheme = GUARD_SCHEME_ECDSA;
		return;
	}
	claim->scheme = GUARD_SCHEME_RSA;
	memcpy(claim->signature, signature, size);
	claim->signature_size = (uint32_t)size;
}

int guard_ima_parse(struct guard_claims *ret_claims, const void *xattr, size_t size)
{
	struct guard_claim *claim = &ret_claims->claims[0];
	struct guard_reader reader;
	uint8_t type, version, algorithm;
	const uint8_t *key, *length, *signature;
	size_t wanted;

	memset(ret_claims, 0, sizeof(*ret_claims));
	guard_reader_init(&reader, xattr, size);
	type = guard_read_u8(&reader);
	if (reader.failed || (type != IMA_XATTR_DIGSIG && type != IMA_VERITY_DIGSIG))
		return refuse(ret_claims, -GUARD_E_UNSUPPORTED, "security.ima is of type %u, which is no signature", type);
	version = guard_read_u8(&reader);
	if (reader.failed || (version != IMA_VERSION && version != IMA_VERSION_FILE_ID) ||
	    (type == IMA_VERITY_DIGSIG && version != IMA_VERSION_FILE_ID))
		return refuse(ret_claims, -GUARD_E_UNSUPPORTED, "security.ima has a signature of type %u, version %u; "
			      "type 3 of version 2 or 3 and type 6 (fs-verity) of version 3 are known", type, version);
	algorithm = guard_read_u8(&reader);
	key = guard_read_bytes(&reader, 4);
	length = guard_read_bytes(&reader, 2);
	wanted = length ? (size_t)length[0] << 8 | length[1] : 0;
	signature = wanted ? guard_read_bytes(&reader, wanted) : NULL;
	if (!key || !signature || wanted > GUARD_SIGNATURE_MAX || !guard_reader_done(&reader))
		return refuse(ret_claims, -GUARD_E_FORMAT, "security.ima is cut or has bytes too many");
	claim->content_hash = claim->signed_hash = hash_of(algorithm);
	if (!claim->content_hash)
		return refuse(ret_claims, -GUARD_E_UNSUPPORTED,
			      "security.ima uses hash algorithm %u; SHA-256, SHA-384 and SHA-512 are taken", algorithm);
	if (type == IMA_VERITY_DIGSIG && claim->content_hash == GUARD_HASH_SHA384)
		return refuse(ret_claims, -GUARD_E_UNSUPPORTED, "fs-verity knows SHA-256 and SHA-512, not SHA-384");
	claim->file_id = version == IMA_VERSION_FILE_ID ? type : GUARD_FILE_ID_NONE;
	claim->hint = GUARD_HINT_IMA;
	memcpy(claim->key, key, 4);
	take_signature(claim, signature, wanted);
	ret_claims->count = 1;
	return 0;
}
