/* SPDX-License-Identifier: MIT
 *
 * guardd/config.h - guardd.conf (libconfig), read once by the keeper before
 * any privilege is used on outside bytes.  The file must belong to root and
 * must not be writable by others.
 */
#ifndef GUARDD_CONFIG_H
#define GUARDD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

#define GUARDD_PATH_MAX 4096u
#define GUARDD_FILESYSTEMS_MAX 256u
#define GUARDD_RELEASED_FOLDER "enrolment.released" /* in STATE_DIR: an enrolment that has ended */
#define GUARDD_ENROLLED_FILE "guardd.conf"  /* in STATE_DIR/enrolment: the configuration as it was then */
#define GUARDD_VERIFIERS_FILE "verifiers"   /* there: the help desk's, by the signed channel */
#define GUARDD_PIN_SUFFIX ".managed"        /* beside guardd.conf: which STATE_DIR the enrolment is in */

#define GUARDD_EXEMPT_MAX 64u

enum guardd_memory { GUARDD_MEMORY_OFF, GUARDD_MEMORY_LOG, GUARDD_MEMORY_DENY };
enum guardd_backend { GUARDD_BACKEND_AUTO, GUARDD_BACKEND_FANOTIFY, GUARDD_BACKEND_BPF };

struct guardd_config {
	char state_dir[GUARDD_PATH_MAX];     /* default /var/lib/guard */
	char run_dir[GUARDD_PATH_MAX];       /* default /run/guard */
	char catalogs[GUARDD_PATH_MAX];      /* folder of signed lists, default /etc/guard/catalogs */
	char policy_file[GUARDD_PATH_MAX];   /* policy = { file = "IMAGE"; } */
	/* repository = { ... }, as guardctl enroll wrote it; docs/distribution.md */
	bool managed;                        /* enrolled: the policy comes from the repository */
	char repository_url[1024], repository_office[128], profile[65], repository_proxy[512];
	char repository_ca[GUARDD_PATH_MAX], repository_certificate[GUARDD_PATH_MAX], repository_key[GUARDD_PATH_MAX];
	uint32_t repository_interval_s;      /* default 60, 1..86400 */
	uint32_t repository_bandwidth_kib;   /* per second, 0 unlimited */
	bool released;                       /* no longer, and guardd.conf names no policy yet: what
					      * was in force stays in force */
	char overruled[512];                 /* "" or what of the file is refused on a managed machine */
	bool narrowed;                       /* something of it would have weakened the protection */
	enum guardd_backend backend;
	bool self_protection;                /* default false: guard the daemon against root (docs/kernel-layer.md) */
	uint32_t trial_seconds;              /* policy.trial_seconds, default 600; 0: no policy is on trial */
	bool debugging;                      /* default false: programs may trace and write into each other */
	enum guardd_memory memory;           /* memory.executable = "off" (default) | "log" | "deny" */
	size_t exempt_count;
	char *exempt[GUARDD_EXEMPT_MAX];     /* memory.exempt: programs that may */
	char config_file[GUARDD_PATH_MAX];   /* not in the file: its own name, "" unknown */
	bool protect_all;                    /* protect.filesystems = "all" */
	size_t filesystem_count;
	char *filesystems[GUARDD_FILESYSTEMS_MAX];
	char office[128], host[128];         /* machine = { office; host; }, host defaults to the node name */
	uint32_t deadline_ms;                /* gate.deadline_ms, default 30000, 100..600000 */
	uint32_t workers;                    /* gate.workers, default cores + 1, 2..64 */
	uint64_t max_file_size;              /* gate.max_file_mib, default 16384 MiB; larger: denied */
	bool deadline_allow;                 /* gate.deadline_verdict = "deny" (default) | "allow" */
	uint64_t ledger_max_bytes;           /* ledger.max_mib, default 256 */
	uint32_t ledger_max_days;            /* ledger.max_days, default 400 */
	bool ledger_allowed;                 /* ledger.allowed = true (default): record first sights of allowed files */
	bool journal;                        /* ledger.journal, default true */
	char unlock_verifiers[GUARDD_PATH_MAX]; /* unlock.verifiers: this machine's verifier set, "" none */
	/* Not in the file: users of the helpers, looked up once at the start, before
	 * any jail.  guard-record and so on when these exist, else nobody. */
	uint32_t record_uid, record_gid, control_uid, control_gid, unlock_uid, unlock_gid;
	uint32_t sync_uid, sync_gid, trust_uid, trust_gid;
	uint32_t inspect_uid, inspect_gid;
	uint32_t package_uid, package_gid; /* guard-package */
};

/* guardd_config_load: errors are written into `ret_problem` as one sentence
 * with FILE:LINE and the next step. */
int guardd_config_load(struct guardd_config *ret_config, const char *path, char *ret_problem, size_t problem_size) GUARD_WARN_UNUSED;
/* guardd_config_last: for a managed machine whose guardd.conf cannot be used, with the
 * sentence why: what it was enrolled with stands in.  -GUARD_E_NOT_FOUND: there is none. */
int guardd_config_last(struct guardd_config *ret_config, const char *path, const char *why) GUARD_WARN_UNUSED;
void guardd_config_free(struct guardd_config *config);
#endif
