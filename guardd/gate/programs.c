/* SPDX-License-Identifier: MIT
 *
 * gate/programs.c - what acting programs are: which interpreter, a reader or
 * not, their verified path.  Classed once per inode and policy.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "gate/interpreters.h"
#include "gate/patience.h"

#define BUCKETS 4096u

struct gate_programs {
	pthread_mutex_t lock;
	struct gate_program *buckets[BUCKETS]; /* one each: the newest stays */
};

int gate_programs_new(struct gate_programs **ret_programs)
{
	struct gate_programs *programs = calloc(1, sizeof(*programs));

	if (!programs)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&programs->lock, NULL);
	*ret_programs = programs;
	return 0;
}

void gate_program_put(struct gate_program *program)
{
	if (program && atomic_fetch_sub(&program->references, 1) == 1)
		free(program);
}

static struct gate_program **bucket_of(struct gate_programs *programs, const struct gate_key *key)
{
	return &programs->buckets[gate_key_hash(key) % BUCKETS];
}

static struct gate_program *lookup(struct gate *gate, const struct gate_key *key)
{
	struct gate_programs *programs = gate->programs;
	struct gate_program *program;

	pthread_mutex_lock(&programs->lock);
	program = *bucket_of(programs, key);
	if (program && gate_key_equal(&program->key, key) && program->generation == gate_policy_generation(gate))
		atomic_fetch_add(&program->references, 1);
	else
		program = NULL;
	pthread_mutex_unlock(&programs->lock);
	return program;
}

static void keep(struct gate *gate, struct gate_program *program)
{
	struct gate_programs *programs = gate->programs;
	struct gate_program **bucket = bucket_of(programs, &program->key), *old;

	atomic_fetch_add(&program->references, 1);
	pthread_mutex_lock(&programs->lock);
	old = *bucket;
	*bucket = program;
	pthread_mutex_unlock(&programs->lock);
	gate_program_put(old);
}

static bool stat_program(struct gate_file *ret_file, int32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	return tid > 0 && gate_file_stat_at(ret_file, AT_FDCWD, path, 0) == 0;
}

struct gate_program *gate_program_find(struct gate *gate, const struct gate_file *file)
{
	return lookup(gate, &file->key);
}

/* The running program's digest.  Our own open of it is answered by the reader. */
static bool digest_program(struct gate *gate, struct guard_digest *ret_digest, int32_t tid,
			   const struct gate_key *key)
{
	char path[64];
	struct gate_filesystem filesystem;
	struct gate_cached cached;
	struct gate_file file;

	if (gate_cache_get(gate->cache, &cached, key) && cached.has_digest) {
		*ret_digest = cached.digest;
		return true;
	}
	if ((!gate_filesystem_find(gate, &filesystem, key->device) || filesystem.slow) && !gate_patience_allows())
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);
	return fd >= 0 && gate_file_stat(&file, fd) == 0 && gate_key_equal(&file.key, key) &&
	       guard_digest_fd(ret_digest, NULL, fd, NULL, NULL) == 0;
}

static void classify(struct gate *gate, struct gate_program *program, const struct gate_path *path,
		     const struct guard_digest *digest)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	struct guard_interpreter_info info;

	program->generation = policy->generation;
	program->interpreter = gate_interpreter_of(policy, path->claimed, digest);
	if (program->interpreter != GUARD_NO_INTERPRETER &&
	    guard_policy_interpreter_info(policy->policy, program->interpreter, &info) == 0) {
		program->scripts = info.scripts;
		program->inline_code = info.inline_code;
	}
	program->loader = gate_name_is_loader(program->path) || (digest && gate_loader_is_known(gate, digest));
	program->reader = path->verified && guard_policy_is_reader(policy->policy, path->claimed);
	gate_policy_release(gate);
}

struct gate_program *gate_program_get(struct gate *gate, int32_t tid)
{
	char link[64];
	struct gate_file file;
	struct gate_path path;
	struct guard_digest digest;
	struct gate_program *program;
	size_t length;

	if (!stat_program(&file, tid))
		return NULL;
	program = lookup(gate, &file.key);
	if (program)
		return program;
	snprintf(link, sizeof(link), "/proc/%d/exe", tid);
	gate_path_read_link(&path, link, &file.key);
	GUARD_AUTO_FREE char *claimed = path.claimed;
	length = claimed ? strlen(claimed) : 0;
	program = calloc(1, sizeof(*program) + length + 1);
	if (!program)
		return NULL;
	atomic_init(&program->references, 1);
	program->key = file.key;
	program->interpreter = GUARD_NO_INTERPRETER;
	program->verified = path.verified;
	memcpy(program->path, claimed ? claimed : "", length);
	classify(gate, program, &path, digest_program(gate, &digest, tid, &file.key) ? &digest : NULL);
	if (gate_patience_ran_out()) { /* not the whole truth */
		gate_program_put(program);
		return NULL;
	}
	keep(gate, program);
	return program;
}

void gate_programs_drop_device(struct gate *gate, uint64_t device)
{
	struct gate_programs *programs = gate->programs;

	pthread_mutex_lock(&programs->lock);
	for (size_t i = 0; i < BUCKETS; i++) {
		struct gate_program *program = programs->buckets[i];
		if (program && program->key.device == device) {
			programs->buckets[i] = NULL;
			gate_program_put(program);
		}
	}
	pthread_mutex_unlock(&programs->lock);
}
