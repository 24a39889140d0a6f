/* SPDX-License-Identifier: MIT
 *
 * bpf/probe.c - can this kernel hold the layer, and if not, why?  Asked by
 * looking, never by version numbers.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "problem.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"
#define LSM_LIST "/sys/kernel/security/lsm"

/* 1 it is among the active ones, 0 not, -1 nobody says. */
static int lists_bpf(void)
{
	GUARD_AUTO_CLOSE int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	char list[512], *rest = NULL;
	ssize_t size = fd < 0 ? -1 : read(fd, list, sizeof(list) - 1);

	if (size <= 0)
		return -1;
	list[size] = '\0';
	for (char *name = strtok_r(list, ",\n", &rest); name; name = strtok_r(NULL, ",\n", &rest))
		if (strcmp(name, "bpf") == 0)
			return 1;
	return 0;
}

int guardd_bpf_probe(char *ret_why, size_t size)
{
	struct statfs facts;

	if (access(KERNEL_TYPES, R_OK) < 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_why, size,
				      "this kernel does not describe its types (no %s: CONFIG_DEBUG_INFO_BTF)",
				      KERNEL_TYPES);
	if (lists_bpf() == 0)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_why, size,
				      "bpf is not among the kernel's security modules: add it to lsm= on the "
				      "kernel's command line");
	if (statfs("/sys/fs/bpf", &facts) < 0 || facts.f_type != BPF_FS_MAGIC)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_why, size,
				      "no BPF file system at /sys/fs/bpf to keep the programs in: mount -t bpf bpf "
				      "/sys/fs/bpf");
	return 0;
}

int guardd_bpf_hook_arguments(const struct btf *types, const char *name)
{
	const struct btf_type *function;
	int id = types ? btf__find_by_name_kind(types, name, BTF_KIND_FUNC) : -1;

	if (id <= 0)
		return -1;
	function = btf__type_by_id(types, (uint32_t)id);
	return btf_vlen(btf__type_by_id(types, function->type));
}

bool guardd_bpf_works(const struct guardd_bpf *layer)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-probe", MFD_CLOEXEC);
	struct guard_bpf_config before, probing;
	bool seen = false, differs;

	if (fd < 0 || guardd_bpf_config_get(layer, &before) < 0)
		return false;
	probing = before;
	probing.abi = GUARD_BPF_ABI;
	/* The hooks look, and have nothing to refuse. */
	if (before.state == GUARD_BPF_OFF)
		probing.state = GUARD_BPF_AUDIT;
	/* What a gate before us still writes there must not be undone. */
	differs = memcmp(&probing, &before, sizeof(before)) != 0;
	if (differs && guardd_bpf_config_set(layer, &probing) < 0)
		return false;
	if (guardd_bpf_verdict_set(layer, fd, 1, GUARD_BPF_LIBRARY) == 0 && fchmod(fd, 0600) == 0)
		seen = guardd_bpf_verdict_has(layer, fd, GUARD_BPF_LIBRARY) == 0;
	if (differs && guardd_bpf_config_set(layer, &before) < 0)
		return false;
	return seen;
}
