/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_walk.c - find every regular file below a directory.  Follows
 * no symbolic link, opens nothing but directories, and notes whatever it does
 * not take.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scan.h"

/* Directories still to be read, and the device they were found on. */
struct pending {
	char *path;
	dev_t device;
};
struct walk {
	struct scan *scan;
	struct pending *stack;
	size_t depth, capacity;
	dev_t root;
};

static void cleanup_closedir(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Filesystems that the kernel makes up: nothing on them can be run. */
static bool is_pseudo(long type)
{
	static const long types[] = {
		PROC_SUPER_MAGIC,    SYSFS_MAGIC,     CGROUP_SUPER_MAGIC,  CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC,  DEBUGFS_MAGIC,   TRACEFS_MAGIC,	   SECURITYFS_MAGIC,
		BPF_FS_MAGIC,	     EFIVARFS_MAGIC,  PSTOREFS_MAGIC,	   NSFS_MAGIC,
		BINFMTFS_MAGIC,	     SELINUX_MAGIC,   AUTOFS_SUPER_MAGIC,  0x19800202 /* mqueue */,
		0x62656570 /* configfs */, 0x65735543 /* fusectl */, 0x67596969 /* rpc_pipefs */,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (type == types[i])
			return true;
	return false;
}

static bool is_excluded(const struct scan_options *options, const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < options->exclude_count; i++) {
		const char *glob = options->excludes[i];
		const char *subject = strchr(glob, '/') || !slash ? path : slash + 1;
		if (fnmatch(glob, subject, 0) == 0)
			return true;
	}
	return false;
}

static int push(struct walk *walk, const char *path, dev_t device)
{
	if (walk->depth == walk->capacity) {
		size_t wanted = walk->capacity ? walk->capacity * 2 : 256;
		void *bigger = reallocarray(walk->stack, wanted, sizeof(*walk->stack));
		if (!bigger)
			return -GUARD_E_NOMEM;
		walk->stack = bigger;
		walk->capacity = wanted;
	}
	char *copy = strdup(path);
	if (!copy)
		return -GUARD_E_NOMEM;
	walk->stack[walk->depth++] = (struct pending){ copy, device };
	return 0;
}

/* One name that was found; `info` is of the thing itself, not a link's target. */
static int visit(struct walk *walk, const char *path, const struct stat *info)
{
	struct scan *scan = walk->scan;

	if (is_excluded(scan->options, path))
		return scan_add_note(scan, SCAN_NOTE_EXCLUDED, path, 0);
	if (S_ISREG(info->st_mode))
		return scan_add_file(scan, path, info->st_mode, (uint64_t)info->st_size);
	if (S_ISDIR(info->st_mode))
		return push(walk, path, info->st_dev);
	if (S_ISLNK(info->st_mode)) {
		scan->symlinks++;
		return 0;
	}
	return scan_add_note(scan, SCAN_NOTE_SPECIAL, path, 0);
}

static int visit_name(struct walk *walk, int directory, const char *parent, const char *name)
{
	char path[PATH_MAX];
	struct stat info;

	int length = snprintf(path, sizeof(path), "%s/%s", strcmp(parent, "/") ? parent : "", name);
	if (length < 0 || (size_t)length >= sizeof(path))
		return scan_add_note(walk->scan, SCAN_NOTE_UNREADABLE, parent, ENAMETOOLONG);
	if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return scan_add_note(walk->scan, errno == ENOENT ? SCAN_NOTE_CHANGED : SCAN_NOTE_UNREADABLE, path,
				     errno);
	return visit(walk, path, &info);
}

/* Whether a directory on another filesystem than its parent is to be read. */
static int crosses(bool *ret_enter, struct walk *walk, int fd, const char *path)
{
	struct stat info;
	struct statfs filesystem;

	if (fstat(fd, &info) < 0 || fstatfs(fd, &filesystem) < 0)
		return scan_add_note(walk->scan, SCAN_NOTE_UNREADABLE, path, errno);
	if (is_pseudo(filesystem.f_type))
		return scan_add_note(walk->scan, SCAN_NOTE_PSEUDO, path, 0);
	if (walk->scan->options->one_file_system && info.st_dev != walk->root)
		return scan_add_note(walk->scan, SCAN_NOTE_OTHER_FS, path, 0);
	*ret_enter = true;
	return 0;
}

static int read_directory(struct walk *walk, const struct pending *at)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
				.resolve = RESOLVE_NO_SYMLINKS };
	GUARD_AUTO_CLOSE int fd = (int)syscall(SYS_openat2, AT_FDCWD, at->path, &how, sizeof(how));
	if (fd < 0)
		return scan_add_note(walk->scan, SCAN_NOTE_UNREADABLE, at->path, errno);

	bool enter = false;
	int r = crosses(&enter, walk, fd, at->path);
	if (r < 0 || !enter)
		return r;
	__attribute__((cleanup(cleanup_closedir))) DIR *directory = fdopendir(fd);
	if (!directory)
		return scan_add_note(walk->scan, SCAN_NOTE_UNREADABLE, at->path, errno);
	guard_steal_fd(&fd);

	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (!entry && errno)
			return scan_add_note(walk->scan, SCAN_NOTE_UNREADABLE, at->path, errno);
		if (!entry)
			return 0;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = visit_name(walk, dirfd(directory), at->path, entry->d_name);
		if (r < 0)
			return r;
	}
}

static int read_all(struct walk *walk)
{
	while (walk->depth > 0) {
		struct pending at = walk->stack[--walk->depth];
		int r = read_directory(walk, &at);
		free(at.path);
		if (r < 0)
			return r;
	}
	return 0;
}

int scan_walk(struct scan *scan, const char *directory)
{
	struct walk walk = { .scan = scan };
	struct stat info;
	GUARD_AUTO_FREE char *path = realpath(directory, NULL);

	if (!path || lstat(path, &info) < 0)
		return scan_add_note(scan, SCAN_NOTE_UNREADABLE, directory, errno);
	walk.root = info.st_dev;

	int r = visit(&walk, path, &info);
	if (r == 0)
		r = read_all(&walk);
	while (walk.depth > 0)
		free(walk.stack[--walk.depth].path);
	free(walk.stack);
	return r;
}
