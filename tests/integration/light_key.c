/* SPDX-License-Identifier: MIT
 *
 * integration/light_key.c - `light_key KEY PASSPHRASE-FILE`: the help desk's key file
 * again, with the least scrypt that a reader takes.  A case opens its key twenty times,
 * and what a pass phrase costs there is not what it asks about.  Never for a real key.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "unlock/unlock.h"

#define HEAD_SIZE 64u /* docs/phone-unlock.md, "The help desk's key file" */
#define LOG2_N 14u

static int read_passphrase(char *ret_text, size_t capacity, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = file ? fgets(ret_text, (int)capacity, file) : NULL;

	if (file)
		fclose(file);
	if (!line)
		return -1;
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return 0;
}

static int seal(uint8_t ret_file[GUARD_UNLOCK_KEY_FILE_SIZE], const struct guard_unlock_key *key, const char *passphrase)
{
	const struct unlock_cost cost = {LOG2_N, 8, 1};
	struct unlock_sealing with = {.head = ret_file, .head_size = HEAD_SIZE, .nonce = &ret_file[32]};
	uint8_t secrets[(1 + GUARD_UNLOCK_SCOPES) * UNLOCK_SECRET_SIZE];

	ret_file[12] = LOG2_N;
	if (RAND_bytes(&ret_file[16], UNLOCK_SALT_SIZE) != 1 || RAND_bytes(&ret_file[32], UNLOCK_NONCE_SIZE) != 1 ||
	    guard_unlock_scrypt(with.key, passphrase, strlen(passphrase), &ret_file[16], &cost) < 0)
		return -1;
	memcpy(secrets, key->mask_master, UNLOCK_SECRET_SIZE);
	memcpy(&secrets[UNLOCK_SECRET_SIZE], key->scope, sizeof(key->scope));
	return guard_unlock_seal(&ret_file[HEAD_SIZE], &ret_file[HEAD_SIZE + sizeof(secrets)], &with, secrets, sizeof(secrets));
}

int main(int argc, char **argv)
{
	uint8_t file[GUARD_UNLOCK_KEY_FILE_SIZE];
	struct guard_unlock_key *key = NULL;
	char passphrase[256];
	int fd = argc == 3 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0 || read_passphrase(passphrase, sizeof(passphrase), argv[2]) < 0 ||
	    guard_unlock_key_load(&key, fd, passphrase, strlen(passphrase)) < 0 ||
	    pread(fd, file, sizeof(file), 0) != (ssize_t)sizeof(file) || seal(file, key, passphrase) < 0 ||
	    pwrite(fd, file, sizeof(file), 0) != (ssize_t)sizeof(file)) {
		fputs("light_key: KEY PASSPHRASE-FILE\n", stderr);
		return 1;
	}
	guard_unlock_key_free(key);
	return close(fd) < 0;
}
