/* SPDX-License-Identifier: MIT
 *
 * gate/interpreters.c - which interpreter a program is: by the digests that the policy
 * gives, by its path, and by the content of what lies on this machine where the policy
 * says by path alone - a user's copy of that is an interpreter all the same.
 */
#include "gate/interpreters.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "policy/policy.h"

struct gate_interpreters {
	uint32_t count;
	struct {
		struct guard_digest digest;
		uint32_t interpreter;
	} known[GATE_INTERPRETERS_MAX];
};

static bool has_digests(const struct guard_policy *policy, uint32_t interpreter)
{
	for (size_t i = 0; i < policy->interpreter_digest_count; i++)
		if (policy->interpreter_digests[i].interpreter == interpreter)
			return true;
	return false;
}

/* The file itself: what a link leads to lies under a name of its own. */
static void learn_one(struct gate_interpreters *table, uint32_t interpreter, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat facts;

	if (fd < 0 || table->count == GATE_INTERPRETERS_MAX || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode) ||
	    guard_digest_fd(&table->known[table->count].digest, NULL, fd, NULL, NULL) < 0)
		return;
	table->known[table->count++].interpreter = interpreter;
}

static void learn_matching(struct gate_interpreters *table, uint32_t interpreter, const char *pattern)
{
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			learn_one(table, interpreter, found.gl_pathv[i]);
	globfree(&found);
}

int gate_interpreters_learn(struct gate_interpreters **ret_table, const struct guard_policy *policy)
{
	struct gate_interpreters *table = calloc(1, sizeof(*table));

	if (!table)
		return -GUARD_E_NOMEM;
	for (uint32_t i = 0; i < policy->interpreter_count; i++) {
		const uint32_t programs = policy->interpreters[i].programs;

		for (uint32_t k = 0; !has_digests(policy, i) && k < guard_policy_list_count(policy, programs); k++)
			learn_matching(table, i, guard_policy_string(policy, guard_policy_list_entry(policy, programs, k)));
	}
	*ret_table = table;
	return 0;
}

int gate_interpreters_checksum(struct guard_digest *ret_digest, const struct gate_interpreters *table)
{
	return guard_digest_bytes(ret_digest, table, sizeof(*table));
}

void gate_interpreters_free(struct gate_interpreters *table)
{
	free(table);
}

uint32_t gate_interpreter_of(const struct gate_policy *policy, const char *path, const struct guard_digest *digest)
{
	const struct gate_interpreters *table = policy->interpreters;
	uint32_t interpreter = GUARD_NO_INTERPRETER;

	if (digest)
		interpreter = guard_policy_interpreter_by_digest(policy->policy, digest);
	if (interpreter == GUARD_NO_INTERPRETER)
		interpreter = guard_policy_interpreter_by_path(policy->policy, path);
	for (uint32_t i = 0; digest && interpreter == GUARD_NO_INTERPRETER && i < table->count; i++)
		if (guard_digest_compare(&table->known[i].digest, digest) == 0)
			interpreter = table->known[i].interpreter;
	return interpreter;
}

bool gate_interprets(const struct gate_policy *policy, const struct guard_object *object)
{
	const uint32_t scripts = GUARD_SCRIPTS_ARGUMENT | GUARD_SCRIPTS_TEXT | GUARD_SCRIPTS_SUFFIX;
	struct guard_interpreter_info info;
	uint32_t interpreter;

	if (!policy->leaves_data)
		return false;
	interpreter = gate_interpreter_of(policy, object->path ? object->path : object->claimed_path,
					  &object->identity->digest);
	return interpreter != GUARD_NO_INTERPRETER &&
	       guard_policy_interpreter_info(policy->policy, interpreter, &info) == 0 && (info.scripts & scripts);
}
