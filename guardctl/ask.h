/* SPDX-License-Identifier: MIT
 *
 * guardctl/ask.h - one ask about unlocks to the daemon, and its refusals in the
 * user's language.
 */
#ifndef GUARDCTL_ASK_H
#define GUARDCTL_ASK_H

#include <stdio.h>

#include "guardctl.h"
#include "wire/unlock.h"

/* What is told: once, or once for each of a list. */
typedef void (*guardctl_take_told)(void *context, const struct guard_told *told);
/* Returns an exit code; what was refused has been said. */
int guardctl_ask(const struct guardctl_options *options, const struct guard_ask *ask, guardctl_take_told take,
		 void *context);
/* The same for a program that has another place for a refusal than standard error. */
typedef void (*guardctl_take_refusal)(void *context, const char *sentence);
int guardctl_ask_for(const struct guardctl_options *options, const struct guard_ask *ask, guardctl_take_told take,
		     guardctl_take_refusal refused, void *context);

/* refusal.c: one sentence. */
#define GUARDCTL_REFUSAL_SIZE 1024u
void guardctl_refusal_text(char *ret_text, size_t capacity, const struct guard_refusal *refusal);

/* The file's digest and full path into the ask: by reading it, or, where guard
 * does not let guardctl read it, from the record of its denial.  Exit code. */
int guardctl_ask_about(struct guard_ask *ask, const struct guardctl_options *options, const char *path);

/* "file", "day", ... as typed; usage error otherwise. */
int guardctl_ask_scope(uint8_t *ret_scope, const char *verb, const char *word);
const char *guardctl_scope_text(uint8_t scope);

/* "1 h 5 min", "45 s". */
#define GUARDCTL_SPAN_SIZE 64u
void guardctl_span_text(char ret_text[GUARDCTL_SPAN_SIZE], uint32_t seconds);
/* One line that is typed at the terminal, without its end; one that does not fit is
 * asked for again.  Exit code: the input has ended, which was said. */
int guardctl_read_line(char *ret_text, size_t capacity, FILE *out, const char *prompt);
/* A flaw of a number as typed: one sentence. */
void guardctl_flaw_text(char *ret_text, size_t capacity, const struct guard_unlock_flaw *flaw);
/* The line with which two people find out on the telephone whether they mean the same
 * content: the first 16 hex digits. */
void guardctl_put_digest_begin(const struct guard_digest *digest);
/* Each digit as it is said on the telephone, a line for each group. */
void guardctl_put_readings(const char *number);
#endif
