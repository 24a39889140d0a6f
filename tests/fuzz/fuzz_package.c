/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_package.c - any bytes as what the package provider reads: the first
 * byte picks which.  Archives themselves are libarchive's to fuzz; the reader
 * around it is fed whole files here, too.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity/openpgp.h"
#include "package/package.h"

static int ignore(void *context, const struct guard_digest *digest)
{
	(void)context;
	(void)digest;
	return 0;
}

static void fuzz_table(const uint8_t *data, size_t size)
{
	uint64_t *aligned = calloc(1, size + 8);
	struct guard_attribution table;
	struct guard_attribution_header header;
	struct guard_signer signers[GUARD_SIGNERS_MAX];
	uint8_t *bytes = (uint8_t *)aligned;

	memcpy(bytes, data, size);
	if (size >= sizeof(header)) {
		struct guard_digest sum;

		memcpy(&header, bytes, sizeof(header));
		header.size = size;
		FUZZ_REQUIRE(guard_digest_bytes(&sum, &bytes[sizeof(header)], size - sizeof(header)) == 0);
		memcpy(header.sha256, sum.bytes, sizeof(header.sha256));
		memcpy(bytes, &header, sizeof(header));
	}
	if (guard_attribution_view(&table, bytes, size) == 0 && guard_attribution_check(&table) == 0)
		for (uint32_t i = 0; i < table.header->digest_count; i++)
			FUZZ_REQUIRE(guard_attribution_signers(&table, signers, GUARD_SIGNERS_MAX, &table.digests[i]) > 0);
	free(aligned);
}

static void fuzz_keys(const uint8_t *data, size_t size)
{
	struct guard_openpgp_key key;
	struct guard_reader reader;
	uint8_t *bytes = NULL;
	size_t plain = 0;

	if (guard_openpgp_binary(&bytes, &plain, data, size) < 0)
		return;
	guard_reader_init(&reader, bytes, plain);
	while (guard_openpgp_next(&key, &reader) == 0)
		FUZZ_REQUIRE(key.size > 0 && key.offset + key.size <= plain);
	free(bytes);
}

static void fuzz_texts(const char *text, size_t size)
{
	struct package_catalogue catalogue = { 0 };
	struct package_signed signed_by = { .text = -1 };
	struct package_release release;
	char problem[200];

	if (package_release_read(&release, text, size, problem, sizeof(problem)) == 0)
		package_release_free(&release);
	if (package_gpgv_status(&signed_by, text, size, PACKAGE_CLEARSIGNED, problem, sizeof(problem)) == 0)
		FUZZ_REQUIRE(signed_by.key_count > 0);
	if (package_index_read(&catalogue, text, size, 0) == 0 && catalogue.count > 0)
		FUZZ_REQUIRE(package_find(&catalogue, &catalogue.known[0].deb) != NULL);
	package_catalogue_free(&catalogue);
}

static void fuzz_deb(const uint8_t *data, size_t size)
{
	int fd = memfd_create("deb", MFD_CLOEXEC);
	char problem[200];

	if (fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0)
		(void)!package_deb_read(fd, ignore, NULL, problem, sizeof(problem));
	if (fd >= 0)
		close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] & 3) {
	case 0:
		fuzz_table(&data[1], size - 1);
		break;
	case 1:
		fuzz_keys(&data[1], size - 1);
		break;
	case 2:
		fuzz_texts((const char *)&data[1], size - 1);
		break;
	default:
		fuzz_deb(&data[1], size - 1);
	}
	return 0;
}
