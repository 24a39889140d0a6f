/* SPDX-License-Identifier: MIT
 *
 * base/io.h - whole reads and writes.
 */
#ifndef GUARD_BASE_IO_H
#define GUARD_BASE_IO_H

#include <errno.h>
#include <guard/error.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* Writes all of `bytes` or fails: GUARD_E_IO, errno says why. */
static inline int guard_write_whole(int fd, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = write(fd, &((const uint8_t *)bytes)[done], size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			errno = ENOSPC;
		if (count <= 0)
			return -GUARD_E_IO;
		done += (size_t)count;
	}
	return 0;
}

/* Reads `size` bytes at `offset` (bytes) or fails: GUARD_E_IO, errno says why;
 * GUARD_E_CHANGED, the file has become shorter. */
static inline int guard_read_whole(void *bytes, size_t size, int fd, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = pread(fd, &((uint8_t *)bytes)[done], size - done, (off_t)(offset + done));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count < 0 ? -GUARD_E_IO : -GUARD_E_CHANGED;
		done += (size_t)count;
	}
	return 0;
}

#endif
