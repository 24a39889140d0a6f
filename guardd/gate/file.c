/* SPDX-License-Identifier: MIT
 *
 * gate/file.c - inode facts by statx(2).  Must not open anything.
 */
#include "gate/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

bool gate_key_same_inode(const struct gate_key *a, const struct gate_key *b)
{
	return a->device == b->device && a->inode == b->inode;
}

bool gate_key_equal(const struct gate_key *a, const struct gate_key *b)
{
	return gate_key_same_inode(a, b) && a->size == b->size && a->ctime_ns == b->ctime_ns &&
	       a->mtime_ns == b->mtime_ns && a->born_ns == b->born_ns;
}

uint64_t gate_key_hash(const struct gate_key *key)
{
	uint64_t hash = (key->inode ^ (key->device << 32)) * UINT64_C(0x9e3779b97f4a7c15);

	return hash ^ (hash >> 29);
}

static int64_t nanoseconds(const struct statx_timestamp *time)
{
	return (int64_t)((uint64_t)time->tv_sec * 1000000000u + time->tv_nsec);
}

int gate_file_stat_at(struct gate_file *ret_file, int directory, const char *path, int flags)
{
	struct statx facts;

	if (statx(directory, path, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_BTIME, &facts) < 0)
		return -GUARD_E_IO;
	*ret_file = (struct gate_file){
		.key = { .device = makedev(facts.stx_dev_major, facts.stx_dev_minor),
			 .inode = facts.stx_ino,
			 .size = facts.stx_size,
			 .ctime_ns = nanoseconds(&facts.stx_ctime),
			 .mtime_ns = nanoseconds(&facts.stx_mtime),
			 .born_ns = facts.stx_mask & STATX_BTIME ? nanoseconds(&facts.stx_btime) : 0 },
		.uid = facts.stx_uid,
		.mode = facts.stx_mode,
	};
	return 0;
}

int gate_file_stat(struct gate_file *ret_file, int fd)
{
	return gate_file_stat_at(ret_file, fd, "", AT_EMPTY_PATH);
}

bool gate_file_is_sealed(const struct gate_file *file)
{
	return file->uid == 0 && !(file->mode & (S_IWGRP | S_IWOTH));
}
