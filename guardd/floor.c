/* SPDX-License-Identifier: MIT
 *
 * guardd/floor.c - lays what was enrolled and signed under what guardd.conf says: a
 * setting may protect more than that, never less.
 */
#include "floor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_keys.h"
#include "settings.h"

void guardd_floor_name(struct guardd_floor_names *names, const char *name)
{
	size_t length = strlen(names->text);

	snprintf(&names->text[length], sizeof(names->text) - length, "%s%s", names->count ? ", " : "", name);
	names->count++;
}

/* ---- what is compared ---------------------------------------------------------------- */

static int strength(enum guardd_backend backend)
{
	return backend == GUARDD_BACKEND_FANOTIFY ? 0 : backend == GUARDD_BACKEND_AUTO ? 1 : 2;
}

static bool has(char *const *list, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], path) == 0)
			return true;
	return false;
}

static void lay_filesystems(struct guardd_config *config, struct guardd_config *floor, struct guardd_floor_names *names)
{
	bool narrower = false;

	if (config->protect_all)
		return;
	if (floor->protect_all) {
		config->protect_all = true;
		guardd_floor_name(names, "protect.filesystems");
		return;
	}
	for (size_t i = 0; i < floor->filesystem_count; i++) {
		if (has(config->filesystems, config->filesystem_count, floor->filesystems[i]))
			continue;
		narrower = true;
		if (config->filesystem_count == GUARDD_FILESYSTEMS_MAX) {
			config->protect_all = true; /* no room for what must be there */
			break;
		}
		config->filesystems[config->filesystem_count++] = floor->filesystems[i];
		floor->filesystems[i] = NULL;
	}
	if (narrower)
		guardd_floor_name(names, "protect.filesystems");
}

static void free_exempt(struct guardd_config *config)
{
	for (size_t i = 0; i < config->exempt_count; i++)
		free(config->exempt[i]);
	config->exempt_count = 0;
}

/* Programs that may make memory executable: no more than there were. */
static void lay_memory(struct guardd_config *config, struct guardd_config *floor, struct guardd_floor_names *names)
{
	size_t kept = 0;

	if (floor->memory == GUARDD_MEMORY_OFF)
		return;
	if (config->memory < floor->memory) {
		config->memory = floor->memory;
		guardd_floor_name(names, "memory.executable");
	}
	for (size_t i = 0; i < config->exempt_count; i++) {
		if (has(floor->exempt, floor->exempt_count, config->exempt[i]))
			config->exempt[kept++] = config->exempt[i];
		else
			free(config->exempt[i]);
	}
	if (kept < config->exempt_count)
		guardd_floor_name(names, "memory.exempt");
	config->exempt_count = kept;
}

static void lay_kernel(struct guardd_config *config, const struct guardd_config *floor, struct guardd_floor_names *names)
{
	if (strength(config->backend) < strength(floor->backend)) {
		config->backend = floor->backend;
		guardd_floor_name(names, "backend");
	}
	if (!config->self_protection && floor->self_protection) {
		config->self_protection = true;
		guardd_floor_name(names, "self_protection");
	}
	if (config->debugging && !floor->debugging) {
		config->debugging = false;
		guardd_floor_name(names, "debugging");
	}
}

static void lay_record(struct guardd_config *config, const struct guardd_config *floor, struct guardd_floor_names *names)
{
	if (config->ledger_max_bytes < floor->ledger_max_bytes || config->ledger_max_days < floor->ledger_max_days)
		guardd_floor_name(names, "ledger");
	if (config->ledger_max_bytes < floor->ledger_max_bytes)
		config->ledger_max_bytes = floor->ledger_max_bytes;
	if (config->ledger_max_days < floor->ledger_max_days)
		config->ledger_max_days = floor->ledger_max_days;
	if ((floor->ledger_allowed && !config->ledger_allowed) || (floor->journal && !config->journal))
		guardd_floor_name(names, "ledger.allowed or ledger.journal");
	config->ledger_allowed |= floor->ledger_allowed;
	config->journal |= floor->journal;
}

void guardd_floor_lay(struct guardd_config *config, struct guardd_config *floor, struct guardd_floor_names *names)
{
	lay_filesystems(config, floor, names);
	lay_kernel(config, floor, names);
	lay_memory(config, floor, names);
	lay_record(config, floor, names);
	if (config->deadline_allow && !floor->deadline_allow) {
		config->deadline_allow = false;
		guardd_floor_name(names, "gate.deadline_verdict");
	}
	/* What was signed may need the kernel layer without naming it. */
	if ((config->memory != GUARDD_MEMORY_OFF || config->self_protection) && config->backend == GUARDD_BACKEND_FANOTIFY)
		config->backend = GUARDD_BACKEND_AUTO;
}

/* ---- what is read ---------------------------------------------------------------------- */

/* 0 read, -GUARD_E_NOT_FOUND there is none, else it is said. */
static int read_file(struct guardd_config *config, const char *state_dir, const char *name, const char *what,
		     char *ret_problem, size_t problem_size)
{
	char path[GUARDD_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/enrolment/%s", state_dir, name);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return -GUARD_E_NOT_FOUND;
	return guardd_config_file(config, path, what, ret_problem, problem_size);
}

/* No floor: the weakest of everything. */
static void set_lowest(struct guardd_config *floor)
{
	guardd_config_free(floor);
	free_exempt(floor);
	memset(floor, 0, sizeof(*floor));
	floor->backend = GUARDD_BACKEND_FANOTIFY;
	floor->debugging = floor->deadline_allow = true;
}

void guardd_floor_read(struct guardd_config *ret_floor, const char *state_dir, char *ret_problem, size_t problem_size)
{
	static struct guardd_config over; /* what was signed, with the rest as it was enrolled */
	struct guardd_config *floor = ret_floor;
	int r;

	memset(floor, 0, sizeof(*floor));
	guardd_config_defaults(floor);
	if (read_file(floor, state_dir, GUARDD_ENROLLED_FILE, "the settings at the enrolment", ret_problem, problem_size) < 0)
		set_lowest(floor);
	over = *floor;
	over.protect_all = false;
	over.filesystem_count = over.exempt_count = 0; /* these are the floor's own */
	r = read_file(&over, state_dir, GUARDD_SETTINGS_FILE, "what headquarters signed", ret_problem, problem_size);
	if (r < 0) {
		guardd_config_free(&over);
		return;
	}
	if (over.protect_all || over.filesystem_count > 0) {
		floor->protect_all = over.protect_all;
		for (size_t i = 0; i < floor->filesystem_count; i++)
			free(floor->filesystems[i]);
		floor->filesystem_count = over.filesystem_count;
		memcpy(floor->filesystems, over.filesystems, sizeof(floor->filesystems));
	}
	floor->backend = over.backend;
	floor->self_protection = over.self_protection;
	floor->memory = over.memory;
}
