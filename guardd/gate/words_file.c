/* SPDX-License-Identifier: MIT
 *
 * gate/words_file.c - the files that a blocked exec and its words name, as the
 * caller would find them.  What cannot be proven in his favour is not.
 */
#include "gate/words.h"

#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/patience.h"

static int open_proc(int32_t tid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, what);
	return open(path, O_PATH | O_CLOEXEC);
}

/* Where a relative name begins: a folder of the caller's, or an open file itself. */
static int open_base(int32_t tid, int32_t folder, const char *name)
{
	char what[32];

	if (name[0] == '/')
		return open_proc(tid, "root");
	if (folder == AT_FDCWD)
		return open_proc(tid, "cwd");
	snprintf(what, sizeof(what), "fd/%d", folder);
	return open_proc(tid, what);
}

static int open_name_as(int32_t tid, int32_t folder, const char *name, uint64_t flags, uint64_t resolve)
{
	GUARD_AUTO_CLOSE int base = open_base(tid, folder, name);

	if (base < 0)
		return -1;
	if (name[0] == '\0')
		return guard_steal_fd(&base);
	return gate_patience_open(base, name, flags, resolve | (name[0] == '/' ? RESOLVE_IN_ROOT : 0));
}

static int open_name(int32_t tid, int32_t folder, const char *name, uint64_t resolve)
{
	return open_name_as(tid, folder, name, 0, resolve);
}

/* In another root symbolic links mean other things. */
static bool is_own_root(struct gate *gate, int32_t tid)
{
	char path[64];
	struct gate_file root;

	snprintf(path, sizeof(path), "/proc/%d/root", tid);
	return gate_file_stat_at(&root, AT_FDCWD, path, 0) == 0 && gate_key_same_inode(&root.key, &gate->root.key);
}

/* As far as the kernel looks for a first line, zeros behind the end. */
static bool read_head(char *ret_head, size_t size, int fd)
{
	char path[64];
	GUARD_AUTO_CLOSE int file = -1;

	memset(ret_head, 0, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, GATE_OPEN);
	return file >= 0 && pread(file, ret_head, size, 0) >= 2 && memcmp(ret_head, "#!", 2) == 0;
}

static bool begins_like_a_script(int fd)
{
	char head[2];

	return read_head(head, sizeof(head), fd);
}

bool gate_words_are_a_scripts(struct gate *gate, const struct gate_event *event, const struct gate_call *call)
{
	char name[GUARD_WIRE_PATH_MAX];
	struct gate_file file;
	GUARD_AUTO_CLOSE int fd = -1;

	if (!call->name || !is_own_root(gate, event->tid))
		return false;
	gate_requested_name(name, sizeof(name), event->tid, call);
	fd = open_name(event->tid, call->folder, name, 0);
	return fd >= 0 && gate_file_stat(&file, fd) == 0 && S_ISREG(file.mode) &&
	       !gate_key_same_inode(&file.key, &event->file.key) && begins_like_a_script(fd);
}

bool gate_words_name_no_file(const struct gate_event *event, const char *name)
{
	struct gate_file file;
	GUARD_AUTO_CLOSE int fd = open_name(event->tid, AT_FDCWD, name[0] ? name : ".", RESOLVE_NO_MAGICLINKS);

	/* A link of /proc to something open: /dev/stdin, /dev/fd/N, however it is called. */
	if (fd < 0)
		return errno == ELOOP || errno == EXDEV;
	return gate_file_stat(&file, fd) == 0 && !S_ISREG(file.mode) && !S_ISDIR(file.mode);
}

void gate_words_tell_link(struct gate *gate, const struct gate_event *event, const char *name)
{
	GUARD_AUTO_CLOSE int fd = open_name_as(event->tid, AT_FDCWD, name[0] ? name : ".", O_NOFOLLOW, 0);
	char target[GUARD_WIRE_PATH_MAX];
	struct gate_filesystem filesystem;
	struct gate_file file;
	ssize_t length;

	/* Those of /proc, and a server's, lead elsewhere at the next look. */
	if (fd < 0 || gate_file_stat(&file, fd) < 0 || !gate_filesystem_find(gate, &filesystem, file.key.device) ||
	    !filesystem.cacheable)
		return;
	length = readlinkat(fd, "", target, sizeof(target) - 1);
	if (length <= 0)
		return; /* no link */
	target[length] = '\0';
	if (guardd_bpf_link_set(gate->layer, fd, target) < 0)
		gate_problem(gate, "the kernel layer did not take where a script's link leads to: the interpreter reads no data");
}

int gate_words_script_head(char *ret_head, size_t size, int32_t tid, const struct gate_call *call)
{
	char name[GUARD_WIRE_PATH_MAX];
	GUARD_AUTO_CLOSE int fd = -1;

	gate_requested_name(name, sizeof(name), tid, call);
	fd = open_name(tid, call->folder, name, 0);
	return fd >= 0 && read_head(ret_head, size, fd) ? 0 : -GUARD_E_NOT_FOUND;
}
