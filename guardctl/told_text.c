/* SPDX-License-Identifier: MIT
 *
 * guardctl/told_text.c - see told_text.h.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "i18n.h"
#include "told_text.h"

struct capture {
	size_t begin, length;
	bool is_word; /* of a %s */
};
struct match {
	const char *format, *text;
	struct capture captures[TOLD_CAPTURES_MAX];
	size_t count, steps;
};

/* The conversion that begins at format[at], a '%': its letter, where it ends, and
 * which argument it names (0: the next). */
static char conversion(size_t *ret_end, size_t *ret_number, const char *format, size_t at)
{
	size_t i = at + 1, number = 0, digits = 0;

	while (isdigit((unsigned char)format[i + digits]) && digits < 2)
		number = number * 10 + (size_t)(format[i + digits++] - '0');
	*ret_number = 0;
	if (digits && format[i + digits] == '$') {
		*ret_number = number;
		i += digits + 1;
	}
	i += strspn(&format[i], "-+ #0123456789.*hlzjt");
	*ret_end = format[i] ? i + 1 : i;
	return format[i];
}

static bool match_from(struct match *match, size_t f, size_t t);

static bool match_capture(struct match *match, size_t f, size_t t, char letter)
{
	struct capture *capture = &match->captures[match->count];
	const char *accepted = letter == 'x' ? "0123456789abcdef" : "-0123456789.";
	size_t least = 1, most = letter == 's' ? strlen(&match->text[t]) : strspn(&match->text[t], accepted);

	if (match->count == TOLD_CAPTURES_MAX)
		return false;
	match->count++;
	if (letter != 's' && most > 0)
		least = most; /* a number is all its digits */
	for (size_t length = letter == 's' ? 0 : least; length <= most; length++) {
		*capture = (struct capture){t, length, letter == 's'};
		if (match_from(match, f, t + length))
			return true;
	}
	match->count--;
	return false;
}

static bool match_from(struct match *match, size_t f, size_t t)
{
	size_t end, number;
	char letter;

	for (; match->format[f]; f++, t++) {
		if (++match->steps > TOLD_STEPS_MAX)
			return false;
		if (match->format[f] == '%' && match->format[f + 1] != '%') {
			letter = conversion(&end, &number, match->format, f);
			return match_capture(match, end, t, letter);
		}
		if (match->format[f] != match->text[t])
			return false;
		if (match->format[f] == '%')
			f++;
	}
	return match->text[t] == '\0';
}

static size_t fixed_bytes(const char *format)
{
	size_t count = 0, number;

	for (size_t i = 0; format[i];) {
		if (format[i] != '%' || format[i + 1] == '%') {
			i += format[i] == '%' ? 2 : 1;
			count++;
		} else {
			(void)conversion(&i, &number, format, i);
		}
	}
	return count;
}

static void put_capture(FILE *out, const struct match *match, size_t number, const char *(*word)(const char *))
{
	char text[TOLD_TEXT_SIZE];
	const struct capture *capture = &match->captures[number];

	if (number >= match->count || capture->length >= sizeof(text))
		return;
	memcpy(text, &match->text[capture->begin], capture->length);
	text[capture->length] = '\0';
	fputs(capture->is_word && word ? word(text) : text, out);
}

static void put_translated(FILE *out, const struct match *match, const char *translated,
			   const char *(*word)(const char *))
{
	size_t next = 0, end, number;

	for (size_t i = 0; translated[i];) {
		if (translated[i] != '%' || translated[i + 1] == '%') {
			fputc(translated[i], out);
			i += translated[i] == '%' ? 2 : 1;
			continue;
		}
		(void)conversion(&end, &number, translated, i);
		put_capture(out, match, number ? number - 1 : next++, word);
		i = end;
	}
}

size_t told_text_match(char *ret_text, size_t capacity, const char *text, const char *format, const char *translated,
		       const char *(*word)(const char *))
{
	struct match match = {.format = format, .text = text};
	FILE *out;

	if (!match_from(&match, 0, 0))
		return 0;
	out = fmemopen(ret_text, capacity, "w");
	if (!out)
		return 0;
	put_translated(out, &match, translated, word);
	fclose(out);
	ret_text[capacity - 1] = '\0';
	return fixed_bytes(format);
}

static const char *word_told(const char *english)
{
	return english[0] ? gettext(english) : english;
}

/* Of the formats that fit, the one that says most itself. */
static size_t find(char ret_text[TOLD_TEXT_SIZE], size_t longest, const char *english, const char *const *formats)
{
	char text[TOLD_TEXT_SIZE];

	for (; *formats; formats++) {
		const char *translated = gettext(*formats);
		size_t length;

		if (translated == *formats || !strchr(*formats, '%'))
			continue;
		length = told_text_match(text, sizeof(text), english, *formats, translated, word_told);
		if (length > longest) {
			longest = length;
			memcpy(ret_text, text, TOLD_TEXT_SIZE);
		}
	}
	return longest;
}

const char *guardctl_told(const char *english)
{
	static char best[TOLD_TEXT_SIZE];
	const char *translated = word_told(english);
	size_t longest;

	if (translated != english)
		return translated;
	longest = find(best, 0, english, told_formats_access);
	longest = find(best, longest, english, told_formats_policy);
	longest = find(best, longest, english, told_formats_daemon);
	return longest ? best : english;
}

void guardctl_put_told(FILE *out, const char *text)
{
	char safe[TOLD_TEXT_SIZE];

	guard_text_escape(safe, sizeof(safe), text, strlen(text));
	fputs(guardctl_told(safe), out);
}

/* The daemon escaped what it took from elsewhere: a backslash of its is one already,
 * and what else may not be shown is escaped here all the same. */
static void keep_backslashes(char *escaped)
{
	size_t length = 0;

	for (size_t i = 0; escaped[i]; i++) {
		escaped[length++] = escaped[i];
		if (escaped[i] == '\\' && escaped[i + 1] == '\\')
			i++;
	}
	escaped[length] = '\0';
}

void guardctl_put_told_lines(FILE *out, const char *text)
{
	char line[TOLD_TEXT_SIZE / 2], safe[TOLD_TEXT_SIZE];

	while (*text) {
		size_t length = strcspn(text, "\n"), taken = length < sizeof(line) ? length : sizeof(line) - 1;

		memcpy(line, text, taken);
		line[taken] = '\0';
		guard_text_escape(safe, sizeof(safe), line, taken);
		keep_backslashes(safe);
		fprintf(out, "%s\n", guardctl_told(safe));
		text = &text[length + (text[length] == '\n')];
	}
}
