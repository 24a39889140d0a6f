/* SPDX-License-Identifier: MIT
 *
 * publish/files.c - files in the published and in the administrator's folder:
 * there whole, in the old or the new form, whenever the power goes.
 */
#include "base/io.h"
#include "publish/publish.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACK_MIN 1024u            /* below, a packet is a packet */
#define PACK_MAX (4u << 20)       /* above, it is digests, which do not pack */
#define JSON_MAX (256u << 20)

/* A folder below another, made if need be.  A web server reads these under an
 * account of its own, so their modes do not follow the administrator's umask. */
static int open_below(int at, const char *name, bool durable)
{
	GUARD_AUTO_CLOSE int fd = -1;
	bool made = mkdirat(at, name, 0755) == 0;

	if (!made && errno != EEXIST)
		return -GUARD_E_IO;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (made && fchmod(fd, 0755) < 0) || (made && durable && fsync(at) < 0))
		return -GUARD_E_IO;
	return guard_steal_fd(&fd);
}

/* The folder that holds `path`, made if need be; the last component. */
static int open_parent(const char **ret_name, int directory, const char *path, bool durable)
{
	GUARD_AUTO_CLOSE int at = openat(directory, path[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (at >= 0 && (slash = strchr(path, '/'))) {
		char name[NAME_MAX + 1];
		int next;

		if ((size_t)(slash - path) > NAME_MAX)
			return -GUARD_E_LIMIT;
		if (slash == path) { /* the first of an absolute path, or one too many */
			path = &slash[1];
			continue;
		}
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		next = open_below(at, name, durable);
		if (next < 0)
			return next;
		close(at);
		at = next;
		path = &slash[1];
	}
	*ret_name = path;
	return at < 0 ? -GUARD_E_IO : guard_steal_fd(&at);
}

static int replace(int folder, const char *name, const void *bytes, size_t size, bool durable)
{
	char temporary[] = ".publish-XXXXXXXX.tmp";
	GUARD_AUTO_CLOSE int fd = -1;
	int r;

	snprintf(temporary, sizeof(temporary), ".publish-%08lx.tmp", (unsigned long)getpid() & 0xffffffffUL);
	if (unlinkat(folder, temporary, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -GUARD_E_IO;
	r = fchmod(fd, 0644) < 0 ? -GUARD_E_IO : guard_write_whole(fd, bytes, size);
	if (r == 0 && durable && fsync(fd) < 0)
		r = -GUARD_E_IO;
	if (r == 0 && renameat(folder, temporary, folder, name) < 0)
		r = -GUARD_E_IO;
	if (r < 0) {
		int saved = errno;

		unlinkat(folder, temporary, 0);
		errno = saved;
		return r;
	}
	return durable && fsync(folder) < 0 ? -GUARD_E_IO : 0;
}

static int put(int directory, const char *path, const void *bytes, size_t size, bool durable)
{
	const char *name;
	GUARD_AUTO_CLOSE int folder = open_parent(&name, directory, path, durable);

	return folder < 0 ? folder : replace(folder, name, bytes, size, durable);
}

int publish_file_write(int directory, const char *path, const void *bytes, size_t size)
{
	return put(directory, path, bytes, size, true);
}

int publish_file_put_packed(int directory, const char *path, const void *bytes, size_t size)
{
	GUARD_AUTO_FREE uint8_t *packed = NULL;
	GUARD_AUTO_FREE char *name = NULL;
	size_t packed_size = 0;
	int r;

	if (size >= PACK_MIN && size <= PACK_MAX) {
		if (asprintf(&name, "%s.gz", path) < 0) {
			name = NULL;
			return -GUARD_E_NOMEM;
		}
		r = publish_pack(&packed, &packed_size, bytes, size);
		if (r == 0)
			r = put(directory, name, packed, packed_size, false);
		if (r < 0)
			return r;
	}
	return put(directory, path, bytes, size, false);
}

bool publish_file_has_packed(int directory, const char *path, size_t size)
{
	GUARD_AUTO_FREE char *name = NULL;

	if (size < PACK_MIN || size > PACK_MAX)
		return true;
	if (asprintf(&name, "%s.gz", path) < 0) {
		name = NULL;
		return false;
	}
	return faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool publish_file_is_there(int directory, const char *path, size_t size)
{
	struct stat status;

	return fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
	       (size_t)status.st_size == size;
}

int publish_file_read(uint8_t **ret_bytes, size_t *ret_size, int directory, const char *path, size_t max)
{
	GUARD_AUTO_CLOSE int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	struct stat status;
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > max)
		return -GUARD_E_LIMIT;
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -GUARD_E_NOMEM;
	r = guard_read_whole(bytes, (size_t)status.st_size, fd, 0);
	if (r < 0)
		return r;
	*ret_size = (size_t)status.st_size;
	*ret_bytes = guard_steal_pointer(&bytes);
	return 0;
}

int publish_json_read(json_t **ret_json, int directory, const char *path)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	json_t *json;
	int r = publish_file_read(&bytes, &size, directory, path, JSON_MAX);

	if (r < 0)
		return r;
	json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		return -GUARD_E_SYNTAX;
	*ret_json = json;
	return 0;
}
