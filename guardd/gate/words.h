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
#include "gate/outcome.h"

struct guard_policy;

/* Is there an interpreter whose command line the policy wants to be looked at? */
bool gate_words_matter(const struct guard_policy *policy);
/* The interpreter that the file is, if its command line is to be looked at; else
 * GUARD_NO_INTERPRETER.  Never blocks; under a policy that is held. */
uint32_t gate_words_wanted(const struct gate_policy *policy, const struct guard_object *object);

/* Is code on its command line or its standard input recorded or refused?  Under a policy
 * that is held. */
bool gate_words_judged(const struct gate_policy *policy, uint32_t interpreter);
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
		      const struct gate_outcome *outcome);

/* words_read.c: out of the caller's memory. */
#define GATE_WORDS_SIZE_MAX (128u << 10)
#define GATE_WORDS_MAX 65536u
/* The words of a blocked exec, each with its NUL; freed by the caller.  Errors:
 * GUARD_E_NOT_FOUND, GUARD_E_LIMIT, GUARD_E_NOMEM. */
int gate_words_read(char **ret_words, size_t *ret_size, int32_t tid, const struct gate_call *call) GUARD_WARN_UNUSED;

/* words_file.c: names of the caller's. */
/* Does the blocked exec ask for another file than `key`, a script that names this
 * one in its first line?  Then the words are the script's. */
bool gate_words_are_a_scripts(struct gate *gate, const struct gate_event *event, const struct gate_call *call);
/* The words with which the kernel will start the interpreter of that script: its own, what
 * the first line adds, the name.  Freed by the caller.  Errors as above, GUARD_E_SYNTAX. */
int gate_words_of_script(char **ret_words, size_t *ret_size, int32_t tid, const struct gate_call *call) GUARD_WARN_UNUSED;
/* Of its first bytes, at most GATE_FIRST_LINE and a NUL: takes them apart in place.  `argument`:
 * NULL without one.  Errors: GUARD_E_SYNTAX. */
#define GATE_FIRST_LINE 255u
int gate_words_first_line(char *head, const char **ret_interpreter, const char **ret_argument) GUARD_WARN_UNUSED;
/* The beginning of the file that the blocked exec asks for.  Errors: GUARD_E_NOT_FOUND. */
int gate_words_script_head(char *ret_head, size_t size, int32_t tid, const struct gate_call *call) GUARD_WARN_UNUSED;
/* The script is named by a link: tell the kernel layer where that leads to. */
void gate_words_tell_link(struct gate *gate, const struct gate_event *event, const char *name);
/* Would this name lead the caller to a pipe, a terminal, an open descriptor? */
bool gate_words_name_no_file(const struct gate_event *event, const char *name);

#endif
