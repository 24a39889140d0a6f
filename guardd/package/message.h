/* SPDX-License-Identifier: MIT
 *
 * package/message.h - what guardctl, guard-package and the keeper say to each
 * other while packages are attributed: one SOCK_SEQPACKET packet, at most one fd.
 *
 *   guardctl -> guard-package: RELEASE (fd)*, RPM (fd, its name)*, INDEX (fd)*,
 *                              DEB (fd, its name)*, COMMIT.  In this order.
 *   guard-package -> guardctl: NOTE* (about an InRelease or index), one DONE per
 *                              RPM (those that are not signed first), one per DEB
 *                              in order, one RESULT; then it closes.
 *   guard-package -> keeper:   TABLE (fd: the sealed table)
 *   keeper -> guard-package:   RESULT
 * A keeper that cannot begin answers guardctl with RESULT itself.
 */
#ifndef GUARDD_PACKAGE_MESSAGE_H
#define GUARDD_PACKAGE_MESSAGE_H

#include <guard/error.h>
#include <stdint.h>

#define PACKAGE_RELEASES_MAX 64u
#define PACKAGE_INDEXES_MAX 256u
#define PACKAGE_DEBS_MAX 20000u
#define PACKAGE_RPMS_MAX 512u /* in one request */
#define PACKAGE_PATIENCE_MS 660000 /* for the other side to say something: longer than one .deb may take */

enum package_message_type {
	PACKAGE_RELEASE = 1,
	PACKAGE_INDEX,
	PACKAGE_DEB,
	PACKAGE_COMMIT,
	PACKAGE_NOTE,
	PACKAGE_DONE,
	PACKAGE_RESULT,
	PACKAGE_TABLE,
	PACKAGE_RPM,
};

struct package_message {
	uint32_t type;
	int32_t error;   /* 0 or -GUARD_E_ */
	uint32_t number; /* DONE: digests that were entered */
	char text[1000]; /* a file's name, or a sentence */
};

/* `fd` -1: none; it stays the caller's.  Waits while the other side is slow.
 * Errors: GUARD_E_UNREACHABLE, GUARD_E_TIMEOUT, GUARD_E_IO. */
int package_send(int socket, const struct package_message *message, int fd) GUARD_WARN_UNUSED;
int package_say(int socket, enum package_message_type type, int error, uint32_t number, const char *format, ...)
	GUARD_WARN_UNUSED __attribute__((format(printf, 5, 6)));

/* *ret_fd is -1 when none came, else close-on-exec and the caller's.  Errors:
 * as above, GUARD_E_FORMAT (not a message). */
int package_receive(struct package_message *ret_message, int *ret_fd, int socket) GUARD_WARN_UNUSED;

#endif
