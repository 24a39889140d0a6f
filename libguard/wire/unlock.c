/* SPDX-License-Identifier: MIT
 *
 * wire/unlock.c - messages about unlock by phone.
 */
#include "wire/unlock.h"

#include <string.h>

#include "wire/body.h"

static void take_digest(struct guard_digest *ret_digest, struct guard_reader *reader)
{
	const uint8_t *bytes = guard_read_bytes(reader, GUARD_DIGEST_SIZE);

	if (bytes)
		memcpy(ret_digest->bytes, bytes, GUARD_DIGEST_SIZE);
}

/* ---- ask --------------------------------------------------------------------- */

int guard_ask_encode(struct guard_writer *writer, const struct guard_ask *ask)
{
	if (ask->verb == 0 || ask->verb >= GUARD_ASK_MAX_ || ask->scope >= GUARD_UNLOCK_SCOPE_MAX_ ||
	    ask->medium >= GUARD_MEDIUM_MAX_)
		return -GUARD_E_USAGE;
	guard_write_u8(writer, ask->verb);
	guard_write_u8(writer, ask->scope);
	guard_write_u8(writer, ask->medium);
	guard_write_u32(writer, ask->id);
	guard_write_bytes(writer, ask->digest.bytes, GUARD_DIGEST_SIZE);
	guard_body_put_text(writer, ask->path, sizeof(ask->path));
	guard_body_put_text(writer, ask->reason, sizeof(ask->reason));
	guard_body_put_text(writer, ask->number, sizeof(ask->number));
	guard_body_put_text(writer, ask->code, sizeof(ask->code));
	return guard_body_end(writer);
}

int guard_ask_decode(struct guard_ask *ret_ask, struct guard_reader *reader)
{
	struct guard_ask ask = { 0 };

	ask.verb = guard_body_take_enum(reader, GUARD_ASK_MAX_);
	ask.scope = guard_body_take_enum(reader, GUARD_UNLOCK_SCOPE_MAX_);
	ask.medium = guard_body_take_enum(reader, GUARD_MEDIUM_MAX_);
	ask.id = guard_read_u32(reader);
	take_digest(&ask.digest, reader);
	guard_body_take_text(ask.path, sizeof(ask.path), reader);
	guard_body_take_text(ask.reason, sizeof(ask.reason), reader);
	guard_body_take_text(ask.number, sizeof(ask.number), reader);
	guard_body_take_text(ask.code, sizeof(ask.code), reader);
	if (reader->failed || ask.verb == 0 || (ask.verb == GUARD_ASK_REQUEST && ask.scope == 0))
		return -GUARD_E_FORMAT;
	*ret_ask = ask;
	return 0;
}

/* ---- handed ------------------------------------------------------------------ */

static void put_permits(struct guard_writer *writer, const struct guard_permits *permits)
{
	guard_write_u32(writer, permits->count);
	guard_write_i64(writer, permits->now);
	guard_write_i64(writer, permits->fresh_until);
	for (uint32_t i = 0; i < permits->count && i < GUARD_PERMITS_MAX; i++) {
		guard_body_put_text(writer, permits->all[i].id, sizeof(permits->all[i].id));
		guard_write_i64(writer, permits->all[i].from);
		guard_write_i64(writer, permits->all[i].until);
		guard_write_u32(writer, permits->all[i].seconds);
	}
}

static void take_permits(struct guard_permits *permits, struct guard_reader *reader)
{
	permits->count = guard_read_u32(reader);
	permits->now = guard_read_i64(reader);
	permits->fresh_until = guard_read_i64(reader);
	if (permits->count > GUARD_PERMITS_MAX)
		reader->failed = true;
	for (uint32_t i = 0; i < permits->count && !reader->failed; i++) {
		guard_body_take_text(permits->all[i].id, sizeof(permits->all[i].id), reader);
		permits->all[i].from = guard_read_i64(reader);
		permits->all[i].until = guard_read_i64(reader);
		permits->all[i].seconds = guard_read_u32(reader);
	}
}

int guard_handed_encode(struct guard_writer *writer, const struct guard_handed *handed)
{
	guard_write_u32(writer, handed->sequence);
	guard_write_u32(writer, handed->uid);
	for (size_t i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++)
		guard_write_u32(writer, handed->seconds[i]);
	guard_write_u32(writer, handed->maintenance_longest);
	put_permits(writer, &handed->permits);
	guard_write_u64(writer, handed->policy_version);
	guard_write_u8(writer, handed->denied);
	guard_body_put_text(writer, handed->user, sizeof(handed->user));
	return guard_ask_encode(writer, &handed->ask);
}

int guard_handed_decode(struct guard_handed *ret_handed, struct guard_reader *reader)
{
	struct guard_handed handed = { 0 };
	int r;

	handed.sequence = guard_read_u32(reader);
	handed.uid = guard_read_u32(reader);
	for (size_t i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++)
		handed.seconds[i] = guard_read_u32(reader);
	handed.maintenance_longest = guard_read_u32(reader);
	take_permits(&handed.permits, reader);
	handed.policy_version = guard_read_u64(reader);
	handed.denied = guard_body_take_enum(reader, 2);
	guard_body_take_text(handed.user, sizeof(handed.user), reader);
	r = guard_ask_decode(&handed.ask, reader);
	if (r < 0 || !guard_reader_done(reader) || handed.user[0] == '\0')
		return -GUARD_E_FORMAT;
	*ret_handed = handed;
	return 0;
}

/* ---- told -------------------------------------------------------------------- */

int guard_told_encode(struct guard_writer *writer, const struct guard_told *told)
{
	if (told->what == 0 || told->what >= GUARD_TOLD_MAX_ || told->scope >= GUARD_UNLOCK_SCOPE_MAX_)
		return -GUARD_E_USAGE;
	guard_write_u8(writer, told->what);
	guard_write_u8(writer, told->scope);
	guard_write_u8(writer, told->wrong);
	guard_write_u32(writer, told->id);
	guard_write_u32(writer, told->uid);
	guard_write_u32(writer, told->epoch);
	guard_write_u32(writer, told->seconds);
	guard_write_i64(writer, told->from);
	guard_write_i64(writer, told->until);
	guard_write_bytes(writer, told->digest.bytes, GUARD_DIGEST_SIZE);
	guard_body_put_text(writer, told->number, sizeof(told->number));
	guard_body_put_text(writer, told->machine, sizeof(told->machine));
	guard_body_put_text(writer, told->user, sizeof(told->user));
	guard_body_put_text(writer, told->path, sizeof(told->path));
	guard_body_put_text(writer, told->reason, sizeof(told->reason));
	return guard_body_end(writer);
}

int guard_told_decode(struct guard_told *ret_told, struct guard_reader *reader)
{
	struct guard_told told = { 0 };

	told.what = guard_body_take_enum(reader, GUARD_TOLD_MAX_);
	told.scope = guard_body_take_enum(reader, GUARD_UNLOCK_SCOPE_MAX_);
	told.wrong = guard_read_u8(reader);
	told.id = guard_read_u32(reader);
	told.uid = guard_read_u32(reader);
	told.epoch = guard_read_u32(reader);
	told.seconds = guard_read_u32(reader);
	told.from = guard_read_i64(reader);
	told.until = guard_read_i64(reader);
	take_digest(&told.digest, reader);
	guard_body_take_text(told.number, sizeof(told.number), reader);
	guard_body_take_text(told.machine, sizeof(told.machine), reader);
	guard_body_take_text(told.user, sizeof(told.user), reader);
	guard_body_take_text(told.path, sizeof(told.path), reader);
	guard_body_take_text(told.reason, sizeof(told.reason), reader);
	if (reader->failed || told.what == 0)
		return -GUARD_E_FORMAT;
	*ret_told = told;
	return 0;
}

/* ---- refusal ----------------------------------------------------------------- */

int guard_refusal_encode(struct guard_writer *writer, const struct guard_refusal *refusal)
{
	if (refusal->kind >= GUARD_REFUSAL_MAX_)
		return -GUARD_E_USAGE;
	guard_write_u8(writer, refusal->kind);
	guard_write_u8(writer, refusal->group);
	guard_write_u32(writer, refusal->number);
	guard_body_put_text(writer, refusal->text, sizeof(refusal->text));
	return guard_body_end(writer);
}

int guard_refusal_decode(struct guard_refusal *ret_refusal, struct guard_reader *reader)
{
	struct guard_refusal refusal = { 0 };

	refusal.kind = guard_body_take_enum(reader, GUARD_REFUSAL_MAX_);
	refusal.group = guard_read_u8(reader);
	refusal.number = guard_read_u32(reader);
	guard_body_take_text(refusal.text, sizeof(refusal.text), reader);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_refusal = refusal;
	return 0;
}
