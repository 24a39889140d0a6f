/* SPDX-License-Identifier: MIT
 *
 * compile/write_interpreters.c - the sections INTERPRETERS and
 * INTERPRETER_DIGESTS.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "write.h"

static void write_interpreter(struct compile_image *image, const struct compile_interpreter *interpreter)
{
	static const uint8_t zero[38];
	struct guard_writer *section = &image->sections[GUARD_SECTION_INTERPRETERS];

	guard_write_u32(section, compile_pool_intern(image, interpreter->name));
	guard_write_u32(section, compile_strings_value(image, &interpreter->programs));
	guard_write_u32(section, compile_pool_intern(image, interpreter->options));
	guard_write_u32(section, compile_strings_value(image, &interpreter->suffixes));
	guard_write_u32(section, compile_strings_value(image, &interpreter->data));
	guard_write_u32(section, interpreter->scripts);
	guard_write_u8(section, interpreter->inline_code);
	guard_write_u8(section, interpreter->standard_input);
	guard_write_bytes(section, zero, sizeof(zero));
}

static int by_digest(const void *a, const void *b)
{
	const struct compile_interpreter_digest *x = a, *y = b;
	int order = memcmp(&x->digest, &y->digest, sizeof(x->digest));

	return order ? order : (x->interpreter > y->interpreter) - (x->interpreter < y->interpreter);
}

int compile_write_interpreters(struct compile_image *image)
{
	const struct guard_compile *compile = image->compile;
	struct guard_writer *section = &image->sections[GUARD_SECTION_INTERPRETER_DIGESTS];
	size_t count = compile->interpreter_digest_array.count;
	GUARD_AUTO_FREE struct compile_interpreter_digest *sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < compile->interpreter_array.count; i++)
		write_interpreter(image, &compile->interpreters[i]);
	if (count)
		memcpy(sorted, compile->interpreter_digests, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_digest);
	for (size_t i = 0; i < count; i++) {
		if (i && memcmp(&sorted[i].digest, &sorted[i - 1].digest, sizeof(sorted[i].digest)) == 0)
			continue;
		guard_write_bytes(section, &sorted[i].digest, sizeof(sorted[i].digest));
		guard_write_u32(section, sorted[i].interpreter);
	}
	return 0;
}
