/* SPDX-License-Identifier: MIT
 *
 * guardd/config.c - guardd.conf: opens it, lets libconfig parse it, puts every
 * known setting into struct guardd_config.  Knows what a setting may hold; what
 * it is good for is the business of those who use it.
 */
#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config.h"
#include "config_keys.h"
#include "problem.h"
#include "trusted.h"

#define CONFIG_SIZE_MAX 65536u

static int read_text(char **ret_text, int fd, const char *path, char *ret_problem, size_t problem_size)
{
	GUARD_AUTO_FREE char *text = calloc(1, CONFIG_SIZE_MAX + 1);
	size_t size = 0;

	if (!text)
		return guardd_problem(-GUARD_E_NOMEM, ret_problem, problem_size, "%s: out of memory", path);
	while (size <= CONFIG_SIZE_MAX) {
		ssize_t n = pread(fd, text + size, CONFIG_SIZE_MAX + 1 - size, (off_t)size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return guardd_problem(-GUARD_E_IO, ret_problem, problem_size,
					      "%s: cannot be read: %s", path, strerror(errno));
		if (n == 0)
			break;
		size += (size_t)n;
	}
	if (size > CONFIG_SIZE_MAX)
		return guardd_problem(-GUARD_E_LIMIT, ret_problem, problem_size,
				      "%s: larger than %u bytes, which no configuration needs: shorten it",
				      path, CONFIG_SIZE_MAX);
	text[size] = '\0';
	if (memchr(text, '\0', size))
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: holds a NUL byte: this is not a text file", path);
	*ret_text = guard_steal_pointer(&text);
	return 0;
}

/* libconfig would follow `@include "FILE"` to a file that nobody checked. */
static int refuse_include(const char *text, const char *path, char *ret_problem, size_t problem_size)
{
	unsigned line = 1;

	for (const char *at = text; at; line++) {
		const char *end = strchr(at, '\n');

		at += strspn(at, " \t");
		if (strncmp(at, "@include", 8) == 0)
			return guardd_problem(
			    -GUARD_E_SYNTAX, ret_problem, problem_size,
			    "%s:%u: @include is not allowed here: write all settings into this file", path,
			    line);
		at = end ? end + 1 : NULL;
	}
	return 0;
}

void guardd_config_defaults(struct guardd_config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	snprintf(config->state_dir, sizeof(config->state_dir), "/var/lib/guard");
	snprintf(config->run_dir, sizeof(config->run_dir), "/run/guard");
	snprintf(config->catalogs, sizeof(config->catalogs), "/etc/guard/catalogs");
	config->backend = GUARDD_BACKEND_AUTO;
	config->deadline_ms = 30000;
	config->repository_interval_s = 60;
	config->trial_seconds = 600;
	config->workers = cores < 1 ? 2 : cores > 63 ? 64 : (uint32_t)cores + 1;
	config->max_file_size = 16384ull << 20;
	config->ledger_max_bytes = 256ull << 20;
	config->ledger_max_days = 400;
	config->ledger_allowed = true;
	config->journal = true;
	if (gethostname(config->host, sizeof(config->host) - 1) < 0)
		config->host[0] = '\0';
}

static int parse(struct guardd_config *config, const char *text, const char *path, char *ret_problem,
		 size_t problem_size)
{
	config_t tree;
	int r;

	config_init(&tree);
	if (config_read_string(&tree, text) == CONFIG_TRUE)
		r = guardd_config_keys(config, config_root_setting(&tree), path, ret_problem, problem_size);
	else
		r = guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				   "%s:%d: %s here or just before: every setting is `name = value;`", path,
				   config_error_line(&tree), config_error_text(&tree));
	config_destroy(&tree);
	return r;
}

int guardd_config_file(struct guardd_config *config, const char *path, const char *what, char *ret_problem,
		       size_t problem_size)
{
	GUARD_AUTO_FREE char *text = NULL;
	GUARD_AUTO_CLOSE int fd = -1;
	int r = guardd_trusted_open(&fd, path, what, ret_problem, problem_size);

	if (r == 0)
		r = read_text(&text, fd, path, ret_problem, problem_size);
	if (r == 0)
		r = refuse_include(text, path, ret_problem, problem_size);
	return r < 0 ? r : parse(config, text, path, ret_problem, problem_size);
}

static int load(struct guardd_config *ret_config, const char *file, const char *path, char *ret_problem,
		size_t problem_size)
{
	GUARD_AUTO_FREE struct guardd_config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return guardd_problem(-GUARD_E_NOMEM, ret_problem, problem_size, "%s: out of memory", path);
	guardd_config_defaults(config);
	r = guardd_config_file(config, file, "the configuration", ret_problem, problem_size);
	if (r == 0)
		r = guardd_config_check(config, file, ret_problem, problem_size);
	if (r == 0)
		r = guardd_enrolment_read(config, path, ret_problem, problem_size);
	if (r < 0) {
		guardd_config_free(config);
		return r;
	}
	*ret_config = *config;
	return 0;
}

int guardd_config_load(struct guardd_config *ret_config, const char *path, char *ret_problem,
		       size_t problem_size)
{
	return load(ret_config, path, path, ret_problem, problem_size);
}

int guardd_config_last(struct guardd_config *ret_config, const char *path, const char *why)
{
	char state_dir[GUARDD_PATH_MAX], file[GUARDD_PATH_MAX + 64], problem[512];
	int r;

	if (!guardd_enrolment_pinned(state_dir, path))
		return -GUARD_E_NOT_FOUND;
	snprintf(file, sizeof(file), "%s/enrolment/" GUARDD_ENROLLED_FILE, state_dir);
	r = load(ret_config, file, path, problem, sizeof(problem));
	if (r < 0)
		return r;
	ret_config->narrowed = true;
	snprintf(ret_config->overruled, sizeof(ret_config->overruled),
		 "%.400s; this machine is managed: what it was enrolled with holds", why);
	return 0;
}

void guardd_config_free(struct guardd_config *config)
{
	for (size_t i = 0; i < config->filesystem_count; i++)
		free(config->filesystems[i]);
	for (size_t i = 0; i < config->exempt_count; i++)
		free(config->exempt[i]);
	config->filesystem_count = 0;
}
