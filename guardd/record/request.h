/* SPDX-License-Identifier: MIT
 *
 * record/request.h - what control and record say to each other on their socket:
 * control hands over a client with its question, record tells its troubles.
 */
#ifndef GUARDD_RECORD_REQUEST_H
#define GUARDD_RECORD_REQUEST_H

#include "wire/wire.h"

struct record_request {
	uint32_t sequence; /* of the client's packet; in each packet of the answer */
	uint32_t uid;	   /* of the client, from SO_PEERCRED */
	struct guard_event_filter filter;
};

/* record_request_send: pass the client's socket `client` on; the caller still
 * closes its own.  GUARD_E_BUSY, GUARD_E_IO, GUARD_E_UNREACHABLE. */
int record_request_send(int socket, int client, const struct record_request *request) GUARD_WARN_UNUSED;
/* record_request_hello: a new control process; record tells it its news. */
int record_request_hello(int socket) GUARD_WARN_UNUSED;
/* record_request_receive: `ret_client` is the caller's to close.  GUARD_E_BUSY
 * when there is none; GUARD_E_NOT_FOUND for a hello; GUARD_E_FORMAT for what is
 * neither (any fd in it is closed). */
int record_request_receive(int *ret_client, struct record_request *ret_request, int socket) GUARD_WARN_UNUSED;

/* Trouble, record -> control. */
struct record_news {
	uint64_t lost;	   /* records lost since the start */
	char problem[512]; /* "" or one sentence */
};
int record_news_encode(struct guard_writer *writer, const struct record_news *news) GUARD_WARN_UNUSED;
int record_news_decode(struct record_news *ret_news, const void *bytes, size_t size) GUARD_WARN_UNUSED;
#endif
