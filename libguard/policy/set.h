/* SPDX-License-Identifier: MIT
 *
 * policy/set.h - the policy set as C structures: headquarters' image and what
 * belongs to it, in one file, so that all of a snapshot takes effect or none.
 * The format itself is docs/policy-set.md; both change together.  Written by the
 * daemon's trust process, read by whoever opens a policy.
 */
#ifndef GUARD_POLICY_SET_H
#define GUARD_POLICY_SET_H

#include <stdint.h>

#include <guard/policy.h>

#define GUARD_SET_MAGIC "GUARDSET"
#define GUARD_SET_VERSION 1u
#define GUARD_SET_HEADER_SIZE 128u
#define GUARD_SET_PARTS_MAX 256u
#define GUARD_SET_ALIGN 4096u /* images begin where they can be mapped */
#define GUARD_SET_OFFICE_SIZE 128u

/* What an image in a set may do, whatever its rules say. */
enum guard_set_kind {
	GUARD_SET_POLICY = 0,	 /* all; the first part, and only that */
	GUARD_SET_EXCEPTION = 1, /* allow, within the policy's limits, on machines of its office */
	GUARD_SET_DENY = 2,	 /* deny */
	GUARD_SET_KIND_MAX_
};

struct guard_set_header {
	char magic[8];
	uint32_t version, part_count;
	uint64_t size;		   /* of the whole set in bytes */
	uint64_t snapshot;	   /* version of the snapshot that it was made of */
	int64_t made, fresh_until; /* Unix seconds */
	uint8_t sha256[32];	   /* of the part table, with `made` and all before it */
	uint8_t zero[48];
};
_Static_assert(sizeof(struct guard_set_header) == GUARD_SET_HEADER_SIZE, "set header");

struct guard_set_part {
	uint32_t kind;  /* enum guard_set_kind */
	uint8_t broad;  /* exceptions: 1, signed by as many as a broad one takes */
	uint8_t above;  /* exceptions: 1, `office` stands above the machine's own */
	uint8_t zero0[2];
	uint64_t offset, size;
	uint64_t zero1[3];
	char office[GUARD_SET_OFFICE_SIZE]; /* exceptions: NUL-padded, never empty */
};
_Static_assert(sizeof(struct guard_set_part) == 176, "set part");

/* One part as the writer is given it. */
struct guard_set_source {
	enum guard_set_kind kind;
	int fd; /* a regular file or memfd that holds one image from its beginning */
	uint8_t broad, above;
	const char *office;
};
struct guard_set_facts {
	uint64_t snapshot;
	int64_t made, fresh_until;
};

/* guard_set_write: the set, in the order given, into the empty memfd `fd`.
 * Errors: GUARD_E_USAGE (no policy first, too many parts, an exception without
 * an office), GUARD_E_LIMIT, GUARD_E_IO. */
int guard_set_write(int fd, const struct guard_set_facts *facts, const struct guard_set_source *sources,
		    size_t count) GUARD_WARN_UNUSED;

#endif
