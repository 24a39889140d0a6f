/* SPDX-License-Identifier: MIT
 *
 * compile/write_containments.c - the section CONTAINMENTS.
 */
#include "write.h"

void compile_write_containments(struct compile_image *image)
{
	static const uint8_t zero[15];
	const struct guard_compile *compile = image->compile;
	struct guard_writer *section = &image->sections[GUARD_SECTION_CONTAINMENTS];

	for (size_t i = 0; i < compile->containment_array.count; i++) {
		const struct compile_containment *containment = &compile->containments[i];

		guard_write_u32(section, compile_pool_intern(image, containment->name));
		guard_write_u32(section, compile_strings_value(image, &containment->programs));
		guard_write_u32(section, compile_strings_value(image, &containment->may_start));
		guard_write_u32(section, compile_strings_value(image, &containment->places));
		guard_write_u8(section, containment->deny);
		guard_write_bytes(section, zero, sizeof(zero));
	}
}
