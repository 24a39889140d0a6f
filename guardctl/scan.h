/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan.h - what the parts of `guardctl scan` share: the files that
 * were found, what was left out and why, the packages that own them.  Nothing
 * here decides whether a file may run; it only says what is there.
 */
#ifndef GUARDCTL_SCAN_H
#define GUARDCTL_SCAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <guard/identity.h>

#include "guardctl.h"

#define SCAN_DIRECTORIES_MAX 256u
#define SCAN_EXCLUDES_MAX 256u
#define SCAN_JOBS_MAX 256u
#define SCAN_FILES_MAX 16000000u
#define SCAN_NO_PACKAGE UINT32_MAX
#define SCAN_CERTIFICATES_MAX 32u
#define SCAN_SIGNERS_MAX 64u

struct scan_options {
	const char *directories[SCAN_DIRECTORIES_MAX];
	size_t directory_count;
	const char *excludes[SCAN_EXCLUDES_MAX];
	size_t exclude_count;
	const char *output; /* NULL: standard output */
	const char *id;     /* NULL: made from the host's name */
	bool audit, all, one_file_system, json;
	bool fragment;      /* no `policy` block: to be built with a policy of yours */
	bool by_signer;     /* rules for who vouches for files, hashes for what nobody does */
	const char *certificates[SCAN_CERTIFICATES_MAX]; /* whose signatures may count */
	size_t certificate_count;
	const char *catalogs, *state; /* folders, NULL: this machine's */
	unsigned jobs;
};

enum scan_state {
	SCAN_FOUND = 0, /* by the walk, not looked into yet */
	SCAN_LISTED,    /* goes into the policy */
	SCAN_DATA,      /* plain binary data: left out, counted */
	SCAN_EMPTY,     /* no content: one digest stands for all */
	SCAN_SIGNED,    /* a proposed rule by signer allows it */
	SCAN_FAILED,    /* `error` says why */
};

struct scan_file {
	char *path; /* absolute, no symbolic links */
	struct guard_digest digest;
	struct guard_digest unpacked; /* when `has_unpacked`: what is in a compressed kernel module */
	bool has_unpacked;
	uint64_t size;
	mode_t mode;
	int error;        /* -GUARD_E_ code when SCAN_FAILED */
	int system_error; /* errno with it, or 0 */
	uint32_t package; /* index, or SCAN_NO_PACKAGE */
	uint8_t state;    /* enum scan_state */
	uint8_t format;   /* enum guard_format */
};

/* What the walk did not take, and why. */
enum scan_note_kind {
	SCAN_NOTE_UNREADABLE = 0, /* a failure */
	SCAN_NOTE_CHANGED,        /* a failure: it changed while it was read */
	SCAN_NOTE_SPECIAL,        /* FIFO, socket, device */
	SCAN_NOTE_PSEUDO,         /* a kernel pseudo filesystem */
	SCAN_NOTE_OTHER_FS,       /* --one-file-system */
	SCAN_NOTE_EXCLUDED,       /* --exclude */
	SCAN_NOTE_MAX_
};

struct scan_note {
	enum scan_note_kind kind;
	char *path;
	int system_error;
};

/* A proposed rule. */
struct scan_signer {
	uint8_t provider;             /* enum guard_provider */
	uint8_t key_id[GUARD_KEY_ID_SIZE];
	char *file;                   /* with the certificate, or the repository's key; NULL: not found */
	size_t files;                 /* that it alone, or it first, allows */
};

struct scan {
	const struct scan_options *options;
	struct scan_signer signers[SCAN_SIGNERS_MAX]; /* the most files first */
	size_t signer_count;
	struct scan_file *files;
	size_t file_count, file_capacity;
	struct scan_note *notes;
	size_t note_count, note_capacity;
	size_t note_counts[SCAN_NOTE_MAX_];
	size_t symlinks;
	_Atomic uint64_t files_done, bytes_done;
};

/* Collecting (scan_files.c).  Both copy `path`. */
int scan_add_file(struct scan *scan, const char *path, mode_t mode, uint64_t size) GUARD_WARN_UNUSED;
int scan_add_note(struct scan *scan, enum scan_note_kind kind, const char *path, int system_error) GUARD_WARN_UNUSED;
/* Sort by path, drop what was found twice. */
void scan_sort_files(struct scan *scan);
struct scan_file *scan_find_file(const struct scan *scan, const char *path);
void scan_free(struct scan *scan);

/* scan_walk.c: every regular file below `directory` (or it itself). */
int scan_walk(struct scan *scan, const char *directory) GUARD_WARN_UNUSED;

/* scan.c: walk what the options name, sort, look into all, with a progress bar. */
struct scan_presets;
int scan_collect(struct scan *scan, const struct scan_presets *presets) GUARD_WARN_UNUSED;

/* scan_hash.c: look into all files found, with all cores. */
int scan_identify_all(struct scan *scan, const struct scan_presets *presets) GUARD_WARN_UNUSED;
/* One file: `ret_file` has its path set.  Never fails, the state says it. */
void scan_identify(struct scan_file *file, const struct scan_presets *presets, bool all, _Atomic uint64_t *bytes_done);

/* scan_classify.c (pure): can anything run it? */
bool scan_is_wanted(enum guard_format format, mode_t mode, const char *path, const struct scan_presets *presets);
bool scan_has_suffix(const char *path, const char *suffix);

/* scan_modules.c: a compressed kernel module that only root can have written.  Its content;
 * -GUARD_E_FORMAT when it is none. */
struct stat;
bool scan_is_packed_module(const char *path, const struct stat *facts);
int scan_unpacked_digest(struct guard_digest *ret_digest, int fd) GUARD_WARN_UNUSED;
/* List these contents too, each beside its file; once, when all is known of the files. */
int scan_list_unpacked(struct scan *scan) GUARD_WARN_UNUSED;

/* scan_options.c: what was typed; says what is wrong. */
int scan_parse_options(struct scan_options *options, int argc, char **argv) GUARD_WARN_UNUSED;

/* signing/scan_signers.c: who vouches for the files, and the fewest of them that
 * cover what can be covered: these files are SCAN_SIGNED.  Says what is wrong. */
int scan_find_signers(struct scan *scan) GUARD_WARN_UNUSED;

/* scan_text.c (pure): as the inside of a libconfig string. */
void scan_put_string(FILE *out, const char *bytes);
/* The group of a file that no package owns: its first two directories. */
void scan_group_directory(char *ret_directory, size_t size, const char *path);
/* Letters, digits, `.`, `_`, `-` only. */
void scan_clean_id(char *id);

/* scan_progress.c */
struct scan_progress;
int scan_progress_start(struct scan_progress **ret_progress, const struct scan *scan, uint64_t bytes_total) GUARD_WARN_UNUSED;
void scan_progress_stop(struct scan_progress *progress);

/* scan_output.c: the policy source. */
struct scan_dpkg;
int scan_write(FILE *out, struct scan *scan, const struct scan_dpkg *dpkg, const struct scan_presets *presets) GUARD_WARN_UNUSED;
/* scan_head.c: its first lines: what it is and what is not in it. */
void scan_write_head(FILE *out, const struct scan *scan);
/* scan_summary.c: the same for the person at the terminal. */
void scan_print_summary(const struct scan *scan, const struct scan_dpkg *dpkg, double seconds);
const char *scan_note_text(enum scan_note_kind kind);

#endif
