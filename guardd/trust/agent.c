/* SPDX-License-Identifier: MIT
 *
 * trust/agent.c - the machine's key and the header by which a check tells
 * headquarters what is in force here (docs/distribution.md, "The check header").
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "trust/internal.h"

#define KEY_FILE "machine.key"
#define KEY_NEW "machine.key.new"
#define KEY_SIZE 32u
#define SIGNATURE_SIZE 64u
#define PREFIX "guard-check-1\n"

/* RFC 4648, section 5, without padding.  `ret_text` has room. */
static void base64url(char *ret_text, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6; held -= 6)
			ret_text[length++] = digits[bits >> (held - 6) & 63];
	}
	if (held > 0)
		ret_text[length++] = digits[bits << (6 - held) & 63];
	ret_text[length] = '\0';
}

static int store_key(int folder, const uint8_t key[KEY_SIZE])
{
	GUARD_AUTO_CLOSE int fd = -1;

	if (unlinkat(folder, KEY_NEW, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(folder, KEY_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, key, KEY_SIZE) != (ssize_t)KEY_SIZE || fsync(fd) < 0 ||
	    renameat(folder, KEY_NEW, folder, KEY_FILE) < 0 || fsync(folder) < 0)
		return -GUARD_E_IO;
	return 0;
}

static int make_key(EVP_PKEY **ret_key, int folder)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	uint8_t bytes[KEY_SIZE];
	size_t size = sizeof(bytes);
	int r = -GUARD_E_INTERNAL;

	if (key && EVP_PKEY_get_raw_private_key(key, bytes, &size) == 1 && size == sizeof(bytes))
		r = store_key(folder, bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (r < 0)
		EVP_PKEY_free(key);
	else
		*ret_key = key;
	return r;
}

static int read_key(EVP_PKEY **ret_key, int folder)
{
	GUARD_AUTO_CLOSE int fd = openat(folder, KEY_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	uint8_t bytes[KEY_SIZE + 1];
	EVP_PKEY *key;

	if (fd < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	if (read(fd, bytes, sizeof(bytes)) != (ssize_t)KEY_SIZE)
		return -GUARD_E_FORMAT;
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, KEY_SIZE);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (!key)
		return -GUARD_E_FORMAT;
	*ret_key = key;
	return 0;
}

int trust_key_load(struct trust_process *trust)
{
	uint8_t public_half[KEY_SIZE];
	size_t size = sizeof(public_half);
	int r = read_key(&trust->key, trust->folder);

	if (r == -GUARD_E_NOT_FOUND || r == -GUARD_E_FORMAT)
		r = make_key(&trust->key, trust->folder);
	if (r < 0)
		return r;
	if (EVP_PKEY_get_raw_public_key(trust->key, public_half, &size) != 1)
		return -GUARD_E_INTERNAL;
	base64url(trust->key_id, public_half, size);
	return 0;
}

static void percent(char *ret_text, size_t capacity, const char *text)
{
	size_t length = 0;

	for (size_t i = 0; text[i] && length + 4 < capacity; i++) {
		const unsigned char byte = (unsigned char)text[i];

		if ((byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
		    strchr("._-", byte))
			ret_text[length++] = (char)byte;
		else
			length += (size_t)snprintf(&ret_text[length], 4, "%%%02X", byte);
	}
	ret_text[length] = '\0';
}

static uint64_t version_of(const struct trust_process *trust, enum guard_set_kind kind)
{
	const struct trust_state *state = &trust->memory.state;

	for (size_t i = 0; i < state->part_count; i++)
		if (state->parts[i].kind == kind && !state->parts[i].broad && !state->parts[i].above)
			return state->parts[i].version;
	return 0;
}

static bool enforces(const struct trust_process *trust)
{
	const struct trust_state *state = &trust->memory.state;

	return state->part_count > 0 && state->parts[0].mode == GUARD_MODE_ENFORCE;
}

static int sign(char ret_text[SIGNATURE_SIZE * 2], EVP_PKEY *key, const char *value)
{
	uint8_t message[sizeof(PREFIX) + SYNC_AGENT_MAX], signature[SIGNATURE_SIZE];
	size_t size = sizeof(signature);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int length = snprintf((char *)message, sizeof(message), PREFIX "%s", value), good;

	good = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestSign(context, signature, &size, message, (size_t)length) == 1;
	EVP_MD_CTX_free(context);
	if (!good)
		return -GUARD_E_INTERNAL;
	base64url(ret_text, signature, size);
	return 0;
}

void trust_agent(const struct trust_process *trust, char ret_agent[SYNC_AGENT_MAX])
{
	char host[128], office[TRUST_NAME_MAX], signature[SIGNATURE_SIZE * 2];
	int length;

	percent(host, sizeof(host), trust->config->host);
	percent(office, sizeof(office), trust->config->office);
	length = snprintf(ret_agent, SYNC_AGENT_MAX,
			  "guard/1 k=%s h=%s o=%s p=%s v=%llu.%llu.%llu.%llu m=%s s=%s t=%lld", trust->key_id, host,
			  office, trust->memory.state.profile, (unsigned long long)trust->memory.state.snapshot,
			  (unsigned long long)version_of(trust, GUARD_SET_POLICY),
			  (unsigned long long)version_of(trust, GUARD_SET_EXCEPTION),
			  (unsigned long long)version_of(trust, GUARD_SET_DENY), enforces(trust) ? "enforce" : "audit",
			  trust->config->narrowed && strcmp(trust->said.word, "ok") == 0 ? "narrowed" : trust->said.word,
			  (long long)time(NULL));
	if (sign(signature, trust->key, ret_agent) < 0)
		return;
	snprintf(&ret_agent[length], SYNC_AGENT_MAX - (size_t)length, " x=%s", signature);
}
