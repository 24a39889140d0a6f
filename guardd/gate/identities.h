/* SPDX-License-Identifier: MIT
 *
 * gate/identities.h - from a file's content to its identity, and what is remembered
 * of it: in the gate, and in the kernel.
 */
#ifndef GUARDD_GATE_IDENTITIES_H
#define GUARDD_GATE_IDENTITIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <guard/identity.h>
#include <guard/policy.h>
#include <guard/verdict.h>

#include "gate/file.h"
#include "guardd.h"
#include "identity/claim.h"

struct gate;
struct gate_cached;
struct gate_event;
struct gate_policy;

/* ---- identify.c: content -> identity ---------------------------------------------------- */

struct gate_identity {
	struct guard_identity identity; /* digest, size; kind is set per access */
	int error;                      /* 0 or -GUARD_E_: then there is no digest */
	uint64_t front_size;            /* of the one reading: so many bytes from the beginning, which an */
	struct guard_digest front;      /* appended signature may be about; 0: none */
	bool writer;                    /* somebody may write to it now */
	bool cold;                      /* hashed just now */
	uint64_t signatures;            /* of their SHA-256 the beginning; 0 without any: another signature
	                                 * of the same content is asked for anew */
	uint8_t carried;                /* mask of 1 << enum guard_provider: signatures that the file carries, */
	uint8_t looked_for;             /* among these */
	uint64_t generation;            /* of the policy by whose keys the signers were verified */
	int64_t signers_until;          /* Unix seconds: a certificate among them ends; INT64_MAX: none does */
	char reason[GUARD_REASON_MAX];  /* why a signature did not count; "" */
};
/* Ask for a read lease on the event's fd; remembers the answer. */
enum gate_lease gate_lease_take(struct gate *gate, struct gate_event *event);
bool gate_lease_intact(const struct gate_event *event);
/* The same, and nobody is about to break it: also who is still on his way to that.  About
 * a user's data nobody asks who writes to it (data.h). */
bool gate_lease_stands(const struct gate_event *event);
/* Hash; `until_ns` (monotonic) may move while it runs. */
void gate_identify(struct gate *gate, struct gate_identity *ret_identity, struct gate_event *event,
		   const _Atomic int64_t *until_ns);
/* An identity that is known already and holds at this moment. */
bool gate_identity_known(struct gate *gate, struct gate_identity *ret_identity, const struct gate_event *event);

/* ---- signers.c: who vouches for a content ------------------------------------------------ */

struct gate_keys;
struct gate_vouchers;
/* How many bytes of the file a signature behind them may be about, for the one reading;
 * 0: none, or the policy asks for none. */
uint64_t gate_signers_front(struct gate *gate, int fd, uint64_t size);
/* Fill in the signers of a file that was just hashed.  Asks inspectors: may wait
 * for seconds. */
void gate_signers_find(struct gate *gate, struct gate_identity *identity, int fd);
/* The same from memory; false: they must be found.  Never blocks. */
bool gate_signers_known(struct gate *gate, struct gate_identity *identity, const struct gate_cached *cached);

/* ---- cache.c: identities that the gate remembers -------------------------------------------- */

struct gate_cached {
	uint8_t format; /* enum guard_format */
	bool has_digest;
	uint8_t carried, looked_for; /* as in struct gate_identity */
	uint64_t signatures;
	struct guard_digest digest;
	uint64_t useless; /* policy generation under which no ignore mark was possible, 0 none */
};
struct gate_cache;
int gate_cache_new(struct gate_cache **ret_cache, uint32_t sets) GUARD_WARN_UNUSED;
void gate_cache_free(struct gate_cache *cache);
bool gate_cache_get(struct gate_cache *cache, struct gate_cached *ret_cached, const struct gate_key *key);
/* Raised whenever somebody opened a file of this set for writing. */
uint32_t gate_cache_sequence(struct gate_cache *cache, const struct gate_key *key);
/* Kept only when no writer came since `sequence` was taken, and when the last
 * change is older than GATE_FRESH_NS before `realtime_ns`. */
bool gate_cache_put(struct gate_cache *cache, const struct gate_key *key, const struct gate_cached *cached,
		    uint32_t sequence, int64_t realtime_ns);
void gate_cache_drop(struct gate_cache *cache, const struct gate_key *key);
void gate_cache_drop_device(struct gate_cache *cache, uint64_t device);

/* ---- kernel_cache.c: ignore marks -------------------------------------------------------------- */

/* Tell the kernel not to ask again where that is safe.  Called before the
 * answer, under the lease, with no policy held.  false: the policy in force
 * wants to be asked about opens of this content. */
bool gate_kernel_cache(struct gate *gate, struct gate_event *event, const struct gate_identity *identity,
		       uint8_t format);
/* A writer came: forget the inode in both caches. */
void gate_forget(struct gate *gate, int fd, const struct gate_key *key);
void gate_kernel_cache_flush(struct gate *gate);

/* ---- changes.c: owners and permissions that change ------------------------------------------------ */

int gate_changes_start(struct gate *gate) GUARD_WARN_UNUSED;

/* Would this content be allowed as `kind`, whoever asks and whenever? */
bool gate_always_allowed(const struct gate_policy *policy, const struct guard_object *found, enum guard_kind kind);

#endif
