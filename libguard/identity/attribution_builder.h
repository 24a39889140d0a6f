/* SPDX-License-Identifier: MIT
 *
 * identity/attribution_builder.h - what attribution_build.c has collected and
 * attribution_write.c writes.  For these two alone.
 */
#ifndef GUARD_IDENTITY_ATTRIBUTION_BUILDER_H
#define GUARD_IDENTITY_ATTRIBUTION_BUILDER_H

#include "base/buffer.h"
#include "identity/attribution.h"

/* One content of one package. */
struct guard_attribution_entry {
	struct guard_digest digest;
	uint32_t package;
};

/* Strings of packages and releases are offsets into `strings`. */
struct guard_attribution_builder {
	struct guard_digest keys[GUARD_ATTRIBUTION_KEYS_MAX];
	struct guard_attribution_release releases[GUARD_ATTRIBUTION_RELEASES_MAX];
	uint32_t key_count, release_count, order;
	struct guard_attribution_package *packages;
	size_t package_count, package_capacity;
	struct guard_attribution_entry *entries;
	size_t entry_count, entry_capacity;
	struct guard_writer strings;
};

#endif
