/* SPDX-License-Identifier: MIT
 *
 * unit/identity_verity_test.c - fs-verity digests, as `fsverity digest` of
 * fsverity-utils 1.5 prints them, about every change of the tree's form.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity/claim.h"

/* So many letters x. */
static const struct {
	size_t size;
	const char *sha256;
} known[] = {
	{ 0, "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95" },
	{ 1, "dbbdfa9d606f7adeaa7f16dcfb0d49161c4cfb82d9d51cfb5cb43fa3dacb9e5b" },
	{ 4096, "3f128b8d5a052638172857f47f0110dc2fc2c234dc0c712c08a3bc6f6c540483" },
	{ 4097, "f54d7eca1ac49ae471f4abedb0d9309f0b84a51ec5c1733e3abb2aaf9f66c4ad" },
	{ 524288, "fcaf1ae16ac8b4ca5217ed37818cca018924841f0083e50267b7dc82bdf3adaa" }, /* one block of hashes, full */
	{ 524289, "7321b423e2b765c00796ae1e5b0be1dbba66e2e76f0e06e0d6ea4f14142d8783" },
	{ 1000000, "56671b321993cb8fec39556d6c76a252d5691b982442d1c0cdedf24fe2b1eb30" },
};

static int file_of(size_t size)
{
	int fd = memfd_create("content", MFD_CLOEXEC);
	char *text = malloc(size + 1);

	CU_ASSERT_TRUE_FATAL(fd >= 0 && text);
	memset(text, 'x', size);
	CU_ASSERT_EQUAL_FATAL(write(fd, text, size), (ssize_t)size);
	free(text);
	return fd;
}

static void what_it_cannot_be_is_refused(void)
{
	struct guard_hash_value value;
	int fd = file_of(5000);

	CU_ASSERT_EQUAL(guard_verity_digest(&value, GUARD_HASH_SHA384, fd, 5000, NULL), -GUARD_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(guard_verity_digest(&value, GUARD_HASH_NONE, fd, 5000, NULL), -GUARD_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(guard_verity_digest(&value, GUARD_HASH_SHA256, fd, 5001, NULL), -GUARD_E_CHANGED);
	close(fd);
	CU_ASSERT_EQUAL(guard_verity_digest(&value, GUARD_HASH_SHA256, -1, 5000, NULL), -GUARD_E_IO);
}

static void digests_are_those_of_the_kernel(void)
{
	static const char *const sha512_of_4097 =
		"5e97be140a983cb681c1add620fea9d609feafe5affad0f84457b3c880142d76";
	struct guard_hash_value value;
	struct guard_digest digest;
	int fd;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		fd = file_of(known[i].size);
		CU_ASSERT_EQUAL_FATAL(guard_digest_parse(&digest, known[i].sha256, 64), 0);
		CU_ASSERT_EQUAL_FATAL(guard_verity_digest(&value, GUARD_HASH_SHA256, fd, known[i].size, NULL), 0);
		CU_ASSERT_EQUAL(memcmp(value.bytes, digest.bytes, sizeof(digest.bytes)), 0);
		close(fd);
	}
	fd = file_of(4097);
	CU_ASSERT_EQUAL_FATAL(guard_digest_parse(&digest, sha512_of_4097, 64), 0); /* its first half */
	CU_ASSERT_EQUAL_FATAL(guard_verity_digest(&value, GUARD_HASH_SHA512, fd, 4097, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(value.bytes, digest.bytes, sizeof(digest.bytes)), 0);
	close(fd);
}

/* The two types are never taken for each other. */
static void a_claim_says_what_was_signed(void)
{
	struct guard_claim claim = { .content_hash = GUARD_HASH_SHA256, .file_id = GUARD_FILE_ID_VERITY };
	struct guard_hash_value verity, digest, plain, again;
	struct guard_content file;
	uint64_t size;
	int fd = file_of(100);

	CU_ASSERT_EQUAL_FATAL(guard_content_read(&file, fd, 0, NULL, NULL), 0);
	size = file.size;
	CU_ASSERT_EQUAL(guard_claim_hash(&verity, &claim, fd, size, &file), 0);
	claim.file_id = GUARD_FILE_ID_DIGEST;
	CU_ASSERT_EQUAL(guard_claim_hash(&digest, &claim, fd, size, &file), 0);
	CU_ASSERT_EQUAL(guard_claim_hash(&again, &claim, fd, size, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(digest.bytes, again.bytes, 32), 0);
	claim.file_id = GUARD_FILE_ID_NONE;
	CU_ASSERT_EQUAL(guard_claim_hash(&plain, &claim, fd, size, &file), 0);
	CU_ASSERT_EQUAL(memcmp(plain.bytes, file.digest.bytes, 32), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(verity.bytes, digest.bytes, 32), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(digest.bytes, plain.bytes, 32), 0);
	close(fd);
}

static CU_TestInfo tests[] = {
	{ "what it cannot be is refused", what_it_cannot_be_is_refused },
	{ "digests are those of the kernel", digests_are_those_of_the_kernel },
	{ "a claim says what was signed", a_claim_says_what_was_signed },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("identity/verity", tests)
