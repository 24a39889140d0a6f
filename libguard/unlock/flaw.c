/* SPDX-License-Identifier: MIT
 *
 * unlock/flaw.c - the sentence for what is wrong with a number as typed.
 */
#include "unlock/unlock.h"

void guard_unlock_flaw_text(char *ret_text, size_t capacity, const struct guard_unlock_flaw *flaw)
{
	unsigned group = flaw->group;

	switch (flaw->kind) {
	case GUARD_UNLOCK_FLAW_NONE:
		snprintf(ret_text, capacity, "Nothing is wrong with it.");
		break;
	case GUARD_UNLOCK_FLAW_CHARACTER:
		snprintf(ret_text, capacity, "There is something that is not a digit in group %u.", group);
		break;
	case GUARD_UNLOCK_FLAW_MISSING:
		snprintf(ret_text, capacity, "A digit or more is missing; compare from group %u on.", group);
		break;
	case GUARD_UNLOCK_FLAW_EXTRA:
		snprintf(ret_text, capacity, "There are too many digits; compare from group %u on.", group);
		break;
	case GUARD_UNLOCK_FLAW_CHECK:
		snprintf(ret_text, capacity, "Group %u was misheard or mistyped; have it repeated.", group);
		break;
	case GUARD_UNLOCK_FLAW_SWAPPED:
		snprintf(ret_text, capacity, "Groups %u and %u are in each other's place.", group, flaw->other);
		break;
	case GUARD_UNLOCK_FLAW_OTHER:
		snprintf(ret_text, capacity,
			 "This is the other number: a request number has five groups, an answer code four.");
		break;
	default:
		snprintf(ret_text, capacity, "It could not be understood.");
		break;
	}
}
