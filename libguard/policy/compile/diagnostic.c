/* SPDX-License-Identifier: MIT
 *
 * compile/diagnostic.c - collects errors and warnings.  Owns the list; knows
 * nothing of what they are about, and prints nothing.
 */
#include "diagnostic.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add(struct compile_diagnostics *list, const struct guard_diagnostic *diagnostic)
{
	if (list->count == GUARD_COMPILE_DIAGNOSTICS_MAX)
		return;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 16;
		struct guard_diagnostic *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items) {
			list->out_of_memory = true;
			return;
		}
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = *diagnostic;
}

__attribute__((format(printf, 5, 0))) static void report(struct compile_diagnostics *list,
							   enum guard_severity severity,
							   struct compile_place place,
		   const char *hint, const char *format, va_list arguments)
{
	struct guard_diagnostic diagnostic = {
		.file = place.file ? place.file : "", .line = place.line, .severity = severity
	};
	char text[1024];

	if (severity == GUARD_SEVERITY_ERROR)
		list->errors++;
	else
		list->warnings++;
	if (list->count == GUARD_COMPILE_DIAGNOSTICS_MAX)
		return;
	vsnprintf(text, sizeof(text), format, arguments);
	diagnostic.message = compile_arena_copy(list->arena, text, strlen(text));
	diagnostic.hint = compile_arena_copy(list->arena, hint, strlen(hint));
	if (!diagnostic.message || !diagnostic.hint) {
		list->out_of_memory = true;
		return;
	}
	add(list, &diagnostic);
}

void compile_error(struct compile_diagnostics *list, struct compile_place place, const char *hint,
		   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(list, GUARD_SEVERITY_ERROR, place, hint, format, arguments);
	va_end(arguments);
}

void compile_warning(struct compile_diagnostics *list, struct compile_place place, const char *hint,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(list, GUARD_SEVERITY_WARNING, place, hint, format, arguments);
	va_end(arguments);
}

/* A stable insertion sort by line inside each run of one file keeps files in
 * the order in which a reader meets them; the list is short by its limit. */
void compile_diagnostics_sort(struct compile_diagnostics *list)
{
	for (size_t i = 1; i < list->count; i++) {
		struct guard_diagnostic item = list->items[i];
		size_t at = i;

		while (at && strcmp(list->items[at - 1].file, item.file) == 0 &&
		       list->items[at - 1].line > item.line) {
			list->items[at] = list->items[at - 1];
			at--;
		}
		list->items[at] = item;
	}
}

void compile_diagnostics_free(struct compile_diagnostics *list)
{
	free(list->items);
	list->items = NULL;
	list->count = list->capacity = 0;
}

/* ---- did you mean ---------------------------------------------------------- */

#define WORD_MAX 64u

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* Levenshtein distance of two words of at most WORD_MAX bytes. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_length];
}

const char *compile_suggest(const char *word, const char *const *words, size_t count)
{
	size_t length = strlen(word), best = 3;
	const char *found = NULL;

	if (!length || length > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]), d;

		if (other > WORD_MAX)
			continue;
		d = distance(word, length, words[i], other);
		if (d < best && d < length && d < other) {
			best = d;
			found = words[i];
		}
	}
	return found;
}
