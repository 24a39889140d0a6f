/* SPDX-License-Identifier: MIT
 *
 * package/package.h - what the files of guard-package share: the links of the
 * chain key -> InRelease -> Packages -> .deb -> files (docs/signers-package.md).
 */
#ifndef GUARDD_PACKAGE_PACKAGE_H
#define GUARDD_PACKAGE_PACKAGE_H

#include <guard/identity.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "identity/attribution.h"

#define PACKAGE_RELEASE_SIZE_MAX (16u << 20) /* bytes */
#define PACKAGE_INDEX_SIZE_MAX (256u << 20)  /* without compression */
#define PACKAGE_DEB_SIZE_MAX (1ull << 30)
#define PACKAGE_UNPACKED_MAX (8ull << 30)    /* bytes of all files of a .deb */
#define PACKAGE_FILES_MAX 200000u            /* of a .deb */
#define PACKAGE_CHILD_SECONDS 600            /* for one .deb, index or signature: a kernel on a slow machine */
#define PACKAGE_CHILD_MEMORY (1024ull << 20)
#define PACKAGE_LISTED_MAX 4096u             /* indexes named by one InRelease */
#define PACKAGE_KNOWN_MAX (1u << 20)         /* packages named by all indexes */

/* ---- copy.c: what is looked at is a copy that nobody can change ------------ */

/* All of `fd` in a sealed memfd.  Errors: GUARD_E_LIMIT, GUARD_E_IO,
 * GUARD_E_NOMEM. */
int package_copy(int *ret_copy, int fd, uint64_t most) GUARD_WARN_UNUSED;
/* The first `most` bytes of it, or all. */
int package_copy_head(int *ret_copy, int fd, uint64_t most) GUARD_WARN_UNUSED;
/* The bytes of a sealed memfd, mapped; size 0 is mapped as NULL. */
int package_map(const uint8_t **ret_bytes, size_t *ret_size, int copy) GUARD_WARN_UNUSED;
void package_unmap(const uint8_t *bytes, size_t size);

/* ---- gpgv.c: who signed an InRelease, or the header of an .rpm -------------- */

struct package_signed {
	struct guard_digest keys[GUARD_ATTRIBUTION_PACKAGE_KEYS];
	size_t key_count;
	int text; /* sealed memfd: what is signed, as gpgv wrote it; the owner's */
};
/* `release` and `keyring` are sealed memfds.  `ret_problem` gets the reason. */
int package_gpgv(struct package_signed *ret_signed, int release, int keyring, char *ret_problem,
		 size_t problem_size) GUARD_WARN_UNUSED;
/* The same for bytes whose signatures stand beside them; `ret_signed` gets no text. */
int package_gpgv_detached(struct package_signed *ret_signed, int signature, int data, int keyring, char *ret_problem,
			  size_t problem_size) GUARD_WARN_UNUSED;
/* gpgv_status.c: the keys by gpgv's status lines (doc/DETAILS of GnuPG). */
enum package_frame { PACKAGE_CLEARSIGNED, PACKAGE_DETACHED };
int package_gpgv_status(struct package_signed *signed_by, const char *text, size_t size, enum package_frame frame,
			char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* ---- release.c: what an InRelease says ---------------------------------------- */

struct package_listed {
	struct guard_digest digest;
	uint64_t size;
};
struct package_release {
	struct guard_digest keys[GUARD_ATTRIBUTION_PACKAGE_KEYS];
	size_t key_count;
	char name[GUARD_ATTRIBUTION_NAME_MAX + 1]; /* origin/label/suite/codename */
	int64_t date, valid_until;                 /* Unix seconds; INT64_MAX: none */
	struct package_listed *listed;             /* its Packages files */
	size_t listed_count;
};
/* Errors: GUARD_E_SYNTAX, GUARD_E_LIMIT, GUARD_E_NOMEM. */
int package_release_read(struct package_release *ret_release, const char *text, size_t size, char *ret_problem,
			 size_t problem_size) GUARD_WARN_UNUSED;
void package_release_free(struct package_release *release);

/* ---- lines.c: text line by line ------------------------------------------------ */

struct package_lines {
	const char *text;
	size_t size, at;
};
/* The next line, without its end; false behind the last. */
bool package_line(struct package_lines *lines, const char **ret_line, size_t *ret_length);
/* The value of `NAME: value`, or NULL when the line is another field.  Names
 * know no case. */
const char *package_field(const char *line, size_t length, const char *name, size_t *ret_length);
/* A word as a NUL-terminated string; false when it is too long or not plain. */
bool package_word(char *ret_word, size_t capacity, const char *text, size_t length);

/* ---- index.c: what Packages files say ------------------------------------------- */

struct package_known {
	struct guard_digest deb;
	uint32_t name, version, architecture; /* in the catalogue's strings */
	uint16_t release;                     /* which InRelease vouches for it */
};
struct package_catalogue {
	struct package_known *known;
	size_t count, capacity;
	struct guard_writer strings;
	bool sorted;
};
/* Enter every stanza of an index. */
int package_index_read(struct package_catalogue *catalogue, const char *text, size_t size,
		       uint16_t release) GUARD_WARN_UNUSED;
/* The first entry of this .deb, others follow it; NULL: no index names it. */
const struct package_known *package_find(struct package_catalogue *catalogue, const struct guard_digest *deb);
const char *package_string(const struct package_catalogue *catalogue, uint32_t offset);
void package_catalogue_free(struct package_catalogue *catalogue);

/* ---- deb.c, plain.c: in a fork that can do nothing else --------------------------- */

/* Takes a file of a package; an error ends the reading. */
typedef int (*package_take)(void *context, const struct guard_digest *digest);
/* Every file of a .deb that could be a program.  Errors: GUARD_E_FORMAT,
 * GUARD_E_LIMIT, GUARD_E_UNSAFE (a name that leads out), GUARD_E_NOMEM. */
int package_deb_read(int deb, package_take take, void *context, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;
/* The content of a file that may be compressed (gz, xz, zst, lz4, bz2), to
 * `out`. */
int package_plain_write(int file, int out) GUARD_WARN_UNUSED;

/* ---- fork.c: those forks, from outside --------------------------------------------- */

int package_deb_in_fork(int deb, package_take take, void *context, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;
/* A sealed memfd with what `write_part` makes of the file. */
typedef int (*package_write_part)(int file, int out);
int package_part_in_fork(int *ret_part, int file, package_write_part write_part) GUARD_WARN_UNUSED;

/* ---- filter.c (filter_off.c with sanitizers): the stages --------------------------- */

enum package_stage { PACKAGE_STAGE_LINKS, PACKAGE_STAGE_ARCHIVES };
int package_stage_enter(enum package_stage stage) GUARD_WARN_UNUSED;
/* Files that the first stage may open: gpgv and its libraries. */
int package_files_confine(void) GUARD_WARN_UNUSED;

/* ---- request.c: one request from end to end ------------------------------------------ */

struct package_request {
	int client, keeper;
	struct guard_attribution *old; /* the table in force, or NULL */
	int keyring;                   /* sealed memfd with the policy's keys, -1: it has none */
};
int package_request_run(struct package_request *request) GUARD_WARN_UNUSED;

#endif
