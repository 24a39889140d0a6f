/* SPDX-License-Identifier: MIT
 *
 * policy/interpreter.c - which programs are interpreters or readers, and how
 * their files are told apart.  Pure.
 */
#include "policy/policy.h"

#include <string.h>

#include "base/text.h"
#include "policy/cmdline.h"

uint32_t guard_policy_interpreter_by_path(const struct guard_policy *policy, const char *program_path)
{
	for (uint32_t i = 0; program_path && i < policy->interpreter_count; i++)
		if (guard_policy_any_pattern(policy, policy->interpreters[i].programs, program_path))
			return i;
	return GUARD_NO_INTERPRETER;
}

uint32_t guard_policy_interpreter_by_digest(const struct guard_policy *policy, const struct guard_digest *digest)
{
	size_t low = 0, high = policy->interpreter_digest_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct guard_image_interpreter_digest *entry = &policy->interpreter_digests[middle];
		int order = memcmp(entry->digest, digest->bytes, GUARD_DIGEST_SIZE);

		if (order == 0)
			return entry->interpreter;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return GUARD_NO_INTERPRETER;
}

int guard_policy_interpreter_info(const struct guard_policy *policy, uint32_t interpreter,
				  struct guard_interpreter_info *ret_info)
{
	const struct guard_image_interpreter *record;

	if (interpreter >= policy->interpreter_count)
		return -GUARD_E_NOT_FOUND;
	record = &policy->interpreters[interpreter];
	*ret_info = (struct guard_interpreter_info){
		.name = guard_policy_string(policy, record->name),
		.scripts = record->scripts,
		.inline_code = record->inline_code,
		.standard_input = record->standard_input,
	};
	return 0;
}

int guard_policy_interpreter_suffix(const struct guard_policy *policy, uint32_t interpreter, const char *path)
{
	uint32_t list;

	if (interpreter >= policy->interpreter_count || !path)
		return 0;
	list = policy->interpreters[interpreter].suffixes;
	for (uint32_t i = 0; i < guard_policy_list_count(policy, list); i++)
		if (guard_text_ends_with(path, guard_policy_string(policy, guard_policy_list_entry(policy, list, i))))
			return 1;
	return 0;
}

int guard_policy_interpreter_data(const struct guard_policy *policy, uint32_t interpreter, const char *path)
{
	return interpreter < policy->interpreter_count && path &&
	       guard_policy_any_pattern(policy, policy->interpreters[interpreter].data, path);
}

ptrdiff_t guard_policy_interpreter_script_argument(const struct guard_policy *policy, uint32_t interpreter,
						    const char *cmdline, size_t size)
{
	if (interpreter >= policy->interpreter_count || !cmdline)
		return GUARD_ARGUMENT_NONE;
	return guard_cmdline_script(guard_policy_string(policy, policy->interpreters[interpreter].options), cmdline,
				    size);
}

void guard_policy_interpreter_command(const struct guard_policy *policy, struct guard_command *ret_command,
				      uint32_t interpreter, const char *cmdline, size_t size)
{
	guard_command_read(ret_command, guard_policy_string(policy, policy->interpreters[interpreter].options), cmdline,
			   size);
}

int guard_policy_is_reader(const struct guard_policy *policy, const char *program_path)
{
	return program_path && guard_policy_any_pattern(policy, policy->meta->readers, program_path);
}
