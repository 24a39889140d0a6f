/* SPDX-License-Identifier: MIT
 *
 * unlock/code.c - request numbers and answer codes as people say and type them.
 */
#include "unlock/unlock.h"

#include <string.h>

void guard_unlock_number_format(char ret_text[GUARD_UNLOCK_TEXT_SIZE], const struct guard_unlock_number *number)
{
	guard_unlock_groups_format(ret_text, UNLOCK_REQUEST_PLACE, number->digits, GUARD_UNLOCK_REQUEST_GROUPS);
}

void guard_unlock_answer_format(char ret_text[GUARD_UNLOCK_TEXT_SIZE], const struct guard_unlock_answer *answer)
{
	uint8_t digits[UNLOCK_ANSWER_DIGITS];

	guard_unlock_digits_put(digits, UNLOCK_ANSWER_DIGITS, answer->value);
	guard_unlock_groups_format(ret_text, UNLOCK_ANSWER_PLACE, digits, GUARD_UNLOCK_ANSWER_GROUPS);
}

int guard_unlock_number_parse(struct guard_unlock_number *ret_number, struct guard_unlock_flaw *ret_flaw,
			      const char *text, size_t length)
{
	return guard_unlock_groups_parse(ret_number->digits, ret_flaw, UNLOCK_REQUEST_PLACE,
					 GUARD_UNLOCK_REQUEST_GROUPS, text, length);
}

int guard_unlock_answer_parse(struct guard_unlock_answer *ret_answer, struct guard_unlock_flaw *ret_flaw,
			      const char *text, size_t length)
{
	uint8_t digits[UNLOCK_ANSWER_DIGITS];
	int r = guard_unlock_groups_parse(digits, ret_flaw, UNLOCK_ANSWER_PLACE, GUARD_UNLOCK_ANSWER_GROUPS,
					  text, length);

	if (r < 0)
		return r;
	ret_answer->value = guard_unlock_digits_get(digits, UNLOCK_ANSWER_DIGITS);
	return 0;
}

void guard_unlock_number_fields(struct guard_unlock_fields *ret_fields, const struct guard_unlock_number *number)
{
	unsigned index = (unsigned)guard_unlock_digits_get(&number->digits[UNLOCK_AT_SLOT], 2);
	uint8_t scope = GUARD_UNLOCK_SCOPES;

	while (index < guard_unlock_first_slot(scope))
		scope--;
	*ret_fields = (struct guard_unlock_fields){
		.scope = scope,
		.slot = (uint8_t)(index - guard_unlock_first_slot(scope)),
		.epoch_digits = (uint8_t)guard_unlock_digits_get(&number->digits[UNLOCK_AT_EPOCH], 2),
		.nonce = (uint16_t)guard_unlock_digits_get(&number->digits[UNLOCK_AT_NONCE], 4),
		.file_digits = (uint32_t)guard_unlock_digits_get(&number->digits[UNLOCK_AT_FILE], 8),
	};
}
