/* SPDX-License-Identifier: MIT
 *
 * control/control.c - the loop of the control process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "control/control.h"
#include "record/clock.h"
#include "stop.h"

#define NAMES_MAX (16u << 20) /* bytes of /etc/passwd or /etc/group that are read */

/* ---- before the jail ------------------------------------------------------------------ */

/* A whole text file, NUL-terminated; NULL when it cannot be read. */
static char *read_text(const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	GUARD_AUTO_FREE char *text = fd < 0 ? NULL : malloc(NAMES_MAX + 1);
	size_t size = 0;
	ssize_t count;
	char *exact;

	while (text && size < NAMES_MAX) {
		count = read(fd, &text[size], NAMES_MAX - size);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return NULL;
		if (count == 0)
			break;
		size += (size_t)count;
	}
	if (!text)
		return NULL;
	text[size] = '\0';
	exact = realloc(text, size + 1);
	if (exact)
		text = exact;
	return guard_steal_pointer(&text);
}

static void control_free(struct control *control)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].socket >= 0)
			control_drop(&control->clients[i]);
	guard_policy_free(control->policy);
	free(control->passwd);
	free(control->group);
	free(control);
}

int guardd_control_prepare(struct control **ret_control, const struct guardd_control_arguments *arguments)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -GUARD_E_NOMEM;
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].socket = -1;
	control->config = arguments->config;
	control->shared = arguments->shared;
	control->listener = arguments->listener;
	control->record = arguments->record;
	control->unlock = arguments->unlock;
	control->keeper = arguments->keeper;
	tzset(); /* gmtime_r(3) reads the time zone once, which the jail would not let it */
	control->passwd = read_text("/etc/passwd");
	control->group = read_text("/etc/group");
	r = guardd_stop_listen();
	if (r == 0 && (fcntl(control->listener, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
		       fcntl(control->record, F_SETFL, O_RDWR | O_NONBLOCK) < 0))
		r = -GUARD_E_IO;
	if (r < 0) {
		control_free(control);
		return r;
	}
	(void)!record_request_hello(control->record); /* its news come when there are any */
	*ret_control = control;
	return 0;
}

/* ---- the loop --------------------------------------------------------------------------- */

static void set_timeout(struct timespec *ret_timeout, int64_t left_ns)
{
	if (left_ns < 0)
		left_ns = 0;
	ret_timeout->tv_sec = (time_t)(left_ns / 1000000000);
	ret_timeout->tv_nsec = (long)(left_ns % 1000000000);
}

static void turn(struct control *control)
{
	enum { LISTENER = CONTROL_CLIENTS_MAX, RECORD, KEEPER, POLLS };
	struct pollfd polls[POLLS];
	int64_t now_ns = clock_monotonic_ns(), next = control_next_deadline(control);
	bool resting = now_ns < control->accept_after_ns;
	struct timespec timeout;
	sigset_t none;

	if (resting && control->accept_after_ns < next)
		next = control->accept_after_ns;
	set_timeout(&timeout, next - now_ns);
	control_poll(control, polls);
	polls[LISTENER] = (struct pollfd){.fd = resting ? -1 : control->listener, .events = POLLIN};
	polls[RECORD] = (struct pollfd){.fd = control->record, .events = POLLIN};
	polls[KEEPER] = (struct pollfd){.fd = control->keeper, .events = POLLIN};
	sigemptyset(&none);
	if (ppoll(polls, POLLS, next == INT64_MAX ? NULL : &timeout, &none) < 0)
		return;
	now_ns = clock_monotonic_ns();
	if (polls[KEEPER].revents)
		control_hear_keeper(control, now_ns);
	if (polls[RECORD].revents)
		control_hear_record(control);
	control_serve(control, polls, now_ns);
	if (polls[LISTENER].revents)
		control_accept(control, now_ns);
}

void guardd_control_run(struct control *control)
{
	while (!guardd_stop_asked() && !control->stop)
		turn(control);
	control_free(control);
}
