/* SPDX-License-Identifier: MIT
 *
 * unlock/verifiers.c - this machine's verifier set: read before the jail, since
 * only root may read it; taken apart inside.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trusted.h"
#include "unlock/process.h"

__attribute__((format(printf, 2, 3))) static void say_off(struct unlock_process *process, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(process->off, sizeof(process->off), format, values);
	va_end(values);
}

/* Who reads the set can guess at it: nobody but root may. */
static int read_secret(void **ret_bytes, size_t *ret_size, struct unlock_process *process, int fd)
{
	const char *path = process->config->unlock_verifiers;
	GUARD_AUTO_FREE uint8_t *bytes = malloc(GUARD_UNLOCK_SET_SIZE_MAX + 1);
	struct stat status;
	ssize_t size;

	if (!bytes)
		return -GUARD_E_NOMEM;
	if (fstat(fd, &status) < 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		say_off(process, "%.300s can be read by others than root: chmod 0600 it, and ask the help desk "
				       "for a new one if anybody may have read it",
			 path);
		return -GUARD_E_UNSAFE;
	}
	size = pread(fd, bytes, GUARD_UNLOCK_SET_SIZE_MAX + 1, 0);
	if (size < 0 || (size_t)size > GUARD_UNLOCK_SET_SIZE_MAX) {
		say_off(process, "%.300s cannot be read: %s", path,
			 size < 0 ? strerror(errno) : "it is larger than any verifier set");
		return -GUARD_E_IO;
	}
	*ret_bytes = guard_steal_pointer(&bytes);
	*ret_size = (size_t)size;
	return 0;
}

int unlock_verifiers_read(void **ret_bytes, size_t *ret_size, struct unlock_process *process)
{
	GUARD_AUTO_CLOSE int fd = -1;
	int r;

	if (!process->config->unlock_verifiers[0]) {
		say_off(process, "this machine has no verifiers (guardd.conf: unlock.verifiers)");
		return -GUARD_E_NOT_FOUND;
	}
	r = guardd_trusted_open(&fd, process->config->unlock_verifiers, "the verifier set", process->off,
				sizeof(process->off));
	return r < 0 ? r : read_secret(ret_bytes, ret_size, process, fd);
}

static bool is_this_machine(const struct unlock_process *process)
{
	char name[GUARD_UNLOCK_MACHINE_MAX + 1];

	return guard_unlock_machine_normalise(name, process->config->host) == 0 &&
	       strcmp(name, process->info.machine) == 0;
}

void unlock_verifiers_open(struct unlock_process *process, const void *bytes, size_t size)
{
	int r = guard_unlock_set_open(&process->set, bytes, size);

	if (r < 0) {
		say_off(process, "%.300s is no whole verifier set (%s): ask the help desk for it again",
			 process->config->unlock_verifiers, guard_error_name(r));
		return;
	}
	guard_unlock_set_info(&process->info, process->set);
	process->has_base = is_this_machine(process);
	if (process->has_base)
		guard_unlock_base_of_set(&process->base, process->set);
	else
		say_off(process,
			 "%.200s is for the machine %s, and this one is %.100s (guardd.conf: machine.host)",
			 process->config->unlock_verifiers, process->info.machine, process->config->host);
}

void unlock_verifiers_adopt(struct unlock_process *process)
{
	struct guard_unlock_clock clock;
	struct guard_unlock_state_info info;
	int r = guard_unlock_state_adopt(process->state, process->set);

	unlock_now(&clock, process);
	guard_unlock_state_info(&info, process->state, process->set, &clock);
	if (r == -GUARD_E_ROLLBACK)
		say_off(process,
			 "the verifiers are of epoch %u and this machine has had epoch %u: install the newest set",
			 process->info.epoch, info.epoch);
	else if (r == -GUARD_E_CHANGED)
		say_off(process,
			 "the verifiers differ from those of the same epoch %u that this machine has had: the help "
			 "desk must issue a higher epoch",
			 info.epoch);
	else if (r < 0)
		say_off(process, "the verifiers cannot be used: %s", guard_error_text(r));
	else if (process->restored_epoch >= process->info.epoch)
		say_off(process,
			 "the unlock state was put back to an older one: unlock by phone stays locked until the help "
			 "desk issues an epoch above %u",
			 process->restored_epoch);
}
