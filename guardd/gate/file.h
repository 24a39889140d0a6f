/* SPDX-License-Identifier: MIT
 *
 * gate/file.h - which file it is: what a user cannot forge about an inode.
 */
#ifndef GUARDD_GATE_FILE_H
#define GUARDD_GATE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <guard/error.h>

/* Equal keys: the same inode, unchanged as far as the inode tells. */
struct gate_key {
	uint64_t device, inode, size;
	int64_t ctime_ns, mtime_ns, born_ns;
};
struct gate_file {
	struct gate_key key;
	uint32_t uid, mode;
};

bool gate_key_equal(const struct gate_key *a, const struct gate_key *b);
bool gate_key_same_inode(const struct gate_key *a, const struct gate_key *b);
uint64_t gate_key_hash(const struct gate_key *key); /* of device and inode */

/* Neither asks a server nor waits for one. */
int gate_file_stat(struct gate_file *ret_file, int fd) GUARD_WARN_UNUSED;
int gate_file_stat_at(struct gate_file *ret_file, int directory, const char *path, int flags) GUARD_WARN_UNUSED;

/* Only root can change its content: it is root's, and no group, other or ACL
 * (whose mask shows as the group's bits) may write. */
bool gate_file_is_sealed(const struct gate_file *file);

#endif
