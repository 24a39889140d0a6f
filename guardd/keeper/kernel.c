/* SPDX-License-Identifier: MIT
 *
 * keeper/kernel.c - asks the kernel for the fanotify group and the shared
 * memory, and says in a sentence which feature is missing when it refuses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "internal.h"
#include "problem.h"

#ifndef FAN_MARK_EVICTABLE
#define FAN_MARK_EVICTABLE 0x00000200
#endif

/* An event in flight is an fd: the limit is how many callers may wait. */
void keeper_raise_file_limit(void)
{
	struct rlimit limit;
	unsigned long long most = 0;
	FILE *file = fopen("/proc/sys/fs/nr_open", "re");

	if (file) {
		if (fscanf(file, "%llu", &most) != 1)
			most = 0;
		fclose(file);
	}
	if (most > 1048576)
		most = 1048576;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < most) {
		const struct rlimit wanted = {most, most};

		if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		keeper_say("the limit of open files stays at %llu: %s", (unsigned long long)limit.rlim_cur,
			   strerror(errno));
}

static int group_refused(char *ret_problem, size_t size)
{
	switch (errno) {
	case EPERM:
		return guardd_problem(
		    -GUARD_E_UNSUPPORTED, ret_problem, size,
		    "the kernel refuses fanotify to this process: it needs CAP_SYS_ADMIN in the "
		    "machine's own namespace; start guardd as root and not in a container");
	case ENOSYS:
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size,
				      "this kernel has no fanotify: it needs CONFIG_FANOTIFY and "
				      "CONFIG_FANOTIFY_ACCESS_PERMISSIONS");
	case EINVAL:
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size,
				      "this kernel's fanotify cannot ask for permission: it needs "
				      "CONFIG_FANOTIFY_ACCESS_PERMISSIONS and Linux 5.19 or later");
	case EMFILE:
		return guardd_problem(
		    -GUARD_E_LIMIT, ret_problem, size,
		    "there are too many fanotify groups already: raise fs.fanotify.max_user_groups");
	default:
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "fanotify cannot be started: %s",
				      strerror(errno));
	}
}

/* Try a mark of the kind that the gate will set, on a file of our own. */
static int check_marks(int group, char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int probe = memfd_create("guard-probe", MFD_CLOEXEC);
	const uint64_t permission = FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM;

	if (probe < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "memfd_create failed: %s",
				      strerror(errno));
	if (fanotify_mark(group, FAN_MARK_ADD, permission, probe, NULL) < 0 ||
	    fanotify_mark(group, FAN_MARK_REMOVE, permission, probe, NULL) < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size,
				      "this kernel does not ask before an exec or an open (%s): it needs "
				      "CONFIG_FANOTIFY_ACCESS_PERMISSIONS",
				      strerror(errno));
	if (fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_EVICTABLE, permission, probe,
			  NULL) < 0)
		return guardd_problem(
		    -GUARD_E_UNSUPPORTED, ret_problem, size,
		    "this kernel has no evictable fanotify marks (%s): it needs Linux 5.19 or later",
		    strerror(errno));
	if (fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size,
				      "fanotify marks cannot be taken back: %s", strerror(errno));
	return 0;
}

/* The gate believes a name only after openat2(2) found the same inode by it.
 * systemd's RestrictSUIDSGID= takes the call away. */
static int check_lookups(char *ret_problem, size_t size)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_CACHED};
	GUARD_AUTO_CLOSE int probe = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	if (probe < 0 && errno != EAGAIN)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size,
				      "openat2 with RESOLVE_CACHED does not work here (%s): it needs Linux 5.12 or "
				      "later, and a unit without RestrictSUIDSGID=",
				      strerror(errno));
	return 0;
}

int keeper_group_create(int32_t *ret_group, char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int group =
	    fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE |
			      FAN_UNLIMITED_MARKS | FAN_REPORT_TID,
			  O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK | O_NOATIME);
	int r;

	if (group < 0)
		return group_refused(ret_problem, size);
	r = check_lookups(ret_problem, size);
	if (r == 0)
		r = check_marks(group, ret_problem, size);
	if (r < 0)
		return r;
	*ret_group = guard_steal_fd(&group);
	return 0;
}

int keeper_changes_create(int32_t *ret_group, char *ret_problem, size_t size)
{
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID | FAN_UNLIMITED_QUEUE |
				      FAN_UNLIMITED_MARKS,
				  O_RDONLY | O_CLOEXEC);

	if (group < 0)
		return group_refused(ret_problem, size);
	*ret_group = group;
	return 0;
}

int keeper_shared_create(struct keeper *keeper, char *ret_problem, size_t size)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct guardd_shared *shared;

	if (fd < 0 || ftruncate(fd, sizeof(*shared)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return guardd_problem(-GUARD_E_IO, ret_problem, size, "the shared memory cannot be made: %s",
				      strerror(errno));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return guardd_problem(-GUARD_E_NOMEM, ret_problem, size,
				      "the shared memory cannot be mapped: %s", strerror(errno));
	atomic_store(&shared->started, (int64_t)time(NULL));
	atomic_store(&shared->keeper_pid, (uint32_t)getpid());
	keeper->shared = shared;
	keeper->shared_memory = guard_steal_fd(&fd);
	return 0;
}
