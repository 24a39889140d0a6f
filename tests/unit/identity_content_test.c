/* SPDX-License-Identifier: MIT
 *
 * unit/identity_content_test.c - a file read once, and another reading that must be of the
 * same bytes.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity/claim.h"

#define SIZE 600000u /* more than two blocks */

static uint8_t bytes[SIZE];

static int file_of(void)
{
	int fd = memfd_create("content", MFD_CLOEXEC);

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, SIZE), (ssize_t)SIZE);
	return fd;
}

/* Each way in which a file is read once more. */
static const struct guard_claim readings[] = {
	{ .content_hash = GUARD_HASH_SHA512 },
	{ .content_hash = GUARD_HASH_SHA384 },
	{ .content_hash = GUARD_HASH_SHA256 }, /* of a front that was not noted down */
	{ .content_hash = GUARD_HASH_SHA256, .file_id = GUARD_FILE_ID_VERITY },
	{ .content_hash = GUARD_HASH_SHA512, .file_id = GUARD_FILE_ID_DIGEST },
};

static void another_content_is_not_taken_for_the_first(void)
{
	static const off_t places[] = { 0, 299999, 300000, SIZE - 1 }; /* before and behind what is signed */
	struct guard_hash_value value;
	struct guard_content known;
	int fd = file_of();

	CU_ASSERT_EQUAL_FATAL(guard_content_read(&known, fd, 0, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		const uint64_t size = readings[i].file_id == GUARD_FILE_ID_VERITY ? SIZE : 300000;

		for (size_t k = 0; k < 4; k++) {
			const uint8_t other = bytes[places[k]] ^ 1;

			CU_ASSERT_EQUAL_FATAL(pwrite(fd, &other, 1, places[k]), 1);
			CU_ASSERT_EQUAL(guard_claim_hash(&value, &readings[i], fd, size, &known), -GUARD_E_CHANGED);
			CU_ASSERT_EQUAL_FATAL(pwrite(fd, &bytes[places[k]], 1, places[k]), 1);
		}
		CU_ASSERT_EQUAL(guard_claim_hash(&value, &readings[i], fd, size, &known), 0);
	}
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, SIZE - 1), 0);
	CU_ASSERT_EQUAL(guard_claim_hash(&value, &readings[0], fd, 300000, &known), -GUARD_E_CHANGED);
	close(fd);
}

/* At the edges of what is read at one go, and beyond the file. */
static void the_front_is_found_on_the_way(void)
{
	static const uint64_t fronts[] = { 1, 262143, 262144, 262145, 524288, SIZE - 1, SIZE };
	struct guard_claim claim = { .content_hash = GUARD_HASH_SHA256 };
	struct guard_hash_value value;
	struct guard_content known;
	struct guard_digest expected, whole;
	int fd = file_of();

	CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&whole, bytes, SIZE), 0);
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(guard_content_read(&known, fd, fronts[i], NULL, NULL), 0);
		CU_ASSERT_EQUAL(guard_digest_compare(&known.digest, &whole), 0);
		CU_ASSERT_EQUAL(known.size, SIZE);
		CU_ASSERT_EQUAL(known.front_size, fronts[i]);
		CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&expected, bytes, fronts[i]), 0);
		CU_ASSERT_EQUAL(guard_digest_compare(&known.front, &expected), 0);
		/* Without a look at the file. */
		CU_ASSERT_EQUAL(guard_claim_hash(&value, &claim, -1, fronts[i], &known), 0);
		CU_ASSERT_EQUAL(memcmp(value.bytes, expected.bytes, sizeof(expected.bytes)), 0);
	}
	CU_ASSERT_EQUAL_FATAL(guard_content_read(&known, fd, SIZE + 1, NULL, NULL), 0);
	CU_ASSERT_EQUAL(known.front_size, 0);
	CU_ASSERT_TRUE(guard_content_read(&known, -1, 0, NULL, NULL) < 0);
	close(fd);
}

static CU_TestInfo tests[] = {
	{ "another content is not taken for the first", another_content_is_not_taken_for_the_first },
	{ "the front is found on the way", the_front_is_found_on_the_way },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("identity/content", tests)
