/* SPDX-License-Identifier: MIT
 *
 * compile/lint_paths.c - a path alone may allow (or make a reader) only where
 * no unprivileged user can write.  The gate checks that on the machine; here
 * it is said before, for the folders that are open on every Debian.
 */
#include <guard/verdict.h>

#include <string.h>

#include "model.h"
#include "pattern.h"

static const char *const writable[] = { "/tmp",		  "/var/tmp",	 "/home",	 "/dev/shm",  "/run/user",
					"/run/lock",	  "/run/shm",	 "/dev/mqueue",	 "/var/lock", "/media",
					"/var/crash",	  "/var/spool/cron/crontabs",	 "/proc",
					"/sys/fs/cgroup" };

/* The first writable folder below which the pattern reaches, or NULL. */
static const char *reaches_writable(const char *pattern)
{
	for (size_t i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		if (compile_pattern_reaches(pattern, writable[i]))
			return writable[i];
	return NULL;
}

bool guard_path_is_users(const char *path)
{
	return reaches_writable(path) != NULL;
}

static void check_rule(struct guard_compile *compile, const struct compile_rule *rule)
{
	for (uint32_t i = 0; i < rule->paths.count; i++) {
		const char *folder = reaches_writable(rule->paths.items[i]);

		if (folder)
			compile_error(&compile->diagnostics, rule->place,
				      "list the programs by sha256, or name a folder that only root can write",
				      "\"%.200s\" would allow by path alone what users can write below %s",
				      rule->paths.items[i], folder);
	}
}

/* Debian's links in the root: no file's own path begins with one of them. */
static bool is_alias(const char *pattern)
{
	static const char *const links[] = { "/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/" };

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (strncmp(pattern, links[i], strlen(links[i])) == 0)
			return true;
	return false;
}

/* The same with /usr before it stands beside it: meant for machines of either sort. */
static bool is_meant(const struct compile_strings *patterns, const char *alias)
{
	for (uint32_t i = 0; i < patterns->count; i++)
		if (strncmp(patterns->items[i], "/usr", 4) == 0 && strcmp(&patterns->items[i][4], alias) == 0)
			return true;
	return false;
}

static void check_aliases(struct guard_compile *compile, const struct compile_rule *rule,
			  const struct compile_strings *patterns)
{
	for (uint32_t i = 0; i < patterns->count; i++)
		if (is_alias(patterns->items[i]) && !is_meant(patterns, patterns->items[i]))
			compile_warning(&compile->diagnostics, rule->place, "name it with /usr before it",
					"\"%.200s\" leads through a link on Debian: no program has its path there",
					patterns->items[i]);
}

void compile_lint_paths(struct guard_compile *compile)
{
	for (size_t i = 0; i < compile->rule_array.count; i++) {
		check_aliases(compile, &compile->rules[i], &compile->rules[i].paths);
		check_aliases(compile, &compile->rules[i], &compile->rules[i].conditions.parents);
	}
	for (size_t i = 0; i < compile->rule_array.count; i++)
		if (compile->rules[i].action == GUARD_ALLOW && compile_rule_by_path(&compile->rules[i]))
			check_rule(compile, &compile->rules[i]);
}

void compile_lint_reader(struct guard_compile *compile, struct compile_place place, const char *pattern)
{
	const char *folder = reaches_writable(pattern);

	/* No error: what lies there still has to be listed to run at all. */
	if (folder)
		compile_warning(&compile->diagnostics, place, "name the reader's own path, where only root can write",
				"the reader \"%.200s\" could be put by a user below %s", pattern, folder);
}
