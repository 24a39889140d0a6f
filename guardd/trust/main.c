/* SPDX-License-Identifier: MIT
 *
 * trust/main.c - the trust process: into the jail with its folder, then check
 * after check.  A check that brought nothing is followed by a longer pause.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/fdpass.h"
#include "trust/internal.h"
#include "trusted.h"

#define SYNC_SILENCE_S 300 /* of a sync process that does not answer at all */
#define STEP_MS 30000	/* the longest sleep at once: poll(2) does not count a machine's */

/* ---- start ------------------------------------------------------------------------- */

static void die(const char *sentence) __attribute__((noreturn));
static void die(const char *sentence)
{
	fprintf(stderr, "guardd: trust: %s\n", sentence);
	_exit(EXIT_FAILURE);
}

static int open_folder(int parent, const char *name)
{
	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Root wrote it when the machine was enrolled; opened while that is allowed. */
static int open_first_root(const struct guardd_config *config)
{
	char path[GUARDD_PATH_MAX + 32], problem[500] = "";
	int fd = -1;

	snprintf(path, sizeof(path), "%s/enrolment/root.json", config->state_dir);
	if (guardd_trusted_open(&fd, path, "the first root", problem, sizeof(problem)) < 0)
		die(problem);
	return fd;
}

static void trust_first_root(struct trust_process *trust, int fd)
{
	GUARD_AUTO_FREE char *bytes = malloc(GUARD_TRUST_ROOT_SIZE_MAX);
	ssize_t size = bytes ? pread(fd, bytes, GUARD_TRUST_ROOT_SIZE_MAX, 0) : -1;

	/* Once trusted, it is the folder's root that counts. */
	if (guard_trust_load(trust->client) == 0)
		return;
	if (size <= 0 || guard_trust_init(trust->client, bytes, (size_t)size) < 0)
		die(guard_trust_message(trust->client));
}

static void open_state(struct trust_process *trust)
{
	GUARD_AUTO_CLOSE int metadata = open_folder(trust->folder, "metadata");

	trust->parts = open_folder(trust->folder, "parts");
	if (metadata < 0 || trust->parts < 0)
		die("its folders in the state directory cannot be opened");
	if (guard_trust_new(&trust->client, metadata, trust_fetch, trust) < 0)
		die("its folder is used by another process");
	/* A damaged memory is as good as none: the client's own state holds the line. */
	if (trust_memory_load(&trust->memory, trust->folder) < 0)
		memset(&trust->memory, 0, sizeof(trust->memory));
	if (trust_key_load(trust) < 0)
		die("the machine's key cannot be made or read");
}

/* ---- the loop ---------------------------------------------------------------------- */

static void take_message(struct trust_process *trust, int64_t *due_ms)
{
	static struct guardd_trust_message message;
	size_t size, fds = 0;
	int r = guardd_fdpass_receive(&size, &message, sizeof(message), NULL, &fds, trust->keeper);

	if (r == -GUARD_E_BUSY)
		return;
	if (r < 0 || size != sizeof(message))
		_exit(EXIT_SUCCESS);
	if (message.type == GUARDD_TRUST_CHECK)
		*due_ms = 0;
}

static int64_t next_pause(const struct trust_process *trust)
{
	uint16_t chance = 0;

	(void)!getrandom(&chance, sizeof(chance), 0);
	return trust_pause_ms(trust->config->repository_interval_s, trust->failures, chance);
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now); /* a laptop that slept checks when it wakes */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run(struct trust_process *trust) __attribute__((noreturn));
static void run(struct trust_process *trust)
{
	int64_t due_ms = 0;

	for (;;) {
		struct pollfd ready[] = {{trust->keeper, POLLIN, 0}, {trust->sync, 0, 0}};
		int64_t left = due_ms - monotonic_ms();

		if (left <= 0) {
			trust_check(trust);
			left = next_pause(trust);
			due_ms = monotonic_ms() + left;
			trust->said.next_check = (int64_t)time(NULL) + left / 1000;
			trust_tell_state(trust);
		}
		if (poll(ready, 2, (int)(left < STEP_MS ? left : STEP_MS)) <= 0)
			continue;
		if (ready[1].revents)
			_exit(EXIT_FAILURE); /* sync has ended: both are started anew */
		take_message(trust, &due_ms);
	}
}

void guardd_trust_main(const struct guardd_trust_arguments *arguments)
{
	static struct trust_process trust;
	const struct timeval silence = {.tv_sec = SYNC_SILENCE_S};
	char problem[500] = "";
	int first_root = open_first_root(arguments->config);

	trust.config = arguments->config;
	trust.keeper = arguments->keeper;
	trust.sync = arguments->sync;
	trust.folder = arguments->folder;
	snprintf(trust.said.word, sizeof(trust.said.word), "waiting");
	if (setsockopt(trust.sync, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence)) < 0)
		die("the socket to sync is none");
	if (guardd_jail_enter(GUARDD_ROLE_TRUST, arguments->config, problem, sizeof(problem)) < 0)
		die(problem);
	open_state(&trust);
	trust_first_root(&trust, first_root);
	close(first_root);
	trust_start_look(&trust, arguments->policy);
	run(&trust);
}
