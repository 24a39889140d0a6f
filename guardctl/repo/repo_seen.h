/* SPDX-License-Identifier: MIT
 *
 * repo/repo_seen.h - the check header (docs/distribution.md) out of log lines.
 * A log is written by whoever asked the web server: every byte of it is foreign.
 */
#ifndef GUARDCTL_REPO_SEEN_H
#define GUARDCTL_REPO_SEEN_H

#include "repo.h"

#define SEEN_LINE_MAX 16384u
#define SEEN_HEADER_MAX 600u
#define SEEN_SKEW 600 /* seconds between the machine's clock and the log's */

struct seen_check {
	char key[44], host[256], office[REPO_NAME_MAX + 1], profile[REPO_NAME_MAX + 1], mode[16], state[48];
	uint64_t snapshot, policy, exceptions, deny;
	int64_t time;
};
struct seen_count {
	size_t lines, forged;
};
enum seen_result { SEEN_OTHER, SEEN_FORGED, SEEN_GOOD };

/* One line of an access log in the common or combined format. */
enum seen_result seen_parse(struct seen_check *ret_check, const char *line);
/* Keep the machine's newest: `machines` is key -> row. */
void seen_note(json_t *machines, const struct seen_check *check);

#endif
