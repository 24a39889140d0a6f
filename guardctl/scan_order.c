/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_order.c - pure: sort the listed files into groups and fold
 * equal digests.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "scan_order.h"

/* -1, 0, 1: groups of packages (already sorted by name) before directories. */
static int compare_groups(const struct scan_file *a, const struct scan_file *b)
{
	char left[PATH_MAX], right[PATH_MAX];

	if (a->package != b->package)
		return a->package < b->package ? -1 : 1;
	if (a->package != SCAN_NO_PACKAGE)
		return 0;
	scan_group_directory(left, sizeof(left), a->path);
	scan_group_directory(right, sizeof(right), b->path);
	return strcmp(left, right);
}

static int compare_files(const void *a, const void *b, void *context)
{
	const struct scan *scan = context;
	const struct scan_file *left = &scan->files[*(const uint32_t *)a];
	const struct scan_file *right = &scan->files[*(const uint32_t *)b];
	int r = compare_groups(left, right);

	return r ? r : strcmp(left->path, right->path);
}

static int compare_digests(const void *a, const void *b, void *context)
{
	const struct scan_order *order = context;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int r = guard_digest_compare(&order->scan->files[order->files[left]].digest,
				     &order->scan->files[order->files[right]].digest);

	return r ? r : (left > right) - (left < right);
}

static void fold(struct scan_order *order)
{
	for (size_t i = 0; i < order->count; i++)
		order->by_digest[i] = (uint32_t)i;
	if (order->count)
		qsort_r(order->by_digest, order->count, sizeof(*order->by_digest), compare_digests, order);

	size_t start = 0;
	for (size_t i = 0; i < order->count; i++) {
		const struct scan_file *file = &order->scan->files[order->files[order->by_digest[i]]];
		const struct scan_file *first = &order->scan->files[order->files[order->by_digest[start]]];
		if (i == 0 || guard_digest_compare(&file->digest, &first->digest) != 0) {
			start = i;
			order->digests++;
		}
		order->run[order->by_digest[i]] = (uint32_t)start;
	}
}

int scan_order_make(struct scan_order *ret_order, const struct scan *scan)
{
	struct scan_order order = { .scan = scan };
	size_t room = scan->file_count ? scan->file_count : 1;

	order.files = calloc(room, sizeof(*order.files));
	order.by_digest = calloc(room, sizeof(*order.by_digest));
	order.run = calloc(room, sizeof(*order.run));
	if (!order.files || !order.by_digest || !order.run) {
		scan_order_clear(&order);
		return -GUARD_E_NOMEM;
	}
	for (size_t i = 0; i < scan->file_count; i++)
		if (scan->files[i].state == SCAN_LISTED)
			order.files[order.count++] = (uint32_t)i;
	if (order.count)
		qsort_r(order.files, order.count, sizeof(*order.files), compare_files, (void *)(uintptr_t)scan);
	fold(&order);
	*ret_order = order;
	return 0;
}

void scan_order_clear(struct scan_order *order)
{
	free(order->files);
	free(order->by_digest);
	free(order->run);
	*order = (struct scan_order){ 0 };
}

static const struct scan_file *file_at(const struct scan_order *order, size_t position)
{
	return &order->scan->files[order->files[position]];
}

size_t scan_order_group_end(const struct scan_order *order, size_t position)
{
	size_t end = position + 1;

	while (end < order->count && compare_groups(file_at(order, position), file_at(order, end)) == 0)
		end++;
	return end;
}

bool scan_order_is_first(const struct scan_order *order, size_t position)
{
	return order->by_digest[order->run[position]] == position;
}

const struct scan_file *scan_order_twin(const struct scan_order *order, size_t position, size_t n)
{
	size_t at = order->run[position] + 1 + n;

	if (at >= order->count || order->run[order->by_digest[at]] != order->run[position])
		return NULL;
	return file_at(order, order->by_digest[at]);
}
