/* SPDX-License-Identifier: MIT
 *
 * compile/lexer.c - blanks, comments, includes, punctuation.  Owns the stack
 * of open files; knows no grammar.
 */
#include "lexer.h"

#include <string.h>

int compile_lexer_push(struct compile_lexer *lexer, const char *path, struct compile_place place)
{
	struct compile_text text;
	struct compile_input *input;
	int r;

	if (lexer->depth > GUARD_COMPILE_INCLUDE_DEPTH_MAX) {
		compile_error(lexer->list, place, "a file may not include itself, directly or through others",
			      "@include is nested deeper than %u files", GUARD_COMPILE_INCLUDE_DEPTH_MAX);
		return -GUARD_E_SYNTAX;
	}
	if (++*lexer->files > GUARD_COMPILE_FILES_MAX) {
		compile_error(lexer->list, place, "join some of them", "more than %u files",
			      GUARD_COMPILE_FILES_MAX);
		return -GUARD_E_SYNTAX;
	}
	r = compile_text_read(&text, lexer->list, path, place);
	if (r < 0)
		return r;
	input = &lexer->inputs[lexer->depth++];
	*input = (struct compile_input){
		.bytes = text.bytes, .size = text.size, .line = 1, .file = path, .line_start = true
	};
	return 0;
}

static int fail(struct compile_lexer *lexer, const struct compile_input *input, uint32_t line,
		const char *hint, const char *message)
{
	compile_error(lexer->list, (struct compile_place){ input->file, line }, hint, "%s", message);
	return -GUARD_E_SYNTAX;
}

static void skip_line(struct compile_input *input)
{
	while (input->at < input->size && input->bytes[input->at] != '\n')
		input->at++;
}

static int skip_block_comment(struct compile_lexer *lexer, struct compile_input *input)
{
	uint32_t line = input->line;

	for (input->at += 2; input->at < input->size; input->at++) {
		if (input->bytes[input->at] == '\n')
			input->line++;
		if (input->bytes[input->at] == '*' && compile_input_peek(input, 1) == '/') {
			input->at += 2;
			return 0;
		}
	}
	return fail(lexer, input, line, "end it with */", "this comment is not closed");
}

/* Blanks and comments.  Leaves `at` on the first byte of something. */
static int skip_blank(struct compile_lexer *lexer, struct compile_input *input)
{
	while (input->at < input->size) {
		char c = input->bytes[input->at];
		int r = 0;

		if (c == '\n') {
			input->line++;
			input->line_start = true;
			input->at++;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
			input->at++;
		} else if (c == '#' || (c == '/' && compile_input_peek(input, 1) == '/')) {
			skip_line(input);
		} else if (c == '/' && compile_input_peek(input, 1) == '*') {
			r = skip_block_comment(lexer, input);
		} else {
			return 0;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* @include "FILE", at the beginning of a line as libconfig has it. */
static int include(struct compile_lexer *lexer, struct compile_input *input)
{
	static const char word[] = "@include";
	struct compile_place place = { input->file, input->line };
	const char *path;
	int r;

	if (!input->line_start || input->size - input->at < sizeof(word) - 1 ||
	    memcmp(&input->bytes[input->at], word, sizeof(word) - 1) != 0)
		return fail(lexer, input, input->line, "write @include \"FILE\" on a line of its own",
			    "`@` has no meaning here");
	input->at += sizeof(word) - 1;
	while (compile_input_peek(input, 0) == ' ' || compile_input_peek(input, 0) == '\t')
		input->at++;
	if (compile_input_peek(input, 0) != '"')
		return fail(lexer, input, input->line, "write @include \"FILE\"", "@include names no file");
	r = compile_lex_string(lexer, input);
	if (r < 0)
		return r;
	path = compile_text_relative(lexer->list->arena, input->file, lexer->token.text);
	if (!path)
		return -GUARD_E_NOMEM;
	return compile_lexer_push(lexer, path, place);
}

static int punctuation(struct compile_lexer *lexer, struct compile_input *input, char c)
{
	char message[64];

	if (c != '\0' && strchr("=:;,{}()[]", c)) {
		lexer->token.type = TOKEN_PUNCTUATION;
		lexer->token.character = c;
		input->at++;
		return 0;
	}
	if (c > ' ' && c < 0x7f)
		snprintf(message, sizeof(message), "`%c` has no meaning here", c);
	else
		snprintf(message, sizeof(message), "byte 0x%02x has no meaning here", (unsigned char)c);
	return fail(lexer, input, input->line, "put text into \"quotes\"", message);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '*' ||
	       c == '+' || c == '-' || c == '.';
}

int compile_lexer_next(struct compile_lexer *lexer)
{
	for (;;) {
		struct compile_input *input = &lexer->inputs[lexer->depth - 1];
		int r = skip_blank(lexer, input);
		char c;

		if (r < 0)
			return r;
		lexer->token = (struct compile_token){ .type = TOKEN_END,
						       .place = { input->file, input->line } };
		if (input->at == input->size) {
			if (lexer->depth == 1)
				return 0;
			lexer->depth--;
			continue;
		}
		c = input->bytes[input->at];
		if (c == '@') {
			r = include(lexer, input);
			if (r < 0)
				return r;
			continue;
		}
		input->line_start = false;
		if (c == '"')
			return compile_lex_string(lexer, input);
		return is_word(c) ? compile_lex_word(lexer, input) : punctuation(lexer, input, c);
	}
}
