/* SPDX-License-Identifier: MIT
 *
 * gate/here_document.c - is a text that a shell opens one that it has just
 * written itself?  A long here-document (`cat << EOF`) or here-string passes
 * through a file in bash: made for its owner alone, written, and opened to be
 * read while the first fd is still open for writing.  What such a file says has
 * been in the shell before, so it is as good as what follows `-c`.  A shell that
 * another one handed such an fd to also looks like this: therefore it counts
 * only where the policy does not refuse inline code.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FDS_MAX 64 /* the lowest ones; a shell makes its files below */

static bool is_private(const struct gate_event *event)
{
	struct stat facts;

	return fstat(event->fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1 &&
	       (facts.st_mode & 077) == 0;
}

/* Open for reading and writing, by /proc/PID/fdinfo/N. */
static bool is_read_write(int folder, int number)
{
	char path[32], text[256], *flags;
	ssize_t size;

	snprintf(path, sizeof(path), "fdinfo/%d", number);
	GUARD_AUTO_CLOSE int fd = openat(folder, path, GATE_OPEN);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return false;
	text[size] = '\0';
	flags = strstr(text, "flags:");
	return flags && (strtoul(&flags[sizeof("flags:") - 1], NULL, 8) & O_ACCMODE) == O_RDWR;
}

static bool holds_for_writing(int32_t tid, const struct gate_key *key)
{
	char path[64];
	struct gate_file file;

	snprintf(path, sizeof(path), "/proc/%d", tid);
	GUARD_AUTO_CLOSE int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int number = 0; folder >= 0 && number < FDS_MAX; number++) {
		snprintf(path, sizeof(path), "fd/%d", number);
		if (gate_file_stat_at(&file, folder, path, 0) == 0 && gate_key_same_inode(&file.key, key) &&
		    is_read_write(folder, number))
			return true;
	}
	return false;
}

bool gate_is_here_document(const struct gate_event *event, const struct gate_program *program)
{
	return program->inline_code != GUARD_INLINE_DENY && event->lease == GATE_LEASE_REFUSED &&
	       is_private(event) && holds_for_writing(event->tid, &event->file.key);
}
