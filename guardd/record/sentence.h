/* SPDX-License-Identifier: MIT
 *
 * record/sentence.h - an event as one line of plain English, and the stable
 * words for its source and for what the daemon says of itself.  Shared by the
 * journal and guardctl.  Pure; what comes from the system is escaped.
 */
#ifndef GUARDD_RECORD_SENTENCE_H
#define GUARDD_RECORD_SENTENCE_H

#include <stdbool.h>
#include <stdio.h>

#include "wire/wire.h"

#define SENTENCE_SIZE 10240u

/* "denied: /home/a/x (not-listed), executable, started by /usr/bin/bash (pid 7), uid 1000, 3 times".
 * `user` (may be NULL) is put instead of the number. */
void sentence_print(FILE *out, const struct guard_event *event, const char *user);
void sentence_of_event(char *ret_text, size_t capacity, const struct guard_event *event);

const char *sentence_source(const struct guard_event *event); /* "access", "sweep", "daemon" */
const char *
sentence_what(const struct guard_event *event); /* "policy-loaded", ... "" when not the daemon's */
const char *sentence_verdict(const struct guard_event *event); /* "denied", "would deny", ... */
/* What the daemon did, in general words. */
const char *sentence_of_daemon(const struct guard_event *event);
/* An administrator should look at it. */
bool sentence_is_alarm(const struct guard_event *event);
#endif
