/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_delivery.c - deliveries to one machine: nobody else opens them, and no
 * changed byte passes.
 */
#include "unlock/delivery.h"

#include <string.h>

#include "unit.h"
#include "unlock_fixture.h"

static struct guard_unlock_base base;
static struct guard_unlock_delivery sent, got;
static uint8_t *bytes;
static size_t size;

static void another_machine_or_set(void)
{
	struct guard_unlock_base other = base;
	uint32_t epoch = 0;

	other.epoch++;
	CU_ASSERT_EQUAL(guard_unlock_delivery_open(&got, &epoch, &other, bytes, size), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(epoch, base.epoch);
	other = base;
	other.mask[0] ^= 1;
	CU_ASSERT_EQUAL(guard_unlock_delivery_open(&got, NULL, &other, bytes, size), -GUARD_E_SIGNATURE);
	other = base;
	strcpy(other.machine, "pc-0043.osaka");
	CU_ASSERT_EQUAL(guard_unlock_delivery_open(&got, NULL, &other, bytes, size), -GUARD_E_SIGNATURE);
}

static void changed(void)
{
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 1;
		CU_ASSERT_NOT_EQUAL(guard_unlock_delivery_open(&got, NULL, &base, bytes, size), 0);
		bytes[i] ^= 1;
	}
	for (size_t i = 0; i < size; i++)
		CU_ASSERT_NOT_EQUAL(guard_unlock_delivery_open(&got, NULL, &base, bytes, i), 0);
}

static void what_was_sent(void)
{
	CU_ASSERT_EQUAL_FATAL(guard_unlock_delivery_open(&got, NULL, &base, bytes, size), 0);
	CU_ASSERT_EQUAL(got.set_size, sent.set_size);
	CU_ASSERT_EQUAL(memcmp(got.set, sent.set, sent.set_size), 0);
	CU_ASSERT_EQUAL(got.count, 1);
	CU_ASSERT_EQUAL(memcmp(&got.approvals[0], &sent.approvals[0], sizeof(got.approvals[0])), 0);
}

static void as_many_as_fit(void)
{
	static struct guard_unlock_delivery full;
	struct guard_unlock_approval approval = {{{0}}, {0}};
	void *sealed = NULL;
	size_t sealed_size;

	full.set_size = sizeof(full.set);
	for (unsigned i = 0; i < GUARD_UNLOCK_DELIVERY_ANSWERS_MAX + 3; i++) {
		approval.answer.value = i;
		guard_unlock_delivery_add(&full, &approval);
	}
	CU_ASSERT_EQUAL(full.count, GUARD_UNLOCK_DELIVERY_ANSWERS_MAX);
	CU_ASSERT_EQUAL(full.approvals[0].answer.value, 3);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_delivery_seal(&sealed, &sealed_size, &base, &full), 0);
	CU_ASSERT_EQUAL(guard_unlock_delivery_open(&got, NULL, &base, sealed, sealed_size), 0);
	CU_ASSERT_EQUAL(got.approvals[15].answer.value, 18);
	free(sealed);
}

static int set_up(void)
{
	struct guard_unlock_key key;
	struct guard_unlock_approval approval = {.answer = {.value = 42}};
	void *sealed = NULL;

	unlock_fixture_key(&key);
	memset(sent.set, 7, 100);
	sent.set_size = 100;
	approval.number.digits[3] = 9;
	guard_unlock_delivery_add(&sent, &approval);
	if (guard_unlock_base_of_key(&base, &key, FIXTURE_MACHINE, FIXTURE_EPOCH) < 0 ||
	    guard_unlock_delivery_seal(&sealed, &size, &base, &sent) < 0)
		return 1;
	bytes = sealed;
	return 0;
}

static int tear_down(void)
{
	free(bytes);
	return 0;
}

static CU_TestInfo tests[] = {
	{ "another machine, another set", another_machine_or_set },
	{ "every changed byte, every length", changed },
	{ "what was sent", what_was_sent },
	{ "as many as fit", as_many_as_fit },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: deliveries", set_up, tear_down, tests)
