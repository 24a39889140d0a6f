/* SPDX-License-Identifier: MIT
 *
 * trust/deliver.c - make a policy set of parts, hand it to the keeper, wait for
 * what it says, and remember what is in force then.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "keeper/fdpass.h"
#include "trust/internal.h"

#define ANSWER_MS 200000 /* longer than the keeper gives loader and gate together */
#define BUSY_TRIES 20u	 /* while the keeper is at another policy */

static int64_t earliest(const struct guard_trust_info *info)
{
	const int64_t ends[] = {info->root_expires, info->timestamp_expires, info->snapshot_expires,
				info->targets_expires};
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] < first)
			first = ends[i];
	return first;
}

static int open_sources(struct guard_set_source *sources, const struct trust_process *trust,
			const struct trust_state *state)
{
	for (size_t i = 0; i < state->part_count; i++) {
		const struct trust_part *part = &state->parts[i];
		int r;

		sources[i] = (struct guard_set_source){.kind = part->kind,
						       .fd = -1,
						       .broad = part->broad,
						       .above = part->above,
						       .office = part->office};
		r = trust_part_open(&sources[i].fd, trust->parts, &part->digest);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The checksum in its header tells it from every other (docs/policy-set.md). */
static int checksum_of(struct guard_digest *ret_sum, int set)
{
	struct guard_set_header header;

	if (pread(set, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header.magic, GUARD_SET_MAGIC, sizeof(header.magic)) != 0)
		return -GUARD_E_FORMAT;
	memcpy(ret_sum->bytes, header.sha256, GUARD_DIGEST_SIZE);
	return 0;
}

bool trust_set_is(int set, const struct guard_digest *sum)
{
	struct guard_digest found;

	return set >= 0 && checksum_of(&found, set) == 0 && guard_digest_compare(&found, sum) == 0;
}

static int make_set(int *ret_set, const struct trust_process *trust, const struct trust_state *state)
{
	struct guard_set_source sources[TRUST_PARTS_MAX];
	GUARD_AUTO_CLOSE int set = memfd_create("guard-set", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct guard_trust_info info;
	struct guard_set_facts facts = {.snapshot = state->snapshot, .made = trust->now};
	int r;

	for (size_t i = 0; i < TRUST_PARTS_MAX; i++)
		sources[i].fd = -1;
	guard_trust_info(trust->client, &info);
	facts.fresh_until = earliest(&info);
	r = set < 0 ? -GUARD_E_NOMEM : open_sources(sources, trust, state);
	if (r == 0)
		r = guard_set_write(set, &facts, sources, state->part_count);
	for (size_t i = 0; i < TRUST_PARTS_MAX; i++)
		if (sources[i].fd >= 0)
			close(sources[i].fd);
	if (r == 0 && fcntl(set, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		r = -GUARD_E_IO;
	if (r == 0)
		*ret_set = guard_steal_fd(&set);
	return r;
}

/* Orders to check that come meanwhile are met by the check at hand. */
static int await_result(const struct trust_process *trust, struct guardd_trust_message *ret_message)
{
	for (;;) {
		struct pollfd ready = {trust->keeper, POLLIN, 0};
		size_t size, fds = 0;
		int r = poll(&ready, 1, ANSWER_MS);

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -GUARD_E_TIMEOUT;
		r = guardd_fdpass_receive(&size, ret_message, sizeof(*ret_message), NULL, &fds, trust->keeper);
		if (r == -GUARD_E_BUSY)
			continue;
		if (r < 0 || size != sizeof(*ret_message))
			_exit(EXIT_SUCCESS); /* the keeper has ended */
		ret_message->text[sizeof(ret_message->text) - 1] = '\0';
		if (ret_message->type == GUARDD_TRUST_RESULT)
			return ret_message->error;
	}
}

static int hand_over(const struct trust_process *trust, int set, struct guardd_trust_message *ret_message)
{
	const struct guardd_trust_message message = {.type = GUARDD_TRUST_SET};
	int r = -GUARD_E_BUSY;

	for (unsigned i = 0; i < BUSY_TRIES && r == -GUARD_E_BUSY; i++) {
		if (i > 0)
			poll(NULL, 0, 500);
		r = trust_send(trust, &message, set);
		if (r == 0)
			r = await_result(trust, ret_message);
	}
	return r;
}

/* What is in force and could not be written down is taken again after a start;
 * that is no reason to undo it. */
static int remember(struct trust_process *trust, const struct trust_state *state, int set,
		    struct trust_failure *failure)
{
	int r = checksum_of(&trust->memory.set, set);

	trust->in_force = true;
	trust->memory.state = *state;
	trust->memory.time = trust->now;
	for (size_t i = 0; i < state->part_count && r == 0; i++)
		r = trust_memory_raise(&trust->memory, state->parts[i].path, state->parts[i].version);
	if (r == 0)
		r = trust_memory_save(trust->folder, &trust->memory);
	if (r < 0)
		return trust_fail(failure, r, "refused-storage",
				  "the update is in force but could not be remembered in %s/trust: %s",
				  trust->config->state_dir, strerror(errno));
	return 0;
}

int trust_deliver(struct trust_process *trust, const struct trust_state *state, struct trust_failure *failure)
{
	static struct guardd_trust_message answer;
	GUARD_AUTO_CLOSE int set = -1;
	int r = make_set(&set, trust, state);

	if (r < 0)
		return trust_fail(failure, r, "refused-storage", "the parts cannot be put together: %s",
				  guard_error_text(r));
	answer.text[0] = '\0';
	r = hand_over(trust, set, &answer);
	if (r < 0)
		/* Not the network's failure, whatever the code. */
		return trust_fail(failure, r, r == -GUARD_E_TIMEOUT || r == -GUARD_E_UNREACHABLE || r == -GUARD_E_BUSY ?
						  "refused-storage" :
						  trust_word_of(r),
				  "%s", answer.text[0] ? answer.text : "the gate did not take it over in time");
	return remember(trust, state, set, failure);
}
