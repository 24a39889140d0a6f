/* SPDX-License-Identifier: MIT
 *
 * trust/canonical.c - OLPC canonical JSON, the form that is signed and hashed.
 * Two documents with the same meaning have the same bytes.  Nothing else here.
 */
#include "trust/metadata.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int write_value(struct guard_writer *writer, const json_t *value, unsigned depth);

static void write_text(struct guard_writer *writer, const char *text)
{
	guard_write_bytes(writer, text, strlen(text));
}

static void write_string(struct guard_writer *writer, const char *text)
{
	guard_write_bytes(writer, "\"", 1);
	while (*text) {
		size_t plain = strcspn(text, "\"\\");

		guard_write_bytes(writer, text, plain);
		text = &text[plain];
		if (*text) {
			guard_write_bytes(writer, "\\", 1);
			guard_write_bytes(writer, text, 1);
			text = &text[1];
		}
	}
	guard_write_bytes(writer, "\"", 1);
}

/* UTF-8 sorts by bytes as it does by code points. */
static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int sorted_keys(const char ***ret_keys, const json_t *object)
{
	size_t count = json_object_size(object), i = 0;
	const char **keys = calloc(count ? count : 1, sizeof(*keys)), *key;
	json_t *value;

	if (!keys)
		return -GUARD_E_NOMEM;
	json_object_foreach((json_t *)object, key, value) {
		if (i < count)
			keys[i++] = key;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	*ret_keys = keys;
	return 0;
}

static int write_object(struct guard_writer *writer, const json_t *object, unsigned depth)
{
	GUARD_AUTO_FREE const char **keys = NULL;
	int r = sorted_keys(&keys, object);

	if (r < 0)
		return r;
	guard_write_bytes(writer, "{", 1);
	for (size_t i = 0; i < json_object_size(object); i++) {
		if (i > 0)
			guard_write_bytes(writer, ",", 1);
		write_string(writer, keys[i]);
		guard_write_bytes(writer, ":", 1);
		r = write_value(writer, json_object_get(object, keys[i]), depth);
		if (r < 0)
			return r;
	}
	guard_write_bytes(writer, "}", 1);
	return 0;
}

static int write_array(struct guard_writer *writer, const json_t *array, unsigned depth)
{
	guard_write_bytes(writer, "[", 1);
	for (size_t i = 0; i < json_array_size(array); i++) {
		int r;

		if (i > 0)
			guard_write_bytes(writer, ",", 1);
		r = write_value(writer, json_array_get(array, i), depth);
		if (r < 0)
			return r;
	}
	guard_write_bytes(writer, "]", 1);
	return 0;
}

static int write_value(struct guard_writer *writer, const json_t *value, unsigned depth)
{
	char number[32];

	if (depth == 0 || !value)
		return -GUARD_E_FORMAT;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return write_object(writer, value, depth - 1);
	case JSON_ARRAY:
		return write_array(writer, value, depth - 1);
	case JSON_STRING:
		write_string(writer, json_string_value(value));
		return 0;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(value));
		write_text(writer, number);
		return 0;
	case JSON_TRUE:
		write_text(writer, "true");
		return 0;
	case JSON_FALSE:
		write_text(writer, "false");
		return 0;
	case JSON_NULL:
		write_text(writer, "null");
		return 0;
	case JSON_REAL:
	default:
		return -GUARD_E_FORMAT;
	}
}

int guard_trust_canonical(struct guard_writer *writer, const json_t *value)
{
	int r = write_value(writer, value, GUARD_TRUST_DEPTH_MAX);

	if (r < 0)
		return r;
	return writer->failed ? -GUARD_E_NOMEM : 0;
}
