/* SPDX-License-Identifier: MIT
 *
 * package_links - what guard-package reads: gpgv's status, InRelease, Packages
 * and .deb files that are cut, changed or made to harm.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "package/package.h"

#define FPR "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"
#define VALID "[GNUPG:] VALIDSIG 4CB50190207B4758A3F73A796ED0E7B82643E131 2026-07-11 1783765031 0 4 0 1 "

static int status_of(struct package_signed *ret_signed, const char *text, enum package_frame frame)
{
	char problem[200];

	*ret_signed = (struct package_signed){ .text = -1 };
	return package_gpgv_status(ret_signed, text, strlen(text), frame, problem, sizeof(problem));
}

static int status(struct package_signed *ret_signed, const char *text)
{
	return status_of(ret_signed, text, PACKAGE_CLEARSIGNED);
}

static void signatures_beside_the_data(void)
{
	static const char *const bad[] = {
		"[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG x\n" VALID "8 01 " FPR "\n", /* over text */
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] GOODSIG x\n" VALID "8 00 " FPR "\n", /* of something in it */
		"[GNUPG:] GOODSIG x\n" VALID "2 00 " FPR "\n",
		"[GNUPG:] GOODSIG x\n" VALID "8 00 " FPR "\n[GNUPG:] NEWSIG\n[GNUPG:] BADSIG y\n",
		"[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG y\n",
	};
	struct package_signed signed_by;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(status_of(&signed_by, bad[i], PACKAGE_DETACHED), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(status_of(&signed_by, "[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG x\n" VALID "8 00 " FPR "\n", PACKAGE_DETACHED), 0);
	CU_ASSERT_EQUAL(signed_by.key_count, 1);
}

static void status_lines_that_do_not_count(void)
{
	static const char *const bad[] = {
		"",
		"[GNUPG:] PLAINTEXT 74 0\n",
		"[GNUPG:] GOODSIG x\n" VALID "8 01 " FPR "\n", /* no text */
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] NEWSIG\n" VALID "8 01 " FPR "\n", /* not good */
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG x\n" VALID "2 01 " FPR "\n", /* SHA-1 */
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG x\n" VALID "8 01 " FPR "\n",
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] NEWSIG\n[GNUPG:] REVKEYSIG x\n" VALID "8 01 " FPR "\n",
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] GOODSIG x\n" VALID "8 01 " FPR "\n[GNUPG:] NEWSIG\n[GNUPG:] BADSIG x\n",
		"[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] GOODSIG x\n" VALID "8 01 " FPR "\n",
		"PLAINTEXT\nGOODSIG x\nVALIDSIG\n",
	};
	struct package_signed signed_by;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(status(&signed_by, bad[i]), -GUARD_E_SIGNATURE);
}

static void a_good_signature_names_the_primary_key(void)
{
	struct package_signed signed_by;

	CU_ASSERT_EQUAL(status(&signed_by, "[GNUPG:] PLAINTEXT 74 0\n[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG y\n[GNUPG:] NEWSIG\n"
					   "[GNUPG:] GOODSIG x\n" VALID "8 01 " FPR "\n"), 0);
	CU_ASSERT_EQUAL(signed_by.key_count, 1);
	CU_ASSERT_EQUAL(signed_by.keys[0].bytes[0], 0xb8);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int release(struct package_release *ret_release, const char *text)
{
	char problem[200];

	return package_release_read(ret_release, text, strlen(text), problem, sizeof(problem));
}

static void releases(void)
{
	static const char *const bad[] = {
		"", "Date: Sat, 11 Jul 2026 10:16:37 UTC\n",
		"SHA256:\n " HEX64 " 5 main/binary-amd64/Packages\n", /* no date */
		"Date: yesterday\nSHA256:\n " HEX64 " 5 main/binary-amd64/Packages\n",
		"Date: Sat, 11 Jul 2026 10:16:37 JST\nSHA256:\n " HEX64 " 5 a/Packages\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n xyz 5 main/binary-amd64/Packages\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nSHA256:\n " HEX64 " 5 main/i18n/Translation-en\n",
		"Date: Sat, 11 Jul 2026 10:16:37 UTC\nMD5Sum:\n " HEX64 " 5 main/binary-amd64/Packages\n",
	};
	struct package_release good;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(release(&good, bad[i]), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL_FATAL(release(&good, "Origin: O\nSuite: s\nDate: Sat, 11 Jul 2026 10:16:37 UTC\nValid-Until: Sat, 18 Jul "
					     "2026 10:16:37 UTC\nSHA256:\n " HEX64 " 5 main/binary-amd64/Packages\n " HEX64
					     " 9 main/Contents-all\n"), 0);
	CU_ASSERT_EQUAL(good.date, 1783764997);
	CU_ASSERT_EQUAL(good.valid_until - good.date, 7 * 86400);
	CU_ASSERT_EQUAL(good.listed_count, 1);
	CU_ASSERT_STRING_EQUAL(good.name, "O//s/");
	package_release_free(&good);
}

static void indexes(void)
{
	static const char text[] = "Package: a\nVersion: 1\nArchitecture: all\nDescription: x\n SHA256: no\nSHA256: " HEX64
				   "\n\nPackage: b\nVersion: bad version\nArchitecture: all\nSHA256: " HEX64 "\n\nPackage: c\n";
	struct package_catalogue catalogue = { 0 };
	const struct package_known *known;
	struct guard_digest digest, none = { { 0 } };

	CU_ASSERT_EQUAL(guard_digest_parse(&digest, HEX64, 64), 0);
	CU_ASSERT_EQUAL(package_index_read(&catalogue, text, sizeof(text) - 1, 0), 0);
	CU_ASSERT_EQUAL(catalogue.count, 1);
	CU_ASSERT_PTR_NULL(package_find(&catalogue, &none));
	known = package_find(&catalogue, &digest);
	CU_ASSERT_PTR_NOT_NULL_FATAL(known);
	CU_ASSERT_STRING_EQUAL(package_string(&catalogue, known->name), "a");
	package_catalogue_free(&catalogue);
}

/* ---- .deb ------------------------------------------------------------------------- */

static int count_file(void *context, const struct guard_digest *digest)
{
	(void)digest;
	++*(unsigned *)context;
	return 0;
}

static int tar_of_bytes(const char *name, const void *content, size_t size)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	int fd = memfd_create("tar", MFD_CLOEXEC);

	archive_write_set_format_gnutar(archive);
	archive_write_add_filter_gzip(archive);
	archive_write_open_fd(archive, fd);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_write_header(archive, entry);
	archive_write_data(archive, content, size);
	archive_entry_free(entry);
	archive_write_free(archive);
	return fd;
}

static int tar_of(const char *name, const char *content)
{
	return tar_of_bytes(name, content, strlen(content));
}

/* So many empty files that nobody would count them. */
static int crowded_tar(unsigned count)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	int fd = memfd_create("tar", MFD_CLOEXEC);

	archive_write_set_format_gnutar(archive);
	archive_write_add_filter_zstd(archive);
	archive_write_open_fd(archive, fd);
	archive_entry_set_pathname(entry, "./usr/bin/x");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 0);
	for (unsigned i = 0; i < count; i++)
		archive_write_header(archive, entry);
	archive_entry_free(entry);
	archive_write_free(archive);
	return fd;
}

static void put_member(FILE *out, const char *name, int fd, const char *text)
{
	static char buffer[1 << 20];
	size_t size = text ? strlen(text) : (size_t)pread(fd, buffer, sizeof(buffer), 0);

	fprintf(out, "%-16s%-12d%-6d%-6d%-8o%-10zu`\n", name, 0, 0, 0, 0100644u, size);
	fwrite(text ? text : buffer, 1, size, out);
	if (size % 2)
		fputc('\n', out);
	if (fd >= 0)
		close(fd);
}

/* A .deb in a memfd whose third member is this archive. */
static int deb_with(const char *third, int tar)
{
	int fd = memfd_create("deb", MFD_CLOEXEC);
	FILE *out = fdopen(dup(fd), "w");

	fputs("!<arch>\n", out);
	put_member(out, "debian-binary", -1, "2.0\n");
	put_member(out, "control.tar.gz", tar_of("./postinst", "#!/bin/sh\n"), NULL);
	put_member(out, third, tar, NULL);
	fclose(out);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* One file has this name. */
static int make_deb(const char *name, const char *third)
{
	return deb_with(third, tar_of(name, "#!/bin/sh\necho\n"));
}

static int read_deb(unsigned *ret_files, int fd)
{
	char problem[200] = "";
	int r;

	*ret_files = 0;
	r = package_deb_read(fd, count_file, ret_files, problem, sizeof(problem));
	CU_ASSERT(r == 0 || problem[0] || r == -GUARD_E_NOMEM);
	close(fd);
	return r;
}

static void debs(void)
{
	static const char *const out[] = { "../etc/x", "./a/../../x", "/etc/x", "./.." };
	unsigned files;

	CU_ASSERT_EQUAL(read_deb(&files, make_deb("./usr/bin/x", "data.tar.gz")), 0);
	CU_ASSERT_EQUAL(files, 2);
	CU_ASSERT_EQUAL(read_deb(&files, make_deb("./usr/share/doc/x/run.sh", "data.tar.gz")), 0);
	CU_ASSERT_EQUAL(files, 1);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		CU_ASSERT_EQUAL(read_deb(&files, make_deb(out[i], "data.tar.gz")), -GUARD_E_UNSAFE);
	CU_ASSERT_EQUAL(read_deb(&files, make_deb("./x", "evil.tar.gz")), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(read_deb(&files, memfd_create("empty", MFD_CLOEXEC)), -GUARD_E_FORMAT);
}

/* Of a compressed kernel module the content is vouched for as well as the file. */
static void debs_modules(void)
{
	/* "module" and a line feed, by xz. */
	static const unsigned char packed[] = {
		0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01,
		0x0c, 0x00, 0x00, 0x00, 0x8f, 0x98, 0x41, 0x9c, 0x01, 0x00, 0x06, 0x6d, 0x6f, 0x64, 0x75, 0x6c,
		0x65, 0x0a, 0x00, 0x00, 0xdc, 0xe4, 0xe4, 0x4d, 0x1d, 0x4c, 0x49, 0xe1, 0x00, 0x01, 0x1f, 0x07,
		0x16, 0x2e, 0xb8, 0x73, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
	};
	static const char name[] = "./lib/modules/6/m.ko.xz";
	unsigned files;

	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.gz", tar_of_bytes(name, packed, sizeof(packed)))), 0);
	CU_ASSERT_EQUAL(files, 3);
	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.gz", tar_of_bytes(name, packed, sizeof(packed) / 2))), 0);
	CU_ASSERT_EQUAL(files, 2);
	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.gz", tar_of(name, ""))), 0);
	CU_ASSERT_EQUAL(files, 2);
	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.gz", tar_of_bytes("./usr/share/doc/m.ko.xz", packed, sizeof(packed)))), 0);
	CU_ASSERT_EQUAL(files, 1);
}

/* A small .deb that unpacks to more files than any package has. */
static void debs_crowded(void)
{
	unsigned files;

	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.zst", crowded_tar(PACKAGE_FILES_MAX - 1))), 0);
	CU_ASSERT_EQUAL(read_deb(&files, deb_with("data.tar.zst", crowded_tar(PACKAGE_FILES_MAX + 1))), -GUARD_E_LIMIT);
}

/* Cut anywhere but in the padding: an error, never a crash. */
static void debs_cut(void)
{
	int whole = make_deb("./usr/bin/x", "data.tar.gz");
	char bytes[65536];
	ssize_t size = pread(whole, bytes, sizeof(bytes), 0);
	unsigned files;

	close(whole);
	for (ssize_t cut = 0; cut < size - 16; cut += 7) {
		int fd = memfd_create("cut", MFD_CLOEXEC);

		CU_ASSERT_EQUAL(write(fd, bytes, (size_t)cut), cut);
		lseek(fd, 0, SEEK_SET);
		CU_ASSERT(read_deb(&files, fd) < 0);
	}
}

static CU_TestInfo tests[] = {
	{ "status lines that do not count", status_lines_that_do_not_count },
	{ "a good signature names the primary key", a_good_signature_names_the_primary_key },
	{ "signatures beside the data", signatures_beside_the_data },
	{ "InRelease", releases },
	{ "Packages", indexes },
	{ ".deb: names that lead out, wrong members", debs },
	{ "a compressed kernel module in a .deb", debs_modules },
	{ ".deb: cut anywhere", debs_cut },
	{ ".deb: a crowd in a small file", debs_crowded },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("package_links", tests)
