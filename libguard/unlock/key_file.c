/* SPDX-License-Identifier: MIT
 *
 * unlock/key_file.c - the help desk's key at rest: AES-256-GCM under a pass
 * phrase stretched by scrypt.  Opens no path; works on fds.
 */
#include "unlock/unlock.h"

#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define MAGIC "GUARDHDK"
#define VERSION 2u
#define VERSION_FOUR 1u /* four scopes: without maintenance */
#define HEAD_SIZE 64u
#define SECRETS_SIZE ((1u + GUARD_UNLOCK_SCOPES) * UNLOCK_SECRET_SIZE)
#define SECRETS_SIZE_FOUR (5u * UNLOCK_SECRET_SIZE)
#define FILE_SIZE_FOUR (HEAD_SIZE + SECRETS_SIZE_FOUR + UNLOCK_TAG_SIZE)
_Static_assert(HEAD_SIZE + SECRETS_SIZE + UNLOCK_TAG_SIZE == GUARD_UNLOCK_KEY_FILE_SIZE, "docs/phone-unlock.md");

/* 128 MiB: an operator's PC does this once a session. */
static const struct unlock_cost written_cost = { 17, 8, 1 };

struct key_head {
	uint32_t version;
	struct unlock_cost cost;
	uint8_t scopes;
	uint8_t salt[UNLOCK_SALT_SIZE];
	uint8_t nonce[UNLOCK_NONCE_SIZE];
};

/* ---- the header ------------------------------------------------------------------------ */

static void write_head(struct guard_writer *writer, const struct key_head *head)
{
	static const uint8_t zero[HEAD_SIZE];

	guard_write_bytes(writer, MAGIC, 8);
	guard_write_u32(writer, VERSION);
	guard_write_u8(writer, head->cost.log2_n);
	guard_write_u8(writer, head->cost.r);
	guard_write_u8(writer, head->cost.p);
	guard_write_u8(writer, head->scopes);
	guard_write_bytes(writer, head->salt, sizeof(head->salt));
	guard_write_bytes(writer, head->nonce, sizeof(head->nonce));
	guard_write_bytes(writer, zero, HEAD_SIZE - writer->size);
}

static unsigned scopes_of(uint32_t version)
{
	return version == VERSION ? GUARD_UNLOCK_ALL_SCOPES : GUARD_UNLOCK_BIT(GUARD_UNLOCK_MAINTENANCE) - 1u;
}

static int read_head(struct key_head *ret_head, struct guard_reader *reader)
{
	const uint8_t *magic = guard_read_bytes(reader, 8), *salt, *nonce;
	struct key_head head;

	if (!magic || memcmp(magic, MAGIC, 8) != 0)
		return -GUARD_E_FORMAT;
	head.version = guard_read_u32(reader);
	if (head.version != VERSION && head.version != VERSION_FOUR)
		return -GUARD_E_VERSION;
	head.cost.log2_n = guard_read_u8(reader);
	head.cost.r = guard_read_u8(reader);
	head.cost.p = guard_read_u8(reader);
	head.scopes = guard_read_u8(reader);
	salt = guard_read_bytes(reader, sizeof(head.salt));
	nonce = guard_read_bytes(reader, sizeof(head.nonce));
	if (!salt || !nonce || !guard_read_bytes(reader, HEAD_SIZE - reader->offset))
		return -GUARD_E_FORMAT;
	/* What an outsider may make a program spend. */
	if (head.cost.log2_n < 14 || head.cost.log2_n > 18 || head.cost.r != 8 || head.cost.p < 1 ||
	    head.cost.p > 4 || head.scopes == 0 || (head.scopes & ~scopes_of(head.version)) != 0)
		return -GUARD_E_FORMAT;
	memcpy(head.salt, salt, sizeof(head.salt));
	memcpy(head.nonce, nonce, sizeof(head.nonce));
	*ret_head = head;
	return 0;
}

static bool passphrase_is_valid(const char *passphrase, size_t length)
{
	return passphrase && length > 0 && length <= GUARD_UNLOCK_PASSPHRASE_MAX;
}

/* ---- save -------------------------------------------------------------------------------- */

static void put_secrets(uint8_t ret_secrets[SECRETS_SIZE], const struct guard_unlock_key *key)
{
	memcpy(ret_secrets, key->mask_master, UNLOCK_SECRET_SIZE);
	memcpy(&ret_secrets[UNLOCK_SECRET_SIZE], key->scope, sizeof(key->scope));
}

static int encode(uint8_t ret_file[GUARD_UNLOCK_KEY_FILE_SIZE], const struct guard_unlock_key *key,
		  const char *passphrase, size_t length)
{
	struct key_head head = { .cost = written_cost, .scopes = (uint8_t)key->scopes };
	struct unlock_sealing with = { .head = ret_file, .head_size = HEAD_SIZE, .nonce = head.nonce };
	uint8_t secrets[SECRETS_SIZE], sealed[SECRETS_SIZE], tag[UNLOCK_TAG_SIZE];
	struct guard_writer writer;
	int r;

	if (RAND_bytes(head.salt, sizeof(head.salt)) != 1 || RAND_bytes(head.nonce, sizeof(head.nonce)) != 1)
		return -GUARD_E_NOMEM;
	guard_writer_init_fixed(&writer, ret_file, GUARD_UNLOCK_KEY_FILE_SIZE);
	write_head(&writer, &head);
	r = guard_unlock_scrypt(with.key, passphrase, length, head.salt, &head.cost);
	if (r == 0) {
		put_secrets(secrets, key);
		r = guard_unlock_seal(sealed, tag, &with, secrets, sizeof(secrets));
	}
	OPENSSL_cleanse(secrets, sizeof(secrets));
	OPENSSL_cleanse(with.key, sizeof(with.key));
	if (r < 0)
		return r;
	guard_write_bytes(&writer, sealed, sizeof(sealed));
	guard_write_bytes(&writer, tag, sizeof(tag));
	return writer.failed ? -GUARD_E_INTERNAL : 0;
}

int guard_unlock_key_save(int fd, const struct guard_unlock_key *key, const char *passphrase, size_t length)
{
	uint8_t file[GUARD_UNLOCK_KEY_FILE_SIZE];
	struct stat st;
	int r;

	if (!passphrase_is_valid(passphrase, length))
		return -GUARD_E_USAGE;
	if (fstat(fd, &st) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(st.st_mode) || st.st_size != 0)
		return -GUARD_E_USAGE;
	r = encode(file, key, passphrase, length);
	if (r < 0)
		return r;
	/* The mode first: nobody else ever has it open with the content. */
	if (fchmod(fd, 0600) < 0 || pwrite(fd, file, sizeof(file), 0) != (ssize_t)sizeof(file) || fsync(fd) < 0)
		return -GUARD_E_IO;
	return 0;
}

/* ---- load -------------------------------------------------------------------------------- */

static int read_file(uint8_t ret_file[GUARD_UNLOCK_KEY_FILE_SIZE], size_t *ret_size, int fd)
{
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0)
		return -GUARD_E_UNSAFE;
	if (st.st_size != GUARD_UNLOCK_KEY_FILE_SIZE && st.st_size != FILE_SIZE_FOUR)
		return -GUARD_E_FORMAT;
	got = pread(fd, ret_file, GUARD_UNLOCK_KEY_FILE_SIZE, 0);
	if (got < 0)
		return -GUARD_E_IO;
	*ret_size = (size_t)got;
	return got == st.st_size ? 0 : -GUARD_E_FORMAT;
}

struct key_bytes {
	uint8_t all[GUARD_UNLOCK_KEY_FILE_SIZE];
	size_t size;
};

static int decode(uint8_t ret_secrets[SECRETS_SIZE], uint8_t *ret_scopes, const struct key_bytes *file,
		  const char *passphrase, size_t length)
{
	struct unlock_sealing with = { .head = file->all, .head_size = HEAD_SIZE };
	struct guard_reader reader;
	struct key_head head;
	const uint8_t *sealed, *tag;
	size_t secrets_size;
	int r;

	guard_reader_init(&reader, file->all, file->size);
	r = read_head(&head, &reader);
	if (r < 0)
		return r;
	secrets_size = head.version == VERSION ? SECRETS_SIZE : SECRETS_SIZE_FOUR;
	sealed = guard_read_bytes(&reader, secrets_size);
	tag = guard_read_bytes(&reader, UNLOCK_TAG_SIZE);
	if (!sealed || !tag || !guard_reader_done(&reader))
		return -GUARD_E_FORMAT;
	with.nonce = head.nonce;
	r = guard_unlock_scrypt(with.key, passphrase, length, head.salt, &head.cost);
	if (r == 0)
		r = guard_unlock_unseal(ret_secrets, &with, sealed, secrets_size, tag);
	OPENSSL_cleanse(with.key, sizeof(with.key));
	if (r == 0)
		*ret_scopes = head.scopes;
	return r;
}

int guard_unlock_key_load(struct guard_unlock_key **ret_key, int fd, const char *passphrase, size_t length)
{
	uint8_t secrets[SECRETS_SIZE] = { 0 }, scopes = 0;
	struct guard_unlock_key *key = NULL;
	struct key_bytes file;
	int r;

	if (!passphrase_is_valid(passphrase, length))
		return -GUARD_E_USAGE;
	r = read_file(file.all, &file.size, fd);
	if (r == 0)
		r = decode(secrets, &scopes, &file, passphrase, length);
	if (r == 0)
		key = calloc(1, sizeof(*key));
	if (r == 0 && !key)
		r = -GUARD_E_NOMEM;
	if (r == 0) {
		key->scopes = scopes;
		memcpy(key->mask_master, secrets, UNLOCK_SECRET_SIZE);
		memcpy(key->scope, &secrets[UNLOCK_SECRET_SIZE], sizeof(key->scope));
		*ret_key = key;
	}
	OPENSSL_cleanse(secrets, sizeof(secrets));
	return r;
}
