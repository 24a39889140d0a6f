/* SPDX-License-Identifier: MIT
 *
 * bpf/own.c - tells the programs what belongs to the daemon: its processes, its
 * kernel objects, its files and the folders on the way to them.  At the start, and
 * after a maintenance; what is not there yet lies in a folder that is marked whole.
 *
 * A mark lies on the inode in the kernel's memory and goes when the kernel lets that
 * go, which root can ask for (drop_caches).  So whatever is marked is held open, in
 * the fd table that keeper and gate share, until the daemon ends or begins anew.
 */
#include "bpf/internal.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define DELETED " (deleted)" /* what /proc says of a file that is gone */
#define UNIT "/lib/systemd/system/guardd.service"
/* What else the packages bring that runs: without it nobody could ask, or be told. */
#define COMMAND GUARDD_BINDIR "/guardctl"
#define NOTIFIER GUARDD_BINDIR "/guardnotify"
#define LIBRARY GUARDD_LIBDIR "/libguard.so.0"
#define ENABLED "/etc/systemd/system/sysinit.target.wants" /* holds a link to the unit */

struct marking {
	const struct guardd_bpf *layer;
	bool again; /* what is marked is held already, by us */
};

/* `how`: O_NOFOLLOW marks a link itself. */
static int mark(const struct marking *marking, const char *path, uint32_t flags, int how)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_PATH | O_CLOEXEC | how);
	uint32_t value = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -GUARD_E_IO;
	if (bpf_map_lookup_elem(marking->layer->own, &fd, &value) < 0)
		value = 0;
	if (marking->again && (value & flags) == flags)
		return 0;
	value |= flags;
	if (bpf_map_update_elem(marking->layer->own, &fd, &value, BPF_ANY) < 0)
		return -GUARD_E_IO;
	(void)guard_steal_fd(&fd); /* stays open on purpose: see above */
	return 0;
}

/* The file itself, and every folder above it up to the root, which cannot go. */
static int mark_way(const struct marking *marking, const char *path, uint32_t flags)
{
	GUARD_AUTO_FREE char *resolved = realpath(path, NULL);
	char *slash;
	int r;

	if (!resolved)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -GUARD_E_IO;
	r = mark(marking, resolved, flags, 0);
	while (r == 0 && (slash = strrchr(resolved, '/')) && slash != resolved) {
		*slash = '\0';
		r = mark(marking, resolved, GUARD_BPF_ANCESTOR, 0);
	}
	return r;
}

/* A folder of the daemon's with all in it; of another's, as /etc, the file alone. */
static int mark_configuration(const struct marking *marking, const char *file)
{
	char folder[PATH_MAX];
	size_t length = strlen(file);

	while (length > 1 && file[length - 1] != '/')
		length--;
	if (length <= 1 || length > sizeof(folder))
		return 0; /* "/" holds more than the daemon's */
	memcpy(folder, file, length - 1);
	folder[length - 1] = '\0';
	return mark_way(marking, strstr(folder, "guard") ? folder : file, GUARD_BPF_OWN);
}

/* The control group that the service manager put us into. */
static int mark_group(const struct marking *marking)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX], path[PATH_MAX + 32];

	if (!file || !fgets(line, sizeof(line), file) || strncmp(line, "0::/", 4) != 0)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	if (!strstr(line, "guardd"))
		return 0; /* started by hand: in a group with others */
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", &line[3]);
	return mark_way(marking, path, GUARD_BPF_OWN);
}

/* What lies in a folder of the daemon's is the daemon's (is_own_dentry): its helpers'
 * folders need no mark. */
static int mark_files(const struct marking *marking, const char *folder, const struct guardd_config *config)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *const paths[] = { program, folder, config->state_dir, config->run_dir, UNIT, config->policy_file,
				      config->unlock_verifiers, config->catalogs, COMMAND, NOTIFIER, LIBRARY,
				      GUARDD_LIBEXECDIR };
	int r = 0;

	program[length < 0 ? 0 : length] = '\0';
	/* Replaced in a maintenance: what lies there now will be started next. */
	if (length > (ssize_t)strlen(DELETED) && strcmp(&program[(size_t)length - strlen(DELETED)], DELETED) == 0)
		program[(size_t)length - strlen(DELETED)] = '\0';
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && r == 0; i++)
		if (paths[i][0])
			r = mark_way(marking, paths[i], GUARD_BPF_OWN);
	if (r == 0)
		r = mark(marking, LIBRARY, GUARD_BPF_OWN, O_NOFOLLOW); /* the name that programs look for */
	if (r == 0)
		r = mark_way(marking, ENABLED, GUARD_BPF_ANCESTOR);
	if (r == 0)
		r = mark_configuration(marking, config->config_file);
	if (r == 0)
		r = mark_group(marking);
	return r;
}

/* ---- kernel objects ------------------------------------------------------------------- */

#define OBJECTS_MAX 128u /* as the table holds */

struct objects {
	uint64_t keys[OBJECTS_MAX];
	uint32_t count;
};

static int add(struct objects *objects, uint64_t key)
{
	if (objects->count == OBJECTS_MAX)
		return -GUARD_E_LIMIT;
	objects->keys[objects->count++] = key;
	return 0;
}

/* The trees of mounts in which somebody could hide what we or the service manager read. */
static int add_mounts(struct objects *objects)
{
	static const char *const trees[] = { "/proc/self/ns/mnt", "/proc/1/ns/mnt" };
	struct stat facts;
	int r = 0;

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]) && r == 0; i++)
		if (stat(trees[i], &facts) == 0)
			r = add(objects, GUARD_BPF_OBJECT_MOUNTS | (uint32_t)facts.st_ino);
	return r;
}

/* A kernel that tells no number of a mount (before 5.8) has no layer. */
static int add_proc(struct objects *objects)
{
	struct statx facts;

	if (statx(AT_FDCWD, "/proc", AT_STATX_DONT_SYNC, STATX_MNT_ID, &facts) < 0 || !(facts.stx_mask & STATX_MNT_ID))
		return -GUARD_E_IO;
	return add(objects, GUARD_BPF_OBJECT_MOUNT | (uint32_t)facts.stx_mnt_id);
}

/* A kernel without them has no such file. */
static int add_probes(struct objects *objects)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	uint32_t type;

	return file && fscanf(file, "%" SCNu32, &type) == 1 ? add(objects, GUARD_BPF_OBJECT_PROBES | type) : 0;
}

static int add_maps(struct objects *objects, const struct bpf_object *object)
{
	const struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, object) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (r == 0)
			r = bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) < 0 ?
				    -GUARD_E_IO :
				    add(objects, GUARD_BPF_OBJECT_MAP | info.id);
	}
	return r;
}

static int add_programs(struct objects *objects, const struct guardd_bpf *layer)
{
	int r = 0;

	for (uint32_t i = 0; i < layer->link_count && r == 0; i++) {
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);

		r = bpf_obj_get_info_by_fd(layer->links[i], &info, &size) < 0 ?
			    -GUARD_E_IO :
			    add(objects, GUARD_BPF_OBJECT_PROGRAM | info.prog_id);
	}
	return r;
}

static bool is_among(const struct objects *objects, uint64_t key)
{
	for (uint32_t i = 0; i < objects->count; i++)
		if (objects->keys[i] == key)
			return true;
	return false;
}

/* Those of a version before us: the table would fill, and a number is given again to
 * somebody else's. */
static void forget_others(const struct guardd_bpf *layer, const struct objects *objects)
{
	uint64_t key, next;
	bool more = bpf_map_get_next_key(layer->objects, NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(layer->objects, &key, &next) == 0;
		if (!is_among(objects, key))
			(void)bpf_map_delete_elem(layer->objects, &key);
	}
}

int guardd_bpf_own_objects(const struct guardd_bpf *layer, const struct bpf_object *object)
{
	struct objects objects = { .count = 0 };
	const uint32_t there = 1;
	int r = add_mounts(&objects);

	if (r == 0)
		r = add_proc(&objects);
	if (r == 0)
		r = add_probes(&objects);
	if (r == 0)
		r = add_maps(&objects, object);
	if (r == 0)
		r = add_programs(&objects, layer);
	if (r < 0)
		return r;
	forget_others(layer, &objects);
	for (uint32_t i = 0; i < objects.count; i++)
		if (bpf_map_update_elem(layer->objects, &objects.keys[i], &there, BPF_ANY) < 0)
			return -GUARD_E_IO;
	return 0;
}

/* ---- processes and files ------------------------------------------------------------------ */

/* This process; all that it starts from now on are born marked. */
int guardd_bpf_own_process(const struct guardd_bpf *layer)
{
	GUARD_AUTO_CLOSE int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	const uint32_t mine = 1;

	return self < 0 || bpf_map_update_elem(layer->tasks, &self, &mine, BPF_ANY) < 0 ? -GUARD_E_IO : 0;
}

int guardd_bpf_own_files(const struct guardd_bpf *layer, const char *folder, const struct guardd_config *config)
{
	const struct marking first = { .layer = layer };

	return config->self_protection ? mark_files(&first, folder, config) : 0;
}

int guardd_bpf_own_again(const struct guardd_bpf *layer, const struct guardd_config *config)
{
	const struct marking marking = { .layer = layer, .again = true };
	char folder[BPF_FOLDER_SIZE];
	int r = guardd_bpf_folder(folder, config);

	return r < 0 || !config->self_protection ? r : mark_files(&marking, folder, config);
}
