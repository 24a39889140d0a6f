/* SPDX-License-Identifier: MIT
 *
 * gate/in_use.c - the table of code in use: open addressing, fixed size.
 */
#include "gate/in_use.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOTS (GUARDD_IN_USE_MAX * 2) /* power of two, at most half full */

struct entry {
	struct guardd_inode file;
	int64_t approved_ns;
	bool taken;
	bool crowded; /* more callers within the grace than are kept */
	uint8_t caller_count;
	int32_t callers[GUARDD_IN_USE_CALLERS];
};

struct guardd_in_use {
	pthread_mutex_t lock;
	size_t count;
	struct guardd_in_use_own own;
	struct entry slots[SLOTS];
};

int guardd_in_use_create(struct guardd_in_use **ret_table, struct guardd_in_use_own own)
{
	struct guardd_in_use *table = calloc(1, sizeof(*table));
	if (!table)
		return -GUARD_E_NOMEM;
	if (pthread_mutex_init(&table->lock, NULL) != 0) {
		free(table);
		return -GUARD_E_NOMEM;
	}
	table->own = own;
	*ret_table = table;
	return 0;
}

void guardd_in_use_free(struct guardd_in_use *table)
{
	if (!table)
		return;
	pthread_mutex_destroy(&table->lock);
	free(table);
}

static size_t slot_of(const struct guardd_inode *file)
{
	uint64_t mixed = (file->inode ^ (file->device << 32)) * 0x9e3779b97f4a7c15u;
	return (size_t)(mixed >> 40) & (SLOTS - 1);
}

static bool same(const struct guardd_inode *a, const struct guardd_inode *b)
{
	return a->inode == b->inode && a->device == b->device && a->born_ns == b->born_ns;
}

/* The entry of a file, or the free slot where it belongs. */
static struct entry *find(struct guardd_in_use *table, const struct guardd_inode *file)
{
	size_t slot = slot_of(file);
	while (table->slots[slot].taken && !same(&table->slots[slot].file, file))
		slot = (slot + 1) & (SLOTS - 1);
	return &table->slots[slot];
}

static bool is_fresh(const struct entry *entry, int64_t now_ns)
{
	return now_ns - entry->approved_ns <= GUARDD_IN_USE_GRACE_NS;
}

/* Who was approved within the grace is kept in mind. */
static void add_caller(struct entry *entry, const struct entry *before, int32_t tid)
{
	if (before->taken && is_fresh(before, entry->approved_ns)) {
		memcpy(entry->callers, before->callers, sizeof(entry->callers));
		entry->caller_count = before->caller_count;
		entry->crowded = before->crowded;
	}
	if (entry->caller_count < GUARDD_IN_USE_CALLERS)
		entry->callers[entry->caller_count++] = tid;
	else
		entry->crowded = true;
}

static void put(struct guardd_in_use *table, const struct entry *entry)
{
	struct entry *slot = find(table, &entry->file);
	if (!slot->taken)
		table->count++;
	*slot = *entry;
	slot->taken = true;
}

/* Take an entry out and move those behind it up, so that probing stays whole. */
static void take_out(struct guardd_in_use *table, struct entry *entry)
{
	size_t slot = (size_t)(entry - table->slots);
	table->slots[slot].taken = false;
	table->count--;
	for (slot = (slot + 1) & (SLOTS - 1); table->slots[slot].taken; slot = (slot + 1) & (SLOTS - 1)) {
		struct entry moved = table->slots[slot];
		table->slots[slot].taken = false;
		table->count--;
		put(table, &moved);
	}
}

static int compare(const void *a, const void *b)
{
	const struct guardd_inode *x = a, *y = b;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->device > y->device) - (x->device < y->device);
}

static size_t copy_files(struct guardd_in_use *table, struct guardd_inode *ret_files)
{
	size_t count = 0;
	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; i < SLOTS && count < GUARDD_IN_USE_MAX; i++)
		if (table->slots[i].taken)
			ret_files[count++] = table->slots[i].file;
	pthread_mutex_unlock(&table->lock);
	qsort(ret_files, count, sizeof(*ret_files), compare);
	return count;
}

/* Drop what nobody uses; entries younger than the grace stay. */
static void make_room(struct guardd_in_use *table, int64_t now_ns)
{
	struct guardd_inode *files = calloc(GUARDD_IN_USE_MAX, sizeof(*files));
	bool *used = calloc(GUARDD_IN_USE_MAX, sizeof(*used));
	size_t count = files && used ? copy_files(table, files) : 0;

	if (count && guardd_in_use_scan(used, files, count, table->own)) {
		pthread_mutex_lock(&table->lock);
		for (size_t i = 0; i < count; i++) {
			struct entry *entry = find(table, &files[i]);
			if (!used[i] && entry->taken && now_ns - entry->approved_ns > GUARDD_IN_USE_GRACE_NS)
				take_out(table, entry);
		}
		pthread_mutex_unlock(&table->lock);
	}
	free(files);
	free(used);
}

static int enter(struct guardd_in_use *table, const struct guardd_inode *file, int32_t tid, int64_t now_ns)
{
	struct entry fresh = { .file = *file, .approved_ns = now_ns, .taken = true };
	struct entry *before;
	int r = 0;

	pthread_mutex_lock(&table->lock);
	before = find(table, file);
	if (table->count < GUARDD_IN_USE_MAX || before->taken) {
		add_caller(&fresh, before, tid);
		put(table, &fresh);
	} else {
		r = -GUARD_E_LIMIT;
	}
	pthread_mutex_unlock(&table->lock);
	return r;
}

int guardd_in_use_enter(struct guardd_in_use *table, const struct guardd_inode *file, int32_t tid, int64_t now_ns)
{
	int r = enter(table, file, tid, now_ns);
	if (r != -GUARD_E_LIMIT)
		return r;
	make_room(table, now_ns);
	return enter(table, file, tid, now_ns);
}

bool guardd_in_use_has(struct guardd_in_use *table, const struct guardd_inode *file)
{
	pthread_mutex_lock(&table->lock);
	bool found = find(table, file)->taken;
	pthread_mutex_unlock(&table->lock);
	return found;
}

/* Has every caller that was approved a moment ago got what it asked for?  Then
 * a scan shows it, and the grace needs not be waited for. */
static bool callers_have_left(const struct entry *entry)
{
	if (entry->crowded)
		return false;
	for (unsigned i = 0; i < entry->caller_count; i++)
		if (!guardd_in_use_left(entry->callers[i]))
			return false;
	return true;
}

bool guardd_in_use_busy(struct guardd_in_use *table, const struct guardd_inode *file, int64_t now_ns)
{
	struct entry *entry, before;
	bool used = true;

	pthread_mutex_lock(&table->lock);
	before = *find(table, file);
	pthread_mutex_unlock(&table->lock);
	if (!before.taken)
		return false;
	if (is_fresh(&before, now_ns) && !callers_have_left(&before))
		return true;
	if (!guardd_in_use_scan(&used, file, 1, table->own) || used)
		return true;

	pthread_mutex_lock(&table->lock);
	entry = find(table, file);
	/* Approved again while we looked: it is in use after all. */
	used = entry->taken && entry->approved_ns != before.approved_ns;
	if (entry->taken && !used)
		take_out(table, entry);
	pthread_mutex_unlock(&table->lock);
	return used;
}
