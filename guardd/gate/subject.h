/* SPDX-License-Identifier: MIT
 *
 * gate/subject.h - who acts: the blocked caller, its call, its program, and the
 * names of files.  From /proc; what a caller could forge is said beside it.
 */
#ifndef GUARDD_GATE_SUBJECT_H
#define GUARDD_GATE_SUBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/policy.h>

#include "gate/access.h"
#include "gate/file.h"
#include "guardd.h"

struct gate;
struct gate_event;
struct gate_program;

/* ---- subject.c: who acts --------------------------------------------------------------------------- */

struct gate_subject {
	int32_t tgid, ppid;
	uint32_t uid, loginuid, gid_count;
	uint32_t gids[GUARD_GROUPS_MAX];
};
/* All in place, or -GUARD_E_NOT_FOUND when the process is gone. */
int gate_subject_read(struct gate_subject *ret_subject, int32_t tid) GUARD_WARN_UNUSED;
/* Errors: GUARD_E_BUSY: the caller queued its event and is not asleep yet, look
 * again; GUARD_E_NOT_FOUND. */
int gate_call_read(struct gate_call *ret_call, int32_t tid) GUARD_WARN_UNUSED;
int gate_call_wait(struct gate_call *ret_call, int32_t tid) GUARD_WARN_UNUSED; /* looks again, for a while */
/* By the caller's mappings. */
enum gate_ip gate_ip_read(int32_t tid, const struct gate_call *call);
/* The same for much less, by where the kernel put the loader: GATE_IP_OUTSIDE
 * means outside that one. */
enum gate_ip gate_ip_guess(int32_t tid, const struct gate_call *call);
/* By where /proc/TID/auxv says the loader is: LOADER means close to it. */
#define GATE_AUXV_MAX 2048u
enum gate_ip gate_ip_by_base(const struct gate_call *call, const void *auxv, size_t size);
/* The name that the blocked call asked for; "" when unknown. */
void gate_requested_name(char *ret_name, size_t capacity, int32_t tid, const struct gate_call *call);
/* Is the event's file the script that the interpreter was told to run? */
bool gate_names_script(struct gate *gate, const struct gate_event *event, const struct gate_program *program,
		       const char *requested, const char *claimed_path);

/* ---- here_document.c ---------------------------------------------------------------------------------- */

/* Has the event's interpreter written this file itself, just now, for itself? */
bool gate_is_here_document(const struct gate_event *event, const struct gate_program *program);

/* ---- caller.c: the same for the reader, which must not wait ------------------------------------------- */

int gate_caller_program(struct gate_file *ret_file, int32_t tid) GUARD_WARN_UNUSED; /* GUARD_E_NOT_FOUND */
int gate_caller_call(struct gate_call *ret_call, int32_t tid) GUARD_WARN_UNUSED;    /* as gate_call_read() */
bool gate_caller_is_outside(int32_t tid, const struct gate_call *call); /* certainly not in the loader */

/* ---- programs.c: what acting programs are ------------------------------------------------------------ */

struct gate_program {
	_Atomic uint32_t references;
	struct gate_key key;
	uint64_t generation;       /* of the policy that classed it */
	uint32_t interpreter;      /* or GUARD_NO_INTERPRETER */
	uint32_t scripts;          /* its mask */
	uint8_t inline_code;       /* enum guard_inline */
	bool reader, verified;
	bool loader;               /* it loads programs itself, by name or by content */
	char path[];               /* as verified, or as claimed */
};
#define GATE_LOADERS_MAX 32u
struct gate_loaders {
	unsigned count;
	struct guard_digest digests[GATE_LOADERS_MAX];
};
struct gate_programs;
int gate_programs_new(struct gate_programs **ret_programs) GUARD_WARN_UNUSED;
/* What is known of a program's file; NULL: not classed under this policy yet.
 * Never blocks. */
struct gate_program *gate_program_find(struct gate *gate, const struct gate_file *file);
/* Of the acting program, finding out what is not known.  NULL: it cannot be known. */
struct gate_program *gate_program_get(struct gate *gate, int32_t tid);
/* by_loader.c: what a loader that was called by hand runs.  Takes the reference of
 * `loader`, gives one: of a program of its own class where an interpreter is mapped. */
struct gate_program *gate_program_by_loader(struct gate *gate, struct gate_program *loader, int32_t tid);
void gate_program_put(struct gate_program *program);
/* Hash this machine's dynamic loaders, so that a copy under another name is one. */
void gate_loaders_learn(struct gate *gate);
bool gate_loader_is_known(const struct gate *gate, const struct guard_digest *digest);
void gate_programs_drop_device(struct gate *gate, uint64_t device);

/* ---- path.c --------------------------------------------------------------------------------------------- */

struct gate_path {
	char *claimed;   /* as /proc names it, or NULL */
	bool verified;   /* `claimed` names this very inode from our root */
	bool protected;  /* root's all the way down */
};
void gate_path_read(struct gate_path *ret_path, int fd, const struct gate_key *key);
void gate_path_read_link(struct gate_path *ret_path, const char *link, const struct gate_key *key);
bool gate_path_is_protected(const char *path);

#endif
