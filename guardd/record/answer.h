/* SPDX-License-Identifier: MIT
 *
 * record/answer.h - one client's question about events, answered a slice at a
 * time, so that no question and no slow reader holds up the recording.
 */
#ifndef GUARDD_RECORD_ANSWER_H
#define GUARDD_RECORD_ANSWER_H

#include "record/store.h"

#define ANSWER_SLICE_NS (2 * 1000000ll) /* work on one client before the next turn */

struct answer;

enum answer_state {
	ANSWER_WORKING, /* call again */
	ANSWER_BLOCKED, /* the client must read first */
	ANSWER_IDLE,	/* follows: nothing new */
	ANSWER_OVER	/* answered, or the client is gone: free it */
};

/* answer_new: `socket` becomes the answer's own and is set to non-blocking. */
int answer_new(struct answer **ret_answer, int socket, uint32_t sequence,
	       const struct guard_event_filter *filter) GUARD_WARN_UNUSED;
void answer_free(struct answer *answer); /* NULL-safe; closes the socket */
int answer_socket(const struct answer *answer);

/* answer_step: work until the slice is used up, or as the state says. */
enum answer_state answer_step(struct answer *answer, struct store *store);
#endif
