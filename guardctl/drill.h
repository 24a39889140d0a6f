/* SPDX-License-Identifier: MIT
 *
 * guardctl/drill.h - the verb `drill`: a harmless program that no policy lists is
 * sent out, and the record says who ran it, who was stopped and who reported it.
 * drill.c makes it, drill_count.c counts, drill_print.c says the result.
 *
 * The description beside the program, FILE.drill, is one JSON object: "guard_drill"
 * (1), "sha256", "made" (RFC 3339), "sent" (people; 0: not known).
 */
#ifndef GUARDCTL_DRILL_H
#define GUARDCTL_DRILL_H

#include <guard/identity.h>
#include <jansson.h>

#include "output.h"

#define DRILL_PEOPLE_MAX 100000u
#define DRILL_RECORDS_MAX 4096u /* --record */
#define DRILL_MACHINE_SIZE 128u

struct drill {
	char sha256[GUARD_DIGEST_HEX_SIZE];
	int64_t made; /* seconds since 1970 */
	uint32_t sent; /* to so many people; 0: not known */
};

/* Who met it: one user of one machine.  Times are seconds since 1970, 0 for never. */
struct drill_person {
	char machine[DRILL_MACHINE_SIZE], user[GUARDCTL_USER_SIZE];
	uint32_t uid;
	uint64_t ran, stopped; /* attempts */
	int64_t met, reported; /* first attempt, first report */
};
struct drill_count {
	struct drill_person *people;
	size_t count, capacity;
	size_t ran, stopped, reported; /* people; who ran it may have been stopped as well */
	int64_t first, median;	       /* seconds from the making to reports; -1: none */
};

/* One event as `guardctl --json events` prints it.  -GUARD_E_LIMIT, -GUARD_E_NOMEM. */
int drill_count_event(struct drill_count *count, const struct drill *drill, const char *machine, const json_t *event)
	GUARD_WARN_UNUSED;
void drill_count_end(struct drill_count *count, const struct drill *drill); /* sums and times */
void drill_count_free(struct drill_count *count);
/* In percent of those it was sent to, or else of those who met it; -1: of nobody. */
int drill_report_rate(const struct drill_count *count, const struct drill *drill);

void drill_print(const struct drill_count *count, const struct drill *drill);
int drill_print_json(const struct drill_count *count, const struct drill *drill); /* exit code */
#endif
