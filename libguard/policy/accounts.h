/* SPDX-License-Identifier: MIT
 *
 * policy/accounts.h - names of users or groups and their ids, from the text of
 * passwd(5) or group(5).  No name service is asked.
 */
#ifndef GUARD_POLICY_ACCOUNTS_H
#define GUARD_POLICY_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

struct guard_account {
	const char *name; /* in the text, not terminated */
	size_t length;
	size_t line;      /* of two lines with one name the first counts */
	uint32_t id;
};
struct guard_accounts {
	struct guard_account *entries; /* sorted by name, then line */
	size_t count;
};

/* `text` stays the caller's and must outlive the accounts; NULL is empty.
 * Lines that are not well formed are passed over. */
int guard_accounts_parse(struct guard_accounts *ret_accounts, const char *text) GUARD_WARN_UNUSED;
void guard_accounts_free(struct guard_accounts *accounts);

/* The id of a name, or of a decimal number; UINT32_MAX when there is none. */
uint32_t guard_accounts_find(const struct guard_accounts *accounts, const char *name);
#endif
