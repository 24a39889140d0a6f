/* SPDX-License-Identifier: MIT
 *
 * package/copy.c - sealed copies, so that what was verified is what is used.
 */
#include "package/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define BLOCK (1u << 18)

/* What is longer than `most` is cut there, or refused. */
static int copy_content(int to, int from, uint64_t most, bool cut)
{
	GUARD_AUTO_FREE uint8_t *block = malloc(BLOCK);
	uint64_t total = 0;
	int r = block ? 0 : -GUARD_E_NOMEM;

	while (r == 0 && !(cut && total == most)) {
		const size_t wanted = cut && most - total < BLOCK ? (size_t)(most - total) : BLOCK;
		ssize_t n = pread(from, block, wanted, (off_t)total);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -GUARD_E_IO : 0;
		total += (uint64_t)n;
		r = total > most ? -GUARD_E_LIMIT : guard_write_whole(to, block, (size_t)n);
	}
	return r;
}

static int copy_sealed(int *ret_copy, int fd, uint64_t most, bool cut)
{
	GUARD_AUTO_CLOSE int copy = memfd_create("guard-package", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat status;
	int r;

	if (copy < 0)
		return -GUARD_E_NOMEM;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -GUARD_E_IO;
	r = copy_content(copy, fd, most, cut);
	if (r < 0)
		return r;
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	*ret_copy = guard_steal_fd(&copy);
	return 0;
}

int package_copy(int *ret_copy, int fd, uint64_t most)
{
	return copy_sealed(ret_copy, fd, most, false);
}

int package_copy_head(int *ret_copy, int fd, uint64_t most)
{
	return copy_sealed(ret_copy, fd, most, true);
}

int package_map(const uint8_t **ret_bytes, size_t *ret_size, int copy)
{
	struct stat status;
	void *bytes = NULL;

	if (fstat(copy, &status) < 0)
		return -GUARD_E_IO;
	if (status.st_size > 0)
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, copy, 0);
	if (bytes == MAP_FAILED)
		return -GUARD_E_NOMEM;
	*ret_bytes = bytes;
	*ret_size = (size_t)status.st_size;
	return 0;
}

void package_unmap(const uint8_t *bytes, size_t size)
{
	if (bytes)
		munmap((void *)(uintptr_t)bytes, size);
}
