/* SPDX-License-Identifier: MIT
 *
 * gate/catalog_list.c - the lines of a catalog.  Only for bytes whose signature a
 * key of the policy has verified.
 */
#include "gate/catalogs.h"

#include <stdlib.h>
#include <string.h>

#define HEX (GUARD_DIGEST_SIZE * 2)

/* "HEX  NAME" or "HEX *NAME", as sha256sum(1) writes; a backslash before the
 * digest says that the name has quoted bytes. */
static int parse_line(struct guard_digest *ret_digest, const char *line, size_t length)
{
	if (length > 0 && line[0] == '\\') {
		line++;
		length--;
	}
	if (length < HEX + 3 || line[HEX] != ' ' || (line[HEX + 1] != ' ' && line[HEX + 1] != '*'))
		return -GUARD_E_SYNTAX;
	return guard_digest_parse(ret_digest, line, HEX);
}

static size_t count_lines(const char *text, size_t size)
{
	size_t count = size > 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

static int by_value(const void *a, const void *b)
{
	return guard_digest_compare(a, b);
}

int gate_catalog_lines(struct guard_digest **ret_digests, size_t *ret_count, const char *text, size_t size)
{
	struct guard_digest *digests = calloc(count_lines(text, size) + 1, sizeof(*digests));
	size_t count = 0;

	if (!digests)
		return -GUARD_E_NOMEM;
	for (size_t at = 0; at < size;) {
		const char *end = memchr(&text[at], '\n', size - at);
		size_t length = end ? (size_t)(end - &text[at]) : size - at;

		/* An empty line may have a carriage return as well. */
		if (length > 0 && text[at] != '#' && !(length == 1 && text[at] == '\r') && parse_line(&digests[count++], &text[at], length) < 0) {
			free(digests);
			return -GUARD_E_SYNTAX;
		}
		at += length + 1;
	}
	qsort(digests, count, sizeof(*digests), by_value);
	*ret_digests = digests;
	*ret_count = count;
	return 0;
}
