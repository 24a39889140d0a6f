/* SPDX-License-Identifier: MIT
 *
 * unit/tls_server.h - a small HTTPS server on loopback that does what a test says,
 * however wrong.  One connection at a time, in a thread of its own.
 */
#ifndef GUARD_TESTS_TLS_SERVER_H
#define GUARD_TESTS_TLS_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define TLS_SERVER_REQUESTS 64u

struct tls_server;
/* Answers one request; false: the connection is closed then, without a word. */
typedef bool (*tls_handler)(struct tls_server *server, const char *request);

struct tls_server {
	char folder[32];	      /* server.pem/.key (it signs itself), other.pem, client.pem/.key */
	int port, listener;
	pthread_t thread;
	SSL_CTX *context;
	SSL *connection;
	_Atomic(tls_handler) handler;
	_Atomic unsigned requests, connections; /* seen, also those without TLS */
	char log[TLS_SERVER_REQUESTS][1024];	/* the first requests */
	bool plain;			       /* no TLS: a proxy */
	int socket;
};

int tls_server_start(struct tls_server *server);
void tls_server_stop(struct tls_server *server);
/* Bytes, or text as by printf; false: the other side has gone. */
bool tls_send(struct tls_server *server, const void *bytes, size_t size);
bool tls_say(struct tls_server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A file of the folder, NUL-terminated; the caller frees it. */
char *tls_server_file(const struct tls_server *server, const char *name, size_t *ret_size);

#endif
