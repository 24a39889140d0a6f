/* SPDX-License-Identifier: MIT
 *
 * keeper/loader.h - the short-lived process that opens, copies and checks a
 * policy file, because an open may wait on the gate, and the keeper must be
 * free to replace it.
 */
#ifndef GUARDD_KEEPER_LOADER_H
#define GUARDD_KEEPER_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "keeper/back.h"

/* loader -> keeper, first with the sealed image as fd (none on failure), then
 * once more when it has remembered the policy. */
enum keeper_loader_task {
	KEEPER_LOADER_READ = 0,
	KEEPER_LOADER_PROVE, KEEPER_LOADER_PROVE_BOOT, /* the policy in force becomes the last good one */
	KEEPER_LOADER_BACK, KEEPER_LOADER_BACK_BOOT,   /* make what to go back to */
	KEEPER_LOADER_BACK_START, KEEPER_LOADER_BACK_START_BOOT /* the same, when the daemon cannot start
								 * with the policy: nothing was refused yet */
};

struct keeper_loader_reply {
	int32_t error; /* 0 or -GUARD_E_ */
	uint8_t mode;
	uint8_t fallback; /* 1: the file was refused (`text`), this is the last accepted policy */
	uint8_t by_signer; /* 1: what the machine needs is not all listed by content or path: the gate,
			    * which can find out who vouches for it, has to look before the policy counts */
	uint64_t version;
	uint32_t passed_over; /* rules of exceptions that go beyond the limits */
	char id[128];
	struct keeper_standing standing; /* of what was read */
	char text[500]; /* BACK: also on success, why the machine goes back */
};

/* keeper -> loader: one byte, the gate has it in force: remember it. */
#define KEEPER_LOADER_REMEMBER 'R'

struct keeper_loader_arguments {
	const struct guardd_config *config;
	int socket, state_dir;
	int set;	/* what trust handed over, or -1: the policy file; on a managed machine
			 * what is remembered */
	bool fall_back; /* the last accepted policy may stand in for a file that is refused */
	bool first;	/* the daemon starts: then also for a policy that failed here */
	enum keeper_loader_task task;
	int in_force;			    /* PROVE, BACK: the policy that is judged */
	const struct guardd_needed *needed; /* BACK */
	const char *why;		    /* BACK_START: why the gate did not start */
};
void keeper_loader_main(const struct keeper_loader_arguments *arguments) __attribute__((noreturn));

/* The same checks in this process; the sealed image on success. */
int keeper_loader_read(int *ret_image, struct keeper_loader_reply *ret_reply,
		       const struct keeper_loader_arguments *arguments);

#endif
