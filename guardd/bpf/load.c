/* SPDX-License-Identifier: MIT
 *
 * bpf/load.c - brings the layer up: loads the programs onto the maps that are
 * pinned, keeps the attached programs of a daemon before us where they are the
 * same, replaces them where they are not - the new one is attached before the
 * old one goes - and pins everything.  All or nothing: what fails half way is
 * taken back, and the reason is said.
 */
#include "bpf/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guard_bpf.skel.h"
#include "problem.h"

#define SETATTR_MAPPED 3 /* arguments, where a mount's map comes first */

struct loading {
	struct guard_bpf *programs;
	char folder[BPF_FOLDER_SIZE];
	struct guardd_bpf layer;
};

/* libbpf's own words, the last line that tells something. */
static char said[160];

__attribute__((format(printf, 2, 0)))
static int hear(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[sizeof(said)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	if (!said[0])
		snprintf(said, sizeof(said), "%s", line);
	return 0;
}

static void close_all(struct guardd_bpf *layer)
{
	int32_t *const fds[] = { &layer->config, &layer->verdicts, &layer->digests, &layer->devices,
				 &layer->grants, &layer->events,   &layer->tasks,   &layer->own,
				 &layer->objects, &layer->containments, &layer->startable, &layer->places,
				 &layer->words, &layer->lost, &layer->data, &layer->data_round, &layer->suffixes,
				 &layer->interpreters, &layer->leads };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	for (uint32_t i = 0; i < layer->link_count; i++)
		close(layer->links[i]);
	layer->link_count = 0;
	layer->on = false;
}

static void make_empty(struct guardd_bpf *layer)
{
	*layer = (struct guardd_bpf){ .config = -1, .verdicts = -1, .digests = -1, .devices = -1,
				      .grants = -1, .events = -1, .tasks = -1, .own = -1, .objects = -1,
				      .containments = -1, .startable = -1, .places = -1, .words = -1, .lost = -1,
				      .data = -1, .data_round = -1, .suffixes = -1, .interpreters = -1, .leads = -1 };
}

static int pin_maps_at(struct loading *loading)
{
	struct bpf_map *map;
	char path[BPF_FOLDER_SIZE + 64];

	bpf_object__for_each_map(map, loading->programs->obj) {
		snprintf(path, sizeof(path), "%s/map_%s", loading->folder, bpf_map__name(map));
		if (bpf_map__set_pin_path(map, path) < 0)
			return -GUARD_E_NOMEM;
	}
	return 0;
}

/* Of the programs that not every kernel has a hook for: those of this one's. */
static void choose(const struct guard_bpf *programs)
{
	struct btf *types = btf__load_vmlinux_btf();
	const bool mapped = guardd_bpf_hook_arguments(types, "bpf_lsm_inode_setattr") >= SETATTR_MAPPED;
	const bool lists = guardd_bpf_hook_arguments(types, "bpf_lsm_inode_set_acl") > 0;
	const bool compat = guardd_bpf_hook_arguments(types, "bpf_lsm_file_ioctl_compat") > 0;

	btf__free(types);
	bpf_program__set_autoload(programs->progs.guard_setattr, !mapped);
	bpf_program__set_autoload(programs->progs.guard_setattr_mapped, mapped);
	bpf_program__set_autoload(programs->progs.guard_contain_setattr, !mapped);
	bpf_program__set_autoload(programs->progs.guard_contain_setattr_mapped, mapped);
	bpf_program__set_autoload(programs->progs.guard_set_acl, lists);
	bpf_program__set_autoload(programs->progs.guard_remove_acl, lists);
	bpf_program__set_autoload(programs->progs.guard_contain_set_acl, lists);
	bpf_program__set_autoload(programs->progs.guard_command_compat, compat);
}

/* Load onto pinned maps where they are there. */
static int load(struct loading *loading)
{
	struct guard_bpf *programs = guard_bpf__open();

	said[0] = '\0';
	loading->programs = programs;
	if (!programs)
		return -GUARD_E_UNSUPPORTED;
	choose(programs);
	if (pin_maps_at(loading) < 0 || guard_bpf__load(programs) < 0)
		return -GUARD_E_UNSUPPORTED;
	return 0;
}

static void unload(struct loading *loading)
{
	guard_bpf__destroy(loading->programs);
	loading->programs = NULL;
}

static int keep_fd(int32_t *ret_fd, const struct bpf_map *map)
{
	*ret_fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? -GUARD_E_IO : 0;
}

static int keep_maps(struct loading *loading)
{
	struct guardd_bpf *layer = &loading->layer;
	const struct guard_bpf *from = loading->programs;

	if (keep_fd(&layer->config, from->maps.guard_config) < 0 ||
	    keep_fd(&layer->verdicts, from->maps.guard_verdicts) < 0 ||
	    keep_fd(&layer->digests, from->maps.guard_digests) < 0 ||
	    keep_fd(&layer->devices, from->maps.guard_devices) < 0 ||
	    keep_fd(&layer->grants, from->maps.guard_grants) < 0 ||
	    keep_fd(&layer->events, from->maps.guard_events) < 0 ||
	    keep_fd(&layer->tasks, from->maps.guard_tasks) < 0 ||
	    keep_fd(&layer->own, from->maps.guard_own) < 0 ||
	    keep_fd(&layer->objects, from->maps.guard_objects) < 0 ||
	    keep_fd(&layer->containments, from->maps.guard_containments) < 0 ||
	    keep_fd(&layer->startable, from->maps.guard_startable) < 0 ||
	    keep_fd(&layer->places, from->maps.guard_places) < 0 ||
	    keep_fd(&layer->words, from->maps.guard_words) < 0 ||
	    keep_fd(&layer->lost, from->maps.guard_lost) < 0 ||
	    keep_fd(&layer->data, from->maps.guard_data) < 0 ||
	    keep_fd(&layer->data_round, from->maps.guard_data_round) < 0 ||
	    keep_fd(&layer->suffixes, from->maps.guard_suffixes) < 0 ||
	    keep_fd(&layer->interpreters, from->maps.guard_interpreters) < 0 ||
	    keep_fd(&layer->leads, from->maps.guard_links) < 0)
		return -GUARD_E_IO;
	return 0;
}

static int attach(struct loading *loading, const struct bpf_program *program)
{
	char path[BPF_FOLDER_SIZE + 64];
	struct bpf_link *link = bpf_program__attach_lsm(program);
	int fd;

	if (!link)
		return -GUARD_E_UNSUPPORTED;
	/* Only now the one before it goes: no moment without. */
	snprintf(path, sizeof(path), "%s/link_%s", loading->folder, bpf_program__name(program));
	(void)unlink(path);
	fd = bpf_link__pin(link, path) == 0 ? fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3) : -1;
	bpf_link__destroy(link);
	if (fd < 0)
		return -GUARD_E_IO;
	loading->layer.links[loading->layer.link_count++] = fd;
	return 0;
}

/* Attach what is not attached already; counts what was. */
static int attach_all(struct loading *loading, unsigned *ret_kept)
{
	const struct bpf_object *object = loading->programs->obj;
	struct bpf_program *program;
	unsigned kept = 0;
	int fd, r = 0;

	bpf_object__for_each_program(program, object) {
		if (!bpf_program__autoload(program))
			continue;
		if (loading->layer.link_count == GUARDD_BPF_LINKS_MAX)
			return -GUARD_E_LIMIT;
		if (guardd_bpf_pin_is_ours(&fd, loading->folder, program, object)) {
			loading->layer.links[loading->layer.link_count++] = fd;
			kept++;
			continue;
		}
		r = attach(loading, program);
		if (r < 0)
			return r;
	}
	*ret_kept = kept;
	return 0;
}

static int mark_own(const struct loading *loading, const struct guardd_config *config)
{
	int r = guardd_bpf_own_process(&loading->layer);

	if (r == 0)
		r = guardd_bpf_own_objects(&loading->layer, loading->programs->obj);
	return r == 0 ? guardd_bpf_own_files(&loading->layer, loading->folder, config) : r;
}

static int bring_up(struct loading *loading, const struct guardd_config *settings)
{
	struct guardd_bpf *layer = &loading->layer;
	struct guard_bpf_config config;
	unsigned kept = 0;
	int r = load(loading);

	if (r == 0)
		r = keep_maps(loading);
	if (r == 0)
		r = guardd_bpf_config_get(layer, &config);
	if (r == 0 && config.abi != 0 && config.abi != GUARD_BPF_ABI)
		return -GUARD_E_VERSION;
	if (r == 0)
		r = attach_all(loading, &kept);
	if (r == 0)
		r = mark_own(loading, settings);
	if (r < 0)
		return r;
	layer->adopted = kept > 0 && config.abi == GUARD_BPF_ABI;
	/* Of a gate before us that goes on: not a byte, it has written more by now. */
	if (config.abi != GUARD_BPF_ABI) {
		config.abi = GUARD_BPF_ABI;
		r = guardd_bpf_config_set(layer, &config);
	}
	if (r == 0 && !guardd_bpf_works(layer))
		return -GUARD_E_DENIED;
	layer->on = true;
	return r;
}

static void say_failure(const struct loading *loading, int error, char *ret_why, size_t size)
{
	if (error == -GUARD_E_DENIED)
		snprintf(ret_why, size, "the programs are attached and the kernel does not call them: bpf must "
					"be among the security modules in lsm= on the kernel's command line");
	else if (error == -GUARD_E_VERSION)
		snprintf(ret_why, size, "%.120s holds another version's objects", loading->folder);
	else
		snprintf(ret_why, size, "the kernel does not take the programs: %s",
			 said[0] ? said : strerror(errno));
}

/* What lies in the folder may be from another version or from somebody else:
 * then it goes, and ours begin anew. */
static int try_twice(struct loading *loading, const struct guardd_config *config, char *ret_why, size_t size)
{
	int r = -GUARD_E_INTERNAL;

	for (int attempt = 0; attempt < 2 && r < 0; attempt++) {
		make_empty(&loading->layer);
		r = guardd_bpf_folder_make(loading->folder, ret_why, size);
		if (r < 0)
			return r;
		r = bring_up(loading, config);
		if (r < 0) {
			say_failure(loading, r, ret_why, size);
			close_all(&loading->layer);
			guardd_bpf_folder_clear(loading->folder);
		}
		unload(loading);
	}
	return r;
}

static int off(struct guardd_bpf *ret_layer, const struct guardd_config *config, const char *why,
	       char *ret_problem, size_t size)
{
	make_empty(ret_layer);
	snprintf(ret_layer->why, sizeof(ret_layer->why), "%s", why);
	if (config->backend != GUARDD_BACKEND_BPF)
		return 0;
	return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size,
			      "backend = \"bpf\" is demanded and cannot be: %s (backend = \"auto\" does without)", why);
}

int guardd_bpf_start(struct guardd_bpf *ret_layer, const struct guardd_config *config, char *ret_problem,
		     size_t problem_size)
{
	struct loading loading = { 0 };
	char why[GUARDD_BPF_WHY_SIZE] = "";

	if (guardd_bpf_folder(loading.folder, config) < 0)
		return off(ret_layer, config, "run_dir is too long to name a folder after", ret_problem, problem_size);
	if (config->backend == GUARDD_BACKEND_FANOTIFY) {
		guardd_bpf_folder_clear(loading.folder);
		return off(ret_layer, config, "switched off by backend = \"fanotify\"", ret_problem, problem_size);
	}
	if (guardd_bpf_probe(why, sizeof(why)) < 0)
		return off(ret_layer, config, why, ret_problem, problem_size);
	libbpf_set_print(hear);
	if (try_twice(&loading, config, why, sizeof(why)) < 0)
		return off(ret_layer, config, why, ret_problem, problem_size);
	*ret_layer = loading.layer;
	snprintf(ret_layer->why, sizeof(ret_layer->why), "%u programs %s; against root %s", ret_layer->link_count,
		 ret_layer->adopted ? "adopted from the daemon before" : "attached",
		 config->self_protection ? "protected" : "not protected (self_protection = false)");
	return 0;
}

void guardd_bpf_rest(struct guardd_bpf *layer)
{
	struct guard_bpf_config now;

	if (!layer->on || guardd_bpf_config_get(layer, &now) < 0)
		return;
	now.state = GUARD_BPF_OFF;
	if (guardd_bpf_config_set(layer, &now) < 0)
		snprintf(layer->why, sizeof(layer->why), "the programs could not be told to stop");
}

void guardd_bpf_stop(struct guardd_bpf *layer, const struct guardd_config *config)
{
	char folder[BPF_FOLDER_SIZE];

	if (!layer->on)
		return;
	guardd_bpf_rest(layer);
	if (guardd_bpf_folder(folder, config) == 0)
		guardd_bpf_folder_clear(folder);
	close_all(layer);
}
