/* SPDX-License-Identifier: MIT
 *
 * record/fold.c - a table of recent events by the digest of what makes them
 * equal, and a queue of the same entries in the order in which windows end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cleanup.h"
#include "record/fold.h"

#define BUCKETS 8192u

struct entry {
	STAILQ_ENTRY(entry) queue;
	LIST_ENTRY(entry) bucket;
	struct guard_digest key;
	int64_t window_end;
	uint64_t repeats;
	int64_t last_time; /* of the last repeat */
	uint32_t last_pid, last_ppid;
	size_t size;
	uint8_t bytes[]; /* the encoded first event */
};

struct fold {
	LIST_HEAD(, entry) buckets[BUCKETS];
	STAILQ_HEAD(entry_queue, entry) queue;
	unsigned count;
	size_t bytes;
};

int fold_new(struct fold **ret_fold)
{
	struct fold *fold = calloc(1, sizeof(*fold));

	if (!fold)
		return -GUARD_E_NOMEM;
	STAILQ_INIT(&fold->queue);
	*ret_fold = fold;
	return 0;
}

static void forget(struct fold *fold, struct entry *entry)
{
	STAILQ_REMOVE_HEAD(&fold->queue, queue);
	LIST_REMOVE(entry, bucket);
	fold->count--;
	fold->bytes -= entry->size;
	free(entry);
}

void fold_free(struct fold *fold)
{
	struct entry *entry;

	if (!fold)
		return;
	while ((entry = STAILQ_FIRST(&fold->queue)))
		forget(fold, entry);
	free(fold);
}

/* What repeats agree in. */
static int make_key(struct guard_digest *ret_key, const struct guard_event *event)
{
	uint8_t bytes[2 * GUARD_WIRE_PATH_MAX + 256];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_write_u8(&writer, event->source);
	guard_write_u8(&writer, event->what);
	guard_write_u8(&writer, event->action);
	guard_write_u8(&writer, event->mode);
	guard_write_u8(&writer, event->reason);
	guard_write_u8(&writer, event->kind);
	guard_write_u8(&writer, event->access_exec);
	guard_write_u8(&writer, event->denied);
	guard_write_u8(&writer, event->has_digest);
	guard_write_bytes(&writer, event->digest.bytes, sizeof(event->digest.bytes));
	guard_write_u64(&writer, event->size);
	guard_write_u32(&writer, event->uid);
	guard_write_u32(&writer, event->rule);
	guard_write_u64(&writer, event->policy_version);
	guard_write_string(&writer, event->path);
	guard_write_string(&writer, event->program);
	if (writer.failed)
		return -GUARD_E_LIMIT;
	return guard_digest_bytes(ret_key, bytes, writer.size);
}

static unsigned bucket_of(const struct guard_digest *key)
{
	return (unsigned)(key->bytes[0] | key->bytes[1] << 8) % BUCKETS;
}

static struct entry *find(struct fold *fold, const struct guard_digest *key)
{
	struct entry *entry;

	LIST_FOREACH(entry, &fold->buckets[bucket_of(key)], bucket)
	if (guard_digest_compare(&entry->key, key) == 0)
		return entry;
	return NULL;
}

/* Without memory an event is simply not remembered: its repeats get rows. */
static void remember(struct fold *fold, const struct guard_digest *key, const struct guard_event *event,
		     int64_t now_ns)
{
	struct guard_writer writer;
	struct entry *entry = NULL;

	if (fold->count >= FOLD_ENTRIES_MAX || fold->bytes >= FOLD_BYTES_MAX)
		return;
	guard_writer_init(&writer);
	if (guard_event_encode(&writer, event) == 0 && !writer.failed)
		entry = calloc(1, sizeof(*entry) + writer.size);
	if (entry) {
		entry->key = *key;
		entry->window_end = now_ns + FOLD_WINDOW_NS;
		entry->size = writer.size;
		memcpy(entry->bytes, writer.bytes, writer.size);
		LIST_INSERT_HEAD(&fold->buckets[bucket_of(key)], entry, bucket);
		STAILQ_INSERT_TAIL(&fold->queue, entry, queue);
		fold->count++;
		fold->bytes += entry->size;
	}
	guard_writer_free(&writer);
}

int fold_take(struct fold *fold, const struct guard_event *event, int64_t now_ns)
{
	struct guard_digest key;
	struct entry *entry;

	if (event->source == GUARD_EVENT_DAEMON || make_key(&key, event) < 0)
		return 1;
	entry = find(fold, &key);
	if (!entry) {
		remember(fold, &key, event, now_ns);
		return 1;
	}
	entry->repeats += event->count ? event->count : 1;
	entry->last_time = event->time_ns;
	entry->last_pid = event->pid;
	entry->last_ppid = event->ppid;
	return 0;
}

static int restore(struct guard_event *ret_event, const struct entry *entry)
{
	struct guard_reader reader;

	guard_reader_init(&reader, entry->bytes, entry->size);
	if (guard_event_decode(ret_event, &reader) < 0)
		return -GUARD_E_INTERNAL;
	ret_event->time_ns = entry->last_time;
	ret_event->pid = entry->last_pid;
	ret_event->ppid = entry->last_ppid;
	ret_event->count = entry->repeats;
	return 0;
}

int fold_due(struct fold *fold, struct guard_event *ret_event, int64_t now_ns, int all)
{
	struct entry *entry;
	int due = 0;

	while (!due && (entry = STAILQ_FIRST(&fold->queue)) && (all || entry->window_end <= now_ns)) {
		if (entry->repeats > 0)
			due = restore(ret_event, entry) == 0;
		forget(fold, entry);
	}
	return due;
}

int64_t fold_next(const struct fold *fold)
{
	const struct entry *entry = STAILQ_FIRST(&fold->queue);

	return entry ? entry->window_end : INT64_MAX;
}
