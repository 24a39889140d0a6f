/* SPDX-License-Identifier: MIT
 *
 * unlock/state_file.c - the state as bytes to be stored, and back.  What does not
 * read back exactly is refused whole.
 */
#include "unlock/unlock.h"

#include <string.h>

#define MAGIC_SIZE 8u

/* ---- out ------------------------------------------------------------------------------------ */

static void write_request(struct guard_writer *writer, const struct guard_unlock_request *request)
{
	guard_write_bytes(writer, request->number.digits, GUARD_UNLOCK_REQUEST_DIGITS);
	guard_write_u32(writer, request->uid);
	guard_write_bytes(writer, request->digest.bytes, GUARD_DIGEST_SIZE);
	guard_write_u64(writer, request->opened_ms);
	guard_write_u8(writer, request->wrong);
}

static void write_state(struct guard_writer *writer, const struct guard_unlock_state *state)
{
	guard_write_bytes(writer, UNLOCK_STATE_MAGIC, MAGIC_SIZE);
	guard_write_u32(writer, UNLOCK_STATE_VERSION);
	guard_write_u64(writer, state->serial);
	guard_write_u32(writer, state->epoch);
	guard_write_bytes(writer, state->set.bytes, GUARD_DIGEST_SIZE);
	for (unsigned i = 0; i < GUARD_UNLOCK_SCOPES; i++) {
		guard_write_u32(writer, state->burned[i]);
		guard_write_u8(writer, state->next[i]);
	}
	guard_write_u8(writer, state->failures);
	guard_write_u8(writer, state->locked);
	guard_write_bytes(writer, state->boot_id, sizeof(state->boot_id));
	guard_write_u64(writer, state->wait_since);
	guard_write_u64(writer, state->wait_ms);
	guard_write_u64(writer, state->hour_since);
	guard_write_u32(writer, state->hour_count);
	guard_write_u8(writer, (uint8_t)state->count);
	for (unsigned i = 0; i < state->count; i++)
		write_request(writer, &state->requests[i]);
}

int guard_unlock_state_save(void **ret_bytes, size_t *ret_size, const struct guard_unlock_state *state)
{
	struct guard_writer writer;
	struct guard_digest sum;
	int r = -GUARD_E_NOMEM;

	guard_writer_init(&writer);
	write_state(&writer, state);
	if (!writer.failed)
		r = guard_digest_bytes(&sum, writer.bytes, writer.size);
	if (r == 0)
		guard_write_bytes(&writer, sum.bytes, sizeof(sum.bytes));
	if (r == 0 && writer.failed)
		r = -GUARD_E_NOMEM;
	if (r < 0) {
		guard_writer_free(&writer);
		return r;
	}
	*ret_bytes = writer.bytes;
	*ret_size = writer.size;
	return 0;
}

/* ---- in ------------------------------------------------------------------------------------- */

static bool take(void *to, struct guard_reader *reader, size_t size)
{
	const uint8_t *bytes = guard_read_bytes(reader, size);

	if (bytes)
		memcpy(to, bytes, size);
	return bytes != NULL;
}

static int read_request(struct guard_unlock_request *request, struct guard_reader *reader)
{
	struct guard_unlock_fields fields;

	if (!take(request->number.digits, reader, GUARD_UNLOCK_REQUEST_DIGITS))
		return -GUARD_E_FORMAT;
	for (unsigned i = 0; i < GUARD_UNLOCK_REQUEST_DIGITS; i++)
		if (request->number.digits[i] > 9)
			return -GUARD_E_FORMAT;
	guard_unlock_number_fields(&fields, &request->number);
	request->scope = fields.scope;
	request->slot = fields.slot;
	request->uid = guard_read_u32(reader);
	if (!take(request->digest.bytes, reader, GUARD_DIGEST_SIZE))
		return -GUARD_E_FORMAT;
	request->opened_ms = guard_read_u64(reader);
	request->wrong = guard_read_u8(reader);
	return request->wrong > GUARD_UNLOCK_WRONG_MAX ? -GUARD_E_FORMAT : 0;
}

static int read_slots(struct guard_unlock_state *state, struct guard_reader *reader, unsigned scopes)
{
	for (unsigned i = 0; i < scopes; i++) {
		const unsigned slots = guard_unlock_slots((uint8_t)(i + 1));

		state->burned[i] = guard_read_u32(reader);
		state->next[i] = guard_read_u8(reader);
		if (state->burned[i] >> slots != 0 || state->next[i] >= slots)
			return -GUARD_E_FORMAT;
	}
	return 0;
}

static int read_counters(struct guard_unlock_state *state, struct guard_reader *reader)
{
	state->failures = guard_read_u8(reader);
	state->locked = guard_read_u8(reader);
	if (!take(state->boot_id, reader, sizeof(state->boot_id)))
		return -GUARD_E_FORMAT;
	state->wait_since = guard_read_u64(reader);
	state->wait_ms = guard_read_u64(reader);
	state->hour_since = guard_read_u64(reader);
	state->hour_count = guard_read_u32(reader);
	state->count = guard_read_u8(reader);
	if (state->failures > GUARD_UNLOCK_FAILURES_MAX ||
	    state->locked != (state->failures == GUARD_UNLOCK_FAILURES_MAX) ||
	    state->wait_ms > GUARD_UNLOCK_WAIT_MAX_MS || state->hour_count > GUARD_UNLOCK_REQUESTS_PER_HOUR ||
	    state->count > GUARD_UNLOCK_REQUESTS_MAX)
		return -GUARD_E_FORMAT;
	return 0;
}

static int read_state(struct guard_unlock_state *state, struct guard_reader *reader, unsigned scopes)
{
	int r;

	state->serial = guard_read_u64(reader);
	state->epoch = guard_read_u32(reader);
	if (!take(state->set.bytes, reader, GUARD_DIGEST_SIZE))
		return -GUARD_E_FORMAT;
	r = read_slots(state, reader, scopes);
	if (r == 0)
		r = read_counters(state, reader);
	for (unsigned i = 0; r == 0 && i < state->count; i++)
		r = read_request(&state->requests[i], reader);
	if (r < 0)
		return r;
	return guard_reader_done(reader) ? 0 : -GUARD_E_FORMAT;
}

/* How many scopes it tells of comes with the version. */
static int read_frame(struct guard_reader *reader, unsigned *ret_scopes, const void *bytes, size_t size)
{
	const uint8_t *magic, *sum;
	struct guard_reader tail;
	struct guard_digest digest;
	uint32_t version;
	int r;

	if (size < MAGIC_SIZE + GUARD_DIGEST_SIZE || size > GUARD_UNLOCK_STATE_SIZE_MAX)
		return -GUARD_E_FORMAT;
	guard_reader_init(reader, bytes, size - GUARD_DIGEST_SIZE);
	magic = guard_read_bytes(reader, MAGIC_SIZE);
	if (!magic || memcmp(magic, UNLOCK_STATE_MAGIC, MAGIC_SIZE) != 0)
		return -GUARD_E_FORMAT;
	version = guard_read_u32(reader);
	if (version != UNLOCK_STATE_VERSION && version != UNLOCK_STATE_VERSION_FOUR)
		return -GUARD_E_VERSION;
	*ret_scopes = version == UNLOCK_STATE_VERSION_FOUR ? 4 : GUARD_UNLOCK_SCOPES;
	r = guard_digest_bytes(&digest, bytes, size - GUARD_DIGEST_SIZE);
	if (r < 0)
		return r;
	guard_reader_init(&tail, bytes, size);
	if (!guard_read_bytes(&tail, size - GUARD_DIGEST_SIZE))
		return -GUARD_E_FORMAT;
	sum = guard_read_bytes(&tail, GUARD_DIGEST_SIZE);
	return sum && memcmp(sum, digest.bytes, GUARD_DIGEST_SIZE) == 0 ? 0 : -GUARD_E_CHECKSUM;
}

int guard_unlock_state_load(struct guard_unlock_state **ret_state, const void *bytes, size_t size)
{
	struct guard_unlock_state *state;
	struct guard_reader reader;
	unsigned scopes = 0;
	int r = read_frame(&reader, &scopes, bytes, size);

	if (r < 0)
		return r;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -GUARD_E_NOMEM;
	r = read_state(state, &reader, scopes);
	if (r < 0) {
		guard_unlock_state_free(state);
		return r;
	}
	*ret_state = state;
	return 0;
}
