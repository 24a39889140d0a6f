/* SPDX-License-Identifier: MIT
 *
 * wire/status.c - the daemon's status in a message.
 */
#include "wire/body.h"

#define BACKEND_MAX 2u

static void put_distribution(struct guard_writer *writer, const struct guard_distribution *distribution)
{
	guard_body_put_text(writer, distribution->word, sizeof(distribution->word));
	guard_body_put_text(writer, distribution->text, sizeof(distribution->text));
	guard_body_put_text(writer, distribution->profile, sizeof(distribution->profile));
	guard_body_put_text(writer, distribution->id, sizeof(distribution->id));
	guard_write_u64(writer, distribution->snapshot);
	guard_write_u64(writer, distribution->exceptions);
	guard_write_u64(writer, distribution->denials);
	guard_write_i64(writer, distribution->last_check);
	guard_write_i64(writer, distribution->last_good);
	guard_write_i64(writer, distribution->next_check);
	guard_write_i64(writer, distribution->fresh_until);
}

static void take_distribution(struct guard_distribution *distribution, struct guard_reader *reader)
{
	guard_body_take_text(distribution->word, sizeof(distribution->word), reader);
	guard_body_take_text(distribution->text, sizeof(distribution->text), reader);
	guard_body_take_text(distribution->profile, sizeof(distribution->profile), reader);
	guard_body_take_text(distribution->id, sizeof(distribution->id), reader);
	distribution->snapshot = guard_read_u64(reader);
	distribution->exceptions = guard_read_u64(reader);
	distribution->denials = guard_read_u64(reader);
	distribution->last_check = guard_read_i64(reader);
	distribution->last_good = guard_read_i64(reader);
	distribution->next_check = guard_read_i64(reader);
	distribution->fresh_until = guard_read_i64(reader);
}

int guard_status_encode(struct guard_writer *writer, const struct guard_status *status)
{
	const uint64_t counts[] = { status->events, status->allowed,  status->denied,   status->would_deny,
				    status->cached, status->hashed,   status->hashed_bytes, status->queue,
				    status->overload, status->timeouts, status->records_lost };
	const uint32_t numbers[] = { status->filesystems, status->keeper_pid,  status->gate_pid,
				     status->record_pid,  status->control_pid, status->gate_restarts };

	if (status->enforcing > 1 || status->self_protection > 1 || status->backend > BACKEND_MAX)
		return -GUARD_E_USAGE;
	guard_write_u8(writer, status->enforcing);
	guard_write_u8(writer, status->backend);
	guard_body_put_text(writer, status->policy_id, sizeof(status->policy_id));
	guard_write_u64(writer, status->policy_version);
	guard_write_i64(writer, status->policy_expires);
	guard_write_u64(writer, status->digests);
	guard_write_u64(writer, status->rules);
	guard_write_i64(writer, status->started);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		guard_write_u64(writer, counts[i]);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		guard_write_u32(writer, numbers[i]);
	guard_body_put_text(writer, status->problem, sizeof(status->problem));
	guard_body_put_text(writer, status->help_phone, sizeof(status->help_phone));
	guard_body_put_text(writer, status->help_text, sizeof(status->help_text));
	guard_body_put_text(writer, status->layer, sizeof(status->layer));
	guard_body_put_text(writer, status->catalogs, sizeof(status->catalogs));
	guard_body_put_text(writer, status->packages, sizeof(status->packages));
	guard_body_put_text(writer, status->repository, sizeof(status->repository));
	guard_body_put_text(writer, status->office, sizeof(status->office));
	put_distribution(writer, &status->distribution);
	guard_write_u8(writer, status->self_protection);
	guard_write_i64(writer, status->maintenance_until);
	guard_body_put_text(writer, status->state_dir, sizeof(status->state_dir));
	guard_body_put_text(writer, status->catalogs_dir, sizeof(status->catalogs_dir));
	return guard_body_end(writer);
}

/* A daemon of before the field was added has said all that it knows. */
static bool says_more(const struct guard_reader *reader)
{
	return !reader->failed && guard_reader_left(reader) > 0;
}

int guard_status_decode(struct guard_status *ret_status, struct guard_reader *reader)
{
	struct guard_status status = { 0 };
	uint64_t *const counts[] = { &status.events, &status.allowed,  &status.denied,       &status.would_deny,
				     &status.cached, &status.hashed,   &status.hashed_bytes, &status.queue,
				     &status.overload, &status.timeouts, &status.records_lost };
	uint32_t *const numbers[] = { &status.filesystems, &status.keeper_pid,  &status.gate_pid,
				      &status.record_pid,  &status.control_pid, &status.gate_restarts };

	status.enforcing = guard_body_take_enum(reader, 2);
	status.backend = guard_body_take_enum(reader, BACKEND_MAX + 1);
	guard_body_take_text(status.policy_id, sizeof(status.policy_id), reader);
	status.policy_version = guard_read_u64(reader);
	status.policy_expires = guard_read_i64(reader);
	status.digests = guard_read_u64(reader);
	status.rules = guard_read_u64(reader);
	status.started = guard_read_i64(reader);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i] = guard_read_u64(reader);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = guard_read_u32(reader);
	guard_body_take_text(status.problem, sizeof(status.problem), reader);
	guard_body_take_text(status.help_phone, sizeof(status.help_phone), reader);
	guard_body_take_text(status.help_text, sizeof(status.help_text), reader);
	guard_body_take_text(status.layer, sizeof(status.layer), reader);
	guard_body_take_text(status.catalogs, sizeof(status.catalogs), reader);
	guard_body_take_text(status.packages, sizeof(status.packages), reader);
	guard_body_take_text(status.repository, sizeof(status.repository), reader);
	guard_body_take_text(status.office, sizeof(status.office), reader);
	take_distribution(&status.distribution, reader);
	status.self_protection = guard_body_take_enum(reader, 2);
	status.maintenance_until = guard_read_i64(reader);
	if (says_more(reader))
		guard_body_take_text(status.state_dir, sizeof(status.state_dir), reader);
	if (says_more(reader))
		guard_body_take_text(status.catalogs_dir, sizeof(status.catalogs_dir), reader);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_status = status;
	return 0;
}
