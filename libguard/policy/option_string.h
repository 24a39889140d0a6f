/* SPDX-License-Identifier: MIT
 *
 * policy/option_string.h - an interpreter's options as a policy describes them
 * (policy/README.md, "Interpreters").
 */
#ifndef GUARD_POLICY_OPTION_STRING_H
#define GUARD_POLICY_OPTION_STRING_H

#include <stdbool.h>
#include <stddef.h>

enum guard_option_argument {
	GUARD_OPTION_FLAG = 0, /* `X`: nothing */
	GUARD_OPTION_ARGUMENT, /* `X:`: the rest of the word, else the next word */
	GUARD_OPTION_ATTACHED, /* `X::`: the rest of the word, which may be empty */
	GUARD_OPTION_NEXT,     /* `X;`: the next word; the cluster goes on */
	GUARD_OPTION_VALUE,    /* `X=`: the rest of the word if it begins with : or = */
	GUARD_OPTION_SET,      /* `X[...]`: as many bytes of the set as there are */
	GUARD_OPTION_INLINE,   /* `X!`: code or a module; there is no script */
	GUARD_OPTION_CODE,     /* `X^`: takes an argument, which is code; a script may follow */
	GUARD_OPTION_FILE,     /* `X@`: takes an argument, which names the script */
	GUARD_OPTION_INPUT,    /* `X<`: standard input is read; there is no script */
	GUARD_OPTION_ALSO,     /* `X&`: standard input is read besides */
	GUARD_OPTION_ENDS      /* `X~`: says something and ends; nothing is run */
};

struct guard_option {
	enum guard_option_argument argument;
	size_t set_start, set_size; /* of GUARD_OPTION_SET, in the option string */
};

/* The string is valid (guard_cmdline_options_are_valid).  false: not listed. */
bool guard_option_find_letter(struct guard_option *ret_option, const char *options, char letter);
bool guard_option_find_word(struct guard_option *ret_option, const char *options, const char *word, size_t size);
/* Is `-`, `+` or `!` itself listed? */
bool guard_option_has_mark(const char *options, char mark);
/* Are faces listed (`{%NAME}`), and is this one of them? */
bool guard_option_has_faces(const char *options);
bool guard_option_is_face(const char *options, const char *name, size_t size);
#endif
