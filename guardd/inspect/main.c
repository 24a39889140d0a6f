/* SPDX-License-Identifier: MIT
 *
 * inspect/main.c - keeps a few inspectors waiting, for starting one takes longer than its
 * work, and puts another in the place of each that has got a request.  Looks at no
 * request itself: an inspector takes one, shuts itself in, answers and ends, so that
 * whoever is taken over has answered one question and is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "guardd.h"
#include "inspect/inspect.h"
#include "keeper/fdpass.h"

#define BURY_MS 200    /* with inspectors at work, look after them so often */
#define RETRY_MS 100   /* none can be started */
#define ENDED_GATE 3   /* exit code: the gate's end is gone */

struct crew {
	unsigned count, waiting; /* inspectors; those that have no request yet */
	int taken[2];		 /* one byte by each that has got its request */
};

static uint8_t packet[sizeof(struct inspect_request) + INSPECT_BYTES_MAX];
static uint8_t reply[INSPECT_REPLY_MAX];

/* ---- an inspector ------------------------------------------------------------------------ */

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

/* Wait for one request; what it holds is not looked at before the jail is narrow. */
static int take(int *ret_socket, size_t *ret_size, int requests)
{
	size_t count = 1;
	int r = guardd_fdpass_receive(ret_size, packet, sizeof(packet), ret_socket, &count, requests);

	if (r == -GUARD_E_UNREACHABLE)
		_exit(ENDED_GATE);
	return r == 0 && count == 1 ? 0 : -GUARD_E_FORMAT;
}

static void inspect(const struct guardd_inspect_arguments *arguments, const struct crew *crew, pid_t parent)
	__attribute__((noreturn));
static void inspect(const struct guardd_inspect_arguments *arguments, const struct crew *crew, pid_t parent)
{
	const char byte = 0;
	int socket = -1, r;
	size_t size = 0, written;

	prctl(PR_SET_NAME, INSPECT_NAME);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	close(crew->taken[0]);
	r = take(&socket, &size, arguments->requests);
	(void)!write(crew->taken[1], &byte, 1);
	close(crew->taken[1]);
	close(arguments->requests);
	close(STDERR_FILENO);
	if (r < 0 || limit_inspector() < 0 || guardd_jail_narrow() < 0)
		_exit(EXIT_FAILURE);
	written = inspect_answer(reply, sizeof(reply), packet, size);
	if (written > 0)
		(void)!send(socket, reply, written, MSG_NOSIGNAL);
	_exit(EXIT_SUCCESS);
}

/* ---- the crew ------------------------------------------------------------------------------ */

static void fill(struct crew *crew, const struct guardd_inspect_arguments *arguments)
{
	const pid_t self = getpid();

	while (crew->waiting < INSPECT_WAITING && crew->count < INSPECT_AT_ONCE) {
		pid_t pid = fork();

		if (pid == 0)
			inspect(arguments, crew, self);
		if (pid < 0)
			return;
		crew->count++;
		crew->waiting++;
	}
}

/* Bury those that have ended; wait for one when there are too many at work. */
static void bury(struct crew *crew)
{
	while (crew->count > 0) {
		const bool full = crew->count >= INSPECT_AT_ONCE && crew->waiting == 0;
		int status = 0;
		pid_t pid = waitpid(-1, &status, full ? 0 : WNOHANG);

		if (pid == 0 || (pid < 0 && errno != EINTR))
			break;
		if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == ENDED_GATE)
			_exit(EXIT_SUCCESS);
		crew->count -= pid > 0;
	}
	/* One that was killed while it waited. */
	if (crew->waiting > crew->count)
		crew->waiting = crew->count;
}

static void look_after(struct crew *crew)
{
	struct pollfd ready = { crew->taken[0], POLLIN, 0 };
	char bytes[INSPECT_AT_ONCE];
	ssize_t taken = 0;

	if (poll(&ready, 1, crew->count == 0 ? RETRY_MS : crew->count > crew->waiting ? BURY_MS : -1) > 0)
		taken = read(crew->taken[0], bytes, sizeof(bytes));
	if (taken > 0)
		crew->waiting -= (unsigned)taken < crew->waiting ? (unsigned)taken : crew->waiting;
}

/* Waiting in recvmsg(2) one inspector is woken by a request; in poll(2) all would be. */
static int make_blocking(int socket)
{
	int flags = fcntl(socket, F_GETFL);

	return flags < 0 || fcntl(socket, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -GUARD_E_IO : 0;
}

void guardd_inspect_main(const struct guardd_inspect_arguments *arguments)
{
	struct crew crew = { .count = 0 };
	char problem[400];

	/* An inspector can open no file, so OpenSSL must not look for its own. */
	(void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	inspect_warm_up(reply);
	if (pipe2(crew.taken, O_CLOEXEC) < 0 || make_blocking(arguments->requests) < 0 ||
	    guardd_jail_prepare_narrow(GUARDD_ROLE_INSPECTOR) < 0) {
		fputs("guardd: inspect: the inspectors' list of system calls cannot be made\n", stderr);
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_INSPECT, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: inspect: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	for (;;) {
		fill(&crew, arguments);
		look_after(&crew);
		bury(&crew);
	}
}
