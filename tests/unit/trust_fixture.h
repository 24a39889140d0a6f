/* SPDX-License-Identifier: MIT
 *
 * unit/trust_fixture.h - a small repository in memory, with keys made from
 * numbers, that the tests of libguard/trust bend at will, and a client of it.
 * It aborts when it cannot do what a test asks: that is a bug of the test.
 */
#ifndef GUARD_TESTS_TRUST_FIXTURE_H
#define GUARD_TESTS_TRUST_FIXTURE_H

#include "trust/metadata.h"

#define FIXTURE_FILES_MAX 256u
#define FIXTURE_LOG_SIZE 8192u
#define FIXTURE_NOW 1893456000 /* 2030-01-01T00:00:00Z */
#define FIXTURE_DAY 86400

struct fixture_file {
	char url[512];
	char *bytes;
	size_t size;
};

struct fixture {
	json_t *bodies;	  /* role -> its "signed" part; to be changed by tests */
	json_t *signers;  /* role -> array of key numbers that sign it */
	bool with_hashes; /* in timestamp and snapshot */
	struct fixture_file files[FIXTURE_FILES_MAX];
	size_t file_count;
	char log[FIXTURE_LOG_SIZE]; /* URLs asked for, each followed by a space */
	int fetch_result;	    /* returned instead of an answer when not 0 */
	bool polite;		    /* the callback passes on what the sink says */
	char folder[64];
	int directory;
	struct guard_trust *trust;
};

/* Root, timestamp, snapshot, targets, each with version 1 and a key of its own
 * (numbers 1 to 4), published; the state folder is empty. */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

json_t *fixture_key(unsigned number);				 /* new reference */
const char *fixture_key_id(unsigned number);			 /* valid until the next call */
json_t *fixture_sign(const json_t *body, const json_t *numbers); /* a whole document; new reference */

json_t *fixture_body(struct fixture *fixture, const char *role); /* borrowed */
/* The key may sign for the role (in root, or in the delegator's delegation),
 * and does so from now on. */
void fixture_add_key(struct fixture *fixture, const char *role, unsigned number);
/* Replace a top-level role's keys by this one. */
void fixture_rotate(struct fixture *fixture, const char *role, unsigned number);
void fixture_delegate(struct fixture *fixture, const char *delegator, const char *role, const char *pattern,
		      bool terminating, unsigned key_number);
/* A targets role signed by this key, which nobody delegates to yet. */
void fixture_add_role(struct fixture *fixture, const char *role, unsigned number);
void fixture_target(struct fixture *fixture, const char *role, const char *path, const char *content);
void fixture_expire(struct fixture *fixture, const char *role, int64_t seconds);
void fixture_version(struct fixture *fixture, const char *role, json_int_t version);

/* Sign a role as it is and serve it; targets roles are entered in snapshot,
 * snapshot in timestamp. */
void fixture_publish(struct fixture *fixture, const char *role);
/* The same with the next version. */
void fixture_bump(struct fixture *fixture, const char *role);
/* targets (not bumped), snapshot and timestamp. */
void fixture_bump_all(struct fixture *fixture);
void fixture_serve(struct fixture *fixture, const char *url, const void *bytes, size_t size);
void fixture_remove(struct fixture *fixture, const char *url);

/* A client on the state folder, as after a restart of the program. */
void fixture_restart(struct fixture *fixture);
int fixture_init(struct fixture *fixture); /* with 1.root.json */
int fixture_refresh(struct fixture *fixture);
/* Version in the state folder, 0 when there is none. */
uint64_t fixture_stored(const struct fixture *fixture, const char *role);

#endif
