/* SPDX-License-Identifier: MIT
 *
 * policy/accounts.c - passwd(5) and group(5) texts.  Both have the name in the
 * first and the id in the third field; nothing else is looked at.
 */
#include "policy/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* End of the field that starts at `at`: the next colon, newline or NUL. */
static size_t field_end(const char *text, size_t at)
{
	return at + strcspn(&text[at], ":\n");
}

/* One line at `at`; returns 1 and the account, or 0 when malformed. */
static int parse_line(struct guard_account *ret_account, const char *text, size_t at)
{
	size_t name_end = field_end(text, at), id_start, id_end;
	uint64_t id;

	if (name_end == at || text[name_end] != ':')
		return 0;
	id_start = field_end(text, name_end + 1);
	if (text[id_start] != ':')
		return 0;
	id_start++;
	id_end = field_end(text, id_start);
	if (text[id_end] != ':' || guard_text_parse_u64(&id, &text[id_start], id_end - id_start, UINT32_MAX - 1) < 0)
		return 0;
	*ret_account = (struct guard_account){ .name = &text[at], .length = name_end - at, .id = (uint32_t)id };
	return 1;
}

static int compare_name(const struct guard_account *account, const char *name, size_t length)
{
	size_t common = account->length < length ? account->length : length;
	int order = memcmp(account->name, name, common);

	if (order != 0)
		return order;
	return account->length == length ? 0 : account->length < length ? -1 : 1;
}

static int by_name(const void *a, const void *b)
{
	const struct guard_account *left = a, *right = b;
	int order = compare_name(left, right->name, right->length);

	if (order != 0)
		return order;
	return left->line < right->line ? -1 : left->line > right->line;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (size_t i = 0; text[i]; i++)
		if (text[i] == '\n')
			count++;
	return count;
}

int guard_accounts_parse(struct guard_accounts *ret_accounts, const char *text)
{
	const char *source = text ? text : "";
	struct guard_accounts accounts = { .entries = calloc(count_lines(source), sizeof(*accounts.entries)) };
	size_t at = 0;

	if (!accounts.entries)
		return -GUARD_E_NOMEM;
	while (source[at] != '\0') {
		if (parse_line(&accounts.entries[accounts.count], source, at)) {
			accounts.entries[accounts.count].line = at;
			accounts.count++;
		}
		at += strcspn(&source[at], "\n");
		if (source[at] == '\n')
			at++;
	}
	qsort(accounts.entries, accounts.count, sizeof(*accounts.entries), by_name);
	*ret_accounts = accounts;
	return 0;
}

void guard_accounts_free(struct guard_accounts *accounts)
{
	free(accounts->entries);
	*accounts = (struct guard_accounts){ 0 };
}

uint32_t guard_accounts_find(const struct guard_accounts *accounts, const char *name)
{
	size_t low = 0, high = accounts->count, length = strlen(name);
	uint64_t id;

	if (guard_text_parse_u64(&id, name, length, UINT32_MAX - 1) == 0)
		return (uint32_t)id;
	while (low < high) { /* the first of equal names */
		size_t middle = low + (high - low) / 2;

		if (compare_name(&accounts->entries[middle], name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < accounts->count && compare_name(&accounts->entries[low], name, length) == 0)
		return accounts->entries[low].id;
	return UINT32_MAX;
}
