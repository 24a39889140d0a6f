/* SPDX-License-Identifier: MIT
 *
 * compile/lint_lockout.c - programs without which a machine neither starts nor
 * can be repaired.  A deny rule that hits one is an error; an enforcing policy
 * that allows none of them covers only a part of a machine, or locks it up.
 */
#include <errno.h>
#include <fcntl.h>
#include <guard/verdict.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "model.h"
#include "policy/glob.h"

struct essential {
	const char *path, *what;
	const char *package; /* Debian's */
	enum guard_kind kind;
	bool alias; /* another name of one of the others */
};

static const struct essential essentials[] = {
	{ "/usr/lib/systemd/systemd", "init", "systemd", GUARD_KIND_EXECUTABLE, false },
	{ "/lib/systemd/systemd", "init", "systemd", GUARD_KIND_EXECUTABLE, true },
	{ "/usr/sbin/init", "init", "systemd", GUARD_KIND_EXECUTABLE, true },
	{ "/sbin/init", "init", "systemd", GUARD_KIND_EXECUTABLE, true },
	{ "/usr/bin/dash", "the shell", "dash", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/bin/sh", "the shell", "dash", GUARD_KIND_EXECUTABLE, true },
	{ "/bin/sh", "the shell", "dash", GUARD_KIND_EXECUTABLE, true },
	{ "/usr/bin/bash", "the shell", "bash", GUARD_KIND_EXECUTABLE, false },
	{ "/bin/bash", "the shell", "bash", GUARD_KIND_EXECUTABLE, true },
	{ "/usr/bin/dpkg", "the package manager", "dpkg", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/bin/apt", "the package manager", "apt", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/bin/apt-get", "the package manager", "apt", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/sbin/guardd", "guard itself", "guardd", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/bin/guardctl", "guard itself", "guardctl", GUARD_KIND_EXECUTABLE, false },
	{ "/usr/lib/x86_64-linux-gnu/libc.so.6", "the C library", "libc6", GUARD_KIND_LIBRARY, false },
	{ "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "the loader", "libc6", GUARD_KIND_LIBRARY, false },
	{ "/usr/lib/aarch64-linux-gnu/libc.so.6", "the C library", "libc6", GUARD_KIND_LIBRARY, false },
	{ "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1", "the loader", "libc6", GUARD_KIND_LIBRARY, false },
};
#define ESSENTIALS (sizeof(essentials) / sizeof(essentials[0]))

/* This machine's file, if it has it. */
struct found {
	bool here;
	struct guard_digest digest;
};

static void look_up(struct found *found, const char *root, const struct essential *essential)
{
	char path[GUARD_COMPILE_STRING_MAX + 1];
	GUARD_AUTO_CLOSE int fd = -1;
	struct stat status;

	if (essential->alias || snprintf(path, sizeof(path), "%s%s", root, essential->path) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return;
	found->here = guard_digest_fd(&found->digest, NULL, fd, NULL, NULL) == 0;
}

/* ---- which rules reach it ---------------------------------------------------------- */

static bool has_path(const struct compile_rule *rule, const char *path)
{
	for (uint32_t i = 0; i < rule->paths.count; i++)
		if (guard_glob_match(rule->paths.items[i], path))
			return true;
	return false;
}

/* First of the ordered digests that is not less than `digest`. */
static size_t lower_bound(const struct guard_compile *compile, const struct guard_digest *digest)
{
	size_t low = 0, high = compile->digest_array.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&compile->digests[compile->digest_order[middle]].digest, digest, sizeof(*digest)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_digest(const struct guard_compile *compile, uint32_t rule, const struct found *found)
{
	if (!found->here || !compile->rules[rule].digest_count)
		return false;
	for (size_t i = lower_bound(compile, &found->digest); i < compile->digest_array.count; i++) {
		const struct compile_digest *digest = &compile->digests[compile->digest_order[i]];

		if (memcmp(&digest->digest, &found->digest, sizeof(found->digest)) != 0)
			return false;
		if (digest->rule == rule)
			return true;
	}
	return false;
}

static bool kind_and_medium(const struct compile_rule *rule, const struct essential *essential)
{
	const struct compile_conditions *conditions = &rule->conditions;

	return (!conditions->kinds || (conditions->kinds & 1u << essential->kind)) &&
	       (!conditions->media || (conditions->media & 1u << GUARD_MEDIUM_FIXED));
}

static bool reaches(const struct guard_compile *compile, uint32_t index, const struct essential *essential,
		    const struct found *found)
{
	const struct compile_rule *rule = &compile->rules[index];

	if (!kind_and_medium(rule, essential) || (rule->paths.count && !has_path(rule, essential->path)))
		return false;
	if (rule->digest_count)
		return has_digest(compile, index, found);
	return rule->signer_count == 0;
}

static bool is_for_some(const struct compile_conditions *conditions)
{
	return conditions->users.count || conditions->groups.count || conditions->parents.count;
}

static bool is_roots(const struct compile_strings *accounts)
{
	for (uint32_t i = 0; i < accounts->count; i++)
		if (strcmp(accounts->items[i], "root") == 0 || strcmp(accounts->items[i], "0") == 0)
			return true;
	return false;
}

static bool is_inits(const struct compile_strings *parents)
{
	for (size_t i = 0; i < ESSENTIALS; i++)
		for (uint32_t j = 0; strcmp(essentials[i].what, "init") == 0 && j < parents->count; j++)
			if (guard_glob_match(parents->items[j], essentials[i].path))
				return true;
	return false;
}

/* A deny rule for some users or some callers does not lock the machine up, unless
 * root is among them, or init. */
static bool spares_root(const struct compile_conditions *conditions)
{
	return (conditions->users.count && !is_roots(&conditions->users)) ||
	       (conditions->groups.count && !is_roots(&conditions->groups)) ||
	       (conditions->parents.count && !is_inits(&conditions->parents));
}

/* Started or opened by init itself: shells and the package manager are others' matter. */
static bool is_wanted(const struct compile_conditions *conditions, const struct essential *essential)
{
	return !conditions->parents.count || essential->kind == GUARD_KIND_LIBRARY ||
	       strcmp(essential->what, "init") == 0 || strcmp(essential->what, "guard itself") == 0;
}

static void check_deny(struct guard_compile *compile, uint32_t index, const struct found *found)
{
	const struct compile_rule *rule = &compile->rules[index];

	if (rule->action != GUARD_DENY || spares_root(&rule->conditions) ||
	    rule->conditions.valid_until <= compile->options.now)
		return;
	for (size_t i = 0; i < ESSENTIALS; i++) {
		if (!is_wanted(&rule->conditions, &essentials[i]) ||
		    !reaches(compile, index, &essentials[i], &found[i]))
			continue;
		compile_error(&compile->diagnostics, rule->place, "narrow the rule so that it leaves this out",
			      "this rule would lock the machine up: it denies %s (%s)", essentials[i].path,
			      essentials[i].what);
		return;
	}
}

/* ---- what an enforcing policy leaves out --------------------------------------------- */

/* A rule by signer may allow anything that is of its packages. */
static bool signs(const struct compile_rule *rule, const struct essential *essential)
{
	for (uint32_t i = 0; i < rule->packages.count; i++)
		if (guard_glob_match(rule->packages.items[i], essential->package))
			return true;
	return rule->signer_count && !rule->packages.count;
}

/* Allowed to everybody, everywhere, now. */
static bool allows(const struct guard_compile *compile, uint32_t index, const struct essential *essential,
		   const struct found *found)
{
	const struct compile_rule *rule = &compile->rules[index];
	const struct compile_conditions *conditions = &rule->conditions;

	if (rule->action != GUARD_ALLOW || is_for_some(conditions) || conditions->offices.count ||
	    conditions->hosts.count || conditions->valid_until != INT64_MAX)
		return false;
	return signs(rule, essential) || reaches(compile, index, essential, found);
}

static bool is_allowed(const struct guard_compile *compile, const struct essential *essential,
		       const struct found *found)
{
	size_t at = found->here ? lower_bound(compile, &found->digest) : compile->digest_array.count;

	for (; at < compile->digest_array.count; at++) {
		const struct compile_digest *digest = &compile->digests[compile->digest_order[at]];

		if (memcmp(&digest->digest, &found->digest, sizeof(found->digest)) != 0)
			break;
		if (allows(compile, digest->rule, essential, found))
			return true;
	}
	for (uint32_t i = 0; i < compile->rule_array.count; i++)
		if (!compile->rules[i].digest_count && allows(compile, i, essential, found))
			return true;
	return false;
}

static void check_enforce(struct guard_compile *compile, const struct found *found)
{
	static const char hint[] = "for a whole machine add what `guardctl scan / --fragment` prints; for a part of one this is as it should be";
	char list[400] = "";
	size_t missing = 0;

	for (size_t i = 0; i < ESSENTIALS; i++) {
		if (!found[i].here || is_allowed(compile, &essentials[i], &found[i]))
			continue;
		if (missing++ < 4)
			snprintf(&list[strlen(list)], sizeof(list) - strlen(list), "%s%s", missing > 1 ? ", " : "",
				 essentials[i].path);
	}
	if (!missing)
		return;
	if (missing > 4)
		snprintf(&list[strlen(list)], sizeof(list) - strlen(list), " and %zu more", missing - 4);
	if (compile->options.whole_machine)
		compile_error(&compile->diagnostics, compile->policy.place, "add what `guardctl scan / --fragment` prints",
			      "this policy enforces and would lock this machine up: it does not allow %s", list);
	else
		compile_warning(&compile->diagnostics, compile->policy.place, hint,
				"this policy enforces, but does not allow %s of this machine",
				list);
}

static bool denies_by_default(const struct compile_policy *policy)
{
	return policy->given && policy->mode == GUARD_MODE_ENFORCE && policy->default_action == GUARD_DENY;
}

int compile_lint_lockout(struct guard_compile *compile)
{
	GUARD_AUTO_FREE struct found *found = calloc(ESSENTIALS, sizeof(*found));

	if (!found)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; compile->options.root && i < ESSENTIALS; i++)
		look_up(&found[i], strcmp(compile->options.root, "/") ? compile->options.root : "", &essentials[i]);
	for (uint32_t i = 0; i < compile->rule_array.count; i++)
		check_deny(compile, i, found);
	if (denies_by_default(&compile->policy) && compile->options.root)
		check_enforce(compile, found);
	return 0;
}
