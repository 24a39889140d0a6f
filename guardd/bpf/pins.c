/* SPDX-License-Identifier: MIT
 *
 * bpf/pins.c - the folder in the BPF file system that keeps maps and links alive
 * when every process of the daemon is dead, and how a next daemon knows that
 * what lies there is its own: by ids that the kernel gives, never by names.
 */
#include "bpf/internal.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "problem.h"

#define ROOT "/sys/fs/bpf/guard"
#define DEFAULT_RUN_DIR "/run/guard"
#define MAPS_MAX 32u

/* One folder per daemon: named after its run_dir, dots and slashes apart. */
int guardd_bpf_folder(char *ret_folder, const struct guardd_config *config)
{
	bool usual = strcmp(config->run_dir, DEFAULT_RUN_DIR) == 0;
	int length = snprintf(ret_folder, BPF_FOLDER_SIZE, "%s%s", ROOT, usual ? "" : config->run_dir);

	if (length < 0 || (size_t)length >= BPF_FOLDER_SIZE)
		return -GUARD_E_LIMIT;
	for (char *at = ret_folder + sizeof(ROOT) - 1; *at; at++)
		if (*at == '/' || *at == '.') /* the file system forbids dots */
			*at = '_';
	return 0;
}

int guardd_bpf_folder_make(const char *folder, char *ret_why, size_t size)
{
	struct stat status;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_why, size, "%s cannot be made: %s", folder,
				      strerror(errno));
	if (lstat(folder, &status) < 0 || !S_ISDIR(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022))
		return guardd_problem(-GUARD_E_UNSAFE, ret_why, size,
				      "%s is not a folder that only root can write: remove it", folder);
	return 0;
}

void guardd_bpf_folder_clear(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	(void)rmdir(folder);
}

static bool is_our_map(const struct bpf_object *object, uint32_t id)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		struct bpf_map_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_map__fd(map) >= 0 && bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size) == 0 && info.id == id)
			return true;
	}
	return false;
}

/* The same instructions, and no map that is not ours. */
static bool same_program(int fd, const struct bpf_program *program, const struct bpf_object *object)
{
	uint32_t maps[MAPS_MAX];
	struct bpf_prog_info theirs = { 0 }, ours = { 0 };
	uint32_t their_size = sizeof(theirs), our_size = sizeof(ours);

	theirs.nr_map_ids = MAPS_MAX;
	theirs.map_ids = (uint64_t)(uintptr_t)maps;
	if (bpf_obj_get_info_by_fd(fd, &theirs, &their_size) < 0 ||
	    bpf_obj_get_info_by_fd(bpf_program__fd(program), &ours, &our_size) < 0 ||
	    theirs.type != ours.type || theirs.attach_btf_id != ours.attach_btf_id ||
	    memcmp(theirs.tag, ours.tag, sizeof(ours.tag)) != 0 || theirs.nr_map_ids > MAPS_MAX)
		return false;
	for (uint32_t i = 0; i < theirs.nr_map_ids; i++)
		if (!is_our_map(object, maps[i]))
			return false;
	return true;
}

/* Facts of a map read as those of a link could be made to look like one. */
static bool is_link(int fd)
{
	char name[64], target[32];
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	length = readlink(name, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	/* One that was pinned has the first name, one that was just made the other. */
	return strcmp(target, "anon_inode:bpf-link") == 0 || strcmp(target, "anon_inode:bpf_link") == 0;
}

bool guardd_bpf_pin_is_ours(int *ret_link, const char *folder, const struct bpf_program *program,
			    const struct bpf_object *object)
{
	char path[BPF_FOLDER_SIZE + 64];
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	GUARD_AUTO_CLOSE int link = -1, fd = -1;

	snprintf(path, sizeof(path), "%s/link_%s", folder, bpf_program__name(program));
	link = bpf_obj_get(path);
	if (link < 0 || !is_link(link) || bpf_obj_get_info_by_fd(link, &info, &size) < 0 || info.type != BPF_LINK_TYPE_TRACING)
		return false;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	if (fd < 0 || !same_program(fd, program, object))
		return false;
	*ret_link = guard_steal_fd(&link);
	return true;
}
