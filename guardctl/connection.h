/* SPDX-License-Identifier: MIT
 *
 * guardctl/connection.h - one connection to the daemon.  Every function that
 * fails has said why on standard error and returns an exit code above 0.
 */
#ifndef GUARDCTL_CONNECTION_H
#define GUARDCTL_CONNECTION_H

#include "guardctl.h"
#include "wire/wire.h"

#define GUARDCTL_ANSWER_SECONDS 20
#define GUARDCTL_RELOAD_SECONDS 70

struct guardctl_connection {
	int socket; /* -1: none */
	const char *path;
	uint8_t packet[GUARD_WIRE_MAX];
};

int guardctl_connect(struct guardctl_connection *ret_connection, const struct guardctl_options *options);
void guardctl_disconnect(struct guardctl_connection *connection);

/* How long to wait for a packet; 0: as long as it takes. */
void guardctl_patience(struct guardctl_connection *connection, int seconds);

/* Send what `writer` holds and free it. */
int guardctl_send(struct guardctl_connection *connection, struct guard_writer *writer);
int guardctl_send_empty(struct guardctl_connection *connection, uint16_t type);

/* The next packet: its type and a reader over its body. */
int guardctl_receive(uint16_t *ret_type, struct guard_reader *ret_reader,
		     struct guardctl_connection *connection);

/* A RESULT's body: prints the sentence when it is an error. */
int guardctl_result(struct guard_reader *reader);
/* A packet that nobody expected. */
int guardctl_unexpected(void);
#endif
