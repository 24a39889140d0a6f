/* SPDX-License-Identifier: MIT
 *
 * gate/by_loader.c - a dynamic loader that was called by hand (`ld.so bash x`) runs
 * another program under its own name.  If it has an interpreter mapped, what it opens
 * are an interpreter's scripts.  Reads /proc of a caller that is blocked; allows
 * nothing that the loader alone would not be allowed.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/interpreters.h"

/* What the policy says of a file that the caller has mapped.  false: nothing. */
static bool classify(struct gate *gate, struct gate_program *program, const char *path, const struct guard_digest *digest)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	struct guard_interpreter_info info;
	uint32_t interpreter = gate_interpreter_of(policy, path, digest);
	bool found;

	found = interpreter != GUARD_NO_INTERPRETER &&
		guard_policy_interpreter_info(policy->policy, interpreter, &info) == 0;
	if (found) {
		program->generation = policy->generation;
		program->interpreter = interpreter;
		program->scripts = info.scripts;
		program->inline_code = info.inline_code;
	}
	gate_policy_release(gate);
	return found;
}

/* Of one line of /proc/TID/maps. */
static bool look_at(struct gate *gate, struct gate_program *program, int32_t tid, const struct gate_mapping *mapping)
{
	struct gate_cached cached = { .has_digest = false };
	struct gate_file file;
	char link[96];

	if (mapping->path[0] != '/' || gate_name_is_loader(mapping->path))
		return false;
	snprintf(link, sizeof(link), "/proc/%d/map_files/%llx-%llx", tid, (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end);
	if (gate_file_stat_at(&file, AT_FDCWD, link, 0) < 0 || !gate_cache_get(gate->cache, &cached, &file.key))
		cached.has_digest = false;
	return classify(gate, program, mapping->path, cached.has_digest ? &cached.digest : NULL);
}

static bool find_mapped(struct gate *gate, struct gate_program *program, int32_t tid)
{
	GUARD_AUTO_FCLOSE FILE *maps = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	struct gate_mapping mapping;
	uint64_t last = 0; /* inode: a file has several lines */
	size_t capacity = 0;
	bool found = false;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	maps = fopen(path, "re");
	while (maps && !found && getline(&line, &capacity, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (gate_mapping_parse(&mapping, line) < 0 || mapping.inode == 0 || mapping.inode == last)
			continue;
		last = mapping.inode;
		found = look_at(gate, program, tid, &mapping);
	}
	return found;
}

struct gate_program *gate_program_by_loader(struct gate *gate, struct gate_program *loader, int32_t tid)
{
	const size_t size = sizeof(*loader) + strlen(loader->path) + 1;
	struct gate_program *program = malloc(size);

	if (!program)
		return loader;
	memcpy(program, loader, size);
	atomic_init(&program->references, 1);
	if (!find_mapped(gate, program, tid)) {
		free(program);
		return loader;
	}
	gate_program_put(loader);
	return program;
}
