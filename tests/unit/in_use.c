/* SPDX-License-Identifier: MIT
 *
 * unit/in_use.c - code in use: who counts as a user, and when a file is free.
 */
#include "gate/in_use.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unit.h"

#define KEPT 32 /* the first descriptor that a child keeps */
#define LATER_NS (10ll * GUARDD_IN_USE_GRACE_NS)

static const _Atomic uint32_t none;
static const struct guardd_in_use_own nobody = { &none, &none, 0 };

static struct guardd_inode scratch_file(int *ret_fd)
{
	char name[] = "/tmp/guard-in-use-XXXXXX";
	struct stat status;
	int fd = mkstemp(name);
	CU_ASSERT_FATAL(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 4096) == 0 && fstat(fd, &status) == 0);
	*ret_fd = fd;
	return (struct guardd_inode){ status.st_dev, status.st_ino, 0 };
}

/* A child that holds the file mapped, and nothing else, until its pipe closes. */
static pid_t mapper(int fd, int *ret_hold)
{
	int hold[2], ready[2];
	char byte;
	CU_ASSERT_FATAL(pipe2(hold, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(hold[1]);
		if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED || close(fd) < 0)
			_exit(1);
		if (write(ready[1], "r", 1) == 1 && read(hold[0], &byte, 1) <= 0)
			_exit(0);
		_exit(1);
	}
	close(hold[0]);
	close(ready[1]);
	CU_ASSERT_FATAL(pid > 0 && read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	*ret_hold = hold[1];
	return pid;
}

static void unknown_file_is_free(void)
{
	struct guardd_in_use *table;
	struct guardd_inode file = { 1, 2, 0 };
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	CU_ASSERT_FALSE(guardd_in_use_has(table, &file));
	CU_ASSERT_FALSE(guardd_in_use_busy(table, &file, LATER_NS));
	guardd_in_use_free(table);
}

/* A child that stays in open(2) until it is killed. */
static pid_t opener(void)
{
	char folder[] = "/tmp/guard-in-use-XXXXXX", name[64], text[16] = "";
	pid_t pid;
	CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
	snprintf(name, sizeof(name), "%s/fifo", folder);
	CU_ASSERT_FATAL(mkfifo(name, 0600) == 0);
	pid = fork();
	if (pid == 0)
		_exit(open(name, O_WRONLY) < 0);
	snprintf(name, sizeof(name), "/proc/%d/syscall", pid);
	while (!strchr("25", text[0]) || !text[0]) { /* open or openat */
		GUARD_AUTO_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
		if (read(fd, text, sizeof(text) - 1) <= 0)
			text[0] = '\0';
	}
	snprintf(name, sizeof(name), "%s/fifo", folder);
	unlink(name);
	rmdir(folder);
	return pid;
}

static void just_approved_is_busy(void)
{
	struct guardd_in_use *table;
	int fd;
	struct guardd_inode file = scratch_file(&fd);
	pid_t caller = opener();
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	CU_ASSERT(guardd_in_use_enter(table, &file, caller, 0) == 0);
	CU_ASSERT(guardd_in_use_busy(table, &file, GUARDD_IN_USE_GRACE_NS / 2));
	/* Gone before the grace is over: nobody has it. */
	kill(caller, SIGKILL);
	waitpid(caller, NULL, 0);
	CU_ASSERT_FALSE(guardd_in_use_busy(table, &file, GUARDD_IN_USE_GRACE_NS / 2));
	CU_ASSERT(guardd_in_use_enter(table, &file, getpid(), 0) == 0);
	/* Only this very process has it open: nobody uses it. */
	CU_ASSERT_FALSE(guardd_in_use_busy(table, &file, LATER_NS));
	CU_ASSERT_FALSE(guardd_in_use_has(table, &file));
	guardd_in_use_free(table);
	close(fd);
}

static void mapped_elsewhere_is_busy(void)
{
	struct guardd_in_use *table;
	int fd, hold;
	struct guardd_inode file = scratch_file(&fd);
	pid_t child = mapper(fd, &hold);
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	CU_ASSERT(guardd_in_use_enter(table, &file, getpid(), 0) == 0);
	CU_ASSERT(guardd_in_use_busy(table, &file, LATER_NS));
	close(hold);
	waitpid(child, NULL, 0);
	CU_ASSERT_FALSE(guardd_in_use_busy(table, &file, LATER_NS));
	guardd_in_use_free(table);
	close(fd);
}

static void full_of_unused_makes_room(void)
{
	struct guardd_in_use *table;
	struct guardd_inode last = { 7, GUARDD_IN_USE_MAX + 1, 0 };
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	for (uint64_t i = 0; i < GUARDD_IN_USE_MAX; i++) {
		struct guardd_inode file = { makedev(250, 250), (1ull << 40) + i, 0 };
		CU_ASSERT_FATAL(guardd_in_use_enter(table, &file, getpid(), 0) == 0);
	}
	/* All of them fresh: nothing can be dropped, the caller must deny. */
	CU_ASSERT(guardd_in_use_enter(table, &last, getpid(), 1) == -GUARD_E_LIMIT);
	CU_ASSERT(guardd_in_use_enter(table, &last, getpid(), LATER_NS) == 0);
	for (uint64_t i = 0; i < GUARDD_IN_USE_MAX; i++) {
		struct guardd_inode file = { makedev(250, 250), (1ull << 40) + i, 0 };
		CU_ASSERT_FALSE(guardd_in_use_has(table, &file));
	}
	CU_ASSERT(guardd_in_use_has(table, &last));
	guardd_in_use_free(table);
}

static void successor_of_inode_is_free(void)
{
	struct guardd_in_use *table;
	struct guardd_inode file = { 1, 2, 3 }, next = { 1, 2, 4 };
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	CU_ASSERT_EQUAL(guardd_in_use_enter(table, &file, getpid(), 0), 0);
	CU_ASSERT_FALSE(guardd_in_use_has(table, &next));
	CU_ASSERT_FALSE(guardd_in_use_busy(table, &next, 1));
	CU_ASSERT_TRUE(guardd_in_use_has(table, &file));
	guardd_in_use_free(table);
}

/* A file of a new tmpfs: each of them counts its inodes from the same number. */
static struct guardd_inode file_of_tmpfs(const char *folder, int *ret_fd)
{
	char name[64];
	struct stat status;

	CU_ASSERT_FATAL(mount("guard-in-use", folder, "tmpfs", 0, "size=1m") == 0);
	snprintf(name, sizeof(name), "%s/file", folder);
	*ret_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(*ret_fd >= 0 && ftruncate(*ret_fd, 4096) == 0 && fstat(*ret_fd, &status) == 0);
	return (struct guardd_inode){ status.st_dev, status.st_ino, 0 };
}

/* The child: this file open, or mapped low, where the names in map_files are shorter
 * than the numbers in maps; and nothing else. */
static void hold(int fd, bool mapped, int ready)
{
	if (dup2(ready, KEPT + 1) < 0 || dup2(fd, KEPT) < 0 || close_range(3, KEPT - 1, 0) < 0 ||
	    close_range(KEPT + 2, ~0U, 0) < 0)
		_exit(1);
	if (mapped && (mmap((void *)0x400000, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, KEPT, 0) == MAP_FAILED ||
		       close(KEPT) < 0))
		_exit(1);
	if (write(KEPT + 1, "r", 1) == 1)
		pause();
	_exit(0);
}

/* Is `file` in use while a child has what `fd` shows open or mapped? */
static bool busy_while_held(const struct guardd_inode *file, int fd, bool mapped)
{
	struct guardd_in_use *table;
	int ready[2];
	char byte;
	bool busy;
	pid_t child;

	CU_ASSERT_FATAL(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0)
		hold(fd, mapped, ready[1]);
	close(ready[1]);
	CU_ASSERT_FATAL(child > 0 && read(ready[0], &byte, 1) == 1);
	CU_ASSERT_FATAL(guardd_in_use_create(&table, nobody) == 0);
	CU_ASSERT(guardd_in_use_enter(table, file, getpid(), 0) == 0);
	busy = guardd_in_use_busy(table, file, LATER_NS);
	guardd_in_use_free(table);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	return busy;
}

static void name_alone_is_no_use(void)
{
	int fd;
	struct guardd_inode file = scratch_file(&fd);
	char name[32];
	int path;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	path = open(name, O_PATH | O_CLOEXEC);
	CU_ASSERT_FATAL(path >= 0);
	CU_ASSERT_TRUE(busy_while_held(&file, fd, false));
	CU_ASSERT_FALSE(busy_while_held(&file, path, false));
	close(path);
	close(fd);
}

static void same_number_elsewhere_is_free(void)
{
	char first[] = "/tmp/guard-in-use-XXXXXX", second[] = "/tmp/guard-in-use-XXXXXX";
	struct guardd_inode mine, other;
	int mine_fd, other_fd;

	CU_ASSERT_FATAL(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CU_ASSERT_FATAL(mkdtemp(first) != NULL && mkdtemp(second) != NULL);
	mine = file_of_tmpfs(first, &mine_fd);
	other = file_of_tmpfs(second, &other_fd);
	CU_ASSERT_FATAL(mine.inode == other.inode && mine.device != other.device);
	for (int mapped = 0; mapped < 2; mapped++) {
		CU_ASSERT_TRUE(busy_while_held(&mine, mine_fd, mapped));
		CU_ASSERT_FALSE(busy_while_held(&mine, other_fd, mapped));
	}
	close(mine_fd);
	close(other_fd);
	(void)umount2(first, MNT_DETACH);
	(void)umount2(second, MNT_DETACH);
	rmdir(first);
	rmdir(second);
}

static CU_TestInfo tests[] = {
	{ "a file that was never approved is free", unknown_file_is_free },
	{ "a file approved a moment ago is busy, later free", just_approved_is_busy },
	{ "the next file that gets the inode is free", successor_of_inode_is_free },
	{ "a file mapped by another process is busy until it ends", mapped_elsewhere_is_busy },
	{ "a descriptor that only names the file is no use of it", name_alone_is_no_use },
	{ "a file of another tmpfs with its number is no use of it", same_number_elsewhere_is_free },
	{ "a table full of unused files makes room, of fresh ones refuses", full_of_unused_makes_room },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("gate: code in use", tests)
