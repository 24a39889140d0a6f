/* SPDX-License-Identifier: MIT
 *
 * helpers/mark.h - leave a trace: the proof that code of a payload ran.  Its
 * absence is the proof that a denial had no side effect.
 */
#ifndef GUARD_TESTS_MARK_H
#define GUARD_TESTS_MARK_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Y: leaves a mark; N: does nothing.  The build makes the other contents from the
 * first by changing these two letters, so that listed and unlisted files have
 * one size and differ in two bytes. */
static const volatile char mark_switch[] = "GUARD-SWITCH:Y:0";

/* Where no environment can be given (a unit, a set-uid program). */
#ifndef MARK_DEFAULT
#define MARK_DEFAULT "/run/guard-test.mark"
#endif

static inline int mark_leave(void)
{
	const char *path = getenv("GUARD_MARK");
	int fd;

	if (mark_switch[sizeof(mark_switch) - 4] != 'Y')
		return 0;
	fd = open(path ? path : MARK_DEFAULT, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	if (write(fd, "ran\n", 4) != 4) {
		close(fd);
		return -1;
	}
	return close(fd);
}
#endif
