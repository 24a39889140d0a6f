/* SPDX-License-Identifier: MIT
 *
 * bpf/layer.h - the kernel layer as the keeper and the gate see it: load or adopt
 * the programs, and talk to their maps.  docs/kernel-layer.md is the text to it.
 * The keeper starts and stops the layer; the gate writes verdicts.  Nothing
 * here decides what may run.
 */
#ifndef GUARDD_BPF_LAYER_H
#define GUARDD_BPF_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>
#include <guard/identity.h>

#include "bpf/abi.h"
#include "config.h"

#define GUARDD_BPF_LINKS_MAX 96u
#define GUARDD_BPF_WHY_SIZE 256u

/* Lives in memory that keeper and gate share; fds are numbers in their one fd
 * table, -1 none. */
struct guardd_bpf {
	bool on;
	bool adopted; /* the programs of a daemon before us go on */
	int32_t config, verdicts, digests, devices, grants, events, tasks, own, objects;
	int32_t containments, startable, places, words, lost, data, data_round, suffixes,
		interpreters, leads;
	uint32_t link_count;
	int32_t links[GUARDD_BPF_LINKS_MAX];
	char why[GUARDD_BPF_WHY_SIZE]; /* in words: what is on, or why it is not */
};

/* ---- keeper: load.c (or load_off.c in a build without the programs) ------------ */

/* Bring the layer up as the configuration says: adopt what a daemon before us
 * left pinned, or load.  Needs CAP_SYS_ADMIN, opens files: before any jail and
 * before the gate.  What was not there before refuses nothing yet.
 * 0 also when `backend = "auto"` and the kernel cannot: then `on` is false and
 * `why` says the reason.  -GUARD_E_UNSUPPORTED: "bpf" was demanded. */
int guardd_bpf_start(struct guardd_bpf *ret_layer, const struct guardd_config *config, char *ret_problem,
		     size_t problem_size) GUARD_WARN_UNUSED;
/* Take everything back: nothing is held by the kernel any more. */
void guardd_bpf_stop(struct guardd_bpf *layer, const struct guardd_config *config);
/* Nothing is looked at any more, and the programs stay attached: where the machine
 * goes down anyway.  To detach them takes the kernel a tenth of a second each. */
void guardd_bpf_rest(struct guardd_bpf *layer);

/* ---- gate: maps.c.  Thread-safe; none of these opens a file ----------------------- */

/* What is in force in the kernel. */
int guardd_bpf_config_get(const struct guardd_bpf *layer, struct guard_bpf_config *ret_config) GUARD_WARN_UNUSED;
int guardd_bpf_config_set(const struct guardd_bpf *layer, const struct guard_bpf_config *config) GUARD_WARN_UNUSED;
uint32_t guardd_bpf_next_generation(uint32_t generation);

/* Let anybody use the inode behind `fd` as one of `kinds`. */
int guardd_bpf_verdict_set(const struct guardd_bpf *layer, int fd, uint32_t generation, uint32_t kinds) GUARD_WARN_UNUSED;
/* Those of `kinds` that the inode's verdict names. */
uint32_t guardd_bpf_verdict_has(const struct guardd_bpf *layer, int fd, uint32_t kinds);
/* The inode may have changed: verdict and grants are void. */
void guardd_bpf_verdict_drop(const struct guardd_bpf *layer, int fd);
/* Let this process alone, until `until_ns` (CLOCK_MONOTONIC). */
int guardd_bpf_grant(const struct guardd_bpf *layer, int fd, uint32_t process, uint32_t generation, uint32_t kinds,
		     int64_t until_ns) GUARD_WARN_UNUSED;

struct guardd_bpf_generations {
	uint32_t now, next; /* in force; being put in */
};
/* A content that anybody may use under `next`; what `now` says of it stays.
 * -GUARD_E_LIMIT: the table is full.  One thread at a time. */
int guardd_bpf_digest_put(const struct guardd_bpf *layer, const struct guard_digest *digest,
			  const struct guardd_bpf_generations *generations, uint32_t kinds) GUARD_WARN_UNUSED;
/* Take away the contents that this generation does not have. */
void guardd_bpf_digests_prune(const struct guardd_bpf *layer, uint32_t generation);

/* Mark what belongs to the daemon anew: its files may be others than at the start.
 * Opens names alone, no file. */
int guardd_bpf_own_again(const struct guardd_bpf *layer, const struct guardd_config *config) GUARD_WARN_UNUSED;

/* Is this process one of the daemon's, by the kernel's own book? */
bool guardd_bpf_is_own(const struct guardd_bpf *layer, int32_t process);

/* Let the program behind `fd` make memory executable, in this round of marks and
 * the rounds before. */
int guardd_bpf_exempt(const struct guardd_bpf *layer, int fd, uint32_t round) GUARD_WARN_UNUSED;

/* contain.c.  Whoever changes the policy calls these, one thread at a time; the last
 * any thread. */
/* A slot for the containment of this name: its own, or a free one. */
int guardd_bpf_containment_begin(const struct guardd_bpf *layer, const char *name, bool deny,
				 uint32_t *ret_slot) GUARD_WARN_UNUSED;
/* All but the slots of the mask are not in force any more. */
void guardd_bpf_containments_end(const struct guardd_bpf *layer, uint32_t kept);
/* `name`: FILE or FOLDER/FILE, the end of a path. */
int guardd_bpf_place_put(const struct guardd_bpf *layer, const char *name, uint32_t slot) GUARD_WARN_UNUSED;
void guardd_bpf_places_clear(const struct guardd_bpf *layer, uint32_t slot);
/* What the program behind `fd` is to the containments. */
int guardd_bpf_startable_set(const struct guardd_bpf *layer, int fd,
			     const struct guard_bpf_startable *startable) GUARD_WARN_UNUSED;

/* words.c, any thread.  What was judged of a thread that is in an exec of the interpreter
 * behind `fd`. */
struct guardd_bpf_judged {
	const char *words; /* each with its NUL; none at all is one empty word, as the kernel has it */
	size_t size;
	uint32_t round;    /* of marks */
	int64_t until_ns;  /* CLOCK_MONOTONIC */
	struct guard_bpf_scripts scripts;
};
int guardd_bpf_words_put(const struct guardd_bpf *layer, int32_t thread, int fd,
			 const struct guardd_bpf_judged *judged) GUARD_WARN_UNUSED;
/* Of the inode while it is in memory. */
int guardd_bpf_inode_id(const struct guardd_bpf *layer, int fd, uint64_t *ret_id) GUARD_WARN_UNUSED;

/* scripts.c, any thread.  Files that are data, and what is none to an interpreter. */
/* The file behind `fd` is data in the round that is now.  Errors: GUARD_E_DENIED: not in this
 * round. */
int guardd_bpf_data_set(const struct guardd_bpf *layer, int fd) GUARD_WARN_UNUSED;
uint32_t guardd_bpf_data_flags(const struct guardd_bpf *layer, int fd); /* in this round, GUARD_BPF_DATA_ */
/* It is none; `for_good`: in this round it is not to be again. */
void guardd_bpf_data_clear(const struct guardd_bpf *layer, int fd, bool for_good);
/* Nothing is data any more.  One thread at a time. */
void guardd_bpf_data_end(const struct guardd_bpf *layer);
/* What the program behind `fd` opens may be its script, as long as the inode is in memory. */
int guardd_bpf_interpreter_set(const struct guardd_bpf *layer, int fd) GUARD_WARN_UNUSED;
/* Where the link behind `fd` leads to. */
int guardd_bpf_link_set(const struct guardd_bpf *layer, int fd, const char *target) GUARD_WARN_UNUSED;
/* Hash of the last name of a path; of a suffix as a whole. */
uint64_t guardd_bpf_name_hash(const char *path);
uint32_t guardd_bpf_interpreter_hash(const char *name); /* never 0 */
/* Of an interpreter's scripts.  Errors: GUARD_E_LIMIT: too long, or the table is full. */
int guardd_bpf_suffix_put(const struct guardd_bpf *layer, uint32_t interpreter, const char *suffix) GUARD_WARN_UNUSED;

/* `device` as stat(2) gives it. */
int guardd_bpf_device_put(const struct guardd_bpf *layer, uint64_t device, uint32_t flags) GUARD_WARN_UNUSED;
uint32_t guardd_bpf_device_flags(const struct guardd_bpf *layer, uint64_t device); /* 0: not there */
void guardd_bpf_device_remove(const struct guardd_bpf *layer, uint64_t device);
/* The block devices on which what is covered lies: these and no others. */
int guardd_bpf_devices_beneath(const struct guardd_bpf *layer, const uint64_t *devices, uint32_t count) GUARD_WARN_UNUSED;

/* ---- gate: ring.c --------------------------------------------------------------------- */

typedef void guardd_bpf_take(void *context, const struct guard_bpf_event *event);
/* Map the ring; once in a process, before its jail.  Every gate goes on reading
 * where the one before it stopped.  Without a layer: nothing to do. */
int guardd_bpf_ring_open(const struct guardd_bpf *layer) GUARD_WARN_UNUSED;
/* To poll for POLLIN; -1 none. */
int guardd_bpf_ring_fd(void);
/* How many records found no room since this was last asked; written down in the kernel, so
 * that each is told of once, by whichever gate. */
uint64_t guardd_bpf_ring_lost(const struct guardd_bpf *layer);
/* Hand over what is there.  One thread at a time; `take` must not wait. */
void guardd_bpf_ring_read(guardd_bpf_take *take, void *context);

#endif
