/* SPDX-License-Identifier: MIT
 *
 * gate/adopt.c - what a killed gate left: events in slots, events in the read
 * buffer, fds that belong to neither.  Runs before the reader starts.
 */
#include "gate/gate.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FDS_MAX 1048576u

struct adoption {
	struct gate *gate;
	uint8_t *claimed; /* fd numbers that belong to an event */
};

/* Entry `number` of both read buffers taken together. */
#define ENTRIES (GUARDD_READ_BUFFER / FAN_EVENT_METADATA_LEN)

static struct fanotify_event_metadata *buffer_entry(struct gate *gate, size_t number)
{
	unsigned char *buffer = gate->shared->read_buffer[number / ENTRIES];

	return (struct fanotify_event_metadata *)(void *)&buffer[number % ENTRIES * FAN_EVENT_METADATA_LEN];
}

static bool is_entry(const struct fanotify_event_metadata *entry)
{
	return entry->event_len == FAN_EVENT_METADATA_LEN && entry->metadata_len == FAN_EVENT_METADATA_LEN &&
	       entry->vers == FANOTIFY_METADATA_VERSION;
}

static void claim(struct adoption *adoption, int fd)
{
	if (fd >= 0 && (unsigned)fd < FDS_MAX)
		adoption->claimed[fd] = 1;
}

/* Event fds show flags that nothing else of the daemon is opened with. */
static bool is_event_fd(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && (flags & (O_ACCMODE | O_NONBLOCK | O_NOATIME | O_APPEND | O_PATH)) == GATE_EVENT_FLAGS;
}

static void close_strays(struct adoption *adoption)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		long fd = isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : -1;
		if (fd > 2 && fd < (long)FDS_MAX && fd != dirfd(directory) && !adoption->claimed[fd] &&
		    is_event_fd((int)fd))
			close((int)fd);
	}
	closedir(directory);
}

static void adopt_slot(struct gate *gate, uint32_t index)
{
	struct gate_event *event = gate_event_adopt(gate, index);
	struct guardd_slot *slot = &gate->shared->slots[index];

	if (gate->arguments->restarted == GUARDD_RESTARTED_KILLED && slot->blamed > 0)
		slot->blamed--;
	if (gate_file_stat(&event->file, event->fd) < 0)
		event->file = (struct gate_file){ .key = { .device = UINT64_MAX, .inode = (uint64_t)event->fd },
						  .uid = UINT32_MAX,
						  .mode = S_IFREG };
	gate_queue_push(gate, event->group == GUARDD_GROUP_SLOW ? &gate->jobs.slow : &gate->jobs.quick, &event->task);
}

static void claim_all(struct adoption *adoption)
{
	struct gate *gate = adoption->gate;

	for (uint32_t i = 0; i < GUARDD_INFLIGHT_MAX; i++)
		if (atomic_load(&gate->shared->slots[i].state) == GUARDD_SLOT_PENDING)
			claim(adoption, gate->shared->slots[i].fd);
}

/* An entry whose event has a slot was not wiped in time. */
static void drop_slotted_entries(struct adoption *adoption)
{
	for (size_t i = 0; i < GUARDD_GROUPS * ENTRIES; i++) {
		struct fanotify_event_metadata *entry = buffer_entry(adoption->gate, i);
		if (is_entry(entry) && entry->fd >= 0 && (unsigned)entry->fd < FDS_MAX &&
		    adoption->claimed[entry->fd])
			memset(entry, 0, sizeof(*entry));
	}
}

static void claim_entries(struct adoption *adoption)
{
	for (size_t i = 0; i < GUARDD_GROUPS * ENTRIES; i++) {
		const struct fanotify_event_metadata *entry = buffer_entry(adoption->gate, i);
		if (is_entry(entry) && !entry->reserved)
			claim(adoption, entry->fd);
	}
}

void gate_adopt(struct gate *gate)
{
	GUARD_AUTO_FREE uint8_t *claimed = calloc(FDS_MAX, 1);
	struct adoption adoption = { gate, claimed };
	uint64_t pending = 0;

	if (!claimed)
		abort(); /* the next gate tries again; the callers stay blocked */
	claim_all(&adoption);
	drop_slotted_entries(&adoption);
	claim_entries(&adoption);
	close_strays(&adoption);
	for (uint32_t i = 0; i < GUARDD_INFLIGHT_MAX; i++) {
		uint32_t state = atomic_load(&gate->shared->slots[i].state);
		if (state == GUARDD_SLOT_PENDING)
			pending++;
		else if (state != GUARDD_SLOT_FREE)
			atomic_store(&gate->shared->slots[i].state, GUARDD_SLOT_FREE);
	}
	atomic_store(&gate->shared->counters.queue, pending);
	for (uint32_t i = 0; i < GUARDD_INFLIGHT_MAX; i++)
		if (atomic_load(&gate->shared->slots[i].state) == GUARDD_SLOT_PENDING)
			adopt_slot(gate, i);
	for (size_t i = 0; i < GUARDD_GROUPS * ENTRIES; i++)
		if (is_entry(buffer_entry(gate, i)))
			gate_reader_take(gate, (uint32_t)(i / ENTRIES), i % ENTRIES * FAN_EVENT_METADATA_LEN);
	memset(gate->shared->read_buffer, 0, sizeof(gate->shared->read_buffer));
}
