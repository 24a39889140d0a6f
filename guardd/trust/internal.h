/* SPDX-License-Identifier: MIT
 *
 * trust/internal.h - what the trust process's files share.
 */
#ifndef GUARDD_TRUST_INTERNAL_H
#define GUARDD_TRUST_INTERNAL_H

#include <guard/policy.h>
#include <guard/trust.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "policy/set.h"
#include "sync/sync.h"
#include "trust/trust.h"

#define TRUST_WITHIN_MAX 4u
#define TRUST_PARTS_MAX (2u + 2u * (TRUST_WITHIN_MAX + 1u))
#define TRUST_NAME_MAX 65u   /* of an office, profile, group; with NUL */
#define TRUST_PATH_MAX 200u  /* of a target; with NUL */
#define TRUST_PLACE_MAX (4u << 20) /* bytes of place/OFFICE.json */
#define TRUST_LEVELS_MAX 512u	   /* versions remembered */

/* One image of a set: `path` "" when there is none. */
struct trust_part {
	enum guard_set_kind kind;
	char path[TRUST_PATH_MAX];
	char office[TRUST_NAME_MAX];
	uint8_t broad, above;
	uint64_t version; /* META.version */
	uint8_t mode;     /* enum guard_mode */
	struct guard_digest digest;
};

/* What is in force, or what shall be. */
struct trust_state {
	uint64_t snapshot;
	char profile[TRUST_NAME_MAX];
	size_t part_count; /* the policy first */
	struct trust_part parts[TRUST_PARTS_MAX];
};

/* The highest META.version that was in force, by the image's path. */
struct trust_level {
	char path[TRUST_PATH_MAX];
	uint64_t version;
};
struct trust_memory {
	struct trust_state state;
	int64_t time; /* the latest moment that is known to have been */
	struct guard_digest set;  /* checksum of the policy set that was taken over last */
	struct guard_digest keys; /* guard_trust_info.online_keys under which the levels were reached */
	size_t level_count;
	struct trust_level levels[TRUST_LEVELS_MAX];
};

/* Where a machine belongs, from place/OFFICE.json. */
struct trust_place {
	bool released; /* from management: the rest does not matter */
	char profile[TRUST_NAME_MAX];
	size_t within_count;
	char within[TRUST_WITHIN_MAX][TRUST_NAME_MAX];
	struct guardd_settings settings; /* nothing given: as at the enrolment */
	uint32_t permit_count;
	struct guard_permit permits[GUARD_PERMITS_MAX]; /* those for this machine */
};

struct trust_process {
	const struct guardd_config *config;
	int keeper, sync;
	int folder, parts; /* STATE_DIR/trust and parts in it */
	struct guard_trust *client;
	EVP_PKEY *key;
	char key_id[44]; /* the public half in base64url */

	struct guard_permits permits; /* as the last place said; told after each good check */
	bool has_permits;	      /* a place was read since the start */
	struct trust_memory memory; /* as on the disk */
	struct guard_distribution said; /* the last state told */
	struct guardd_settings settings, settings_told; /* signed for this machine; the keeper has */
	bool has_told_settings;
	bool delivery_due;  /* one could not be had */
	bool has_delivery, has_box; /* the help desk's, handed over since the start: */
	struct guard_digest delivery, box;
	bool in_force;	    /* what memory.state says is known to be in force */
	bool complete;	    /* the last check left nothing undone */
	unsigned failures;  /* checks in a row that brought nothing */
	unsigned no_answer; /* of these without an answer */
	int64_t now;	    /* of the check at hand; Unix seconds */
	char fetch_text[SYNC_TEXT_MAX]; /* why the last transfer failed, or "" */
};

/* An update that failed: the code, the word for its state, and a sentence. */
struct trust_failure {
	int error;
	const char *word; /* of docs/distribution.md, "States of a machine" */
	char text[GUARD_TRUST_MESSAGE_SIZE + SYNC_TEXT_MAX + 64];
};
int trust_fail(struct trust_failure *failure, int error, const char *word, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The word of a refusal, e.g. "refused-rollback". */
const char *trust_word_of(int error);

/* fetch.c: guard/trust.h's way to bytes, and the conditional question. */
int trust_fetch(void *context, const struct guard_trust_request *request, struct guard_trust_sink *sink);
/* 1 the same as before, 0 something new or not known, negative: no answer. */
int trust_probe(struct trust_process *trust, const char *agent) GUARD_WARN_UNUSED;

/* memory.c: STATE_DIR/trust/memory, replaced whole. */
int trust_memory_load(struct trust_memory *ret_memory, int folder) GUARD_WARN_UNUSED;
int trust_memory_save(int folder, const struct trust_memory *memory) GUARD_WARN_UNUSED;
uint64_t trust_memory_level(const struct trust_memory *memory, const char *path);
int trust_memory_raise(struct trust_memory *memory, const char *path, uint64_t version) GUARD_WARN_UNUSED;

/* parts.c: images by digest in STATE_DIR/trust/parts. */
int trust_part_open(int *ret_fd, int parts, const struct guard_digest *digest) GUARD_WARN_UNUSED;
/* Fetch a target that was found, into the folder; its digest.  A part that is
 * there already is not fetched. */
int trust_part_fetch(struct guard_digest *ret_digest, struct trust_process *trust,
		     const struct guard_trust_target *target) GUARD_WARN_UNUSED;
void trust_parts_prune(struct trust_process *trust, const struct trust_state *keep, const struct guard_digest *place);

/* permits.c: `maintenance` of place/OFFICE.json, those entries that fit this machine. */
int trust_permits_parse(struct trust_place *place, const json_t *list, const char *office, const char *host,
			const char *key_id, struct trust_failure *failure) GUARD_WARN_UNUSED;
/* What the place of the snapshot at hand says is what counts from now on. */
void trust_permits_take(struct trust_process *trust, const struct trust_place *place);
/* place.c: does what an entry asks for fit this machine? */
bool trust_entry_fits(const json_t *entry, const char *host, const char *key_id);
int trust_place_parse(struct trust_place *ret_place, const char *text, size_t size, const char *office,
		      const char *host, const char *key_id, struct trust_failure *failure) GUARD_WARN_UNUSED;

/* settings.c: "settings" of an entry of place/OFFICE.json, NULL: none. */
int trust_settings_parse(struct guardd_settings *ret_settings, const json_t *value, const char *office,
			 struct trust_failure *failure) GUARD_WARN_UNUSED;

/* collect.c: the parts of the snapshot that was verified. */
int trust_collect_deny(struct trust_part *ret_part, struct trust_process *trust,
		       struct trust_failure *failure) GUARD_WARN_UNUSED;
/* 1: headquarters releases this machine, and nothing was collected. */
int trust_collect(struct trust_state *ret_state, struct guard_digest *ret_place, struct trust_process *trust,
		  const struct trust_part *deny, struct trust_failure *failure) GUARD_WARN_UNUSED;

/* delivery.c: of the help desk's, to the unlock process. */
void trust_delivery_check(struct trust_process *trust);

/* deliver.c: a set made of these parts, in force or refused when it returns. */
int trust_deliver(struct trust_process *trust, const struct trust_state *state,
		  struct trust_failure *failure) GUARD_WARN_UNUSED;

/* Is the policy set in `set` (-1: none) the one with this checksum? */
bool trust_set_is(int set, const struct guard_digest *sum) GUARD_WARN_UNUSED;

/* check.c: one check of the repository. */
void trust_check(struct trust_process *trust);
/* The clock, but never before a moment that is known to have been. */
int64_t trust_now(const struct trust_process *trust);
bool trust_clock_was_put_back(const struct trust_process *trust);

/* pause.c: until the next check, milliseconds: the interval, a tenth more or less as
 * `chance` says, so that machines do not come in step; longer after failures. */
int64_t trust_pause_ms(uint32_t interval_s, unsigned failures, uint16_t chance);

/* start.c: is what was taken over last in force, and no younger than it was? */
void trust_start_look(struct trust_process *trust, int policy);

/* agent.c */
int trust_key_load(struct trust_process *trust) GUARD_WARN_UNUSED;
void trust_agent(const struct trust_process *trust, char ret_agent[SYNC_AGENT_MAX]);

/* tell.c: to the keeper. */
int trust_send(const struct trust_process *trust, const struct guardd_trust_message *message, int fd) GUARD_WARN_UNUSED;
void trust_tell_state(struct trust_process *trust);
void trust_tell_release(const struct trust_process *trust);
void trust_tell_settings(struct trust_process *trust); /* once they are known, and when they change */
void trust_tell_permits(struct trust_process *trust);
void trust_note(const struct trust_process *trust, enum guard_daemon_event what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
