/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_inspect.c - first byte: which parser; the rest: what it is given.  An
 * inspector's answer always decodes; a claim that decodes is the one that was
 * written.
 */
#include "fuzz.h"

#include <string.h>

#include "identity/certificate.h"
#include "identity/detach.h"
#include "inspect/inspect.h"

static struct guard_claims claims;

static void ask(uint32_t type, const uint8_t *data, size_t size)
{
	static uint8_t reply[INSPECT_REPLY_MAX];
	struct guard_writer packet;
	size_t written;

	guard_writer_init(&packet);
	guard_write_u32(&packet, type);
	guard_write_u32(&packet, (uint32_t)size);
	if (size)
		guard_write_bytes(&packet, data, size);
	written = inspect_answer(reply, sizeof(reply), packet.bytes, packet.size);
	guard_writer_free(&packet);
	FUZZ_REQUIRE(written > 0);
	FUZZ_REQUIRE(guard_claims_decode(&claims, reply, written) == 0);
	FUZZ_REQUIRE(claims.count > 0 || claims.reason[0]);
}

static void decode(const uint8_t *data, size_t size)
{
	struct guard_writer writer;

	if (guard_claims_decode(&claims, data, size) < 0)
		return;
	guard_writer_init(&writer);
	guard_claims_encode(&writer, &claims);
	FUZZ_REQUIRE(writer.size == size && memcmp(writer.bytes, data, size) == 0);
	guard_writer_free(&writer);
}

static void attributes(const uint8_t *data, size_t size)
{
	const struct guard_hash_value value = { .hash = GUARD_HASH_SHA256 };

	(void)!guard_attributes_verify(data, size, &value);
}

static void certificate(const uint8_t *data, size_t size)
{
	struct guard_certificate read;
	char reason[200];

	if (guard_certificate_read(&read, data, size, reason, sizeof(reason)) == 0)
		guard_certificate_clear(&read);
	else
		FUZZ_REQUIRE(reason[0]);
}

/* Questions about certificates and time stamps: what is answered, decodes, and what
 * it says keeps to its limits. */
static void ask_chain(uint32_t type, const uint8_t *data, size_t size)
{
	static uint8_t reply[INSPECT_REPLY_MAX];
	static struct guard_chain chain;
	static struct guard_certificate_detail detail;
	static struct guard_signed signed_by;
	struct guard_time_stamp stamp;
	struct guard_writer packet;
	size_t written;

	guard_writer_init(&packet);
	guard_write_u32(&packet, type);
	guard_write_u32(&packet, (uint32_t)size);
	if (size)
		guard_write_bytes(&packet, data, size);
	written = inspect_answer(reply, sizeof(reply), packet.bytes, packet.size);
	guard_writer_free(&packet);
	if (type == GUARD_INSPECT_CHAIN && size > 0)
		FUZZ_REQUIRE(guard_chain_decode(&chain, reply, written) == 0);
	if (type == GUARD_INSPECT_SIGNED) {
		FUZZ_REQUIRE(guard_signed_decode(&signed_by, reply, written) == 0);
		FUZZ_REQUIRE(signed_by.claims.count > 0 || signed_by.claims.reason[0]);
		FUZZ_REQUIRE(signed_by.index != GUARD_SIGNED_NONE || signed_by.chain.count == 0);
	}
	if (type == GUARD_INSPECT_CERTIFICATE) {
		FUZZ_REQUIRE(guard_certificate_detail_decode(&detail, reply, written) == 0);
		FUZZ_REQUIRE(detail.reason[0] || detail.spki_size > 0);
	}
	if (type == GUARD_INSPECT_TIME && written > 0)
		FUZZ_REQUIRE(guard_time_stamp_decode(&stamp, reply, written) == 0);
}

static void decode_chain(const uint8_t *data, size_t size)
{
	static struct guard_certificate_detail detail;
	static struct guard_chain chain;
	struct guard_writer writer;

	(void)!guard_certificate_detail_decode(&detail, data, size);
	if (guard_chain_decode(&chain, data, size) < 0)
		return;
	guard_writer_init(&writer);
	guard_chain_encode(&writer, &chain);
	FUZZ_REQUIRE(writer.size == size && memcmp(writer.bytes, data, size) == 0);
	guard_writer_free(&writer);
}

/* What is found lies in the file; the answer is the one that was written. */
static void detach(const uint8_t *data, size_t size)
{
	static struct guard_detached detached, back;
	struct guard_writer question, answer;

	guard_writer_init(&question);
	guard_detach_ask(&question, data, size);
	if (guard_detach(&detached, question.bytes, question.size) == 0)
		FUZZ_REQUIRE(detached.cms_size > 0 && detached.size > 0 && detached.offset < size &&
			     detached.size < size - detached.offset);
	else
		FUZZ_REQUIRE(detached.reason[0]);
	(void)!guard_detach(&back, data, size);
	guard_writer_init(&answer);
	guard_detached_encode(&answer, &detached);
	FUZZ_REQUIRE(guard_detached_decode(&back, answer.bytes, answer.size) == 0);
	(void)!guard_detached_decode(&back, data, size);
	guard_writer_free(&question);
	guard_writer_free(&answer);
}

static void of_chains(uint8_t which, const uint8_t *data, size_t size)
{
	static const uint32_t types[] = { GUARD_INSPECT_CHAIN, GUARD_INSPECT_CERTIFICATE, GUARD_INSPECT_TOKEN,
					  GUARD_INSPECT_CONTENT, GUARD_INSPECT_TIME };

	if (which == 7)
		ask_chain(GUARD_INSPECT_SIGNED, data, size);
	else if (which < sizeof(types) / sizeof(types[0]))
		ask_chain(types[which], data, size);
	else if (which == sizeof(types) / sizeof(types[0]))
		decode_chain(data, size);
	else
		detach(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] >= 128) {
		of_chains((uint8_t)(data[0] - 128) % 8, &data[1], size - 1);
		return 0;
	}
	switch (data[0] % 5) {
	case 0:
		ask(GUARD_INSPECT_IMA, &data[1], size - 1);
		break;
	case 1:
		ask(GUARD_INSPECT_CMS, &data[1], size - 1);
		break;
	case 2:
		decode(&data[1], size - 1);
		break;
	case 3:
		attributes(&data[1], size - 1);
		break;
	default:
		certificate(&data[1], size - 1);
		break;
	}
	return 0;
}
