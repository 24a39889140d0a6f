/* SPDX-License-Identifier: MIT
 *
 * inspect/main.c - starts one inspector for each request and ends it when its
 * time is over.  Looks at no byte of a request itself: it holds the packet only
 * for the inspector that is forked next, and closes its copy of the reply's
 * socket at once, so that whoever is taken over answers one question and is gone.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "guardd.h"
#include "inspect/inspect.h"
#include "keeper/fdpass.h"

static uint8_t packet[sizeof(struct inspect_request) + INSPECT_BYTES_MAX];
static uint8_t reply[INSPECT_REPLY_MAX];

/* The alarm ends the process: an inspector can neither catch nor move it. */
static int limit_inspector(void)
{
	const struct rlimit seconds = { INSPECT_SECONDS, INSPECT_SECONDS };
	const struct rlimit none = { 0, 0 };

	alarm(INSPECT_SECONDS);
	if (setrlimit(RLIMIT_CPU, &seconds) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) < 0)
		return -GUARD_E_IO;
	return 0;
}

static void inspect(const struct guardd_inspect_arguments *arguments, int socket, size_t size) __attribute__((noreturn));
static void inspect(const struct guardd_inspect_arguments *arguments, int socket, size_t size)
{
	size_t written;

	close(arguments->requests);
	close(STDERR_FILENO);
	if (limit_inspector() < 0 || guardd_jail_narrow() < 0)
		_exit(EXIT_FAILURE);
	written = inspect_answer(reply, sizeof(reply), packet, size);
	if (written > 0)
		(void)!send(socket, reply, written, MSG_NOSIGNAL);
	_exit(EXIT_SUCCESS);
}

/* Bury those that have ended; wait for one when there are too many. */
static void bury(unsigned *count)
{
	while (*count > 0) {
		pid_t pid = waitpid(-1, NULL, *count >= INSPECT_AT_ONCE ? 0 : WNOHANG);

		if (pid == 0 || (pid < 0 && errno != EINTR))
			return;
		if (pid > 0)
			(*count)--;
	}
}

/* 1 a request, 0 a bad one, negative: the gate's end is gone. */
static int receive(int *ret_socket, size_t *ret_size, int requests)
{
	size_t count = 1;
	int r = guardd_fdpass_receive(ret_size, packet, sizeof(packet), ret_socket, &count, requests);

	if (r == -GUARD_E_UNREACHABLE)
		return r;
	return r == 0 && count == 1 ? 1 : 0;
}

static void serve(const struct guardd_inspect_arguments *arguments, unsigned *count)
{
	int socket = -1;
	size_t size = 0;
	pid_t pid;

	switch (receive(&socket, &size, arguments->requests)) {
	case 1:
		break;
	case 0:
		if (socket >= 0)
			close(socket);
		return;
	default:
		_exit(EXIT_SUCCESS);
	}
	pid = fork();
	if (pid == 0)
		inspect(arguments, socket, size);
	if (pid > 0)
		(*count)++;
	close(socket);
}

void guardd_inspect_main(const struct guardd_inspect_arguments *arguments)
{
	char problem[400];
	unsigned count = 0;

	/* An inspector can open no file, so OpenSSL must not look for its own. */
	(void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	inspect_warm_up(reply);
	if (guardd_jail_prepare_narrow(GUARDD_ROLE_INSPECTOR) < 0) {
		fputs("guardd: inspect: the inspectors' list of system calls cannot be made\n", stderr);
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_INSPECT, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: inspect: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	for (;;) {
		struct pollfd ready = { arguments->requests, POLLIN, 0 };

		/* With inspectors about, look after them now and then. */
		if (poll(&ready, 1, count > 0 ? 200 : -1) > 0)
			serve(arguments, &count);
		bury(&count);
	}
}
