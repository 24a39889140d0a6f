/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer.h - one call at the help desk; answer.c asks and gives,
 * answer_known.c finds out what the file is and whether the call is a second one,
 * answer_policy.c what policies say of it, answer_signers.c who vouches for it.
 */
#ifndef GUARDCTL_ANSWER_H
#define GUARDCTL_ANSWER_H

#include "desk.h"
#include "signing/signers.h"

#define ANSWER_KNOWN_MAX 64u
#define ANSWER_EPOCHS_UNKNOWN 100u /* the first hundred: each ends differently */

struct answer_options {
	const char *key, *machine, *user, *number, *called, *reason, *ticket, *operator_name, *ledger;
	struct desk_lock lock;
	const char *known[ANSWER_KNOWN_MAX];
	const char *policies[ANSWER_KNOWN_MAX];
	const char *files[ANSWER_KNOWN_MAX]; /* copies, whose hashes and signatures are looked at */
	struct signers_places places;	     /* of signed lists and attributed packages */
	unsigned known_count, policy_count, file_count, epoch;
	const char *online; /* folder of deliveries, or NULL: the code is read out */
	bool again, yes;
};
struct answer {
	char machine[GUARD_UNLOCK_MACHINE_MAX + 1];
	char user[GUARD_UNLOCK_USER_MAX + 1];
	char called[256]; /* what the caller says the file is called, or "" */
	char reason[256], ticket[128], operator_name[128];
	struct guard_unlock_number number;
	struct guard_unlock_fields fields;
	struct guard_unlock_call *call;
	bool named;
	struct guard_digest digest; /* of `known` */
	char known[512];	    /* the file's name in a list, or "" */
	json_t *policies;	    /* which list it, and whose exceptions allow it; NULL: none */
	int file;		    /* a copy of it, -1: none is at hand */
	struct signers_found *signers; /* by the policy that knows the most of them; NULL: not named */
	bool denied;
};

void answer_clear(struct answer *answer);

/* Exit codes; what is wrong has been said. */
int answer_find_known(struct answer *answer, const struct answer_options *given);
/* A line "HEX  NAME" that may name it. */
void answer_take_line(struct answer *answer, const char *line);
/* answer_policy.c: what it is; then who vouches for it, and refused when headquarters
 * denies it. */
int answer_name_by_policies(struct answer *answer, const struct answer_options *given);
int answer_ask_policies(struct answer *answer, const struct answer_options *given);
void answer_show_policies(const struct answer *answer);
bool answer_is_denied(const struct guard_policy *policy, const struct guard_identity *known);
/* answer_signers.c: what it is, by copies at hand, and by signed lists and packages. */
int answer_name_by_files(struct answer *answer, const struct answer_options *given);
int answer_name_by_signers(struct answer *answer, const struct answer_options *given);
/* Who vouches for the file that was named, by the keys of `policy` (or NULL, of none), and
 * whether that policy denies it then. */
int answer_find_signers(struct answer *answer, struct guard_policy *policy,
			const struct answer_options *given) GUARD_WARN_UNUSED;
void answer_show_signers(const struct answer *answer);
/* A one-time code that was asked for before: a call that broke off, or a state
 * folder that was put back. */
int answer_check_again(const struct answer *answer, const struct answer_options *given,
		       const struct desk_ledger *ledger);
/* answer_online.c: into the machine's delivery instead of being read out. */
int answer_online(const struct answer *answer, const char *folder, const struct desk_ledger *ledger,
		  const struct guard_unlock_key *key, const struct guard_unlock_answer *code_number);
json_t *answer_line(const struct answer *answer); /* for the ledger */
#endif
