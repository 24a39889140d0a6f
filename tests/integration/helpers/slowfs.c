/* SPDX-License-Identifier: MIT
 *
 * helpers/slowfs.c - a FUSE filesystem with files that try a reader's patience:
 *   slowfs REAL_FILE MOUNTPOINT -f
 *   /good     the content of REAL_FILE
 *   /slow     the same, but reading on never ends
 *   /endless  an ELF header, then zeros, as large as a file can be
 *   /change   REAL_FILE on each first read, one byte more on each later open
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READABLE 262144 /* of /slow; the kernel reads ahead by less */

static int real_fd = -1;
static struct stat real_info;
static atomic_uint change_opens;

static int slow_getattr(const char *path, struct stat *info, struct fuse_file_info *file)
{
	(void)file;
	memset(info, 0, sizeof(*info));
	if (!strcmp(path, "/")) {
		info->st_mode = S_IFDIR | 0755;
		info->st_nlink = 2;
		return 0;
	}
	if (strcmp(path, "/good") && strcmp(path, "/slow") && strcmp(path, "/endless") && strcmp(path, "/change"))
		return -ENOENT;
	info->st_mode = S_IFREG | 0755;
	info->st_nlink = 1;
	info->st_size = strcmp(path, "/endless") ? real_info.st_size : INT64_MAX - 4096;
	return 0;
}

static int slow_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	(void)path, (void)offset, (void)file, (void)flags;
	fill(buffer, "good", NULL, 0, 0);
	fill(buffer, "slow", NULL, 0, 0);
	fill(buffer, "endless", NULL, 0, 0);
	fill(buffer, "change", NULL, 0, 0);
	return 0;
}

static int slow_open(const char *path, struct fuse_file_info *file)
{
	file->direct_io = 0;
	file->fh = 0;
	if (!strcmp(path, "/change"))
		file->fh = atomic_fetch_add(&change_opens, 1);
	return 0;
}

static int slow_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *file)
{
	ssize_t count;

	if (!strcmp(path, "/slow") && offset >= READABLE)
		pause();
	if (!strcmp(path, "/endless") && offset >= real_info.st_size) {
		memset(buffer, 0, size);
		return (int)size;
	}
	count = pread(real_fd, buffer, size, offset);
	if (count > 0 && file->fh && !strcmp(path, "/change") && offset + count == real_info.st_size)
		buffer[count - 1] ^= 1;
	return count < 0 ? -errno : (int)count;
}

static const struct fuse_operations operations = {
	.getattr = slow_getattr,
	.readdir = slow_readdir,
	.open = slow_open,
	.read = slow_read,
};

int main(int argc, char **argv)
{
	if (argc < 3)
		return fprintf(stderr, "usage: slowfs REAL_FILE MOUNTPOINT -f\n"), 2;
	real_fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (real_fd < 0 || fstat(real_fd, &real_info) < 0)
		return perror("slowfs"), 1;
	argv[1] = argv[0];
	return fuse_main(argc - 1, argv + 1, &operations, NULL);
}
