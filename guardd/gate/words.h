/* SPDX-License-Identifier: MIT
 *
 * gate/words.h - what an interpreter that is being started is told to run: a file,
 * code on its command line, or its standard input.  What the policy says of the two
 * last is looked at here; files are looked at when they are opened.
 *
 * The words are those in the memory of the blocked caller.  Whoever can write there
 * at this very moment from another thread could show others to the kernel: that is
 * the kernel layer's to see (docs/kernel-layer.md, "Words").
 */
#ifndef GUARDD_GATE_WORDS_H
#define GUARDD_GATE_WORDS_H

#include "gate/gate.h"

struct guard_policy;

/* Is there an interpreter whose command line the policy wants to be looked at? */
bool gate_words_matter(const struct guard_policy *policy);
/* The interpreter that the file is, if its command line is to be looked at; else
 * GUARD_NO_INTERPRETER.  Never blocks; under a policy that is held. */
uint32_t gate_words_wanted(const struct gate_policy *policy, const struct guard_object *object);

/* Does the policy refuse something of that interpreter's command line, so that the
 * kernel layer is to hold what was judged?  Under a policy that is held. */
bool gate_words_held(const struct gate_policy *policy, uint32_t interpreter);

struct gate_words {
	uint8_t action; /* enum guard_inline: what the policy wants done */
	uint8_t reason; /* enum guard_reason: for what */
	char said[256]; /* what was found, escaped */
};
/* Look at an exec of the interpreter; with no policy held.  Where the words cannot
 * be read or understood the stricter of the two settings holds.  What was looked at the
 * kernel layer is told. */
void gate_words_judge(struct gate *gate, struct gate_words *ret_words, const struct gate_event *event,
		      uint32_t interpreter, uint64_t generation);

/* words_read.c: out of the caller's memory. */
#define GATE_WORDS_SIZE_MAX (128u << 10)
#define GATE_WORDS_MAX 4096u
/* The words of a blocked exec, each with its NUL; freed by the caller.  Errors:
 * GUARD_E_NOT_FOUND, GUARD_E_LIMIT, GUARD_E_NOMEM. */
int gate_words_read(char **ret_words, size_t *ret_size, int32_t tid, const struct gate_call *call) GUARD_WARN_UNUSED;

/* words_file.c: names of the caller's. */
/* Does the blocked exec ask for another file than `key`, a script that names this
 * one in its first line?  Then the words are the script's. */
bool gate_words_are_a_scripts(struct gate *gate, const struct gate_event *event, const struct gate_call *call);
/* Would this name lead the caller to a pipe, a terminal, an open descriptor? */
bool gate_words_name_no_file(const struct gate_event *event, const char *name);

#endif
