/* SPDX-License-Identifier: MIT
 *
 * keeper/internal.h - what the keeper's files share.
 *
 * struct keeper lies in memory that the keeper shares with its understudy, and
 * all fds in it are numbers in the one fd table of keeper, understudy and gate:
 * whatever moment the keeper dies at, the understudy goes on from here.
 */
#ifndef GUARDD_KEEPER_INTERNAL_H
#define GUARDD_KEEPER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/layer.h"
#include "guardd.h"
#include "settings.h"
#include "keeper/back.h"
#include "keeper/keeper.h"
#include "keeper/loader.h"
#include "keeper/takeover.h"

#define KEEPER_READY_MS 60000	   /* for a gate to say READY */
#define KEEPER_LOAD_MS 60000	   /* for a policy to be read and checked */
#define KEEPER_PACKAGE_MS 1800000 /* for one request to attribute packages */
#define KEEPER_APPLY_MS 60000	   /* for the gate to take it over */
#define KEEPER_DRAIN_MS 5000	   /* for a gate to answer the rest when we stop */
#define KEEPER_HELPER_STOP_MS 3000 /* for record and control to end */

struct keeper_process {
	int32_t pid;	 /* 0: not running */
	int32_t pidfd;	 /* -1: not running */
	_Atomic uint32_t *told; /* where the gate reads that number is ours; NULL nowhere */
	uint32_t deaths; /* in the minute that began at `minute_ms` */
	int64_t minute_ms;
	int64_t due_ms; /* when to start it again, 0: not due */
};

enum keeper_phase { KEEPER_STARTING, KEEPER_RUNNING, KEEPER_STOPPING };

/* A reload: idle -> the loader reads -> the gate applies -> the loader
 * remembers -> idle. */
enum keeper_load { KEEPER_LOAD_IDLE, KEEPER_LOAD_READING, KEEPER_LOAD_APPLYING, KEEPER_LOAD_REMEMBERING,
		   KEEPER_LOAD_PROVING /* the policy in force becomes the last good one */ };

/* The policy in force has not proven itself here yet (docs/last-good.md). */
struct keeper_trial {
	bool on, boot;	 /* boot: it is tried whether the machine comes up with it */
	uint32_t judged; /* refusals that were looked at */
	int64_t end_ms;	 /* boot clock */
};

struct keeper_policy {
	uint64_t version;
	uint8_t mode;
	uint32_t passed_over; /* rules of exceptions beyond the limits */
	char id[128];
};

/* fds that stand for event numbers of another daemon's gate. */
struct keeper_reserved {
	uint32_t number_count, held_count;
	int32_t numbers[GUARDD_INFLIGHT_MAX]; /* the first `held_count` are occupied by us */
};

struct keeper {
	struct guardd_config *config;
	struct guardd_keeper_options options;
	char program[GUARDD_PATH_MAX]; /* this program's file */

	enum keeper_phase phase;
	struct guardd_shared *shared;
	struct guardd_handles handles;
	struct guardd_bpf layer;
	struct keeper_process gate, record, control, unlock, inspect, understudy, loader, package, writer;
	struct keeper_process sync, trust; /* of a managed machine */
	bool gate_ready;
	bool gate_refused; /* it did not start: the policy would lock the machine out */
	bool gate_killed; /* the last one ended by SIGKILL */
	bool unlock_renewed; /* it was told to end, to be started again */
	uint64_t gate_generation; /* raised with every gate that is started */

	int32_t shared_memory;			/* memfd of `shared` */
	int32_t state_dir, ledger_dir, unlock_dir, run_dir; /* directories */
	int32_t null;				/* /dev/null */
	int32_t changes;			/* fanotify group of changed owners and permissions */
	int32_t command[2];			/* keeper's, gate's */
	int32_t requests[2];			/* control's, record's */
	int32_t unlock_requests[2];		/* control's, unlock's */
	int32_t unlock_records[2];		/* unlock's, record's */
	int32_t unlock_grants[2];		/* unlock's, gate's */
	int32_t inspections[2];			/* gate's, inspect's */
	int32_t control_socket[2];		/* keeper's, control's */
	int32_t signals;			/* signalfd of the active keeper */

	enum keeper_load load;
	int64_t load_deadline_ms;
	bool load_again; /* another was asked for meanwhile */
	uint32_t load_answers,
	    load_answers_next; /* RESULTs that control waits for: of this load, of the next */
	int32_t loader_socket, loaded_image;
	int32_t set;			/* that trust handed over and the loader reads, -1 none */
	bool set_unanswered;		/* trust waits for its RESULT */
	int32_t trust_dir, trust_socket; /* STATE_DIR/trust; keeper's end */
	struct guard_distribution distribution; /* as trust said last */
	struct keeper_policy loaded, policy; /* on trial, in force */
	struct keeper_standing standing; /* of `policy`; `loaded_standing` of that on trial */
	struct keeper_standing loaded_standing;
	struct keeper_trial trial;
	bool going_back;     /* the loader makes, the gate takes over, what to go back to */
	char back_text[500]; /* the machine went back: for status, "" not */
	char back_why[300];
	char problem[500], gate_problem[500];

	int32_t attributions;	   /* the table that the gate has in force, -1 none */
	int32_t attributions_next; /* on trial */
	int32_t package_socket;	   /* of guard-package */
	int64_t package_deadline_ms;

	int32_t takeover; /* connection to the gate before ours, -1 none */
	int32_t old_keeper_pid;
	int32_t old_keeper, old_understudy, old_gate; /* pidfds of the daemon before us */
	bool flush_due, flush_sent; /* the gate is to forget what it let the kernel remember */
	struct keeper_reserved reserved;
	int64_t pulse_due_ms;
	uint64_t pulse_events;		      /* that the gate had read at the last look */
	uint32_t pulse_missed;		      /* looks in a row with events waiting and none read */
	int64_t watchdog_ms, watchdog_due_ms; /* 0 none */
};

/* say.c: one line on standard error, and the same as a record in the ledger. */
void keeper_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void keeper_note(struct keeper *keeper, enum guard_daemon_event what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int64_t keeper_now_ms(void);
void keeper_tell(const struct keeper *keeper, const char *state); /* sd_notify(3) */
void keeper_tell_status(const struct keeper *keeper);

/* directories.c */
int keeper_directories_open(struct keeper *keeper, char *ret_problem, size_t size) GUARD_WARN_UNUSED;
/* 0 locked, -GUARD_E_BUSY another daemon lives. */
int keeper_lock(struct keeper *keeper, char *ret_problem, size_t size) GUARD_WARN_UNUSED;

/* kernel.c */
void keeper_raise_file_limit(void);
int keeper_group_create(int32_t *ret_group, char *ret_problem, size_t size) GUARD_WARN_UNUSED;
/* Each daemon makes its own: a new gate begins with nothing remembered. */
int keeper_changes_create(int32_t *ret_group, char *ret_problem, size_t size) GUARD_WARN_UNUSED;
int keeper_shared_create(struct keeper *keeper, char *ret_problem, size_t size) GUARD_WARN_UNUSED;

/* sockets.c */
int keeper_pair(int32_t ret_pair[2], int buffer) GUARD_WARN_UNUSED;
int keeper_listen(int32_t *ret_listener, const struct keeper *keeper, const char *name, mode_t mode,
		  char *ret_problem, size_t size) GUARD_WARN_UNUSED;
int keeper_command_send(int socket, const struct guardd_command *command, int passed_fd) GUARD_WARN_UNUSED;
/* 1 a command, 0 none there, negative: broken. */
int keeper_command_receive(struct guardd_command *ret_command, int32_t *ret_fd, int socket) GUARD_WARN_UNUSED;
void keeper_close(int32_t *fd);

/* spawn.c: start one process; 0 or -GUARD_E_IO. */
/* clone(2) with `flags`; as fork(2). */
pid_t keeper_clone(struct keeper_process *process, unsigned long flags);
int keeper_spawn_gate(struct keeper *keeper, enum guardd_restarted restarted) GUARD_WARN_UNUSED;
int keeper_spawn_record(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_spawn_control(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_spawn_unlock(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_spawn_inspect(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_spawn_understudy(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_spawn_loader(struct keeper *keeper, bool fall_back) GUARD_WARN_UNUSED; /* reads keeper->set, if there is one */
int keeper_spawn_loader_for(struct keeper *keeper, enum keeper_loader_task task) GUARD_WARN_UNUSED;
int keeper_spawn_sync(struct keeper *keeper, int socket) GUARD_WARN_UNUSED;
int keeper_spawn_trust(struct keeper *keeper, int socket, int sync) GUARD_WARN_UNUSED;

/* child.c: what a child does before it takes up its role. */
void keeper_child_begin(const char *name);
#define KEEPER_KEEP_MAX 8u
void keeper_child_keep_only(int null, const int *fds, size_t count);
void keeper_child_die_with_parent(pid_t parent);

/* supervise.c */
/* Wait until it has ended, at most so long; true when it has. */
bool keeper_process_wait(struct keeper_process *process, int64_t timeout_ms);
void keeper_process_signal(const struct keeper_process *process, int signal);
void keeper_process_end(struct keeper_process *process, int signal, int64_t timeout_ms);
void keeper_supervise(struct keeper *keeper);		   /* bury the dead, start what is due */
void keeper_unlock_renew(struct keeper *keeper);	/* let unlock read its verifiers again */
int64_t keeper_supervise_due(const struct keeper *keeper); /* ms until then, -1 never */
/* How the process ended, as text; also reaps it.  Returns the signal that ended
 * it, 0 for none or when that is not known. */
int keeper_process_bury(struct keeper_process *process, char *ret_how, size_t size);

/* pulse.c: to be called when pulse_due_ms has come. */
void keeper_pulse(struct keeper *keeper);

/* protect.c: a signal that would end or replace the daemon; true: it is not taken,
 * and that is recorded. */
struct signalfd_siginfo;
bool keeper_refuses(struct keeper *keeper, const struct signalfd_siginfo *signal);

/* strays.c: close what a dead gate left open, but the events it did not answer. */
void keeper_strays_close(const struct keeper *keeper);

/* policy.c */
/* `answers`: RESULTs that control waits for, 0 or 1. */
void keeper_policy_reload(struct keeper *keeper, uint32_t answers);
void keeper_policy_resume(struct keeper *keeper); /* a load that a dead keeper had begun: once more */
int keeper_policy_first(struct keeper *keeper, char *ret_problem, size_t size) GUARD_WARN_UNUSED;
/* The gate refused what keeper_policy_first read: what this machine came up with last is in
 * handles.policy.  Negative: there is none, or it would not help. */
int keeper_policy_back_first(struct keeper *keeper) GUARD_WARN_UNUSED;
void keeper_policy_confirm_first(struct keeper *keeper);
void keeper_policy_loader_readable(struct keeper *keeper);
void keeper_policy_gate_result(struct keeper *keeper, const struct guardd_command *result);
void keeper_policy_flush(struct keeper *keeper); /* make the gate take the policy in force again */
void keeper_policy_failed(struct keeper *keeper, int error, const char *sentence);

/* trial.c: a policy on trial: when it came into force; now and then; what came of it. */
bool keeper_trial_is_boot(const struct keeper *keeper);
/* May a machine that is starting go back from the policy that it was to start with? */
bool keeper_trial_may_start_back(const struct keeper *keeper);
void keeper_trial_begin(struct keeper *keeper, bool boot);
void keeper_trial_look(struct keeper *keeper);
int64_t keeper_trial_due(const struct keeper *keeper); /* ms until the next look, -1 never */
void keeper_trial_proven(struct keeper *keeper, int error, const char *text);
void keeper_trial_went_back(struct keeper *keeper);

/* `set` becomes the keeper's; 0 or -GUARD_E_BUSY. */
int keeper_policy_take(struct keeper *keeper, int set) GUARD_WARN_UNUSED;
/* At the start: read the file, or keeper->set, and have it in handles.policy. */
int keeper_policy_read_first(struct keeper *keeper, bool fall_back, char *ret_problem, size_t size) GUARD_WARN_UNUSED;

/* release.c: headquarters lets the machine go; the program is started anew. */
void keeper_release(struct keeper *keeper, const char *sentence);

/* enrolment.c: STATE_DIR/enrolment/NAME is just this, or, without bytes, is not there. */
bool keeper_enrolment_has(int state_dir, const char *name, const void *bytes, size_t size);
int keeper_enrolment_put(int state_dir, const char *name, const void *bytes, size_t size) GUARD_WARN_UNUSED;
/* A verifier set for this machine; true as with keeper_settings_take.  The caller closes it. */
bool keeper_verifiers_take(struct keeper *keeper, int set);
/* settings.c: what headquarters signed of them; true when the program was to be started
 * anew with them, which then failed. */
bool keeper_settings_take(struct keeper *keeper, const struct guardd_settings *settings);

/* managed.c: a machine whose policy comes from a repository. */
int keeper_managed_start(struct keeper *keeper) GUARD_WARN_UNUSED;
void keeper_managed_end(struct keeper *keeper);
void keeper_managed_readable(struct keeper *keeper);
void keeper_managed_supervise(struct keeper *keeper);
void keeper_managed_answer(struct keeper *keeper, int error, const char *sentence); /* if trust waits */
void keeper_managed_check(struct keeper *keeper); /* ask the repository now */
void keeper_managed_tell(struct keeper *keeper);  /* control, what trust said last */
/* No policy was ever received: wait for the first. */
int keeper_managed_first(struct keeper *keeper, char *ret_problem, size_t size) GUARD_WARN_UNUSED;
/* package.c */
void keeper_package_first(struct keeper *keeper);
void keeper_package_begin(struct keeper *keeper, int32_t client); /* the client stays the caller's */
void keeper_package_readable(struct keeper *keeper);
void keeper_package_gate_result(struct keeper *keeper, const struct guardd_command *result);
void keeper_package_gate_died(struct keeper *keeper);
void keeper_package_supervise(struct keeper *keeper);
void keeper_attributions_write(struct keeper *keeper) __attribute__((noreturn));
/* spawn_package.c */
int keeper_spawn_package(struct keeper *keeper, int32_t client) GUARD_WARN_UNUSED;
int keeper_spawn_attributions_writer(struct keeper *keeper) GUARD_WARN_UNUSED;

/* understudy.c */
void keeper_understudy_main(struct keeper *keeper, pid_t active) __attribute__((noreturn));

/* loop.c: supervise until told to stop; the program's exit code. */
int keeper_loop(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_signals_open(struct keeper *keeper) GUARD_WARN_UNUSED;
void keeper_gate_message(struct keeper *keeper);
void keeper_problem_changed(struct keeper *keeper);

/* stop.c */
int keeper_stop(struct keeper *keeper);	    /* end everything */
void keeper_leave(struct keeper *keeper);   /* end all but the gate */
void keeper_upgrade(struct keeper *keeper); /* returns only when it failed */

/* succession.c: the new daemon's side of takeover.h. */
/* -GUARD_E_BUSY: nobody answers (yet). */
int keeper_succession_ask(struct keeper *keeper) GUARD_WARN_UNUSED;
int keeper_succession_switch(struct keeper *keeper) GUARD_WARN_UNUSED;
void keeper_succession_finish(struct keeper *keeper); /* the old gate has ended */

/* reserved.c: event numbers of the gate before ours. */
void keeper_reserved_hold(struct keeper *keeper);
void keeper_reserved_release(struct keeper *keeper); /* answers what is left with deny */
void keeper_reserved_deny_all(const struct keeper *keeper);

#endif
