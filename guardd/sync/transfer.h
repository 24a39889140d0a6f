/* SPDX-License-Identifier: MIT
 *
 * sync/transfer.h - one HTTPS request by libcurl, survived whatever the other
 * side does.
 */
#ifndef GUARDD_SYNC_TRANSFER_H
#define GUARDD_SYNC_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "sync/sync.h"

#define TRANSFER_CONNECT_S 20L
#define TRANSFER_STALL_BYTES 64L /* fewer a second, for so long: given up */
#define TRANSFER_STALL_S 30L
#define TRANSFER_SHORTEST_S 120u /* a try may take that long, and */
#define TRANSFER_SLOWEST 2048u	  /* a second more for each so many bytes that are wanted, */
#define TRANSFER_LONGEST_S 3600L  /* but no longer */
#define TRANSFER_TRIES 3u	     /* a broken transfer goes on where it broke */
#define TRANSFER_ETAG_MAX 256u
#define TRANSFER_SETTLED_S 2 /* since a file was written, before its ETag is one */
#define TRANSFER_PEM_MAX (1u << 20) /* bytes of a certificate file */

/* A file that was read while that was allowed. */
struct transfer_pem {
	char *bytes; /* NULL: not given */
	size_t size;
};

struct transfer {
	const struct guardd_config *config;
	int trust;
	CURL *curl;
	struct transfer_pem ca, certificate, key;
	char etag[TRANSFER_ETAG_MAX]; /* of the last conditional answer, or "" */

	/* Of the request at hand. */
	const struct sync_request *request;
	uint64_t received, received_before; /* in all, before this try */
	uint64_t ignored;  /* bytes of answers that are none */
	char new_etag[TRANSFER_ETAG_MAX];
	time_t date, modified; /* as the server says; -1: it does not */
	bool cancelled, too_long, gone; /* gone: trust has ended */
	struct sync_data data;
	char curl_error[CURL_ERROR_SIZE];
};

/* transfer_prepare: everything that needs files or much time; before the jail.
 * -GUARD_E_... with a sentence. */
int transfer_prepare(struct transfer *transfer, const struct guardd_config *config, int trust, char *ret_problem,
		     size_t size) GUARD_WARN_UNUSED;

/* transfer_run: the whole request; the bytes go to trust, the end into ret_end. */
void transfer_run(struct transfer *transfer, const struct sync_request *request, struct sync_end *ret_end);

#endif
