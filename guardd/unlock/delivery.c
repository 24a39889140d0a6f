/* SPDX-License-Identifier: MIT
 *
 * unlock/delivery.c - what the help desk sent by the signed channel: a fresher
 * verifier set, approved requests.  It comes sealed from trust, through the keeper;
 * the last one is kept in STATE_DIR/unlock/delivery, for a machine that is offline
 * when it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unlock/process.h"

#define NAME "delivery"
#define NAME_NEW "delivery.new"

static int read_all(uint8_t ret_bytes[GUARD_UNLOCK_DELIVERY_MAX + 1], size_t *ret_size, int fd)
{
	ssize_t size = pread(fd, ret_bytes, GUARD_UNLOCK_DELIVERY_MAX + 1, 0);

	if (size < 0)
		return -GUARD_E_IO;
	*ret_size = (size_t)size;
	return size > (ssize_t)GUARD_UNLOCK_DELIVERY_MAX ? -GUARD_E_LIMIT : 0;
}

static int keep(const struct unlock_process *process, const uint8_t *bytes, size_t size)
{
	GUARD_AUTO_CLOSE int fd =
	    openat(process->directory, NAME_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fsync(fd) < 0 ||
	    renameat(process->directory, NAME_NEW, process->directory, NAME) < 0 || fsync(process->directory) < 0)
		return -GUARD_E_IO;
	return 0;
}

/* A set of a higher epoch takes the place of the one that is there. */
static bool take_set(struct unlock_process *process, const struct guard_unlock_delivery *delivery)
{
	struct guard_unlock_set_info info;
	struct guard_unlock_set *set = NULL;

	if (delivery->set_size == 0 || guard_unlock_set_open(&set, delivery->set, delivery->set_size) < 0)
		return false;
	guard_unlock_set_info(&info, set);
	if (strcmp(info.machine, process->base.machine) != 0 || info.epoch <= process->info.epoch) {
		guard_unlock_set_free(set);
		return false;
	}
	guard_unlock_set_free(process->set);
	process->set = set;
	guard_unlock_set_info(&process->info, process->set);
	return true;
}

static int open_sealed(struct guard_unlock_delivery *ret_delivery, struct unlock_process *process,
		       const uint8_t *bytes, size_t size)
{
	uint32_t epoch = 0;
	int r = guard_unlock_delivery_open(ret_delivery, &epoch, &process->base, bytes, size);

	if (r == -GUARD_E_NOT_FOUND)
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_VERIFIERS, NULL,
				   "The help desk's delivery is for a machine that was given verifiers of epoch %u, and "
				   "this one was given epoch %u: install the newest file of verifiers.",
				   epoch, process->base.epoch);
	else if (r < 0)
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_VERIFIERS, NULL,
				   "The help desk's delivery cannot be read (%s): ask for it again.", guard_error_name(r));
	return r;
}

void unlock_delivery_load(struct unlock_process *process)
{
	GUARD_AUTO_CLOSE int fd = openat(process->directory, NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX + 1];
	size_t size;

	if (fd < 0 || !process->has_base || read_all(bytes, &size, fd) < 0)
		return;
	/* What it says was said when it came; a set that was given by hand since is newer. */
	if (guard_unlock_delivery_open(&process->delivery, NULL, &process->base, bytes, size) == 0)
		(void)take_set(process, &process->delivery);
}

static void adopt(struct unlock_process *process)
{
	process->off[0] = '\0';
	unlock_verifiers_adopt(process);
	if (process->off[0])
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_VERIFIERS, NULL, "Unlock by phone is off: %.400s",
				   process->off);
	else if (unlock_store_save(process) == 0)
		(void)!unlock_note(process, GUARD_DAEMON_UNLOCK_VERIFIERS, NULL,
				   "Verifiers of epoch %u came with the policy.", process->info.epoch);
}

void unlock_delivery_take(struct unlock_process *process, int fd)
{
	static struct guard_unlock_delivery delivery; /* one thread */
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX + 1];
	size_t size;

	if (!process->has_base || process->unreadable || read_all(bytes, &size, fd) < 0 ||
	    open_sealed(&delivery, process, bytes, size) < 0)
		return;
	if (keep(process, bytes, size) < 0)
		return; /* it comes again with the next look at the repository */
	process->delivery = delivery;
	if (take_set(process, &delivery))
		adopt(process);
}

const struct guard_unlock_answer *unlock_delivery_answer(const struct unlock_process *process,
							 const struct guard_unlock_number *number)
{
	for (unsigned i = process->delivery.count; i > 0; i--)
		if (memcmp(&process->delivery.approvals[i - 1].number, number, sizeof(*number)) == 0)
			return &process->delivery.approvals[i - 1].answer;
	return NULL;
}
