/* SPDX-License-Identifier: MIT
 *
 * fuzz_source.c - any bytes as a policy source.  What is compiled without an
 * error must be an image that the reader takes: a compiler that writes what a
 * machine refuses would leave that machine with its old policy.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guard/policy.h>

#include "fuzz.h"
#include "policy/compile/compile.h"

static int memory_file(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_REQUIRE(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, bytes, size) == (ssize_t)size);
	return fd;
}

static void check_image(const struct guard_compile *compile)
{
	struct guard_policy *policy = NULL;
	uint8_t *bytes = NULL;
	size_t size = 0;
	int fd;

	FUZZ_REQUIRE(guard_compile_image(&bytes, &size, compile) == 0);
	fd = memory_file(bytes, size);
	FUZZ_REQUIRE(guard_policy_open(&policy, fd, NULL) == 0);
	guard_policy_free(policy);
	close(fd);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_compile_options options = { .now = 1795000000, .need_policy = true };
	struct guard_compile *compile = NULL;
	int fd = memory_file(data, size);
	char path[64];
	const char *paths[] = { path };

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (guard_compile_sources(&compile, paths, 1, &options) == 0 && guard_compile_error_count(compile) == 0)
		check_image(compile);
	guard_compile_free(compile);
	close(fd);
	return 0;
}
