/* SPDX-License-Identifier: MIT
 *
 * unlock/groups.c - groups of four data digits and two check digits by ISO 7064
 * MOD 97-10 over place and data: which group was misheard.  Pure; no secrets,
 * no text encodings (input.c).
 */
#include "unlock/unlock.h"

#define CHECK_MODULUS 97u
#define CHECK_FIRST 2u /* the standard's range: 2 to 98 */

unsigned guard_unlock_check(unsigned place, unsigned data)
{
	unsigned rest = (place * 10000u + data) * 100u % CHECK_MODULUS;

	return CHECK_MODULUS + 1u - rest;
}

bool guard_unlock_group_fits(unsigned place, const uint8_t digits[UNLOCK_GROUP_DIGITS])
{
	unsigned data = (unsigned)guard_unlock_digits_get(digits, UNLOCK_GROUP_DATA);
	unsigned check = digits[UNLOCK_GROUP_DATA] * 10u + digits[UNLOCK_GROUP_DATA + 1];

	return check >= CHECK_FIRST && check == guard_unlock_check(place, data);
}

void guard_unlock_digits_put(uint8_t *ret_digits, unsigned count, uint64_t value)
{
	for (unsigned i = count; i > 0; i--) {
		ret_digits[i - 1] = (uint8_t)(value % 10);
		value /= 10;
	}
}

uint64_t guard_unlock_digits_get(const uint8_t *digits, unsigned count)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value * 10 + digits[i];
	return value;
}

void guard_unlock_groups_format(char *ret_text, unsigned place, const uint8_t *data, unsigned groups)
{
	size_t at = 0;

	for (unsigned i = 0; i < groups; i++) {
		const uint8_t *group = &data[i * UNLOCK_GROUP_DATA];
		unsigned value = (unsigned)guard_unlock_digits_get(group, UNLOCK_GROUP_DATA);
		unsigned check = guard_unlock_check(place + i, value);

		if (i > 0)
			ret_text[at++] = ' ';
		for (unsigned j = 0; j < UNLOCK_GROUP_DATA; j++)
			ret_text[at++] = (char)('0' + group[j]);
		ret_text[at++] = (char)('0' + check / 10);
		ret_text[at++] = (char)('0' + check % 10);
	}
	ret_text[at] = '\0';
}

/* ---- what is wrong ----------------------------------------------------------------- */

static unsigned wrong_groups(unsigned place, unsigned groups, const uint8_t *digits)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < groups; i++)
		if (!guard_unlock_group_fits(place + i, &digits[i * UNLOCK_GROUP_DIGITS]))
			wrong |= 1u << i;
	return wrong;
}

static uint8_t first_group(unsigned wrong)
{
	return wrong ? (uint8_t)(__builtin_ctz(wrong) + 1) : 0;
}

/* A count that is off shifts everything behind the place where it happened. */
static struct guard_unlock_flaw count_flaw(const struct unlock_typed *typed, unsigned place, unsigned groups)
{
	size_t whole = typed->count / UNLOCK_GROUP_DIGITS;
	unsigned present = whole < groups ? (unsigned)whole : groups;
	unsigned wrong = wrong_groups(place, present, typed->digits);
	bool missing = typed->count < (size_t)groups * UNLOCK_GROUP_DIGITS;
	unsigned first = first_group(wrong);

	if (first == 0) /* what is there fits: it ends too early or too late */
		first = missing ? present + 1 : groups;
	return (struct guard_unlock_flaw){
		.kind = missing ? GUARD_UNLOCK_FLAW_MISSING : GUARD_UNLOCK_FLAW_EXTRA,
		.group = (uint8_t)first,
		.wrong = (uint8_t)wrong,
	};
}

/* Two groups that do not fit where they are and do fit in each other's place. */
static uint8_t swapped_with(unsigned place, unsigned wrong, const uint8_t *digits)
{
	unsigned a = first_group(wrong) - 1u, rest = wrong & (wrong - 1u), b;

	if (rest == 0 || (rest & (rest - 1u)) != 0)
		return 0;
	b = first_group(rest) - 1u;
	if (!guard_unlock_group_fits(place + b, &digits[a * UNLOCK_GROUP_DIGITS]) ||
	    !guard_unlock_group_fits(place + a, &digits[b * UNLOCK_GROUP_DIGITS]))
		return 0;
	return (uint8_t)(b + 1);
}

static struct guard_unlock_flaw check_flaw(const struct unlock_typed *typed, unsigned place, unsigned wrong)
{
	struct guard_unlock_flaw flaw = {
		.kind = GUARD_UNLOCK_FLAW_CHECK,
		.group = first_group(wrong),
		.other = swapped_with(place, wrong, typed->digits),
		.wrong = (uint8_t)wrong,
	};

	if (flaw.other)
		flaw.kind = GUARD_UNLOCK_FLAW_SWAPPED;
	return flaw;
}

/* The whole of the other number, where this one belongs. */
static bool is_other_number(const struct unlock_typed *typed, unsigned place)
{
	bool request = place == UNLOCK_REQUEST_PLACE;
	unsigned groups = request ? GUARD_UNLOCK_ANSWER_GROUPS : GUARD_UNLOCK_REQUEST_GROUPS;

	return typed->count == (size_t)groups * UNLOCK_GROUP_DIGITS &&
	       wrong_groups(request ? UNLOCK_ANSWER_PLACE : UNLOCK_REQUEST_PLACE, groups, typed->digits) == 0;
}

static struct guard_unlock_flaw find_flaw(const struct unlock_typed *typed, unsigned place, unsigned groups)
{
	struct guard_unlock_flaw flaw = { .kind = GUARD_UNLOCK_FLAW_NONE };
	unsigned wrong;

	if (typed->stranger != SIZE_MAX) {
		size_t group = typed->stranger / UNLOCK_GROUP_DIGITS;

		flaw.kind = GUARD_UNLOCK_FLAW_CHARACTER;
		flaw.group = (uint8_t)(group < groups ? group + 1 : groups);
		return flaw;
	}
	if (is_other_number(typed, place)) {
		flaw.kind = GUARD_UNLOCK_FLAW_OTHER;
		return flaw;
	}
	if (typed->count != (size_t)groups * UNLOCK_GROUP_DIGITS)
		return count_flaw(typed, place, groups);
	wrong = wrong_groups(place, groups, typed->digits);
	return wrong ? check_flaw(typed, place, wrong) : flaw;
}

int guard_unlock_groups_parse(uint8_t *ret_data, struct guard_unlock_flaw *ret_flaw, unsigned place,
			      unsigned groups, const char *text, size_t length)
{
	struct unlock_typed typed;
	struct guard_unlock_flaw flaw;

	if (length > GUARD_UNLOCK_INPUT_MAX)
		return -GUARD_E_LIMIT;
	guard_unlock_typed(&typed, text, length);
	flaw = find_flaw(&typed, place, groups);
	if (flaw.kind != GUARD_UNLOCK_FLAW_NONE) {
		if (ret_flaw)
			*ret_flaw = flaw;
		return -GUARD_E_SYNTAX;
	}
	for (unsigned i = 0; i < groups * UNLOCK_GROUP_DATA; i++)
		ret_data[i] = typed.digits[i / UNLOCK_GROUP_DATA * UNLOCK_GROUP_DIGITS + i % UNLOCK_GROUP_DATA];
	return 0;
}
