/* SPDX-License-Identifier: MIT
 *
 * identity/attribution.h - the table that says which signed package a file's
 * content came from (docs/signers-package.md, "The table").  A table in memory
 * never changes; a new one is built from it.  The reader checks everything when
 * it opens, so that a lookup has nothing left to check.  Any number of threads
 * may look up at the same time.
 */
#ifndef GUARD_IDENTITY_ATTRIBUTION_H
#define GUARD_IDENTITY_ATTRIBUTION_H

#include <guard/identity.h>
#include <stdbool.h>

#define GUARD_ATTRIBUTION_MAGIC "GUARDATT"
#define GUARD_ATTRIBUTION_VERSION 1u
#define GUARD_ATTRIBUTION_HEADER_SIZE 128u
#define GUARD_ATTRIBUTION_KEYS_MAX 256u
#define GUARD_ATTRIBUTION_RELEASES_MAX 1024u
#define GUARD_ATTRIBUTION_PACKAGES_MAX (1u << 16)
#define GUARD_ATTRIBUTION_DIGESTS_MAX (1u << 20)
#define GUARD_ATTRIBUTION_LISTS_MAX (1u << 22)
#define GUARD_ATTRIBUTION_STRINGS_MAX (64u << 20)
#define GUARD_ATTRIBUTION_LIST 0x80000000u /* in REFERENCES: a list */
#define GUARD_ATTRIBUTION_NONE 0xffffffffu
#define GUARD_ATTRIBUTION_PACKAGE_KEYS 4u /* keys kept per package */
#define GUARD_ATTRIBUTION_KEPT 3u         /* versions kept per package and architecture */
#define GUARD_ATTRIBUTION_NAME_MAX 255u   /* bytes of a name, version or architecture */
#define GUARD_ATTRIBUTION_SIZE_MAX (256ull << 20)

struct guard_attribution_header {
	char magic[8];
	uint32_t version, header_size;
	uint64_t size;
	uint32_t key_count, release_count, package_count, digest_count, list_count, order;
	uint64_t strings_size;
	uint8_t sha256[32];
	uint8_t zero[40];
};
_Static_assert(sizeof(struct guard_attribution_header) == GUARD_ATTRIBUTION_HEADER_SIZE, "header");

struct guard_attribution_release {
	uint32_t key, name;
	int64_t date;
};
_Static_assert(sizeof(struct guard_attribution_release) == 16, "release");

struct guard_attribution_package {
	uint32_t name, version, architecture, order;
	uint32_t keys[GUARD_ATTRIBUTION_PACKAGE_KEYS];
	uint8_t sha256[32]; /* of the .deb */
};
_Static_assert(sizeof(struct guard_attribution_package) == 64, "package");

struct guard_attribution {
	const uint8_t *bytes;
	size_t size;
	const struct guard_attribution_header *header;
	const struct guard_digest *keys;
	const struct guard_attribution_release *releases;
	const struct guard_attribution_package *packages;
	const struct guard_digest *digests;
	const uint32_t *references, *lists;
	const char *strings;
};

/* guard_attribution_open: map the table in `fd`, a memfd sealed against writing
 * and shrinking, and check it.  The fd may be closed afterwards.
 * Errors: GUARD_E_UNSAFE (not sealed), GUARD_E_IO, GUARD_E_FORMAT,
 * GUARD_E_VERSION, GUARD_E_CHECKSUM, GUARD_E_LIMIT, GUARD_E_NOMEM. */
int guard_attribution_open(struct guard_attribution **ret_table, int fd) GUARD_WARN_UNUSED;
void guard_attribution_free(struct guard_attribution *table); /* NULL-safe */

/* The check alone, over bytes that do not change (8-byte aligned). */
int guard_attribution_check(const struct guard_attribution *table) GUARD_WARN_UNUSED;
/* The views of `bytes`, once its sizes add up. */
int guard_attribution_view(struct guard_attribution *ret_table, const void *bytes, size_t size) GUARD_WARN_UNUSED;

/* guard_attribution_signers: who vouches for this content, at most `room`; the
 * number.  `name` and `version` in them belong to the table.  NULL-safe. */
size_t guard_attribution_signers(const struct guard_attribution *table, struct guard_signer *ret_signers, size_t room,
				 const struct guard_digest *digest);

/* guard_attribution_add: the same, behind the signers that `identity` has. */
void guard_attribution_add(const struct guard_attribution *table, struct guard_identity *identity);

/* guard_attribution_has_package: the .deb with this digest, attributed to these
 * keys at least. */
bool guard_attribution_has_package(const struct guard_attribution *table, const struct guard_digest *deb,
				   const struct guard_digest *keys, size_t key_count);

/* The newest Date seen of a release; INT64_MIN: none. */
int64_t guard_attribution_release_date(const struct guard_attribution *table, const struct guard_digest *key,
				       const char *name);

/* ---- building ------------------------------------------------------------- */

struct guard_attribution_builder;
/* Begin with what `old` (or NULL) has.  `old` must stay until _free. */
int guard_attribution_builder_new(struct guard_attribution_builder **ret_builder,
				  const struct guard_attribution *old) GUARD_WARN_UNUSED;
void guard_attribution_builder_free(struct guard_attribution_builder *builder); /* NULL-safe */

struct guard_attribution_new_package {
	const char *name, *version, *architecture; /* copied */
	struct guard_digest deb;
	struct guard_digest keys[GUARD_ATTRIBUTION_PACKAGE_KEYS];
	size_t key_count; /* >= 1 */
};
/* Errors: GUARD_E_LIMIT, GUARD_E_NOMEM, GUARD_E_USAGE. */
int guard_attribution_begin_package(struct guard_attribution_builder *builder,
				    const struct guard_attribution_new_package *package) GUARD_WARN_UNUSED;
/* A file of the package that was begun last. */
int guard_attribution_add_digest(struct guard_attribution_builder *builder,
				 const struct guard_digest *digest) GUARD_WARN_UNUSED;
/* Take back what was begun last, with its digests. */
void guard_attribution_drop_package(struct guard_attribution_builder *builder);
int guard_attribution_note_release(struct guard_attribution_builder *builder, const struct guard_digest *key,
				   const char *name, int64_t date) GUARD_WARN_UNUSED;
/* The table as bytes, which the caller frees.  Errors: GUARD_E_LIMIT,
 * GUARD_E_NOMEM. */
int guard_attribution_build(uint8_t **ret_bytes, size_t *ret_size,
			    struct guard_attribution_builder *builder) GUARD_WARN_UNUSED;

#endif
