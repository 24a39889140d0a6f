/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_rpm.c - any bytes as an .rpm file, and as a header whose signature was
 * verified: the first byte picks which.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "package/rpm.h"

static int ignore(void *context, const struct guard_digest *digest)
{
	(void)context;
	(void)digest;
	return 0;
}

static void fuzz_header(const uint8_t *data, size_t size)
{
	struct package_rpm_header header;
	struct guard_reader reader;
	struct package_rpm rpm;
	char problem[200];

	guard_reader_init(&reader, data, size);
	if (package_rpm_header_open(&header, &reader) < 0)
		return;
	FUZZ_REQUIRE(reader.offset <= size);
	if (package_rpm_name(&rpm, &header) == 0)
		FUZZ_REQUIRE(rpm.name[0] && rpm.version[0] && rpm.architecture[0]);
	(void)!package_rpm_files(&header, ignore, NULL, problem, sizeof(problem));
}

static void fuzz_file(const uint8_t *data, size_t size)
{
	int file = memfd_create("rpm", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);

	if (file >= 0 && out >= 0 && write(file, data, size) == (ssize_t)size) {
		(void)!package_rpm_signature_write(file, out);
		(void)!package_rpm_header_write(file, out);
	}
	if (file >= 0)
		close(file);
	if (out >= 0)
		close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 1)
		fuzz_header(&data[1], size - 1);
	else
		fuzz_file(&data[1], size - 1);
	return 0;
}
