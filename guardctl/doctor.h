/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor.h - what the parts of `guardctl doctor` share.  Doctor looks
 * and says; it changes nothing, and needs neither the daemon nor root (what it
 * could not see, it says).
 */
#ifndef GUARDCTL_DOCTOR_H
#define GUARDCTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "guardctl.h"

#define DOCTOR_TEXT_MAX 1024u
#define DOCTOR_FINDINGS_MAX 1024u
#define DOCTOR_FILE_MAX 65536u /* bytes of a kernel text file looked at */

enum doctor_severity {
	DOCTOR_OK = 0,
	DOCTOR_NOTE, /* worth knowing; or it could not be seen */
	DOCTOR_GAP,  /* a way around the policy that can be closed */
	DOCTOR_SEVERITY_MAX_
};

struct doctor_finding {
	enum doctor_severity severity;
	const char *id;              /* stable word, e.g. "user-namespaces" */
	const char *section;
	char text[DOCTOR_TEXT_MAX];
	char fix[DOCTOR_TEXT_MAX];   /* a command, or "" */
};

struct doctor {
	const struct guardctl_options *options;
	const char *config;          /* path of guardd.conf */
	const char *section;
	struct doctor_finding *findings;
	size_t count, capacity;
	size_t counts[DOCTOR_SEVERITY_MAX_];
	bool is_root;
};

/* doctor_findings.c.  A text in the user's language; in JSON it stays as it is. */
const char *doctor_told(const struct doctor *doctor, const char *text) __attribute__((format_arg(2)));
/* `fix` may be NULL.  Both are looked up in the catalogue. */
void doctor_say(struct doctor *doctor, enum doctor_severity severity, const char *id, const char *fix,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void doctor_print(const struct doctor *doctor);
void doctor_print_json(const struct doctor *doctor);

/* doctor_read.c: small text files of the kernel.  0, or -1 with errno. */
int doctor_read_text(char *ret_text, size_t size, const char *path);
int doctor_read_number(long long *ret_number, const char *path);
/* Whether `word` stands in the comma- or space-separated `list`. */
bool doctor_has_word(const char *list, const char *word);

/* The groups of checks. */
void doctor_check_kernel(struct doctor *doctor);  /* doctor_kernel.c: what guard needs or can use */
void doctor_check_boot(struct doctor *doctor);    /* doctor_boot.c: before guard runs */
void doctor_check_sysctls(struct doctor *doctor); /* doctor_sysctls.c */
void doctor_check_machine(struct doctor *doctor); /* doctor_machine.c: devices, swap, formats */
void doctor_check_mounts(struct doctor *doctor);  /* doctor_mounts.c */
void doctor_check_files(struct doctor *doctor);   /* doctor_files.c: who may write what */
void doctor_check_guard(struct doctor *doctor);   /* doctor_guard.c: daemon and policy */

/* doctor_config.c: the few keys of guardd.conf that doctor looks at. */
struct doctor_config {
	bool readable, protect_all;
	bool managed; /* follows a repository: `policy_file` is what the daemon remembers of it */
	char policy_file[4096], state_dir[4096], run_dir[4096];
	char filesystems[64][4096];
	size_t filesystem_count;
	char problem[DOCTOR_TEXT_MAX]; /* "" or why it could not be read */
};
void doctor_read_config(struct doctor_config *ret_config, const char *path);
void doctor_set_managed(struct doctor_config *config);

#endif
