/* SPDX-License-Identifier: MIT
 *
 * package/rpm.h - the .rpm side of guard-package: key -> signature over the header
 * -> digests of the files (docs/signers-package.md, ".rpm").  rpm_header.c and
 * rpm_split.c take bytes apart, rpm.c follows the links; rpm_off.c stands for a
 * build without.
 */
#ifndef GUARDD_PACKAGE_RPM_H
#define GUARDD_PACKAGE_RPM_H

#include "package/message.h"
#include "package/package.h"

#define PACKAGE_RPM_HEADER_MAX (64u << 20)	/* bytes of a header, also of the one with the signatures */
#define PACKAGE_RPM_HEAD_MAX (160u << 20)	/* what of a file is looked at: both headers */
#define PACKAGE_RPM_TAGS_MAX 65535u
#define PACKAGE_RPM_SIGNATURE_MAX 65536u

/* ---- rpm_header.c: one header (RPM V4 package format), pure ------------------------- */

struct package_rpm_header {
	const uint8_t *index; /* entries of 16 bytes */
	uint32_t count;
	const uint8_t *store;
	size_t store_size;
};
/* From where `reader` stands, with its magic; it stands behind it then.
 * Errors: GUARD_E_FORMAT, GUARD_E_LIMIT. */
int package_rpm_header_open(struct package_rpm_header *ret_header, struct guard_reader *reader) GUARD_WARN_UNUSED;
/* The bytes of a binary tag; NULL: it has none. */
const uint8_t *package_rpm_binary(const struct package_rpm_header *header, uint32_t tag, size_t *ret_size);

/* What a header that was verified says. */
struct package_rpm {
	char name[GUARD_ATTRIBUTION_NAME_MAX + 1];
	char version[GUARD_ATTRIBUTION_NAME_MAX + 1]; /* [EPOCH:]VERSION-RELEASE */
	char architecture[GUARD_ATTRIBUTION_NAME_MAX + 1];
};
/* Errors: GUARD_E_FORMAT, GUARD_E_LIMIT. */
int package_rpm_name(struct package_rpm *ret_rpm, const struct package_rpm_header *header) GUARD_WARN_UNUSED;
/* rpm_files.c: the SHA-256 of every file with content that is no documentation, and of
 * every script.  Errors: GUARD_E_FORMAT, GUARD_E_UNSUPPORTED (not SHA-256),
 * GUARD_E_LIMIT, GUARD_E_NOMEM, what `take` returns. */
int package_rpm_files(const struct package_rpm_header *header, package_take take, void *context, char *ret_problem,
		      size_t problem_size) GUARD_WARN_UNUSED;

/* A tag's values in the store: strings, or big-endian numbers of `size` bytes. */
struct package_rpm_values {
	struct guard_reader reader;
	uint32_t count;
};
bool package_rpm_strings(struct package_rpm_values *ret_values, const struct package_rpm_header *header, uint32_t tag);
bool package_rpm_numbers(struct package_rpm_values *ret_values, const struct package_rpm_header *header, uint32_t tag,
			 unsigned size);
/* The next one; NULL when the store ends before it does. */
const char *package_rpm_next_string(struct package_rpm_values *values);
uint32_t package_rpm_next_number(struct package_rpm_values *values, unsigned size);

/* ---- rpm_split.c: in a fork that can do nothing else ------------------------------------ */

/* Writes the signatures over the header, one OpenPGP packet after the other, or the
 * header as it is signed, to `out`. */
int package_rpm_signature_write(int file, int out) GUARD_WARN_UNUSED;
int package_rpm_header_write(int file, int out) GUARD_WARN_UNUSED;

/* ---- rpm.c --------------------------------------------------------------------------------- */

struct package_rpm_verified {
	struct package_signed signed_by; /* its text is the header */
	char name[256];			 /* of the file */
};
struct package_rpms {
	size_t count;
	struct package_rpm_verified all[PACKAGE_RPMS_MAX];
};
/* While programs may still be started: who signed it?  It is kept. */
int package_rpms_take(struct package_rpms *rpms, const char *name, int fd, int keyring, char *ret_problem,
		      size_t problem_size) GUARD_WARN_UNUSED;
/* Afterwards: enter what its header says; 1 when the table has it already. */
int package_rpms_attribute(const struct package_rpm_verified *rpm, struct guard_attribution_builder *builder,
			   const struct guard_attribution *old, uint32_t *ret_count, char *ret_problem,
			   size_t problem_size) GUARD_WARN_UNUSED;
void package_rpms_clear(struct package_rpms *rpms);

#endif
