/* SPDX-License-Identifier: MIT
 *
 * unit/identity_test.c - digests, sniffing, words.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <guard/identity.h>

#define HEX_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEX_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEX_MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static int file_with(const char *bytes, size_t size)
{
	int fd = memfd_create("identity", MFD_CLOEXEC);

	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

static void malformed_digests_are_refused(void)
{
	static const char *const bad[] = { "", "ab", HEX_ABC "0", "g" HEX_ABC, " " HEX_ABC };
	struct guard_digest digest = { { 1 } };
	char text[] = HEX_ABC;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(guard_digest_parse(&digest, bad[i], strlen(bad[i])), -GUARD_E_SYNTAX);
	text[10] = 'g';
	CU_ASSERT_EQUAL(guard_digest_parse(&digest, text, 64), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(digest.bytes[0], 1);
}

static void digests_are_those_of_the_standard(void)
{
	static const struct {
		const char *text, *hex;
	} vectors[] = { { "", HEX_EMPTY },
			{ "abc", HEX_ABC },
			{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" } };
	char hex[GUARD_DIGEST_HEX_SIZE], *million = malloc(1000000);
	struct guard_digest digest, parsed;
	uint64_t size = 0;
	int fd;

	for (size_t i = 0; i < 3; i++) {
		fd = file_with(vectors[i].text, strlen(vectors[i].text));
		CU_ASSERT_EQUAL(guard_digest_bytes(&digest, vectors[i].text, strlen(vectors[i].text)), 0);
		guard_digest_format(hex, &digest);
		CU_ASSERT_STRING_EQUAL(hex, vectors[i].hex);
		CU_ASSERT_EQUAL(guard_digest_fd(&parsed, &size, fd, NULL, NULL), 0);
		CU_ASSERT_EQUAL(guard_digest_compare(&digest, &parsed), 0);
		CU_ASSERT_EQUAL(size, strlen(vectors[i].text));
		CU_ASSERT_EQUAL(guard_digest_parse(&parsed, hex, 64), 0);
		CU_ASSERT_EQUAL(guard_digest_compare(&digest, &parsed), 0);
		close(fd);
	}
	memset(million, 'a', 1000000);
	fd = file_with(million, 1000000);
	CU_ASSERT_EQUAL(guard_digest_fd(&digest, NULL, fd, NULL, NULL), 0);
	guard_digest_format(hex, &digest);
	CU_ASSERT_STRING_EQUAL(hex, HEX_MILLION_A);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_CUR), 1000000); /* the offset stayed */
	close(fd);
	free(million);
}

static int stop_after(void *context, uint64_t done)
{
	uint64_t *limit = context;

	return done > *limit ? -GUARD_E_LIMIT : 0;
}

static void hashing_can_be_stopped(void)
{
	struct guard_digest digest = { { 7 } };
	uint64_t limit = 1 << 20, size = 5;
	int fd = memfd_create("big", MFD_CLOEXEC);

	CU_ASSERT_EQUAL(ftruncate(fd, 8 << 20), 0);
	CU_ASSERT_EQUAL(guard_digest_fd(&digest, &size, fd, stop_after, &limit), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(digest.bytes[0], 7);
	CU_ASSERT_EQUAL(size, 5);
	limit = 8 << 20;
	CU_ASSERT_EQUAL(guard_digest_fd(&digest, &size, fd, stop_after, &limit), 0);
	CU_ASSERT_EQUAL(size, 8 << 20);
	close(fd);
}

static void what_cannot_be_read_is_an_error(void)
{
	struct guard_digest digest;
	int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CU_ASSERT_EQUAL(guard_digest_fd(&digest, NULL, fd, NULL, NULL), -GUARD_E_IO);
	close(fd);
	CU_ASSERT_EQUAL(guard_digest_fd(&digest, NULL, -1, NULL, NULL), -GUARD_E_IO);
}

#define ELF(data, type) "\177ELF\2" data "\1\0\0\0\0\0\0\0\0\0" type

static void heads_are_classified(void)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum guard_format format;
	} cases[] = {
		{ "", 0, GUARD_FORMAT_EMPTY },
		{ ELF("\1", "\2\0"), 18, GUARD_FORMAT_ELF_EXEC },
		{ ELF("\1", "\3\0"), 18, GUARD_FORMAT_ELF_DYN },
		{ ELF("\1", "\1\0"), 18, GUARD_FORMAT_ELF_REL },
		{ ELF("\2", "\0\3"), 18, GUARD_FORMAT_ELF_DYN }, /* big endian */
		{ ELF("\1", "\4\0"), 18, GUARD_FORMAT_ELF_OTHER },
		{ ELF("\3", "\3\0"), 18, GUARD_FORMAT_ELF_OTHER },
		{ ELF("\1", "\3\0"), 17, GUARD_FORMAT_ELF_OTHER }, /* cut */
		{ "\177ELF", 4, GUARD_FORMAT_ELF_OTHER },
		{ "\177EL", 3, GUARD_FORMAT_TEXT },
		{ "#!/bin/sh\n", 10, GUARD_FORMAT_SHEBANG },
		{ "#!", 2, GUARD_FORMAT_SHEBANG },
		{ "#", 1, GUARD_FORMAT_TEXT },
		{ " #!/bin/sh\n", 11, GUARD_FORMAT_TEXT },
		{ "echo\n", 5, GUARD_FORMAT_TEXT },
		{ "id\n\0\0\0", 6, GUARD_FORMAT_TEXT }, /* what bash would run */
		{ "\0id\n", 4, GUARD_FORMAT_BINARY },
		{ "\x89PNG\r\n\x1a\n\0\0\0\r", 12, GUARD_FORMAT_TEXT },
		{ "\xa7\x0d\r\n\0\0\0\0\1\2\3\4\5\6\7\10", 16, GUARD_FORMAT_BYTECODE }, /* .pyc 3.11 */
		{ "ab\r\necho hello", 14, GUARD_FORMAT_TEXT },
		{ "PK\3\4", 4, GUARD_FORMAT_BYTECODE },
		{ "\xca\xfe\xba\xbe\0\0\0\x34", 8, GUARD_FORMAT_BYTECODE },
		{ "\0asm\1\0\0\0", 8, GUARD_FORMAT_BYTECODE },
		{ "\x1bLua", 4, GUARD_FORMAT_BYTECODE },
		{ "\x1f\x8b\x08\0", 4, GUARD_FORMAT_BINARY }, /* gzip */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *exact = malloc(cases[i].size + 1); /* a sanitizer sees reads behind the end */

		exact = realloc(exact, cases[i].size ? cases[i].size : 1);
		memcpy(exact, cases[i].bytes, cases[i].size);
		CU_ASSERT_EQUAL(guard_format_sniff(exact, cases[i].size), cases[i].format);
		free(exact);
	}
}

static void a_nul_far_behind_keeps_it_text(void)
{
	char bytes[8192];

	memset(bytes, 'a', sizeof(bytes));
	bytes[100] = '\0';
	CU_ASSERT_EQUAL(guard_format_sniff(bytes, sizeof(bytes)), GUARD_FORMAT_TEXT);
	bytes[79] = '\0';
	CU_ASSERT_EQUAL(guard_format_sniff(bytes, sizeof(bytes)), GUARD_FORMAT_BINARY);
}

static void only_elf_is_elf(void)
{
	for (int format = 0; format < GUARD_FORMAT_MAX_; format++) {
		bool expected = strncmp(guard_format_name((enum guard_format)format), "elf-", 4) == 0;

		CU_ASSERT_EQUAL(guard_format_is_elf((enum guard_format)format) != 0, expected);
	}
}

static void words_round_trip(void)
{
	enum guard_provider provider = GUARD_PROVIDER_MAX_;
	enum guard_kind kind = GUARD_KIND_MAX_;

	CU_ASSERT_EQUAL(guard_kind_parse(&kind, "Executable"), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guard_kind_parse(&kind, ""), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guard_provider_parse(&provider, "none"), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(kind, GUARD_KIND_MAX_);
	for (int i = 0; i < GUARD_KIND_MAX_; i++) {
		CU_ASSERT_EQUAL(guard_kind_parse(&kind, guard_kind_name((enum guard_kind)i)), 0);
		CU_ASSERT_EQUAL((int)kind, i);
	}
	for (int i = 1; i < GUARD_PROVIDER_MAX_; i++) {
		CU_ASSERT_EQUAL(guard_provider_parse(&provider, guard_provider_name((enum guard_provider)i)), 0);
		CU_ASSERT_EQUAL((int)provider, i);
	}
	CU_ASSERT_STRING_EQUAL(guard_kind_name(GUARD_KIND_MAX_), "unknown");
	CU_ASSERT_STRING_EQUAL(guard_format_name(GUARD_FORMAT_MAX_), "unknown");
	CU_ASSERT_STRING_EQUAL(guard_provider_name(GUARD_PROVIDER_MAX_), "unknown");
}

static CU_TestInfo tests[] = {
	{ "malformed digests are refused", malformed_digests_are_refused },
	{ "digests are those of the standard", digests_are_those_of_the_standard },
	{ "hashing can be stopped", hashing_can_be_stopped },
	{ "what cannot be read is an error", what_cannot_be_read_is_an_error },
	{ "heads are classified", heads_are_classified },
	{ "a NUL far behind keeps it text", a_nul_far_behind_keeps_it_text },
	{ "only ELF is ELF", only_elf_is_elf },
	{ "words round-trip", words_round_trip },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("identity", tests)
