/* SPDX-License-Identifier: MIT
 *
 * package_rpm - headers of .rpm files that are cut, that lead out of themselves, that
 * name files by a weak hash; and the one that is right.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "package/rpm.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MD5 "0123456789abcdef0123456789abcdef"
enum { INT16 = 3, INT32 = 4, STRING = 6, BINARY = 7, STRINGS = 8 };

/* ---- a header as it is built --------------------------------------------------------- */

struct made {
	struct guard_writer index, store;
	uint32_t count;
};

static void put32(struct guard_writer *writer, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		guard_write_u8(writer, (uint8_t)(value >> shift));
}

static void begin(struct made *made)
{
	*made = (struct made){ .count = 0 };
	guard_writer_init(&made->index);
	guard_writer_init(&made->store);
}

static void tag(struct made *made, uint32_t number, uint32_t type, uint32_t count)
{
	put32(&made->index, number);
	put32(&made->index, type);
	put32(&made->index, (uint32_t)made->store.size);
	put32(&made->index, count);
	made->count++;
}

static void text(struct made *made, uint32_t number, const char *value)
{
	tag(made, number, STRING, 1);
	guard_write_bytes(&made->store, value, strlen(value) + 1);
}

static void texts(struct made *made, uint32_t number, const char *const *values, uint32_t count)
{
	tag(made, number, STRINGS, count);
	for (uint32_t i = 0; i < count; i++)
		guard_write_bytes(&made->store, values[i], strlen(values[i]) + 1);
}

static void numbers(struct made *made, uint32_t number, uint32_t type, const uint32_t *values, uint32_t count)
{
	tag(made, number, type, count);
	for (uint32_t i = 0; i < count; i++) {
		if (type == INT32) {
			put32(&made->store, values[i]);
		} else {
			guard_write_u8(&made->store, (uint8_t)(values[i] >> 8));
			guard_write_u8(&made->store, (uint8_t)values[i]);
		}
	}
}

/* Into `out`, with its magic. */
static void end(struct guard_writer *out, struct made *made)
{
	static const uint8_t magic[8] = { 0x8e, 0xad, 0xe8, 0x01 };

	guard_write_bytes(out, magic, sizeof(magic));
	put32(out, made->count);
	put32(out, (uint32_t)made->store.size);
	guard_write_bytes(out, made->index.bytes, made->index.size);
	guard_write_bytes(out, made->store.bytes, made->store.size);
	guard_writer_free(&made->index);
	guard_writer_free(&made->store);
}

/* What differs from a header that is right. */
struct differs {
	const char *digest;
	uint32_t algorithm, modes, folder;
};
static const struct differs right = { HEX64, 8, 4, 0 };

/* /usr/bin/a, a folder, /usr/share/doc/x/b, a %ghost; %post and a trigger. */
static void make_header(struct guard_writer *out, const struct differs *differs)
{
	static const char *const folders[] = { "/usr/bin/", "/usr/share/doc/x/" };
	static const char *const scripts[] = { "one", "two" };
	const char *const digests[] = { differs->digest, "", HEX64, HEX64 };
	const uint32_t modes[] = { 0100755, 040755, 0100644, 0100644 }, flags[] = { 0, 0, 0, 1u << 6 },
		       places[] = { differs->folder, 0, 1, 0 };
	struct made made;

	begin(&made);
	text(&made, 1000, "tool");
	text(&made, 1001, "1.2");
	text(&made, 1002, "3.el9");
	numbers(&made, 1003, INT32, &(const uint32_t){ 7 }, 1);
	text(&made, 1022, "x86_64");
	text(&made, 1024, "echo after");
	texts(&made, 1065, scripts, 2);
	texts(&made, 1035, digests, 4);
	if (differs->algorithm)
		numbers(&made, 5011, INT32, &differs->algorithm, 1);
	numbers(&made, 1030, INT16, modes, differs->modes);
	numbers(&made, 1037, INT32, flags, 4);
	numbers(&made, 1116, INT32, places, 4);
	texts(&made, 1118, folders, 2);
	end(out, &made);
}

static int count_file(void *context, const struct guard_digest *digest)
{
	(void)digest;
	++*(unsigned *)context;
	return 0;
}

static int read_header(unsigned *ret_files, const uint8_t *bytes, size_t size)
{
	struct package_rpm_header header;
	struct guard_reader reader;
	struct package_rpm rpm;
	char problem[200] = "";
	int r;

	*ret_files = 0;
	guard_reader_init(&reader, bytes, size);
	r = package_rpm_header_open(&header, &reader);
	if (r == 0)
		r = package_rpm_name(&rpm, &header);
	return r == 0 ? package_rpm_files(&header, count_file, ret_files, problem, sizeof(problem)) : r;
}

static int read_differing(unsigned *ret_files, struct differs differs)
{
	struct guard_writer out;
	int r;

	guard_writer_init(&out);
	make_header(&out, &differs);
	r = read_header(ret_files, out.bytes, out.size);
	guard_writer_free(&out);
	return r;
}

static void headers_that_do_not_count(void)
{
	struct differs differs = right;
	unsigned files;

	differs.algorithm = 0; /* MD5, as it was once */
	CU_ASSERT_EQUAL(read_differing(&files, differs), -GUARD_E_UNSUPPORTED);
	differs.algorithm = 2; /* SHA-1 */
	CU_ASSERT_EQUAL(read_differing(&files, differs), -GUARD_E_UNSUPPORTED);
	differs = right;
	differs.digest = MD5;
	CU_ASSERT_EQUAL(read_differing(&files, differs), -GUARD_E_FORMAT);
	differs = right;
	differs.modes = 3; /* fewer than there are files */
	CU_ASSERT_EQUAL(read_differing(&files, differs), -GUARD_E_FORMAT);
	differs = right;
	differs.folder = 2; /* there are two, from 0 */
	CU_ASSERT_EQUAL(read_differing(&files, differs), -GUARD_E_FORMAT);
}

/* One program, %post and two triggers; not the folder, the documentation, the ghost. */
static void a_header(void)
{
	struct package_rpm_header header;
	struct guard_writer out;
	struct guard_reader reader;
	struct package_rpm rpm;
	unsigned files;

	CU_ASSERT_EQUAL(read_differing(&files, right), 0);
	CU_ASSERT_EQUAL(files, 4);
	guard_writer_init(&out);
	make_header(&out, &right);
	guard_reader_init(&reader, out.bytes, out.size);
	CU_ASSERT_EQUAL_FATAL(package_rpm_header_open(&header, &reader), 0);
	CU_ASSERT(guard_reader_done(&reader));
	CU_ASSERT_EQUAL_FATAL(package_rpm_name(&rpm, &header), 0);
	CU_ASSERT_STRING_EQUAL(rpm.name, "tool");
	CU_ASSERT_STRING_EQUAL(rpm.version, "7:1.2-3.el9");
	CU_ASSERT_STRING_EQUAL(rpm.architecture, "x86_64");
	guard_writer_free(&out);
}

static void cut_and_changed_anywhere(void)
{
	struct guard_writer out;
	unsigned files;

	guard_writer_init(&out);
	make_header(&out, &right);
	for (size_t cut = 0; cut < out.size; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees its end */

		memcpy(exact, out.bytes, cut);
		CU_ASSERT(read_header(&files, exact, cut) < 0);
		free(exact);
	}
	/* No byte of index or store makes it read outside. */
	for (size_t at = 0; at < out.size; at++) {
		uint8_t *changed = malloc(out.size);

		memcpy(changed, out.bytes, out.size);
		changed[at] ^= 0xff;
		(void)!read_header(&files, changed, out.size);
		free(changed);
	}
	guard_writer_free(&out);
}

/* ---- the file around it ------------------------------------------------------------------ */

static int make_file(const char *rsa, const char *dsa)
{
	int fd = memfd_create("rpm", MFD_CLOEXEC);
	uint8_t lead[96] = { 0xed, 0xab, 0xee, 0xdb, 3 };
	struct guard_writer out;
	struct made made;

	guard_writer_init(&out);
	guard_write_bytes(&out, lead, sizeof(lead));
	begin(&made);
	text(&made, 269, "a digest");
	if (rsa) {
		tag(&made, 268, BINARY, (uint32_t)strlen(rsa));
		guard_write_bytes(&made.store, rsa, strlen(rsa));
	}
	if (dsa) {
		tag(&made, 267, BINARY, (uint32_t)strlen(dsa));
		guard_write_bytes(&made.store, dsa, strlen(dsa));
	}
	end(&out, &made);
	while (out.size % 8)
		guard_write_u8(&out, 0);
	make_header(&out, &right);
	guard_write_bytes(&out, "payload", 7);
	CU_ASSERT_EQUAL(write(fd, out.bytes, out.size), (ssize_t)out.size);
	guard_writer_free(&out);
	return fd;
}

static size_t part_of(uint8_t *ret_bytes, size_t capacity, int *ret_result, int file, package_write_part write_part)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	ssize_t size;

	*ret_result = write_part(file, out);
	size = pread(out, ret_bytes, capacity, 0);
	close(out);
	return size > 0 ? (size_t)size : 0;
}

static void the_parts_of_a_file(void)
{
	uint8_t bytes[8192];
	struct guard_writer header;
	int r, file = make_file("rsa packet", "dsa packet");
	size_t size = part_of(bytes, sizeof(bytes), &r, file, package_rpm_signature_write);

	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_EQUAL(size, 20);
	CU_ASSERT_EQUAL(memcmp(bytes, "rsa packetdsa packet", 20), 0);
	size = part_of(bytes, sizeof(bytes), &r, file, package_rpm_header_write);
	guard_writer_init(&header);
	make_header(&header, &right);
	CU_ASSERT_EQUAL(r, 0);
	CU_ASSERT_EQUAL_FATAL(size, header.size);
	CU_ASSERT_EQUAL(memcmp(bytes, header.bytes, size), 0);
	guard_writer_free(&header);
	close(file);
	file = make_file(NULL, NULL);
	CU_ASSERT_EQUAL(part_of(bytes, sizeof(bytes), &r, file, package_rpm_signature_write), 0);
	CU_ASSERT_EQUAL(r, 0);
	close(file);
}

static void files_cut_anywhere(void)
{
	int file = make_file("rsa packet", NULL);
	uint8_t bytes[8192];
	const off_t whole = lseek(file, 0, SEEK_END) - 7;
	int r;

	for (off_t cut = whole - 1; cut >= 0; cut -= 3) {
		CU_ASSERT_EQUAL(ftruncate(file, cut), 0);
		(void)!part_of(bytes, sizeof(bytes), &r, file, package_rpm_header_write);
		CU_ASSERT(r < 0);
	}
	close(file);
}

static CU_TestInfo tests[] = {
	{ "headers that do not count", headers_that_do_not_count },
	{ "a header that does", a_header },
	{ "cut and changed anywhere", cut_and_changed_anywhere },
	{ "the parts of a file", the_parts_of_a_file },
	{ "files cut anywhere", files_cut_anywhere },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("package_rpm", tests)
