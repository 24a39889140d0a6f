/* SPDX-License-Identifier: MIT
 *
 * publish/key_new.c - makes key pairs and writes the private half, encrypted
 * unless it is to work unattended.
 */
#include "base/io.h"
#include "publish/publish.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

/* scrypt, RFC 7914: 16 MiB, a third of a second.  OpenSSL's own limit on memory
 * is 32 MiB, so that the rest of the cost is in p. */
#define SCRYPT_N 16384u
#define SCRYPT_R 8u
#define SCRYPT_P 8u
#define SALT_SIZE 16
#define RSA_BITS 3072

static EVP_PKEY *generate(enum publish_key_type type)
{
	switch (type) {
	case PUBLISH_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case PUBLISH_P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case PUBLISH_RSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
	default:
		return NULL;
	}
}

static X509_SIG *encrypt(EVP_PKEY *pkey, const char *passphrase)
{
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
	unsigned char salt[SALT_SIZE];
	X509_ALGOR *algorithm = NULL;
	X509_SIG *sealed = NULL;

	if (plain && RAND_bytes(salt, sizeof(salt)) == 1)
		algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof(salt), NULL, SCRYPT_N, SCRYPT_R,
						  SCRYPT_P);
	if (algorithm)
		sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), plain, algorithm);
	if (!sealed)
		X509_ALGOR_free(algorithm);
	PKCS8_PRIV_KEY_INFO_free(plain);
	return sealed;
}

static bool write_pem(BIO *bio, EVP_PKEY *pkey, const char *passphrase)
{
	X509_SIG *sealed;
	bool done;

	if (!passphrase)
		return PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1;
	sealed = encrypt(pkey, passphrase);
	done = sealed && PEM_write_bio_PKCS8(bio, sealed) == 1;
	X509_SIG_free(sealed);
	return done;
}

/* O_EXCL: a key that is there is worth more than a new one. */
static int save(const char *path, BIO *bio)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char *bytes;
	long size = BIO_get_mem_data(bio, &bytes);
	int r;

	if (fd < 0)
		return errno == EEXIST ? -GUARD_E_EXISTS : -GUARD_E_IO;
	r = guard_write_whole(fd, bytes, (size_t)size);
	if (r == 0 && fsync(fd) < 0)
		r = -GUARD_E_IO;
	if (r < 0)
		unlink(path);
	return r;
}

int publish_key_new(struct publish_signer *ret_signer, enum publish_key_type type, const char *path,
		    const char *passphrase)
{
	EVP_PKEY *pkey = generate(type);
	BIO *bio = BIO_new(BIO_s_secmem());
	int r = -GUARD_E_NOMEM;

	if (pkey && bio && write_pem(bio, pkey, passphrase))
		r = save(path, bio);
	BIO_free(bio);
	ERR_clear_error();
	if (r < 0) {
		EVP_PKEY_free(pkey);
		return r;
	}
	return publish_signer_init(ret_signer, pkey);
}
