/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_protocol.c - the vectors of docs/phone-unlock.md, and answers that
 * are tried where they do not belong.
 */
#include "unit.h"

#include <string.h>

#include "unlock_fixture.h"

static struct guard_unlock_set *set;
static struct guard_digest digest;

static int set_up(void)
{
	digest = unlock_fixture_digest("an installer");
	set = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH, 2);
	return set ? 0 : 1;
}

static int tear_down(void)
{
	guard_unlock_set_free(set);
	return 0;
}

/* ---- vectors ---------------------------------------------------------------------------- */

struct vector {
	uint8_t scope, slot;
	uint16_t nonce;
	uint8_t log2_n;
	uint64_t code;
	const char *salt, *verifier, *request, *answer;
};
static const struct vector vectors[] = {
	{ 1, 0, 0, 12, UINT64_C(3786018149257622), "b82a192373cee61b5147f58407342f1f",
	  "7c199843aba1be9d648adca05653508448f85a4742673887ef2375614b5fc313",
	  "000771 000065 568458 312351 262466", "397197 375442 922204 741951" },
	{ 3, 1, 4711, 12, UINT64_C(1284477326253267), "94e51dd46c35cf6e275f4c6fe8cfdbc5",
	  "fbcb5af55d33ae375cb921f4cc0cfaa73ebab3daf69a5b3ccbc3e7619f6373df",
	  "510797 471194 456132 925973 673261", "680049 173197 566117 232216" },
	{ 4, 14, 9999, 13, UINT64_C(8312139632213861), "89a3847fd2a8d3a16db1ad881061ead5",
	  "f970d65898bc74ecf0195aa09a5b6e74474eac2c0f942bef12dc0ec35f41d9af",
	  "890746 999941 020214 106808 834378", "799165 421711 365327 194968" },
	{ 5, 9, 815, 12, UINT64_C(1699305434327946), "39cfd30a51746bfee16e7f2150f4841d",
	  "15c1eaaafa10acb0c33f238c6905e2c69668a25255f74dcbdd21ab93dc785bd3",
	  "990753 081545 647707 282378 886176", "133842 140023 049689 145789" },
};

static void check_hex(const uint8_t *bytes, size_t size, const char *hex)
{
	char text[65];

	for (size_t i = 0; i < size; i++)
		snprintf(&text[2 * i], 3, "%02x", bytes[i]);
	CU_ASSERT_STRING_EQUAL(text, hex);
}

static void check_vector(const struct vector *vector, const struct guard_unlock_key *key)
{
	const struct unlock_place place = { FIXTURE_MACHINE, FIXTURE_EPOCH, vector->scope, vector->slot };
	const struct unlock_cost cost = { vector->log2_n, 8, 1 };
	const struct guard_digest none = { 0 };
	uint8_t salt[UNLOCK_SALT_SIZE] = { 0 }, verifier[UNLOCK_SECRET_SIZE];
	struct guard_unlock_number number;
	struct guard_unlock_answer answer;
	char text[GUARD_UNLOCK_TEXT_SIZE];
	uint64_t code = 0;

	CU_ASSERT_EQUAL(guard_unlock_code(&code, key, &place), 0);
	CU_ASSERT_EQUAL(code, vector->code);
	CU_ASSERT_EQUAL(guard_unlock_salt(salt, key, &place), 0);
	check_hex(salt, sizeof(salt), vector->salt);
	CU_ASSERT_EQUAL(guard_unlock_stretch(verifier, code, salt, &cost), 0);
	check_hex(verifier, sizeof(verifier), vector->verifier);
	number = unlock_fixture_number(set, FIXTURE_USER, vector->scope, vector->slot, vector->nonce,
				       GUARD_UNLOCK_HAS_FILE(vector->scope) ? &digest : &none);
	guard_unlock_number_format(text, &number);
	CU_ASSERT_STRING_EQUAL(text, vector->request);
	answer = unlock_fixture_answer(FIXTURE_MACHINE, FIXTURE_USER, &number);
	guard_unlock_answer_format(text, &answer);
	CU_ASSERT_STRING_EQUAL(text, vector->answer);
}

static void test_vectors(void)
{
	struct guard_unlock_key key;
	uint8_t id[4] = { 0 };

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL(guard_unlock_key_id(id, &key), 0);
	check_hex(id, sizeof(id), "f43a22a7");
	check_hex(set->mask, sizeof(set->mask), "81e0b235b78f757eef8e51d0d7c3b76da6dbcab978d014c723906996131306fe");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_vector(&vectors[i], &key);
}

/* ---- the machine ------------------------------------------------------------------------ */

static void test_answer_elsewhere(void)
{
	struct guard_unlock_set *other = unlock_fixture_set("pc-0043.osaka", FIXTURE_EPOCH, 2);
	const struct guard_digest other_digest = unlock_fixture_digest("another installer");
	struct guard_unlock_number asked = unlock_fixture_number(set, "tanaka", 1, 0, 17, &digest);
	struct guard_unlock_answer answer = unlock_fixture_answer(FIXTURE_MACHINE, "tanaka", &asked);
	const struct guard_unlock_number others[] = {
		unlock_fixture_number(set, "tanaka", 1, 0, 17, &other_digest), /* file */
		unlock_fixture_number(set, "sato", 1, 0, 17, &digest),         /* user */
		unlock_fixture_number(set, "tanaka", 1, 0, 18, &digest),       /* a later request */
		unlock_fixture_number(set, "tanaka", 1, 1, 17, &digest),       /* slot */
		unlock_fixture_number(set, "tanaka", 2, 0, 17, &digest),       /* scope */
	};

	CU_ASSERT_EQUAL(guard_unlock_verify(other, &asked, &answer), -GUARD_E_SIGNATURE);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT_EQUAL(guard_unlock_verify(set, &others[i], &answer), -GUARD_E_SIGNATURE);
	answer.value ^= 1;
	CU_ASSERT_EQUAL(guard_unlock_verify(set, &asked, &answer), -GUARD_E_SIGNATURE);
	answer.value ^= 1;
	CU_ASSERT_EQUAL(guard_unlock_verify(set, &asked, &answer), 0);
	guard_unlock_set_free(other);
}

static void test_no_such_slot(void)
{
	struct guard_unlock_number number = unlock_fixture_number(set, "tanaka", 1, 2, 17, &digest);
	struct guard_unlock_answer answer = unlock_fixture_answer(FIXTURE_MACHINE, "tanaka", &number);
	struct guard_unlock_set *later = unlock_fixture_set(FIXTURE_MACHINE, FIXTURE_EPOCH + 1, 3);

	CU_ASSERT_EQUAL(guard_unlock_verify(set, &number, &answer), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(guard_unlock_verify(later, &number, &answer), -GUARD_E_NOT_FOUND);
	guard_unlock_set_free(later);
}

/* The page says what the mask key gives and what it does not: with it an answer
 * moves within its slot, and nowhere else. */
static void test_redirect_stays_in_its_slot(void)
{
	struct guard_unlock_number from = unlock_fixture_number(set, "tanaka", 1, 0, 17, &digest);
	struct guard_unlock_answer answer = unlock_fixture_answer(FIXTURE_MACHINE, "tanaka", &from);

	for (uint8_t scope = 1; scope <= 2; scope++)
		for (uint8_t slot = 0; slot < 2; slot++) {
			struct guard_unlock_number to = unlock_fixture_number(set, "sato", scope, slot, 3, &digest);
			struct guard_unlock_answer moved;
			uint64_t old = 0, new = 0;

			CU_ASSERT_EQUAL(guard_unlock_blind(&old, set->mask, &from), 0);
			CU_ASSERT_EQUAL(guard_unlock_blind(&new, set->mask, &to), 0);
			moved.value = (answer.value + UNLOCK_ANSWER_LIMIT - old + new) % UNLOCK_ANSWER_LIMIT;
			CU_ASSERT_EQUAL(guard_unlock_verify(set, &to, &moved),
					scope == 1 && slot == 0 ? 0 : -GUARD_E_SIGNATURE);
		}
}

/* ---- the operator ----------------------------------------------------------------------- */

static int try_call(const char *machine, const char *user, uint32_t epoch, const struct guard_unlock_number *number)
{
	struct guard_unlock_call *call = NULL;
	struct guard_unlock_key key;
	int r;

	unlock_fixture_key(&key);
	r = guard_unlock_call_open(&call, &key, machine, user, epoch, number);
	if (r == 0)
		CU_ASSERT_EQUAL(guard_unlock_call_epoch(call), FIXTURE_EPOCH);
	guard_unlock_call_free(call);
	return r;
}

static void test_what_the_caller_says(void)
{
	struct guard_unlock_number number = unlock_fixture_number(set, "tanaka", 3, 1, 99, &digest);

	CU_ASSERT_EQUAL(try_call("pc-0043.osaka", "tanaka", FIXTURE_EPOCH, &number), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "sato", FIXTURE_EPOCH, &number), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(try_call("pc 42", "tanaka", FIXTURE_EPOCH, &number), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "", FIXTURE_EPOCH, &number), -GUARD_E_SYNTAX);
	/* 206: the epoch that ends in 07 was 107, and that was another one */
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "tanaka", FIXTURE_EPOCH - 1, &number), -GUARD_E_SIGNATURE);
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "tanaka", 6, &number), -GUARD_E_NOT_FOUND);
	/* machines that were offline for up to 99 epochs are understood */
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "tanaka", FIXTURE_EPOCH + 99, &number), 0);
	CU_ASSERT_EQUAL(try_call("PC-0042.OSAKA", "tanaka", FIXTURE_EPOCH, &number), 0);
	number.digits[UNLOCK_AT_FILE] = (uint8_t)((number.digits[UNLOCK_AT_FILE] + 1) % 10);
	CU_ASSERT_EQUAL(try_call(FIXTURE_MACHINE, "tanaka", FIXTURE_EPOCH, &number), -GUARD_E_SIGNATURE);
}

static void test_file_is_named(void)
{
	struct guard_unlock_number number = unlock_fixture_number(set, "tanaka", 1, 1, 99, &digest);
	const struct guard_digest other = unlock_fixture_digest("another installer");
	struct guard_unlock_call *call = NULL;
	struct guard_unlock_key key;

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_call_open(&call, &key, FIXTURE_MACHINE, "tanaka", FIXTURE_EPOCH, &number), 0);
	CU_ASSERT_EQUAL(guard_unlock_call_matches(call, &other), 0);
	CU_ASSERT_EQUAL(guard_unlock_call_matches(call, &digest), 1);
	guard_unlock_call_free(call);
}

static void test_scope_not_held(void)
{
	struct guard_unlock_number number = unlock_fixture_number(set, "tanaka", 4, 0, 99, &digest);
	struct guard_unlock_key key, *limited = NULL, *wider = NULL;
	struct guard_unlock_call *call = NULL;
	struct guard_unlock_answer answer;

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL(guard_unlock_key_limit(&limited, &key, 0), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL(guard_unlock_key_limit(&limited, &key, 0x23), -GUARD_E_USAGE);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_key_limit(&limited, &key, GUARD_UNLOCK_BIT(GUARD_UNLOCK_SHORT)), 0);
	CU_ASSERT_EQUAL(guard_unlock_key_limit(&wider, limited, GUARD_UNLOCK_ALL_SCOPES), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_call_open(&call, limited, FIXTURE_MACHINE, "tanaka", FIXTURE_EPOCH, &number), 0);
	CU_ASSERT_EQUAL(guard_unlock_call_answer(&answer, call), -GUARD_E_DENIED);
	guard_unlock_call_free(call);
	guard_unlock_key_free(limited);
}

static CU_TestInfo tests[] = {
	{ "vectors", test_vectors },
	{ "an answer elsewhere", test_answer_elsewhere },
	{ "a slot that is not there", test_no_such_slot },
	{ "redirecting ends at the slot", test_redirect_stays_in_its_slot },
	{ "what the caller says", test_what_the_caller_says },
	{ "the file is named", test_file_is_named },
	{ "a scope that the key lacks", test_scope_not_held },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("unlock: protocol", set_up, tear_down, tests)
