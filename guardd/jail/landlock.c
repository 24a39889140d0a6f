/* SPDX-License-Identifier: MIT
 *
 * jail/landlock.c - the file system of the helpers: record, unlock and trust have
 * a folder each, sync reads where names are looked up, control has nothing.
 * Keeper and gate cannot use Landlock: it would keep them
 * from looking at other processes in /proc.
 *
 * By the system calls themselves, for the C library has no wrappers; what the
 * running kernel knows is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jail/jail.h"
#include "problem.h"

/* Access rights by ABI version; the header may be older than the kernel. */
#define ABI_1_RIGHTS ((1ull << 13) - 1)
#define RIGHT_REFER (1ull << 13)	/* 2 */
#define RIGHT_TRUNCATE (1ull << 14)	/* 3 */
#define RIGHT_IOCTL_DEVICE (1ull << 15) /* 5 */
#define NET_RIGHTS 3ull			/* 4: bind and connect TCP */
#define NET_CONNECT 2ull
#define SCOPES 3ull			/* 6: abstract sockets, signals */

#define FOLDER_RIGHTS                                                                                        \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |        \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |         \
	 RIGHT_TRUNCATE)

/* struct landlock_ruleset_attr of ABI 6. */
struct ruleset {
	uint64_t files, net, scopes;
};

static int kernel_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct ruleset rights_of(int version)
{
	struct ruleset rights = {.files = ABI_1_RIGHTS};

	if (version >= 2)
		rights.files |= RIGHT_REFER;
	if (version >= 3)
		rights.files |= RIGHT_TRUNCATE;
	if (version >= 4)
		rights.net = NET_RIGHTS;
	if (version >= 5)
		rights.files |= RIGHT_IOCTL_DEVICE;
	if (version >= 6)
		rights.scopes = SCOPES;
	return rights;
}

static size_t size_of(int version)
{
	if (version < 4)
		return sizeof(uint64_t);
	return version < 6 ? 2 * sizeof(uint64_t) : sizeof(struct ruleset);
}

static int failed(const char *what, const struct jail_problem *problem)
{
	return guardd_problem(-GUARD_E_IO, problem->text, problem->size, "%s: %s", what, strerror(errno));
}

/* The role's own folder in STATE_DIR. */
static int allow_folder(int ruleset, uint64_t handled, const struct guardd_config *config, const char *name,
			const struct jail_problem *problem)
{
	char path[GUARDD_PATH_MAX + 8];
	struct landlock_path_beneath_attr rule = {.allowed_access = FOLDER_RIGHTS & handled};
	GUARD_AUTO_CLOSE int folder = -1;

	snprintf(path, sizeof(path), "%s/%s", config->state_dir, name);
	/* O_PATH asks no gate. */
	folder = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return failed(path, problem);
	rule.parent_fd = folder;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return failed("Landlock does not take the folder of this process", problem);
	return 0;
}

/* Where the C library looks for names and their servers; what is not there is
 * not needed. */
static void allow_names(int ruleset, uint64_t handled)
{
	static const char *const folders[] = {"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"};
	struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE & handled};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		GUARD_AUTO_CLOSE int folder = open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		rule.parent_fd = folder;
		if (folder >= 0)
			(void)!syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
}

static int allow(int ruleset, uint64_t handled, enum guardd_role role, const struct guardd_config *config,
		 const struct jail_problem *problem)
{
	switch (role) {
	case GUARDD_ROLE_RECORD:
		return allow_folder(ruleset, handled, config, "ledger", problem);
	case GUARDD_ROLE_UNLOCK:
		return allow_folder(ruleset, handled, config, "unlock", problem);
	case GUARDD_ROLE_TRUST:
		return allow_folder(ruleset, handled, config, "trust", problem);
	case GUARDD_ROLE_SYNC:
		allow_names(ruleset, handled);
		return 0;
	default:
		return 0;
	}
}

static bool has_jail(enum guardd_role role)
{
	return role == GUARDD_ROLE_RECORD || role == GUARDD_ROLE_CONTROL || role == GUARDD_ROLE_UNLOCK ||
	       role == GUARDD_ROLE_SYNC || role == GUARDD_ROLE_TRUST;
}

int jail_landlock_prepare(int *ret_ruleset, enum guardd_role role, const struct guardd_config *config,
			  const struct jail_problem *problem)
{
	const int version = kernel_version();
	struct ruleset rights = rights_of(version);
	GUARD_AUTO_CLOSE int ruleset = -1;
	int r;

	if (version < 1 || !has_jail(role))
		return 0;
	if (role == GUARDD_ROLE_SYNC)
		rights.net &= ~NET_CONNECT;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, size_of(version), 0);
	if (ruleset < 0)
		return failed("Landlock is there but cannot be used", problem);
	r = allow(ruleset, rights.files, role, config, problem);
	if (r < 0)
		return r;
	*ret_ruleset = guard_steal_fd(&ruleset);
	return 0;
}

int jail_landlock_enter(int ruleset, const struct jail_problem *problem)
{
	if (ruleset < 0)
		return 0;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return failed("Landlock cannot be entered", problem);
	return 0;
}
