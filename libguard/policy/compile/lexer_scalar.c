/* SPDX-License-Identifier: MIT
 *
 * compile/lexer_scalar.c - strings, names, numbers and booleans.  Strings are
 * taken apart where they lie: a decoded string is never longer.
 */
#include "lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int fail(struct compile_lexer *lexer, const struct compile_input *input, uint32_t line,
		const char *hint, const char *message)
{
	compile_error(lexer->list, (struct compile_place){ input->file, line }, hint, "%s", message);
	return -GUARD_E_SYNTAX;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that a backslash sequence stands for; moves behind it.  An unknown
 * one stands for itself with its backslash, as in libconfig. */
static char escape(struct compile_input *input)
{
	static const char letters[] = "abfnrtv\\\"";
	static const char meanings[] = "\a\b\f\n\r\t\v\\\"";
	char c = compile_input_peek(input, 1);
	const char *found = c ? strchr(letters, c) : NULL;
	int high = hex_value(compile_input_peek(input, 2)), low = hex_value(compile_input_peek(input, 3));

	if (found) {
		input->at += 2;
		return meanings[found - letters];
	}
	if (c == 'x' && high >= 0 && low >= 0) {
		input->at += 4;
		return (char)(high * 16 + low);
	}
	input->at++;
	return '\\';
}

/* Skip bytes that stand for themselves and need not move. */
static void skip_plain(struct compile_input *input)
{
	static const bool stops[256] = { ['\0'] = true, ['\n'] = true, ['"'] = true, ['\\'] = true };

	while (!stops[(unsigned char)input->bytes[input->at]])
		input->at++; /* a NUL stands behind the last byte */
}

int compile_lex_string(struct compile_lexer *lexer, struct compile_input *input)
{
	uint32_t line = input->line;
	size_t start = ++input->at, end;

	skip_plain(input);
	end = input->at;
	while (input->at < input->size) {
		char c = input->bytes[input->at];

		if (c == '"') {
			input->at++;
			input->bytes[end] = '\0';
			lexer->token.type = TOKEN_STRING;
			lexer->token.text = &input->bytes[start];
			lexer->token.length = end - start;
			return 0;
		}
		if (c == '\\') {
			c = escape(input);
		} else {
			input->line += c == '\n';
			input->at++;
		}
		if (c == '\0')
			return fail(lexer, input, input->line, "take it out",
				    "a string may not contain a NUL byte");
		input->bytes[end++] = c;
	}
	return fail(lexer, input, line, "end it with \"", "this string is not closed");
}

/* ---- words ------------------------------------------------------------------ */

#define NUMBER_MAX 64u

static bool is_name(const char *word, size_t length)
{
	if (!isalpha((unsigned char)word[0]) && word[0] != '*')
		return false;
	for (size_t i = 1; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("-_*", word[i]))
			return false;
	return true;
}

static bool parse_integer(int64_t *ret_value, const char *word)
{
	bool hexadecimal = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	unsigned long long bits = 0;
	long long value = 0;
	char *end = NULL;

	errno = 0;
	if (hexadecimal)
		bits = strtoull(word, &end, 16);
	else
		value = strtoll(word, &end, 10);
	if (errno || end == word)
		return false;
	if (*end == 'L')
		end += end[1] == 'L' ? 2 : 1;
	if (*end)
		return false;
	*ret_value = hexadecimal ? (int64_t)bits : (int64_t)value;
	return true;
}

static bool parse_float(double *ret_value, const char *word)
{
	char *end = NULL;

	if (strspn(word, "0123456789+-.eE") != strlen(word) || !strpbrk(word, ".eE"))
		return false;
	*ret_value = strtod(word, &end);
	return end != word && *end == '\0';
}

static size_t word_length(const struct compile_input *input)
{
	size_t length = 0;
	char c;

	do
		c = compile_input_peek(input, ++length);
	while (isalnum((unsigned char)c) || (c && strchr("-+_*.", c)));
	return length;
}

int compile_lex_word(struct compile_lexer *lexer, struct compile_input *input)
{
	struct compile_token *token = &lexer->token;
	size_t length = word_length(input);
	const char *word = compile_arena_copy(lexer->list->arena, &input->bytes[input->at], length);

	if (!word)
		return -GUARD_E_NOMEM;
	input->at += length;
	token->text = word;
	token->length = length;
	if (strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0) {
		token->type = TOKEN_BOOLEAN;
		token->integer = word[0] == 't' || word[0] == 'T';
	} else if (is_name(word, length)) {
		token->type = TOKEN_NAME;
	} else if (length < NUMBER_MAX && parse_integer(&token->integer, word)) {
		token->type = TOKEN_INTEGER;
	} else if (length < NUMBER_MAX && parse_float(&token->number, word)) {
		token->type = TOKEN_FLOAT;
	} else if (length > 1 && strchr("0123456789+-", word[0]) && strspn(&word[1], "0123456789") == length - 1) {
		compile_error(lexer->list, token->place, "numbers go up to 9223372036854775807",
			      "`%.40s` is too large for a number", word);
		return -GUARD_E_SYNTAX;
	} else {
		compile_error(lexer->list, token->place, "put text into \"quotes\"",
			      "`%.40s` is neither a name nor a number", word);
		return -GUARD_E_SYNTAX;
	}
	return 0;
}
