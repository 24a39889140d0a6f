/* SPDX-License-Identifier: MIT
 *
 * trust/collect.c - look up and fetch the parts that docs/distribution.md names,
 * and refuse what is older than what was in force.  Changes nothing that is in
 * force.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "trust/internal.h"

static void free_target(struct guard_trust_target **target)
{
	guard_trust_target_free(*target);
}
#define AUTO_TARGET __attribute__((cleanup(free_target)))

/* The client's sentence, with the transfer's when it has something to say. */
static int client_failed(struct trust_failure *failure, int error, const struct trust_process *trust,
			 const char *path)
{
	const char *more = trust->fetch_text;

	if (error == -GUARD_E_IO)
		return trust_fail(failure, error, trust_word_of(error),
				  "%s cannot be stored in %s/trust: %s", path, trust->config->state_dir, strerror(errno));
	return trust_fail(failure, error, trust_word_of(error), "%s: %s%s%s", path,
			  guard_trust_message(trust->client), *more ? "; " : "", more);
}

/* 0 it is there, -GUARD_E_NOT_FOUND: it is signed that there is none. */
static int fetch(struct guard_digest *ret_digest, struct trust_process *trust, const char *path,
		 struct trust_failure *failure)
{
	struct guard_trust_target *target AUTO_TARGET = NULL;
	int r = guard_trust_find(&target, trust->client, path);

	if (r == -GUARD_E_NOT_FOUND)
		return trust_fail(failure, r, "refused-mismatch", "the repository has no %s", path);
	if (r == 0)
		r = trust_part_fetch(ret_digest, trust, target);
	/* A target that is signed and not there is no absence. */
	if (r == -GUARD_E_NOT_FOUND)
		r = -GUARD_E_CHECKSUM;
	return r < 0 ? client_failed(failure, r, trust, path) : 0;
}

/* The image's own version; also tells that it is one. */
static int read_version(struct trust_part *part, const struct trust_process *trust, struct trust_failure *failure)
{
	GUARD_AUTO_CLOSE int fd = -1;
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;
	int r = trust_part_open(&fd, trust->parts, &part->digest);

	if (r == 0)
		r = guard_policy_open(&policy, fd, NULL);
	if (r < 0)
		return trust_fail(failure, r, trust_word_of(r), "%s is no policy image that can be used: %s", part->path,
				  guard_error_text(r));
	guard_policy_info(policy, &info);
	part->version = info.version;
	part->mode = info.mode;
	r = info.snapshot || info.part_count ? -GUARD_E_FORMAT : 0;
	guard_policy_free(policy);
	return r < 0 ? trust_fail(failure, r, "refused-syntax", "%s is no single image", part->path) : 0;
}

static const struct trust_part *in_force(const struct trust_process *trust, const char *path)
{
	const struct trust_state *state = &trust->memory.state;

	for (size_t i = 0; i < state->part_count; i++)
		if (strcmp(state->parts[i].path, path) == 0)
			return &state->parts[i];
	return NULL;
}

/* `part` is filled in but for digest and version. */
static int take_part(struct trust_part *part, struct trust_process *trust, struct trust_failure *failure)
{
	const uint64_t level = trust_memory_level(&trust->memory, part->path);
	const struct trust_part *before = in_force(trust, part->path);
	int r = fetch(&part->digest, trust, part->path, failure);

	if (r < 0)
		return r;
	if (before && guard_digest_compare(&before->digest, &part->digest) == 0) {
		part->version = before->version;
		part->mode = before->mode;
		return 0;
	}
	r = read_version(part, trust, failure);
	if (r < 0)
		return r;
	if (part->version < level)
		return trust_fail(failure, -GUARD_E_ROLLBACK, "refused-rollback",
				  "%s is version %llu, but version %llu was in force here: publish it under a higher version",
				  part->path, (unsigned long long)part->version, (unsigned long long)level);
	return 0;
}

int trust_collect_deny(struct trust_part *ret_part, struct trust_process *trust, struct trust_failure *failure)
{
	struct trust_part part = {.kind = GUARD_SET_DENY, .path = "deny/now.img"};
	int r = take_part(&part, trust, failure);

	if (r == -GUARD_E_NOT_FOUND) {
		part.path[0] = '\0';
		r = 0;
	}
	if (r == 0)
		*ret_part = part;
	return r;
}

static int read_place(struct trust_place *ret_place, struct guard_digest *ret_digest, struct trust_process *trust,
		      struct trust_failure *failure)
{
	GUARD_AUTO_FREE char *text = malloc(TRUST_PLACE_MAX);
	GUARD_AUTO_CLOSE int fd = -1;
	char path[TRUST_PATH_MAX];
	ssize_t size;
	int r;

	if (!text)
		return trust_fail(failure, -GUARD_E_NOMEM, "refused-storage", "no memory for the list of machines");
	snprintf(path, sizeof(path), "place/%.100s.json", trust->config->office);
	r = fetch(ret_digest, trust, path, failure);
	if (r < 0)
		return r;
	if (trust_part_open(&fd, trust->parts, ret_digest) < 0 || (size = pread(fd, text, TRUST_PLACE_MAX, 0)) < 0)
		return trust_fail(failure, -GUARD_E_IO, "refused-storage", "%s cannot be read again: %s", path,
				  strerror(errno));
	if (size == (ssize_t)TRUST_PLACE_MAX)
		return trust_fail(failure, -GUARD_E_LIMIT, "refused-limit", "%s is larger than %u bytes", path,
				  TRUST_PLACE_MAX);
	return trust_place_parse(ret_place, text, (size_t)size, trust->config->office, trust->config->host,
				 trust->key_id, failure);
}

/* The exceptions of one office, narrow and broad; either may be absent. */
static int take_office(struct trust_state *state, struct trust_process *trust, const char *office, bool above,
		       struct trust_failure *failure)
{
	for (uint8_t broad = 0; broad <= 1; broad++) {
		struct trust_part part = {.kind = GUARD_SET_EXCEPTION, .broad = broad, .above = above};
		int r;

		snprintf(part.path, sizeof(part.path), "office/%.64s/%sexceptions.img", office, broad ? "broad/" : "");
		snprintf(part.office, sizeof(part.office), "%.64s", office);
		r = take_part(&part, trust, failure);
		if (r == -GUARD_E_NOT_FOUND)
			continue;
		if (r < 0)
			return r;
		state->parts[state->part_count++] = part;
	}
	return 0;
}

int trust_collect(struct trust_state *ret_state, struct guard_digest *ret_place, struct trust_process *trust,
		  const struct trust_part *deny, struct trust_failure *failure)
{
	struct trust_state state = {.part_count = 1};
	struct trust_place place;
	struct guard_trust_info info;
	int r = read_place(&place, ret_place, trust, failure);

	if (r < 0 || place.released)
		return r < 0 ? r : 1;
	guard_trust_info(trust->client, &info);
	state.snapshot = info.snapshot_version;
	snprintf(state.profile, sizeof(state.profile), "%s", place.profile);
	snprintf(state.parts[0].path, sizeof(state.parts[0].path), "policy/%s.img", place.profile);
	r = take_part(&state.parts[0], trust, failure);
	for (size_t i = 0; i < place.within_count && r == 0; i++)
		r = take_office(&state, trust, place.within[i], true, failure);
	if (r == 0)
		r = take_office(&state, trust, trust->config->office, false, failure);
	if (r < 0)
		return r;
	if (deny->path[0])
		state.parts[state.part_count++] = *deny;
	trust->settings = place.settings;
	trust_permits_take(trust, &place);
	*ret_state = state;
	return 0;
}
