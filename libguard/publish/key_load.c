/* SPDX-License-Identifier: MIT
 *
 * publish/key_load.c - a private key out of a file.  The passphrase is asked for
 * only when the file is encrypted, and wiped at once.
 */
#include "publish/publish.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct asking {
	publish_ask ask;
	void *context;
	const char *path;
	bool asked;
	int error;
};

static int give_passphrase(char *buffer, int size, int writing, void *context)
{
	struct asking *asking = context;
	char text[PUBLISH_PASSPHRASE_MAX];
	int length = -1;

	(void)writing;
	asking->asked = true;
	asking->error = asking->ask(asking->context, text, asking->path, false);
	if (asking->error == 0 && strlen(text) < (size_t)size) {
		length = (int)strlen(text);
		memcpy(buffer, text, (size_t)length);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return length;
}

static int read_key(EVP_PKEY **ret_pkey, FILE *file, const char *path, publish_ask ask, void *context)
{
	struct asking asking = { .ask = ask, .context = context, .path = path };
	struct stat status;
	EVP_PKEY *pkey;

	if (fstat(fileno(file), &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)PUBLISH_KEY_FILE_MAX)
		return -GUARD_E_LIMIT;
	pkey = PEM_read_PrivateKey(file, NULL, give_passphrase, &asking);
	ERR_clear_error();
	if (!pkey)
		return asking.error < 0 ? asking.error : asking.asked ? -GUARD_E_DENIED : -GUARD_E_FORMAT;
	if (!asking.asked && (status.st_mode & 077) != 0) {
		EVP_PKEY_free(pkey);
		return -GUARD_E_UNSAFE;
	}
	*ret_pkey = pkey;
	return 0;
}

int publish_key_open(EVP_PKEY **ret_pkey, const char *path, publish_ask ask, void *context)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");

	return file ? read_key(ret_pkey, file, path, ask, context) : -GUARD_E_IO;
}

int publish_key_load(struct publish_signer *ret_signer, const char *path, publish_ask ask, void *context)
{
	EVP_PKEY *pkey = NULL;
	int r = publish_key_open(&pkey, path, ask, context);

	return r < 0 ? r : publish_signer_init(ret_signer, pkey);
}
