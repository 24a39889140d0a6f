/* SPDX-License-Identifier: MIT
 *
 * unit/ledger_support.h - what the tests of the ledger share: scratch folders,
 * events, raw access to a database behind the ledger's back.
 */
#ifndef GUARD_TESTS_LEDGER_SUPPORT_H
#define GUARD_TESTS_LEDGER_SUPPORT_H

#include "base/cleanup.h"
#include "record/clock.h"
#include "record/database.h"
#include "record/ledger.h"
#include "record/verify.h"

#define NOW_NS 1800000000000000000ll /* 2027-01-15 */

struct folder {
	char path[128];
	int fd;
};
struct folder folder_new(void);
/* The same on a tmpfs of its own of `bytes`; fd -1 when it cannot be mounted. */
struct folder folder_new_tmpfs(unsigned bytes);
void folder_free(struct folder *folder);
struct folder folder_copy(const struct folder *folder);
/* How many names in it contain `part`. */
unsigned folder_count(const struct folder *folder, const char *part);
void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t size);

/* A denied or allowed access, distinguished by `number`. */
struct guard_event make_event(unsigned number, bool denied);
struct ledger *open_ledger(const struct folder *folder);
/* `count` events, committed. */
void append_events(struct ledger *ledger, unsigned first, unsigned count);
/* A ledger of 1 + `count` rows. */
struct folder make_ledger(unsigned count);
/* SQL behind the ledger's back; false when it fails. */
bool run_sql(const struct folder *folder, const char *sql);
int64_t query_number(const struct folder *folder, const char *sql);
struct ledger_report verify(const struct folder *folder);
#endif
