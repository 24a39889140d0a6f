/* SPDX-License-Identifier: MIT
 *
 * gate/gate.h - the room's internal face: what its files know of each other.
 * The room's public face is guardd_gate_main() in guardd.h.
 *
 * Threads: one reader (never blocks), quick and slow workers (may block in
 * /proc, on a disk, on a hostile filesystem), one watch (deadlines), one for
 * mounts, one for sweeps, and the command loop.  Every fd that the gate opens
 * for itself is opened with GATE_OPEN or O_PATH, so that the next gate knows
 * what a killed one left behind in the shared fd table.
 */
#ifndef GUARDD_GATE_H
#define GUARDD_GATE_H

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/layer.h"
#include "gate/crowd.h"
#include "gate/events.h"
#include "gate/file.h"
#include "gate/identities.h"
#include "gate/in_use.h"
#include "gate/layer.h"
#include "gate/policies.h"
#include "gate/subject.h"
#include "gate/threads.h"
#include "guardd.h"

#define GATE_OPEN (O_RDONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC) /* odd on purpose: see adopt.c */
#define GATE_EVENT_FLAGS (O_RDONLY | O_NONBLOCK | O_NOATIME)     /* what event fds show in F_GETFL */
#define GATE_QUICK_MAX 64u        /* workers, when some are stuck */
#define GATE_SLOW_MAX 32u
#define GATE_LARGE_FILE (8u << 20) /* bytes; from here on a slow worker's */
#define GATE_STUCK_NS 100000000ll /* a task that waited so long gets a new worker */
#define GATE_FRESH_NS 2000000000ll /* younger changes are never cached */
#define GATE_PERM_MASK (FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM)

struct gate;
struct gate_beneath;
struct gate_cached;
struct gate_catalogs;
struct gate_interpreters;
struct gate_program;

struct gate_filesystem {
	uint64_t device;
	uint8_t medium;   /* enum guard_medium */
	bool cacheable;   /* its ctime and leases can be relied on */
	bool slow;        /* a server may keep us waiting */
	bool marked;
	uint8_t server;   /* enum gate_server */
};
/* Whose process says what the files hold (FUSE); it can say another thing each time. */
enum gate_server { GATE_SERVER_NONE, GATE_SERVER_ROOT, GATE_SERVER_USER };

int64_t gate_now_ns(void);      /* CLOCK_MONOTONIC */
int64_t gate_realtime_ns(void); /* CLOCK_REALTIME */
int64_t gate_boottime_s(void);	/* CLOCK_BOOTTIME */

/* ---- watch.c: deadlines ------------------------------------------------------------------------------------ */

struct gate_watch {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool busy;
};
int gate_watch_start(struct gate *gate) GUARD_WARN_UNUSED;
void gate_watch_wake(struct gate *gate); /* there is something to watch */

/* ---- mounts.c ------------------------------------------------------------------------------------------------ */

struct gate_mounts;
int gate_mounts_new(struct gate_mounts **ret_mounts) GUARD_WARN_UNUSED;
/* Mark what is mounted now, then follow. */
int gate_mounts_start(struct gate *gate, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;
bool gate_filesystem_find(struct gate *gate, struct gate_filesystem *ret_filesystem, uint64_t device);
/* A server that does not answer holds up a reader: let go of what it serves. */
void gate_mounts_force(struct gate *gate);
/* Also learns those whose files show other devices than their mount. */
void gate_filesystem_of(struct gate *gate, struct gate_filesystem *ret_filesystem, uint64_t device, int fd);
/* false: whoever serves it may show other content when it is used than was identified. */
bool gate_filesystem_is_believed(const struct gate *gate, const struct gate_filesystem *filesystem);

/* ---- sweep.c ------------------------------------------------------------------------------------------------- */

struct gate_sweeper;
int gate_sweeper_new(struct gate_sweeper **ret_sweeper) GUARD_WARN_UNUSED;
int gate_sweeper_start(struct gate *gate) GUARD_WARN_UNUSED;
void gate_sweep_request(struct gate *gate, uint64_t device); /* 0: all marked ones */

/* ---- notes.c --------------------------------------------------------------------------------------------------- */

struct gate_notes;
int gate_notes_new(struct gate_notes **ret_notes) GUARD_WARN_UNUSED;
/* What is said of one decision. */
void gate_note_verdict(struct gate *gate, const struct gate_event *event, const struct guard_verdict *verdict,
		       const struct gate_identity *identity, const char *rule_text, uint64_t policy_version,
		       bool denied);
/* The same, found running. */
void gate_note_swept(struct gate *gate, const struct gate_event *event, const struct guard_verdict *verdict,
		     const struct gate_identity *identity, const char *rule_text, uint64_t policy_version);
void gate_note_event(struct gate *gate, struct guard_event *event);
void gate_note_daemon(struct gate *gate, enum guard_daemon_event what, uint64_t count, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Send what was folded; true while something is held back. */
bool gate_notes_flush(struct gate *gate, int64_t now_ns);
void gate_rule_text(char *ret_text, size_t capacity, const struct guard_policy *policy, uint32_t rule);

/* ---- reader.c, adopt.c -------------------------------------------------------------------------------------------- */

enum gate_reading { GATE_READING, GATE_STOPPING, GATE_STOPPED };
struct gate_reader {
	pthread_t thread;
	uint32_t group;
	_Atomic uint32_t reading; /* enum gate_reading */
	_Atomic int64_t since_ns; /* in read(2) since then, 0 not; the slow one's alone */
};
int gate_readers_start(struct gate *gate) GUARD_WARN_UNUSED;
/* Let a slow reader go whose server has not answered by the deadline; true while
 * it reads. */
bool gate_readers_check(struct gate *gate, int64_t now_ns);
void gate_readers_stop(struct gate *gate);   /* returns when they read no more */
void gate_readers_resume(struct gate *gate);
/* One entry of a read buffer, `offset` in bytes. */
void gate_reader_take(struct gate *gate, uint32_t group, size_t offset);
void gate_adopt(struct gate *gate);
void gate_adopt_close_strays(struct gate *gate);

/* ---- main.c -------------------------------------------------------------------------------------------------------- */

struct gate {
	const struct guardd_gate_arguments *arguments;
	const struct guardd_config *config;
	struct guardd_shared *shared;
	int fanotify[GUARDD_GROUPS];
	int64_t deadline_ns;
	struct gate_loaders loaders;
	struct gate_file root; /* the gate's root directory */
	int32_t pid;           /* this process: asked for with each event, too often for a system call */
	_Atomic int record;
	_Atomic uint32_t learning; /* bytes that wait for gate_learn_run() */
	struct gate_reader readers[GUARDD_GROUPS];
	struct gate_threads threads;
	struct gate_policies policies;
	struct gate_events events;
	struct gate_jobs jobs;
	struct gate_crowd crowd;
	struct gate_watch watch;
	struct gate_cache *cache;
	struct gate_vouchers *vouchers;
	struct gate_details *details;
	pthread_mutex_t marks; /* what is set beside each other is taken back together */
	struct gate_programs *programs;
	struct guardd_in_use *in_use;
	struct gate_tickets *tickets;
	struct gate_mounts *mounts;
	struct gate_sweeper *sweeper;
	struct gate_notes *notes;
	struct gate_unlocks *unlocks; /* unlocks.h */
	const struct guardd_bpf *layer;
	_Atomic bool layer_enforces;
};
void gate_problem(struct gate *gate, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
