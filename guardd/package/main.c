/* SPDX-License-Identifier: MIT
 *
 * package/main.c - guard-package CLIENT KEEPER POLICY TABLE: fds by number, TABLE
 * may be -1.  Started by the keeper in the jail of its role, for one request;
 * whoever else starts it can only verify packages for himself.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fcntl.h>
#include <time.h>

#include "base/cleanup.h"
#include "package/message.h"
#include "package/package.h"
#include "policy/openpgp_keys.h"

static int fd_of(const char *text)
{
	char *end = NULL;
	long value = strtol(text, &end, 10);

	return end == text || *end || value < -1 || value > 1024 ? -1 : (int)value;
}

/* The policy's keys as a sealed file, which is how gpgv takes them; -1: none. */
static int make_keyring(int *ret_keyring, int policy_fd)
{
	GUARD_AUTO_CLOSE int keyring = memfd_create("keyring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct guard_policy *policy = NULL;
	struct guard_writer keys;
	int r = guard_policy_open(&policy, policy_fd, NULL);

	if (r < 0)
		return r;
	guard_writer_init(&keys);
	guard_policy_openpgp_keys(policy, &keys);
	guard_policy_free(policy);
	if (keyring < 0 || keys.failed)
		r = -GUARD_E_NOMEM;
	else if (keys.size > 0 && write(keyring, keys.bytes, keys.size) != (ssize_t)keys.size)
		r = -GUARD_E_NOMEM;
	else if (fcntl(keyring, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		r = -GUARD_E_IO;
	if (r == 0)
		*ret_keyring = keys.size > 0 ? guard_steal_fd(&keyring) : -1;
	guard_writer_free(&keys);
	return r;
}

static int run(struct package_request *request, int policy, int table)
{
	int r = 0;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	tzset();
	if (request->client < 0 || request->keeper < 0 || policy < 0)
		return -GUARD_E_USAGE;
	r = package_files_confine();
	if (r == 0)
		r = make_keyring(&request->keyring, policy);
	if (r == 0 && table >= 0)
		r = guard_attribution_open(&request->old, table);
	if (r < 0) {
		(void)!package_say(request->client, PACKAGE_RESULT, r, 0, "the policy or the table cannot be read: %s",
				   guard_error_text(r));
		return r;
	}
	r = package_request_run(request);
	guard_attribution_free(request->old);
	return r;
}

int main(int argc, char **argv)
{
	struct package_request request = { .keyring = -1 };

	if (argc != 5)
		return 2;
	request.client = fd_of(argv[1]);
	request.keeper = fd_of(argv[2]);
	for (int i = 1; i < 5; i++)
		if (fd_of(argv[i]) >= 0)
			(void)!fcntl(fd_of(argv[i]), F_SETFD, FD_CLOEXEC);
	return run(&request, fd_of(argv[3]), fd_of(argv[4])) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
