/* SPDX-License-Identifier: MIT
 *
 * guardctl/unlocks.h - unlocks as the ledger tells them; unlocks.c lists,
 * unlocks_show.c reviews one.
 */
#ifndef GUARDCTL_UNLOCKS_H
#define GUARDCTL_UNLOCKS_H

#include "ask.h"

#define UNLOCKS_MAX 10000u

struct unlocks_row {
	uint32_t id, uid, seconds;
	uint8_t scope;
	bool has_digest;
	struct guard_digest digest;
	int64_t opened_ns, ended_ns; /* ended 0: not seen yet */
	char number[GUARD_UNLOCK_TEXT_SIZE];
	char path[GUARD_WIRE_PATH_MAX];
	char text[512], end[512];
};
struct unlocks {
	size_t count, capacity;
	struct unlocks_row *rows;
	int64_t since_ns;
};
/* Exit code. */
int unlocks_read(struct unlocks *ret_unlocks, const struct guardctl_options *options, int64_t since_ns);
void unlocks_free(struct unlocks *unlocks);
int unlocks_show(const struct guardctl_options *options, const struct unlocks_row *row);
#endif
