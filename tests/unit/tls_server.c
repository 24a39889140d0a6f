/* SPDX-License-Identifier: MIT
 *
 * unit/tls_server.c - see tls_server.h.
 */
#include "tls_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool tls_send(struct tls_server *server, const void *bytes, size_t size)
{
	if (server->plain)
		return send(server->socket, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
	return size == 0 || SSL_write(server->connection, bytes, (int)size) == (int)size;
}

bool tls_say(struct tls_server *server, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return tls_send(server, text, (size_t)size);
}

/* The head of one request; GET has no body. */
static bool hear(struct tls_server *server, char *ret_request, size_t capacity)
{
	size_t size = 0;

	while (size + 1 < capacity) {
		ssize_t n = server->plain ? recv(server->socket, &ret_request[size], 1, 0) :
					    SSL_read(server->connection, &ret_request[size], 1);

		if (n != 1)
			return false;
		ret_request[++size] = '\0';
		if (size >= 4 && strcmp(&ret_request[size - 4], "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static void serve(struct tls_server *server)
{
	char request[sizeof(server->log[0])];

	while (hear(server, request, sizeof(request))) {
		const unsigned number = atomic_load(&server->requests);

		if (number < TLS_SERVER_REQUESTS)
			memcpy(server->log[number], request, sizeof(request));
		atomic_store(&server->requests, number + 1);
		if (!atomic_load(&server->handler)(server, request))
			return;
	}
}

static void *run(void *context)
{
	struct tls_server *server = context;

	while ((server->socket = accept(server->listener, NULL, NULL)) >= 0) {
		atomic_fetch_add(&server->connections, 1);
		server->connection = SSL_new(server->context);
		SSL_set_fd(server->connection, server->socket);
		if (server->plain || SSL_accept(server->connection) == 1)
			serve(server);
		SSL_free(server->connection);
		close(server->socket);
	}
	return NULL;
}

static int make_certificate(const struct tls_server *server, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=%s "
		 "-addext subjectAltName=DNS:localhost -keyout %s.key -out %s.pem 2> /dev/null",
		 server->folder, name, name, name);
	return system(command) == 0 ? 0 : -1; /* NOLINT: a test's own folder */
}

static int make_context(struct tls_server *server)
{
	char path[64];

	server->context = SSL_CTX_new(TLS_server_method());
	snprintf(path, sizeof(path), "%s/server.pem", server->folder);
	if (SSL_CTX_use_certificate_chain_file(server->context, path) != 1)
		return -1;
	snprintf(path, sizeof(path), "%s/server.key", server->folder);
	return SSL_CTX_use_PrivateKey_file(server->context, path, SSL_FILETYPE_PEM) == 1 ? 0 : -1;
}

static int listen_on_loopback(struct tls_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) < 0 ||
	    listen(server->listener, 8) < 0 || getsockname(server->listener, (struct sockaddr *)&address, &size) < 0)
		return -1;
	server->port = ntohs(address.sin_port);
	return 0;
}

int tls_server_start(struct tls_server *server)
{
	signal(SIGPIPE, SIG_IGN);
	memset(server, 0, sizeof(*server));
	strcpy(server->folder, "/tmp/guard-tls.XXXXXX");
	if (!mkdtemp(server->folder) || make_certificate(server, "server") < 0 || make_certificate(server, "other") < 0 ||
	    make_certificate(server, "client") < 0 || make_context(server) < 0 || listen_on_loopback(server) < 0)
		return -1;
	return pthread_create(&server->thread, NULL, run, server);
}

void tls_server_stop(struct tls_server *server)
{
	static const char *const names[] = {"server.pem", "server.key", "other.pem", "other.key", "client.pem", "client.key"};
	char path[64];

	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	SSL_CTX_free(server->context);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", server->folder, names[i]);
		unlink(path);
	}
	rmdir(server->folder);
}

char *tls_server_file(const struct tls_server *server, const char *name, size_t *ret_size)
{
	char path[64], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", server->folder, name);
	file = fopen(path, "re");
	*ret_size = file && text ? fread(text, 1, 65535, file) : 0;
	if (file)
		fclose(file);
	return text;
}
