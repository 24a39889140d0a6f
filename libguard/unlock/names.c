/* SPDX-License-Identifier: MIT
 *
 * unlock/names.c - the words for scopes; which names machines and users can have.
 */
#include "unlock/unlock.h"

#include <string.h>

static const char *const scope_names[GUARD_UNLOCK_SCOPE_MAX_] = {
	[GUARD_UNLOCK_SHORT] = "file",
	[GUARD_UNLOCK_DAY] = "day",
	[GUARD_UNLOCK_INSTALL] = "install",
	[GUARD_UNLOCK_AUDIT] = "audit",
	[GUARD_UNLOCK_MAINTENANCE] = "maintenance",
};

const char *guard_unlock_scope_name(enum guard_unlock_scope scope)
{
	if (scope < GUARD_UNLOCK_SHORT || scope >= GUARD_UNLOCK_SCOPE_MAX_)
		return "unknown";
	return scope_names[scope];
}

int guard_unlock_scope_parse(enum guard_unlock_scope *ret_scope, const char *word)
{
	for (int scope = GUARD_UNLOCK_SHORT; scope < GUARD_UNLOCK_SCOPE_MAX_; scope++)
		if (strcmp(scope_names[scope], word) == 0) {
			*ret_scope = (enum guard_unlock_scope)scope;
			return 0;
		}
	return -GUARD_E_NOT_FOUND;
}

static bool is_of_machine(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool guard_unlock_machine_is_valid(const char *machine)
{
	size_t length = strnlen(machine, GUARD_UNLOCK_MACHINE_MAX + 1);

	if (length == 0 || length > GUARD_UNLOCK_MACHINE_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_of_machine(machine[i]))
			return false;
	return true;
}

bool guard_unlock_user_is_valid(const char *user)
{
	size_t length = strnlen(user, GUARD_UNLOCK_USER_MAX + 1);

	return length > 0 && length <= GUARD_UNLOCK_USER_MAX;
}

int guard_unlock_machine_normalise(char ret_machine[GUARD_UNLOCK_MACHINE_MAX + 1], const char *typed)
{
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1] = "";
	size_t length = strnlen(typed, sizeof(machine));

	if (length >= sizeof(machine))
		return -GUARD_E_SYNTAX;
	for (size_t i = 0; i < length; i++)
		machine[i] = typed[i] >= 'A' && typed[i] <= 'Z' ? (char)(typed[i] - 'A' + 'a') : typed[i];
	if (!guard_unlock_machine_is_valid(machine))
		return -GUARD_E_SYNTAX;
	memcpy(ret_machine, machine, sizeof(machine));
	return 0;
}
