/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_unlock.c - what is typed, then any bytes as a verifier set and as a
 * state, whose checksums are made right, what is sealed in a delivery or a box.  What is
 * taken is written again as it was.  No scrypt: nothing here is slow.
 */
#include "fuzz.h"

#include <string.h>

#include "unlock/box.h"
#include "unlock/delivery.h"

static void type_in(const uint8_t *data, size_t size)
{
	struct guard_unlock_answer answer, again;
	struct guard_unlock_number number;
	struct guard_unlock_flaw flaw = { 0 };
	char text[GUARD_UNLOCK_TEXT_SIZE], sentence[160];

	if (guard_unlock_answer_parse(&answer, &flaw, (const char *)data, size) == 0) {
		guard_unlock_answer_format(text, &answer);
		FUZZ_REQUIRE(guard_unlock_answer_parse(&again, NULL, text, strlen(text)) == 0);
		FUZZ_REQUIRE(again.value == answer.value);
	} else {
		guard_unlock_flaw_text(sentence, sizeof(sentence), &flaw);
		FUZZ_REQUIRE(flaw.group <= GUARD_UNLOCK_ANSWER_GROUPS);
	}
	if (guard_unlock_number_parse(&number, &flaw, (const char *)data, size) == 0)
		guard_unlock_number_format(text, &number);
}

static uint8_t *seal(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	struct guard_digest sum;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (size >= sizeof(sum)) {
		FUZZ_REQUIRE(guard_digest_bytes(&sum, copy, size - sizeof(sum)) == 0);
		memcpy(&copy[size - sizeof(sum)], &sum, sizeof(sum));
	}
	return copy;
}

static void open_set(const uint8_t *bytes, size_t size)
{
	struct guard_unlock_set_info info;
	struct guard_unlock_set *set = NULL;

	if (guard_unlock_set_open(&set, bytes, size) < 0)
		return;
	guard_unlock_set_info(&info, set);
	FUZZ_REQUIRE(info.epoch > 0 && info.memory <= UINT64_C(32) << 20 && info.machine[0] != '\0');
	guard_unlock_set_free(set);
}

static void load_state(const uint8_t *bytes, size_t size)
{
	struct guard_unlock_state *state = NULL;
	void *again = NULL;
	size_t again_size = 0;

	if (guard_unlock_state_load(&state, bytes, size) < 0)
		return;
	FUZZ_REQUIRE(guard_unlock_state_save(&again, &again_size, state) == 0);
	/* One of an earlier version is longer when it is written again. */
	FUZZ_REQUIRE(again_size > size || (again_size == size && memcmp(again, bytes, size) == 0));
	free(again);
	guard_unlock_state_free(state);
}

/* As it came, and the bytes as what is sealed: written by whoever has the key. */
static void open_delivery(const uint8_t *bytes, size_t size)
{
	static const struct guard_unlock_base base = { .machine = "pc-1", .epoch = 1 };
	static struct guard_unlock_delivery delivery, again;
	void *sealed = NULL;
	size_t sealed_size = 0;

	(void)!guard_unlock_delivery_open(&delivery, NULL, &base, bytes, size);
	memset(&delivery, 0, sizeof(delivery));
	delivery.set_size = size < sizeof(delivery.set) ? size : sizeof(delivery.set);
	memcpy(delivery.set, bytes, delivery.set_size);
	FUZZ_REQUIRE(guard_unlock_delivery_seal(&sealed, &sealed_size, &base, &delivery) == 0);
	FUZZ_REQUIRE(guard_unlock_delivery_open(&again, NULL, &base, sealed, sealed_size) == 0);
	FUZZ_REQUIRE(again.set_size == delivery.set_size && memcmp(again.set, delivery.set, again.set_size) == 0);
	free(sealed);
}

/* A box as it came: what opens has what was sealed, which nobody without the key made. */
static void open_box(const uint8_t *bytes, size_t size)
{
	static const uint8_t seed[GUARD_UNLOCK_MACHINE_KEY_SIZE] = { 1 };
	static uint8_t set[GUARD_UNLOCK_SET_SIZE_MAX];
	uint8_t curve[GUARD_UNLOCK_MACHINE_KEY_SIZE];
	size_t set_size = 0;

	FUZZ_REQUIRE(guard_unlock_box_open(set, &set_size, seed, bytes, size) < 0);
	if (size >= sizeof(curve))
		(void)!guard_unlock_curve_public(curve, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *sealed;

	type_in(data, size);
	if (size == 0)
		return 0;
	sealed = seal(data, size);
	open_set(sealed, size);
	load_state(sealed, size);
	open_delivery(data, size);
	open_box(data, size);
	free(sealed);
	return 0;
}
