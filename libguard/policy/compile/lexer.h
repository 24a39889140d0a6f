/* SPDX-License-Identifier: MIT
 *
 * compile/lexer.h - a source and its includes as one stream of tokens.
 */
#ifndef GUARD_COMPILE_LEXER_H
#define GUARD_COMPILE_LEXER_H

#include "text.h"

enum compile_token_type {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_STRING, /* one quoted piece */
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_BOOLEAN,
	TOKEN_PUNCTUATION, /* `character` says which */
};

struct compile_token {
	enum compile_token_type type;
	char character;
	struct compile_place place;
	const char *text; /* names and strings: NUL behind */
	size_t length;
	int64_t integer;
	double number;
};

/* One file that is being read. */
struct compile_input {
	char *bytes;
	size_t size, at;
	uint32_t line;
	const char *file;
	bool line_start; /* nothing but blanks since the line began */
};

struct compile_lexer {
	struct compile_diagnostics *list;
	struct compile_input inputs[GUARD_COMPILE_INCLUDE_DEPTH_MAX + 1];
	size_t depth; /* inputs in use */
	size_t *files; /* counts what is opened */
	struct compile_token token; /* the current one */
};

/* Open the first file / one named by @include at `place`. */
int compile_lexer_push(struct compile_lexer *lexer, const char *path, struct compile_place place) GUARD_WARN_UNUSED;
/* Read the next token into lexer->token.  Errors are reported:
 * -GUARD_E_SYNTAX, -GUARD_E_IO, -GUARD_E_NOMEM. */
int compile_lexer_next(struct compile_lexer *lexer) GUARD_WARN_UNUSED;

/* lexer_scalar.c: strings, and words (names, numbers, booleans). */
int compile_lex_string(struct compile_lexer *lexer, struct compile_input *input) GUARD_WARN_UNUSED;
int compile_lex_word(struct compile_lexer *lexer, struct compile_input *input) GUARD_WARN_UNUSED;

/* The byte `ahead` of the current one, or NUL at the end. */
static inline char compile_input_peek(const struct compile_input *input, size_t ahead)
{
	return ahead < input->size - input->at ? input->bytes[input->at + ahead] : '\0';
}

#endif
