/* SPDX-License-Identifier: MIT
 *
 * bpf/own.c - tells the programs what belongs to the daemon: its processes, its
 * kernel objects, its files and the folders on the way to them.  Once, at the
 * start; what is not there yet lies in a folder that is marked whole.
 */
#include "bpf/internal.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define DELETED " (deleted)" /* what /proc says of a file that is gone */
#define UNIT "/lib/systemd/system/guardd.service"

static int mark(const struct guardd_bpf *layer, const char *path, uint32_t flags)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	uint32_t value = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -GUARD_E_IO;
	if (bpf_map_lookup_elem(layer->own, &fd, &value) < 0)
		value = 0;
	value |= flags;
	return bpf_map_update_elem(layer->own, &fd, &value, BPF_ANY) < 0 ? -GUARD_E_IO : 0;
}

/* The file itself, and every folder above it up to the root, which cannot go. */
static int mark_with_ancestors(const struct guardd_bpf *layer, const char *path)
{
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	char *slash;
	int r;

	if (!resolved)
		return errno == ENOENT ? 0 : -GUARD_E_IO;
	r = mark(layer, resolved, GUARD_BPF_OWN);
	while (r == 0 && (slash = strrchr(resolved, '/')) && slash != resolved) {
		*slash = '\0';
		r = mark(layer, resolved, GUARD_BPF_ANCESTOR);
	}
	return r;
}

static int mark_folder_of(const struct guardd_bpf *layer, const char *file)
{
	char folder[PATH_MAX];
	size_t length = strlen(file);

	while (length > 1 && file[length - 1] != '/')
		length--;
	if (length <= 1 || length > sizeof(folder))
		return 0; /* "/" holds more than the daemon's */
	memcpy(folder, file, length - 1);
	folder[length - 1] = '\0';
	return mark_with_ancestors(layer, folder);
}

/* The control group that the service manager put us into. */
static int mark_group(const struct guardd_bpf *layer)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX], path[PATH_MAX + 32];

	if (!file || !fgets(line, sizeof(line), file) || strncmp(line, "0::/", 4) != 0)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	if (!strstr(line, "guardd"))
		return 0; /* started by hand: in a group with others */
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", &line[3]);
	return mark_with_ancestors(layer, path);
}

static int mark_files(const struct guardd_bpf *layer, const char *folder, const struct guardd_config *config)
{
	char ledger[GUARDD_PATH_MAX + 16], program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *const paths[] = { program, folder, config->state_dir, ledger, config->run_dir, UNIT,
				      config->policy_file };
	int r = 0;

	program[length < 0 ? 0 : length] = '\0';
	/* Replaced in a maintenance: what lies there now will be started next. */
	if (length > (ssize_t)strlen(DELETED) && strcmp(&program[(size_t)length - strlen(DELETED)], DELETED) == 0)
		program[(size_t)length - strlen(DELETED)] = '\0';
	snprintf(ledger, sizeof(ledger), "%s/ledger", config->state_dir);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && r == 0; i++)
		if (paths[i][0])
			r = mark_with_ancestors(layer, paths[i]);
	if (r == 0)
		r = mark_folder_of(layer, config->config_file);
	if (r == 0)
		r = mark_group(layer);
	return r;
}

int guardd_bpf_own_objects(const struct guardd_bpf *layer, const struct bpf_object *object)
{
	const uint32_t there = 1;
	const struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, object) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);
		uint64_t key = GUARD_BPF_OBJECT_MAP;

		if (bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) < 0)
			return -GUARD_E_IO;
		key |= info.id;
		if (bpf_map_update_elem(layer->objects, &key, &there, BPF_ANY) < 0)
			return -GUARD_E_IO;
	}
	for (uint32_t i = 0; i < layer->link_count && r == 0; i++) {
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);
		uint64_t key;

		if (bpf_obj_get_info_by_fd(layer->links[i], &info, &size) < 0)
			return -GUARD_E_IO;
		key = GUARD_BPF_OBJECT_PROGRAM | info.prog_id;
		if (bpf_map_update_elem(layer->objects, &key, &there, BPF_ANY) < 0)
			r = -GUARD_E_IO;
	}
	return r;
}

/* This process; all that it starts from now on are born marked. */
int guardd_bpf_own_process(const struct guardd_bpf *layer)
{
	GUARD_AUTO_CLOSE int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	const uint32_t mine = 1;

	return self < 0 || bpf_map_update_elem(layer->tasks, &self, &mine, BPF_ANY) < 0 ? -GUARD_E_IO : 0;
}

int guardd_bpf_own_files(const struct guardd_bpf *layer, const char *folder, const struct guardd_config *config)
{
	return config->self_protection ? mark_files(layer, folder, config) : 0;
}

int guardd_bpf_own_again(const struct guardd_bpf *layer, const struct guardd_config *config)
{
	char folder[BPF_FOLDER_SIZE];
	int r = guardd_bpf_folder(folder, config);

	return r < 0 ? r : guardd_bpf_own_files(layer, folder, config);
}
