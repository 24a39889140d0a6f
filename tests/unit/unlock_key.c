/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_key.c - the help desk's key and its file.
 */
#include "unit.h"

#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "unlock_fixture.h"

static struct guard_unlock_key *key;
static int saved = -1;

static int set_up(void)
{
	saved = memfd_create("key", MFD_CLOEXEC);
	if (saved < 0 || guard_unlock_key_new(&key) < 0)
		return 1;
	return guard_unlock_key_save(saved, key, "correct horse", 13) == 0 ? 0 : 1;
}

static int tear_down(void)
{
	guard_unlock_key_free(key);
	close(saved);
	return 0;
}

static int load(const char *passphrase)
{
	struct guard_unlock_key *back = NULL;
	int r = guard_unlock_key_load(&back, saved, passphrase, strlen(passphrase));

	if (r == 0)
		CU_ASSERT_EQUAL(memcmp(back, key, sizeof(*key)), 0);
	guard_unlock_key_free(back);
	return r;
}

static void put(off_t at, uint8_t value)
{
	CU_ASSERT_EQUAL_FATAL(pwrite(saved, &value, 1, at), 1);
}

static int load_with(off_t at, uint8_t change)
{
	uint8_t was = 0;
	int r;

	CU_ASSERT_EQUAL_FATAL(pread(saved, &was, 1, at), 1);
	put(at, was ^ change);
	r = load("correct horse");
	put(at, was);
	return r;
}

static void test_wrong_passphrase(void)
{
	CU_ASSERT_EQUAL(load(""), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(load("correct horsE"), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(load("correct horse"), 0);
}

static void test_changed(void)
{
	CU_ASSERT_EQUAL(load_with(0, 1), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(load_with(8, 2), -GUARD_E_VERSION);
	CU_ASSERT_EQUAL(load_with(12, 0x80), -GUARD_E_FORMAT); /* what it may make us spend */
	CU_ASSERT_EQUAL(load_with(14, 0x81), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(load_with(15, 0x20), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(load_with(15, 0x02), -GUARD_E_SIGNATURE); /* scopes are authenticated */
	CU_ASSERT_EQUAL(load_with(63, 1), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(load_with(100, 1), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(load_with(239, 1), -GUARD_E_SIGNATURE);
}

/* A file of before maintenance: it opens, and cannot give that. */
static void test_four_scopes(void)
{
	uint8_t file[240] = "GUARDHDK", secrets[160];
	struct unlock_sealing with = { .head = file, .head_size = 64, .nonce = &file[32] };
	const struct unlock_cost cost = { 14, 8, 1 };
	struct guard_unlock_key *back = NULL, *limited = NULL;
	int fd = memfd_create("four", MFD_CLOEXEC);

	file[8] = 1;
	file[12] = cost.log2_n;
	file[13] = cost.r;
	file[14] = cost.p;
	file[15] = 0x0f;
	memcpy(secrets, key->mask_master, 32);
	memcpy(&secrets[32], key->scope, 128);
	CU_ASSERT_EQUAL(guard_unlock_scrypt(with.key, "x", 1, &file[16], &cost), 0);
	CU_ASSERT_EQUAL(guard_unlock_seal(&file[64], &file[224], &with, secrets, sizeof(secrets)), 0);
	CU_ASSERT_EQUAL(write(fd, file, sizeof(file)), (ssize_t)sizeof(file));
	CU_ASSERT_EQUAL(fchmod(fd, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_key_load(&back, fd, "x", 1), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_scopes(back), 0x0f);
	CU_ASSERT_EQUAL(memcmp(back->scope[3], key->scope[3], UNLOCK_SECRET_SIZE), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_limit(&limited, back, GUARD_UNLOCK_BIT(GUARD_UNLOCK_MAINTENANCE)),
			-GUARD_E_NOT_FOUND);
	guard_unlock_key_free(back);
	close(fd);
}

static void test_unfit_files(void)
{
	int pipes[2], empty = memfd_create("empty", MFD_CLOEXEC);
	struct guard_unlock_key *back = NULL;

	CU_ASSERT_EQUAL_FATAL(pipe2(pipes, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_load(&back, pipes[0], "x", 1), -GUARD_E_UNSAFE);
	CU_ASSERT_EQUAL(fchmod(empty, 0600), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_load(&back, empty, "x", 1), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_unlock_key_save(pipes[1], key, "x", 1), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_key_save(saved, key, "x", 1), -GUARD_E_USAGE); /* never over another */
	CU_ASSERT_EQUAL(guard_unlock_key_save(empty, key, "", 0), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(fchmod(saved, 0640), 0);
	CU_ASSERT_EQUAL(load("correct horse"), -GUARD_E_UNSAFE);
	CU_ASSERT_EQUAL(fchmod(saved, 0600), 0);
	close(pipes[0]);
	close(pipes[1]);
	close(empty);
}

static void test_keys_differ(void)
{
	struct guard_unlock_key *other = NULL;

	CU_ASSERT_EQUAL_FATAL(guard_unlock_key_new(&other), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(key, other, sizeof(*key)), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_scopes(other), GUARD_UNLOCK_ALL_SCOPES);
	guard_unlock_key_free(other);
}

static void test_limited(void)
{
	static const uint8_t zero[UNLOCK_SECRET_SIZE];
	struct guard_unlock_key *limited = NULL;

	CU_ASSERT_EQUAL_FATAL(guard_unlock_key_limit(&limited, key, 3), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_scopes(limited), 3);
	CU_ASSERT_EQUAL(memcmp(limited->scope[1], key->scope[1], sizeof(zero)), 0);
	CU_ASSERT_EQUAL(memcmp(limited->scope[2], zero, sizeof(zero)), 0);
	CU_ASSERT_EQUAL(memcmp(limited->scope[3], zero, sizeof(zero)), 0);
	guard_unlock_key_free(limited);
}

static CU_TestInfo tests[] = {
	{ "wrong pass phrase", test_wrong_passphrase },
	{ "a changed file", test_changed },
	{ "a file of four scopes", test_four_scopes },
	{ "files that are unfit", test_unfit_files },
	{ "keys differ", test_keys_differ },
	{ "limited to scopes", test_limited },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: the help desk's key", set_up, tear_down, tests)
