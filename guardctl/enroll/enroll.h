/* SPDX-License-Identifier: MIT
 *
 * enroll/enroll.h - what the files of `guardctl enroll` share.
 */
#ifndef GUARDCTL_ENROLL_H
#define GUARDCTL_ENROLL_H

#include <guard/trust.h>
#include <stdbool.h>
#include <stdint.h>

#include "guardctl.h"
#include "publish/publish.h"

#define ENROLL_ROOTS_MAX 256u /* root versions that are looked through */
#define ENROLL_PEM_MAX (1u << 20)
#define ENROLL_CONFIG "/etc/guard/guardd.conf"
#define ENROLL_PIN_SUFFIX ".managed" /* as GUARDD_PIN_SUFFIX */

struct enroll_options {
	const char *url, *office, *profile, *ca, *certificate, *key, *proxy, *fingerprint, *config;
	unsigned interval;    /* seconds, 0 the usual */
	char state_dir[4096]; /* from the daemon's configuration */
	char host[128];	      /* who the machine is from now on */
};

struct enroll_root {
	uint8_t *bytes;
	size_t size;
	char fingerprint[PUBLISH_FINGERPRINT_SIZE];
};

/* enroll_fetch.c: N.root.json, by a process without privileges.  0,
 * -GUARD_E_NOT_FOUND: there is none, or an error that was said. */
int enroll_fetch(struct enroll_root *ret_root, const struct enroll_options *options, unsigned version) GUARD_WARN_UNUSED;
/* Its fingerprint, by another process without privileges or network. */
int enroll_fingerprint(struct enroll_root *root) GUARD_WARN_UNUSED;
/* As read aloud: case, hyphens, spaces, O and I do not matter. */
bool enroll_same_fingerprint(const char *a, const char *b);

/* enroll_store.c: STATE_DIR/enrolment, whole or not at all.  Errors are said. */
bool enroll_is_enrolled(const struct enroll_options *options);
int enroll_store(const struct enroll_options *options, const struct enroll_root *root) GUARD_WARN_UNUSED;

/* enroll_daemon.c: let the daemon that runs take it up; the exit code. */
int enroll_tell_daemon(const struct guardctl_options *common);
#endif
