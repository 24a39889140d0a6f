/* SPDX-License-Identifier: MIT
 *
 * sync/sync.h - the process that has the network: fetches what the trust process
 * asks for and hands the bytes inward as they come.  Believes nothing, decides
 * nothing, keeps nothing: no file is written here, and what it hands on is
 * verified behind it.
 *
 * One request at a time over a SOCK_SEQPACKET pair.  trust sends SYNC_GET; sync
 * answers with any number of SYNC_DATA packets and one SYNC_END.  SYNC_CANCEL
 * asks for the end at once; SYNC_END comes all the same.
 */
#ifndef GUARDD_SYNC_SYNC_H
#define GUARDD_SYNC_SYNC_H

#include <stdint.h>

#include "guardd.h"

#define SYNC_NAME_MAX 4200u   /* bytes of a path below the repository's address, with NUL */
#define SYNC_AGENT_MAX 640u   /* bytes of User-Agent with NUL */
#define SYNC_TEXT_MAX 300u    /* bytes of a sentence with NUL */
#define SYNC_BLOCK_MAX 32768u /* bytes in one SYNC_DATA */

enum sync_message { SYNC_GET = 1, SYNC_CANCEL, SYNC_DATA, SYNC_END };

/* trust -> sync.  Strings are NUL-terminated. */
struct sync_request {
	uint32_t type; /* SYNC_GET or SYNC_CANCEL */
	uint32_t conditional; /* 1: only if it is not what the last conditional request brought */
	uint64_t max_length;  /* more bytes are not wanted */
	char name[SYNC_NAME_MAX];
	char agent[SYNC_AGENT_MAX]; /* "" the usual */
};

/* sync -> trust. */
struct sync_data {
	uint32_t type; /* SYNC_DATA */
	uint32_t size;
	uint8_t bytes[SYNC_BLOCK_MAX];
};
struct sync_end {
	uint32_t type;	       /* SYNC_END */
	int32_t error;	       /* 0, -GUARD_E_NOT_FOUND: the server says that there is none,
				* -GUARD_E_LIMIT: longer than wanted, -GUARD_E_UNREACHABLE */
	uint32_t not_modified; /* of a conditional request */
	char text[SYNC_TEXT_MAX]; /* on errors: one sentence */
};

struct guardd_sync_arguments {
	const struct guardd_config *config;
	int trust; /* SOCK_SEQPACKET, blocking */
};
void guardd_sync_main(const struct guardd_sync_arguments *arguments) __attribute__((noreturn));

#endif
