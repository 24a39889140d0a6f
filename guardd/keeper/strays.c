/* SPDX-License-Identifier: MIT
 *
 * keeper/strays.c - a gate that was killed leaves its fds open in the shared
 * table.  Those of events that nobody answered are the next gate's work; the
 * others are closed here.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "internal.h"

#define FD_BITS (sizeof(unsigned long) * 8)
#define FD_LIMIT 1048576u

static void keep(unsigned long *kept, int fd)
{
	if (fd >= 0 && (unsigned)fd < FD_LIMIT)
		kept[(unsigned)fd / FD_BITS] |= 1ul << ((unsigned)fd % FD_BITS);
}

static bool is_kept(const unsigned long *kept, int fd)
{
	return (unsigned)fd >= FD_LIMIT || (kept[(unsigned)fd / FD_BITS] >> ((unsigned)fd % FD_BITS) & 1);
}

static void keep_own(unsigned long *kept, const struct keeper *keeper)
{
	const struct guardd_handles *handles = &keeper->handles;
	const int own[] = {
	    0,
	    1,
	    2,
	    handles->fanotify[GUARDD_GROUP_MAIN],
	    handles->fanotify[GUARDD_GROUP_SLOW],
	    keeper->changes,
	    keeper->attributions,
	    keeper->attributions_next,
	    keeper->package_socket,
	    keeper->package.pidfd,
	    keeper->writer.pidfd,
	    handles->policy,
	    handles->lock,
	    handles->events_send,
	    handles->events_receive,
	    handles->listener,
	    handles->takeover,
	    handles->keeper,
	    handles->understudy,
	    keeper->gate.pidfd,
	    keeper->record.pidfd,
	    keeper->control.pidfd,
	    keeper->unlock.pidfd,
	    keeper->inspect.pidfd,
	    keeper->understudy.pidfd,
	    keeper->loader.pidfd,
	    keeper->shared_memory,
	    keeper->state_dir,
	    keeper->ledger_dir,
	    keeper->unlock_dir,
	    keeper->run_dir,
	    keeper->null,
	    keeper->command[0],
	    keeper->command[1],
	    keeper->requests[0],
	    keeper->requests[1],
	    keeper->unlock_requests[0],
	    keeper->unlock_requests[1],
	    keeper->unlock_records[0],
	    keeper->unlock_records[1],
	    keeper->unlock_grants[0],
	    keeper->unlock_grants[1],
	    keeper->inspections[0],
	    keeper->inspections[1],
	    keeper->control_socket[0],
	    keeper->control_socket[1],
	    keeper->signals,
	    keeper->loader_socket,
	    keeper->loaded_image,
	    keeper->set,
	    keeper->trust_dir,
	    keeper->trust_socket,
	    keeper->sync.pidfd,
	    keeper->trust.pidfd,
	    keeper->takeover,
	    keeper->old_gate,
	    keeper->old_keeper,
	    keeper->old_understudy,
	    keeper->layer.config,
	    keeper->layer.verdicts,
	    keeper->layer.digests,
	    keeper->layer.devices,
	    keeper->layer.grants,
	    keeper->layer.events,
	    keeper->layer.tasks,
	    keeper->layer.own,
	    keeper->layer.objects,
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		keep(kept, own[i]);
	for (uint32_t i = 0; i < keeper->layer.link_count; i++)
		keep(kept, keeper->layer.links[i]);
	for (uint32_t i = 0; i < keeper->reserved.held_count; i++)
		keep(kept, keeper->reserved.numbers[i]);
}

/* Read by the kernel, and the gate died before it took note. */
static void keep_read(unsigned long *kept, const unsigned char *buffer)
{
	struct fanotify_event_metadata event;

	for (size_t at = 0; at + sizeof(event) <= GUARDD_READ_BUFFER; at += FAN_EVENT_METADATA_LEN) {
		memcpy(&event, &buffer[at], sizeof(event));
		if (event.event_len >= FAN_EVENT_METADATA_LEN && event.vers == FANOTIFY_METADATA_VERSION)
			keep(kept, event.fd);
	}
}

static void keep_events(unsigned long *kept, const struct guardd_shared *shared)
{
	for (size_t i = 0; i < GUARDD_INFLIGHT_MAX; i++) {
		if (atomic_load(&shared->slots[i].state) != GUARDD_SLOT_FREE)
			keep(kept, shared->slots[i].fd);
	}
	for (int group = 0; group < GUARDD_GROUPS; group++)
		keep_read(kept, shared->read_buffer[group]);
}

void keeper_strays_close(const struct keeper *keeper)
{
	/* proc is never protected: this open cannot wait on the gate. */
	DIR *directory = opendir("/proc/self/fd");
	unsigned long *kept = calloc(FD_LIMIT / FD_BITS, sizeof(*kept));
	struct dirent *entry;

	if (!directory || !kept) {
		if (directory)
			closedir(directory);
		free(kept);
		return;
	}
	keep_own(kept, keeper);
	keep_events(kept, keeper->shared);
	keep(kept, dirfd(directory));
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && !is_kept(kept, atoi(entry->d_name)))
			close(atoi(entry->d_name));
	}
	closedir(directory);
	free(kept);
}
