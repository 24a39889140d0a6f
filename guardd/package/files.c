/* SPDX-License-Identifier: MIT
 *
 * package/files.c - Landlock for the first stage: gpgv, its libraries and what
 * the C library reads at its start, and nothing of it to be written.  A kernel
 * without Landlock leaves what the user guard-package may read.
 */
#include "package/package.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define RIGHTS_ABI_1 ((1ull << 13) - 1)
#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE)

static void allow(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	GUARD_AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	rule.parent_fd = fd;
	if (fd >= 0)
		(void)!syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int package_files_confine(void)
{
	const struct landlock_ruleset_attr handled = { .handled_access_fs = RIGHTS_ABI_1 };
	GUARD_AUTO_CLOSE int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(uint64_t), 0);

	if (ruleset < 0)
		return 0;
	allow(ruleset, "/usr", RIGHTS_READ);
	allow(ruleset, "/lib", RIGHTS_READ);
	allow(ruleset, "/lib64", RIGHTS_READ);
	allow(ruleset, "/etc/ld.so.cache", LANDLOCK_ACCESS_FS_READ_FILE);
	allow(ruleset, "/etc/gcrypt", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	allow(ruleset, "/etc/localtime", LANDLOCK_ACCESS_FS_READ_FILE);
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -GUARD_E_UNSUPPORTED : 0;
}
