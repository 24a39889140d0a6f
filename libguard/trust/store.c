/* SPDX-License-Identifier: MIT
 *
 * trust/store.c - the folder that remembers what was accepted.  A file is there
 * whole, in its old or its new form, whenever the power goes: written beside,
 * synchronised, renamed, and the folder synchronised.  Knows nothing of what
 * the bytes mean.
 */
#include "base/io.h"
#include "trust/client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_TEMPORARY "incoming" /* one writer at a time: see guard_trust_new */
#define STORE_MODE 0644

static int read_all(struct guard_trust_blob *ret_blob, int fd, size_t size)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { .bytes = malloc(size ? size : 1) };

	if (!blob.bytes)
		return -GUARD_E_NOMEM;
	while (blob.size < size) {
		ssize_t count = pread(fd, &blob.bytes[blob.size], size - blob.size, (off_t)blob.size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		blob.size += (size_t)count;
	}
	ret_blob->size = blob.size;
	ret_blob->bytes = guard_steal_pointer(&blob.bytes);
	return 0;
}

int guard_trust_store_read(struct guard_trust_blob *ret_blob, int directory, const char *file, size_t max)
{
	GUARD_AUTO_CLOSE int fd = openat(directory, file,
					 O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : errno == ELOOP ? -GUARD_E_UNSAFE : -GUARD_E_IO;
	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode))
		return -GUARD_E_UNSAFE;
	if ((uint64_t)status.st_size > max)
		return -GUARD_E_LIMIT;
	return read_all(ret_blob, fd, (size_t)status.st_size);
}

static int write_temporary(int directory, const void *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int fd = -1;

	/* Made anew: what a power cut left there may be anything. */
	if (unlinkat(directory, STORE_TEMPORARY, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(directory, STORE_TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    STORE_MODE);
	if (fd < 0 || guard_write_whole(fd, bytes, size) < 0 || fsync(fd) < 0)
		return -GUARD_E_IO;
	return 0;
}

int guard_trust_store_write(int directory, const char *file, const void *bytes, size_t size)
{
	int r = write_temporary(directory, bytes, size);

	if (r == 0 && renameat(directory, STORE_TEMPORARY, directory, file) < 0)
		r = -GUARD_E_IO;
	if (r < 0) {
		int saved = errno;

		/* A full disk is not to be kept full by half a file. */
		if (unlinkat(directory, STORE_TEMPORARY, 0) < 0)
			errno = saved;
		errno = saved;
		return r;
	}
	return fsync(directory) < 0 ? -GUARD_E_IO : 0;
}

int guard_trust_store_remove(int directory, const char *file)
{
	if (unlinkat(directory, file, 0) < 0)
		return errno == ENOENT ? 0 : -GUARD_E_IO;
	return fsync(directory) < 0 ? -GUARD_E_IO : 0;
}
