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

#include <guard/identity.h>
#include <guard/policy.h>
#include <guard/verdict.h>

#include "bpf/layer.h"
#include "guardd.h"
#include "gate/access.h"
#include "gate/file.h"
#include "gate/in_use.h"
#include "identity/attribution.h"
#include "identity/claim.h"

#define GATE_OPEN (O_RDONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC) /* odd on purpose: see adopt.c */
#define GATE_EVENT_FLAGS (O_RDONLY | O_NONBLOCK | O_NOATIME)     /* what event fds show in F_GETFL */
#define GATE_THREADS_MAX 160u
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
};

int64_t gate_now_ns(void);      /* CLOCK_MONOTONIC */
int64_t gate_realtime_ns(void); /* CLOCK_REALTIME */
int64_t gate_boottime_s(void);	/* CLOCK_BOOTTIME */

/* ---- threads.c: who is ours ------------------------------------------------ */

struct gate_threads {
	_Atomic int32_t tids[GATE_THREADS_MAX];
};
/* Start a detached thread known to gate_thread_is_own().  Errors: GUARD_E_LIMIT,
 * GUARD_E_NOMEM. */
int gate_thread_start(struct gate *gate, void (*run)(struct gate *gate, void *context), void *context) GUARD_WARN_UNUSED;
int gate_thread_enlist(struct gate *gate) GUARD_WARN_UNUSED; /* the calling thread */
unsigned gate_thread_index(void);             /* of the calling thread */
bool gate_thread_is_own(const struct gate *gate, int32_t tid);
/* Is this process one of the daemon's helpers? */
bool gate_process_is_own(const struct gate *gate, int32_t pid);

/* ---- policies.c: the policy in force ------------------------------------------ */

struct gate_policy {
	struct guard_policy *policy;
	struct guard_policy_info info;
	struct gate_keys *keys; /* signers.h */
	struct gate_catalogs *catalogs;
	struct guard_attribution *attributions; /* who signed which package's files; NULL none */
	int64_t loaded_s; /* CLOCK_BOOTTIME */
	uint64_t generation;
	uint32_t layer_generation; /* the same for the kernel layer, 0 without one */
	bool layer_filled;         /* its contents are there under that generation */
	struct gate_interpreters *interpreters; /* by content, where the policy says none */
	bool judges_words;         /* of some interpreter the command line is looked at */
	uint32_t contains;         /* containments (contain.h) */
	uint32_t contain_round;    /* of what the kernel layer is told of programs */
	uint32_t contain_slots[GUARD_BPF_CONTAINMENTS_MAX]; /* in the kernel layer, by containment */
	struct guard_digest layer_contents;
};
struct gate_policies {
	_Atomic(struct gate_policy *) current;
	_Atomic(struct gate_policy *) hazards[GATE_THREADS_MAX];
	pthread_mutex_t swap;
};
/* What time it is to the policy, Unix seconds: the clock, but never before the moment
 * at which headquarters' set was made and what has passed since it was loaded.  A
 * clock that is put back brings no exception back that has ended. */
int64_t gate_policy_now(const struct gate_policy *policy);
/* Between hold and release nothing may block; holds do not nest. */
const struct gate_policy *gate_policy_hold(struct gate *gate);
void gate_policy_release(struct gate *gate);
uint64_t gate_policy_generation(struct gate *gate);
/* Put the image in `fd` in force, or keep the old one.  Returns when no thread
 * decides by the old one any more and no answer of it is left in a cache.
 * `is_new`: not when it would lock the machine out (preflight.c). */
int gate_policy_load(struct gate *gate, int fd, bool is_new, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* preflight.c: can the machine go on under `policy`?  For one with rules by signer;
 * the others the loader has looked at.  Hashes files: never while a policy is held. */
int gate_preflight(struct gate *gate, const struct gate_policy *policy, char *ret_problem,
		   size_t problem_size) GUARD_WARN_UNUSED;
/* The same of the policy in force, when the daemon has just been started. */
int gate_preflight_first(struct gate *gate, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;

/* Put `next` in force; returns when nothing leans on the one before, which is the
 * caller's then.  Under policies.swap. */
void gate_policy_replace(struct gate *gate, struct gate_policy *next);
/* attributions.c: the same for the table in `fd`.  `ret_text`: what is in it, or
 * what is wrong. */
int gate_attributions_load(struct gate *gate, int fd, char *ret_text, size_t size) GUARD_WARN_UNUSED;
/* For `guardctl status`: what the table holds, where the policy asks for packages. */
void gate_attributions_tell(struct gate *gate, const struct gate_policy *policy);

/* ---- events.c: slots, answers ------------------------------------------------------ */

enum gate_task_type { GATE_TASK_EVENT, GATE_TASK_JOB, GATE_TASK_LEARN };
struct gate_task {
	struct gate_task *next;
	int64_t queued_ns;
	uint8_t type;
};

enum gate_lease { GATE_LEASE_UNASKED, GATE_LEASE_HELD, GATE_LEASE_REFUSED, GATE_LEASE_NONE };

/* One blocked caller.  Lives in an array beside the shared slots; belongs to
 * one worker at a time, but for `answered`, which the watch may set as well. */
struct gate_event {
	struct gate_task task;
	struct gate_event *older, *newer; /* all pending ones, by arrival */
	struct gate_event *next_waiter;   /* of the same job */
	uint64_t mask;
	int64_t arrived_ns;
	int32_t fd, tid;
	uint32_t group;                   /* enum guardd_group */
	uint32_t index;                   /* of the slot */
	uint32_t sequence;                /* of the inode, from before the lease */
	uint8_t lease;                    /* enum gate_lease */
	_Atomic bool answered;
	uint8_t looks;                    /* at a caller that was not asleep yet */
	uint8_t rounds;                   /* begun anew because a writer came */
	bool patient;                     /* in the hands of a worker that may wait */
	bool begun;                       /* counted in its slot: this gate has it in hand */
	struct gate_file file;
	struct gate_facts *facts;
};
struct gate_events {
	pthread_mutex_t lock;
	struct gate_event *oldest, *newest;
	uint32_t *free_list;
	uint32_t free_count;
	struct gate_event *all;
};
int gate_events_init(struct gate *gate) GUARD_WARN_UNUSED;
/* Take a slot; NULL when none is left.  From here on a killed gate's successor
 * finds the event. */
struct gate_event *gate_event_begin(struct gate *gate, uint32_t group, int32_t fd, uint64_t mask, int32_t tid,
				    const struct gate_file *file);
struct gate_event *gate_event_adopt(struct gate *gate, uint32_t index);
/* Answer the caller, once; later answers are dropped. */
void gate_event_answer(struct gate *gate, struct gate_event *event, bool allow);
/* It was answered, and counted, before it had a slot. */
void gate_event_answered(struct gate *gate, struct gate_event *event);
/* The owner is through with it: close the fd, free the slot. */
void gate_event_end(struct gate *gate, struct gate_event *event);
/* Write one response by number.  For events without a slot. */
void gate_respond(struct gate *gate, uint32_t group, int32_t fd, bool allow);
bool gate_events_pending(struct gate *gate);

/* ---- jobs.c: queues and workers ------------------------------------------------------ */

struct gate_queue {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct gate_task *head, *tail;
	_Atomic unsigned depth; /* changes under the lock */
	unsigned threads, idle, base, most;
};
struct gate_job;
struct gate_jobs {
	struct gate_queue quick, slow, learn;
	pthread_mutex_t lock; /* of the table */
	struct gate_job *table[4096];
};
/* init: before the watch starts and before anything is adopted; start: the workers. */
void gate_jobs_init(struct gate *gate);
int gate_jobs_start(struct gate *gate) GUARD_WARN_UNUSED;
void gate_queue_push(struct gate *gate, struct gate_queue *queue, struct gate_task *task);
/* Add a worker where the oldest task waits too long.  true while one is queued. */
bool gate_queues_check(struct gate *gate);
/* Have the event's file identified, then gate_conclude() the event; several
 * events of one file share the work.  The event belongs to the job. */
void gate_identify_for(struct gate *gate, struct gate_event *event);

/* ---- quick.c: answers of the reader's own ------------------------------------------------ */

/* A permission event before it has a slot. */
struct gate_sight {
	const struct gate_file *file;
	uint64_t mask;
	int32_t fd, tid;
	uint32_t group;
	/* what was found: */
	uint32_t sequence; /* of the inode, from before the lease */
	bool leased;
	bool again;        /* `format` was known already */
	uint8_t format;
};
/* May it be allowed at once?  Never blocks; false: a worker has to look. */
bool gate_quick_passes(struct gate *gate, struct gate_sight *sight);

/* ---- learn.c: listed data of root's ------------------------------------------------------ */

/* Allow the event as data; have its file identified for the kernel's sake. */
void gate_learn(struct gate *gate, struct gate_event *event, uint8_t format);
/* The same for what the reader has answered already; false: `sight->fd` is still
 * the caller's to close. */
bool gate_learn_seen(struct gate *gate, const struct gate_sight *sight);

/* ---- identify.c: content -> identity ---------------------------------------------------- */

struct gate_identity {
	struct guard_identity identity; /* digest, size; kind is set per access */
	int error;                      /* 0 or -GUARD_E_: then there is no digest */
	bool writer;                    /* somebody may write to it now */
	bool cold;                      /* hashed just now */
	uint64_t signatures;            /* of their SHA-256 the beginning; 0 without any: another signature
	                                 * of the same content is asked for anew */
	uint8_t carried;                /* mask of 1 << enum guard_provider: signatures that the file carries, */
	uint8_t looked_for;             /* among these */
	uint64_t generation;            /* of the policy by whose keys the signers were verified */
	int64_t signers_until;          /* Unix seconds: a certificate among them ends; INT64_MAX: none does */
	char reason[GUARD_REASON_MAX];  /* why a signature did not count; "" */
};
/* Ask for a read lease on the event's fd; remembers the answer. */
enum gate_lease gate_lease_take(struct gate *gate, struct gate_event *event);
bool gate_lease_intact(const struct gate_event *event);
/* Hash; `until_ns` (monotonic) may move while it runs. */
void gate_identify(struct gate *gate, struct gate_identity *ret_identity, struct gate_event *event,
		   const _Atomic int64_t *until_ns);
/* An identity that is known already and holds at this moment. */
bool gate_identity_known(struct gate *gate, struct gate_identity *ret_identity, const struct gate_event *event);

/* ---- signers.c: who vouches for a content ------------------------------------------------ */

struct gate_keys;
struct gate_vouchers;
/* Fill in the signers of a file that was just hashed.  Asks inspectors: may wait
 * for seconds. */
void gate_signers_find(struct gate *gate, struct gate_identity *identity, int fd);
/* The same from memory; false: they must be found.  Never blocks. */
bool gate_signers_known(struct gate *gate, struct gate_identity *identity, const struct gate_cached *cached);

/* ---- cache.c: identities that the gate remembers -------------------------------------------- */

struct gate_cached {
	uint8_t format; /* enum guard_format */
	bool has_digest;
	uint8_t carried, looked_for; /* as in struct gate_identity */
	uint64_t signatures;
	struct guard_digest digest;
	uint64_t useless; /* policy generation under which no ignore mark was possible, 0 none */
};
struct gate_cache;
int gate_cache_new(struct gate_cache **ret_cache, uint32_t sets) GUARD_WARN_UNUSED;
void gate_cache_free(struct gate_cache *cache);
bool gate_cache_get(struct gate_cache *cache, struct gate_cached *ret_cached, const struct gate_key *key);
/* Raised whenever somebody opened a file of this set for writing. */
uint32_t gate_cache_sequence(struct gate_cache *cache, const struct gate_key *key);
/* Kept only when no writer came since `sequence` was taken, and when the last
 * change is older than GATE_FRESH_NS before `realtime_ns`. */
bool gate_cache_put(struct gate_cache *cache, const struct gate_key *key, const struct gate_cached *cached,
		    uint32_t sequence, int64_t realtime_ns);
void gate_cache_drop(struct gate_cache *cache, const struct gate_key *key);
void gate_cache_drop_device(struct gate_cache *cache, uint64_t device);

/* ---- kernel_cache.c: ignore marks -------------------------------------------------------------- */

/* Tell the kernel not to ask again where that is safe.  Called before the
 * answer, under the lease, with no policy held.  false: the policy in force
 * wants to be asked about opens of this content. */
bool gate_kernel_cache(struct gate *gate, struct gate_event *event, const struct gate_identity *identity,
		       uint8_t format);
/* A writer came: forget the inode in both caches. */
void gate_forget(struct gate *gate, int fd, const struct gate_key *key);
void gate_kernel_cache_flush(struct gate *gate);

/* ---- changes.c: owners and permissions that change ------------------------------------------------ */

int gate_changes_start(struct gate *gate) GUARD_WARN_UNUSED;

/* Would this content be allowed as `kind`, whoever asks and whenever? */
bool gate_always_allowed(const struct gate_policy *policy, const struct guard_object *found, enum guard_kind kind);

/* ---- layer.c: what the gate tells the kernel layer (docs/kernel-layer.md) ------------------------- */

/* All of these do nothing where the layer is off. */
/* What anybody may use this inode as, before the answer, under the lease. */
void gate_layer_remember(struct gate *gate, const struct gate_event *event, const struct gate_identity *identity);
/* Whom the event is allowed for, when that is not everybody. */
void gate_layer_grant(struct gate *gate, const struct gate_event *event, uint32_t kinds);
/* Does the kernel itself refuse to map this file as code without a verdict?  Then
 * who only reads it need not be refused. */
bool gate_layer_holds(struct gate *gate, const struct gate_event *event);
void gate_layer_filesystem(struct gate *gate, const struct gate_filesystem *filesystem);
void gate_layer_filesystem_gone(struct gate *gate, uint64_t device);
/* The disks that root is kept from. */
void gate_layer_beneath(struct gate *gate, const struct gate_beneath *beneath);
/* What anybody may use a file as; the object leans on no name that could change. */
uint32_t gate_layer_kinds(const struct gate_policy *policy, const struct guard_object *object);

/* reading.c: the event's library is only read, and the kernel sees to it that it stays so. */
bool gate_only_reads(struct gate *gate, const struct gate_event *event);

/* layer_policy.c: whole policies.  Who changes the policy calls these. */
/* Give a policy that comes into force soon its generation: that of a gate before
 * when its contents are there already. */
void gate_layer_choose(struct gate *gate, struct gate_policy *policy);
/* Put its contents in, unless they are there.  Takes its time. */
void gate_layer_fill(struct gate *gate, struct gate_policy *policy);
/* It is in force in the gate: now in the kernel. */
void gate_layer_begin(struct gate *gate);
/* The first policy's contents; then, from now on the kernel refuses. */
void gate_layer_ready(struct gate *gate);
void gate_layer_enforce(struct gate *gate);

/* layer_events.c: a thread that records what the kernel refused. */
int gate_layer_listen(struct gate *gate) GUARD_WARN_UNUSED;

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

/* ---- triage.c, conclude.c: one event --------------------------------------------------------------------- */

struct gate_facts {
	struct gate_subject subject;
	struct gate_program *program;
	struct gate_path path;
	uint8_t kind, format;
	bool exec, no_subject;
	bool call_unknown; /* an open, or the open beneath an exec: not looked at */
	char said[256];    /* what is to be recorded besides, "" nothing */
};
void gate_facts_free(struct gate_event *event);
void gate_triage(struct gate *gate, struct gate_event *event);
/* Forget what was found out about the event and queue it; false: too often. */
bool gate_triage_again(struct gate *gate, struct gate_event *event);
/* The file could not be identified or is identified: decide, answer, record. */
void gate_conclude(struct gate *gate, struct gate_event *event, const struct gate_identity *identity);
/* Deny for a reason of the gate's own, as mode and configuration say. */
void gate_refuse(struct gate *gate, struct gate_event *event, enum guard_reason reason);
/* Allow, nothing recorded. */
void gate_pass(struct gate *gate, struct gate_event *event);
/* Answer without a slot: overload.  In the reader. */
void gate_refuse_unslotted(struct gate *gate, uint32_t group, int32_t fd, int32_t tid, enum guard_reason reason);

/* tickets.c: an exec raises two events; the second is the same decision. */
struct gate_tickets;
int gate_tickets_new(struct gate_tickets **ret_tickets) GUARD_WARN_UNUSED;
void gate_ticket_give(struct gate *gate, const struct gate_event *event);
bool gate_ticket_take(struct gate *gate, const struct gate_event *event);

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
	struct gate_watch watch;
	struct gate_cache *cache;
	struct gate_vouchers *vouchers;
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
