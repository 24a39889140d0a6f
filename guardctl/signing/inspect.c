/* SPDX-License-Identifier: MIT
 *
 * signing/inspect.c - signatures are taken apart in a child that can open nothing,
 * is nobody, and is ended after two seconds.  What it says is verified here.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/cleanup.h"
#include "inspect/inspect.h"
#include "signers.h"

#define NOBODY 65534
#define MEMORY (512u << 20)

static bool give_up_everything(void)
{
	const struct rlimit none = { 0, 0 }, seconds = { INSPECT_SECONDS, INSPECT_SECONDS }, memory = { MEMORY, MEMORY };

	alarm(INSPECT_SECONDS);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
	       setrlimit(RLIMIT_CPU, &seconds) == 0 && setrlimit(RLIMIT_AS, &memory) == 0 &&
	       setrlimit(RLIMIT_FSIZE, &none) == 0 && setrlimit(RLIMIT_NPROC, &none) == 0 &&
	       setrlimit(RLIMIT_NOFILE, &none) == 0;
}

static void child(int to, const struct guard_writer *question) __attribute__((noreturn));
static void child(int to, const struct guard_writer *question)
{
	static uint8_t reply[INSPECT_REPLY_MAX];
	size_t size;

	for (int fd = 0; fd < 1024; fd++)
		if (fd != to)
			close(fd);
	if (!give_up_everything())
		_exit(1);
	size = inspect_answer(reply, sizeof(reply), question->bytes, question->size);
	_exit(size > 0 && write(to, reply, size) == (ssize_t)size ? 0 : 1);
}

static int receive(uint8_t *reply, size_t *ret_size, int from)
{
	size_t done = 0;
	ssize_t count;

	do {
		count = read(from, &reply[done], GUARD_INSPECT_REPLY_MAX - done);
		done += count > 0 ? (size_t)count : 0;
	} while (count > 0 || (count < 0 && errno == EINTR));
	*ret_size = done;
	return done > 0 ? 0 : -GUARD_E_UNREACHABLE;
}

static int ask(uint8_t *reply, size_t *ret_size, const struct guard_writer *question)
{
	int pair[2], status, r;
	pid_t pid;

	if (pipe(pair) < 0)
		return -GUARD_E_IO;
	pid = fork();
	if (pid == 0)
		child(pair[1], question);
	close(pair[1]);
	r = pid > 0 ? receive(reply, ret_size, pair[0]) : -GUARD_E_IO;
	close(pair[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return r;
}

int signers_inspect(void *context, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		    size_t size)
{
	struct guard_writer question;
	int r;

	(void)context;
	(void)!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	guard_writer_init(&question);
	guard_write_u32(&question, (uint32_t)type);
	guard_write_u32(&question, (uint32_t)size);
	guard_write_bytes(&question, bytes, size);
	r = question.failed ? -GUARD_E_NOMEM : ask(reply, ret_size, &question);
	guard_writer_free(&question);
	return r;
}
