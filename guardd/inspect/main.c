/* SPDX-License-Identifier: MIT
 *
 * inspect/main.c - keeps a reserve of inspectors, started, shut in and waiting, for to
 * start one takes longer than its work; puts another in the place of each that has got a
 * request, and ends those that take too long.  Looks at no request itself: an inspector
 * takes one, answers it and ends, so that whoever is taken over has answered one question
 * and is gone.
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
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "guardd.h"
#include "inspect/inspect.h"
#include "keeper/fdpass.h"

#define REQUESTS GUARDD_INSPECTOR_REQUESTS
#define RETRY_MS 100   /* none can be started */
#define ENDED_GATE 3   /* exit code: the gate's end is gone */

/* One inspector: not there, waiting, or at work since `since_ms`. */
struct place {
	pid_t pid; /* 0: not there */
	bool at_work;
	int64_t since_ms;
};
struct crew {
	struct place places[INSPECT_AT_ONCE];
	int64_t refill_ms; /* when the reserve is filled up; 0: it is full */
	int taken[2];	   /* the number of its place by each that has got its request */
};

static uint8_t packet[sizeof(struct inspect_request) + INSPECT_BYTES_MAX];
static uint8_t reply[INSPECT_REPLY_MAX];

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- an inspector ------------------------------------------------------------------------ */

static int limit_inspector(void)
{
	const struct rlimit seconds = { INSPECT_SECONDS, INSPECT_SECONDS };
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CPU, &seconds) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0 ||
	    setrlimit(RLIMIT_FSIZE, &none) < 0)
		return -GUARD_E_IO;
	return guardd_jail_narrow(INSPECT_MEMORY);
}

/* Wait for one request.  It is not looked at before the socket that it came by is closed:
 * whoever takes this process over gets no other. */
static int take(int *ret_socket, size_t *ret_size, const struct crew *crew, uint8_t place)
{
	size_t count = 1;
	int r = guardd_fdpass_receive(ret_size, packet, sizeof(packet), ret_socket, &count, REQUESTS);

	if (r == -GUARD_E_UNREACHABLE)
		_exit(ENDED_GATE);
	(void)!write(crew->taken[1], &place, 1);
	close(crew->taken[1]);
	close(REQUESTS);
	return r == 0 && count == 1 ? 0 : -GUARD_E_FORMAT;
}

static void inspect(const struct crew *crew, uint8_t place, pid_t parent) __attribute__((noreturn));
static void inspect(const struct crew *crew, uint8_t place, pid_t parent)
{
	int socket = -1;
	size_t size = 0, written;

	prctl(PR_SET_NAME, INSPECT_NAME);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	close(crew->taken[0]);
	close(STDERR_FILENO);
	if (limit_inspector() < 0 || take(&socket, &size, crew, place) < 0)
		_exit(EXIT_FAILURE);
	written = inspect_answer(reply, sizeof(reply), packet, size);
	if (written > 0)
		(void)!send(socket, reply, written, MSG_NOSIGNAL);
	_exit(EXIT_SUCCESS);
}

/* ---- the crew ------------------------------------------------------------------------------ */

static unsigned count_waiting(const struct crew *crew)
{
	unsigned count = 0;

	for (unsigned i = 0; i < INSPECT_AT_ONCE; i++)
		count += crew->places[i].pid && !crew->places[i].at_work;
	return count;
}

static uint8_t free_place(const struct crew *crew)
{
	uint8_t place = 0;

	while (place < INSPECT_AT_ONCE && crew->places[place].pid)
		place++;
	return place;
}

/* While files come one by one the next inspectors are started between them. */
static void fill(struct crew *crew)
{
	const pid_t self = getpid();
	unsigned waiting = count_waiting(crew);
	uint8_t place;

	if (waiting >= INSPECT_WAITING) {
		crew->refill_ms = 0;
		return;
	}
	if (crew->refill_ms == 0)
		crew->refill_ms = now_ms() + INSPECT_REFILL_MS;
	if (waiting >= INSPECT_FEW && now_ms() < crew->refill_ms)
		return;
	for (; waiting < INSPECT_WAITING && (place = free_place(crew)) < INSPECT_AT_ONCE; waiting++) {
		pid_t pid = fork();

		if (pid == 0)
			inspect(crew, place, self);
		if (pid < 0)
			break;
		crew->places[place] = (struct place){ .pid = pid };
	}
	/* What could not be started yet: when one has ended, or a little later. */
	crew->refill_ms = waiting < INSPECT_WAITING ? now_ms() + RETRY_MS : 0;
}

static void hear_who_took(struct crew *crew)
{
	uint8_t places[INSPECT_AT_ONCE];
	const ssize_t count = read(crew->taken[0], places, sizeof(places));

	for (ssize_t i = 0; i < count; i++)
		if (places[i] < INSPECT_AT_ONCE && crew->places[places[i]].pid) {
			crew->places[places[i]].at_work = true;
			crew->places[places[i]].since_ms = now_ms();
		}
}

static void bury(struct crew *crew)
{
	int status = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == ENDED_GATE)
			_exit(EXIT_SUCCESS);
		/* What it said is heard before another has its place. */
		hear_who_took(crew);
		for (unsigned i = 0; i < INSPECT_AT_ONCE; i++)
			if (crew->places[i].pid == pid)
				crew->places[i] = (struct place){ .pid = 0 };
	}
}

static void end_the_late(const struct crew *crew)
{
	const int64_t now = now_ms();

	for (unsigned i = 0; i < INSPECT_AT_ONCE; i++)
		if (crew->places[i].pid > 0 && crew->places[i].at_work && now - crew->places[i].since_ms >= INSPECT_SECONDS * 1000)
			kill(crew->places[i].pid, SIGKILL);
}

/* Milliseconds until there is something to do by itself; -1: there is nothing. */
static int pause_of(const struct crew *crew)
{
	const int64_t now = now_ms();
	int64_t next = crew->refill_ms ? crew->refill_ms : INT64_MAX;

	for (unsigned i = 0; i < INSPECT_AT_ONCE; i++) {
		const int64_t due = crew->places[i].since_ms + INSPECT_SECONDS * 1000;

		if (crew->places[i].at_work && due < next)
			next = due;
	}
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 1;
}

/* Until one has got a request, one has ended (SIGCHLD, let in here alone), or time has
 * come. */
static void look_after(struct crew *crew)
{
	const int pause_ms = pause_of(crew);
	const struct timespec pause = { pause_ms / 1000, pause_ms % 1000 * 1000000l };
	struct pollfd ready = { crew->taken[0], POLLIN, 0 };
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(&ready, 1, pause_ms < 0 ? NULL : &pause, &none) > 0)
		hear_who_took(crew);
}

static void on_child(int number)
{
	(void)number; /* only ends the wait */
}

static int hear_of_children(void)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	return sigaction(SIGCHLD, &action, NULL) < 0 || sigprocmask(SIG_BLOCK, &children, NULL) < 0 ? -GUARD_E_IO : 0;
}

/* Waiting in recvmsg(2) one inspector is woken by a request; in poll(2) all would be. */
static int place_requests(int socket)
{
	int flags = fcntl(socket, F_GETFL);

	if (flags < 0 || fcntl(socket, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return -GUARD_E_IO;
	if (socket == REQUESTS)
		return 0;
	if (dup3(socket, REQUESTS, O_CLOEXEC) < 0)
		return -GUARD_E_IO;
	close(socket);
	return 0;
}

void guardd_inspect_main(const struct guardd_inspect_arguments *arguments)
{
	struct crew crew = { .refill_ms = 0 };
	char problem[400];

	/* An inspector can open no file, so OpenSSL must not look for its own. */
	(void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	inspect_warm_up(reply);
	if (place_requests(arguments->requests) < 0 || pipe2(crew.taken, O_CLOEXEC | O_NONBLOCK) < 0 || hear_of_children() < 0 ||
	    guardd_jail_prepare_narrow(GUARDD_ROLE_INSPECTOR) < 0) {
		fputs("guardd: inspect: the inspectors' list of system calls cannot be made\n", stderr);
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_INSPECT, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: inspect: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	for (;;) {
		bury(&crew);
		end_the_late(&crew);
		fill(&crew);
		look_after(&crew);
	}
}
