/* SPDX-License-Identifier: MIT
 *
 * unit/gate_fold.c - repeats become counts; nothing is lost, nothing is mixed.
 */
#include "gate/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct gate_folds *folds;

static struct guard_event *event_of(uint64_t inode, const char *path)
{
	static struct guard_event event;

	memset(&event, 0, sizeof(event));
	event.inode = inode;
	event.count = 1;
	snprintf(event.path, sizeof(event.path), "%s", path);
	return &event;
}

static void repeats_are_counted(void)
{
	struct guard_event *other, *due;
	bool left;

	folds = calloc(1, sizeof(*folds));
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(1, "/a"), 10), GATE_FOLD_SEND);
	for (int i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(1, "/a"), 20), GATE_FOLD_KEPT);
	CU_ASSERT_PTR_NULL(gate_fold_due(folds, &left, 30));
	CU_ASSERT_TRUE(left);
	due = gate_fold_due(folds, &left, 10 + GATE_FOLD_NS);
	CU_ASSERT_PTR_NOT_NULL_FATAL(due);
	CU_ASSERT_EQUAL(due->count, 1000);
	CU_ASSERT_PTR_NULL(gate_fold_due(folds, &left, 10 + GATE_FOLD_NS));
	CU_ASSERT_FALSE(left);
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(1, "/a"), 20 + GATE_FOLD_NS), GATE_FOLD_SEND);
	free(folds);
}

static void different_ones_are_not_mixed(void)
{
	struct guard_event *other, changed;

	folds = calloc(1, sizeof(*folds));
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(1, "/a"), 10), GATE_FOLD_SEND);
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(2, "/a"), 10), GATE_FOLD_SEND);
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, event_of(1, "/b"), 10), GATE_FOLD_SEND);
	changed = *event_of(1, "/a");
	changed.uid = 5;
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, &changed, 10), GATE_FOLD_SEND);
	changed.uid = 0;
	changed.reason = 3;
	CU_ASSERT_EQUAL(gate_fold_add(folds, &other, &changed, 10), GATE_FOLD_SEND);
	free(folds);
}

static void crowded_places_lose_nothing(void)
{
	struct guard_event *other, *due;
	uint64_t said = 0;
	bool left;

	folds = calloc(1, sizeof(*folds));
	for (uint64_t i = 0; i < 100000; i++) {
		if (gate_fold_add(folds, &other, event_of(i % 1000, "/x"), (int64_t)i) == GATE_FOLD_SEND)
			said++;
		if (other)
			said += other->count;
	}
	while ((due = gate_fold_due(folds, &left, INT64_MAX)))
		said += due->count;
	CU_ASSERT_EQUAL(said, 100000);
	free(folds);
}

static CU_TestInfo tests[] = {
	{ "repeats are counted", repeats_are_counted },
	{ "different ones are not mixed", different_ones_are_not_mixed },
	{ "crowded places lose nothing", crowded_places_lose_nothing },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_fold", tests)
