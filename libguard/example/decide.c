/* SPDX-License-Identifier: MIT
 *
 * example/decide.c - ask a compiled policy about one file, with libguard only:
 * `decide IMAGE FILE`.  Prints the reasons in plain words; exits with 0 when
 * the policy allows the file, 1 when it denies it, 2 when it could not be asked.
 *
 * It asks as if the person who calls it started the program from a shell.  The
 * daemon knows more: who really acts, and whether the path can be trusted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <guard/error.h>
#include <guard/identity.h>
#include <guard/policy.h>
#include <guard/verdict.h>

static int complain(const char *file, int error)
{
	fprintf(stderr, "decide: %s: %s\n", file, guard_error_text(error));
	return 2;
}

static int open_policy(struct guard_policy **ret_policy, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -GUARD_E_IO;
	r = guard_policy_open(ret_policy, fd, NULL); /* NULL: rules for offices and hosts do not apply */
	close(fd);
	return r;
}

/* What a file is: its digest, its size, and what it would be used as. */
static int identify(struct guard_identity *ret_identity, const char *file)
{
	struct guard_identity identity = { .kind = GUARD_KIND_EXECUTABLE };
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	char head[GUARD_SNIFF_SIZE];
	ssize_t count;

	if (fd < 0)
		return -GUARD_E_IO;
	count = pread(fd, head, sizeof(head), 0);
	r = count < 0 ? -GUARD_E_IO : guard_digest_fd(&identity.digest, &identity.size, fd, NULL, NULL);
	close(fd);
	if (r < 0)
		return r;
	if (!guard_format_is_elf(guard_format_sniff(head, (size_t)count)))
		identity.kind = GUARD_KIND_SCRIPT;
	*ret_identity = identity;
	return 0;
}

static int explain(const struct guard_policy *policy, const struct guard_identity *identity, const char *path)
{
	const struct guard_subject subject = { .uid = getuid() };
	const struct guard_object object = { .identity = identity, .path = path, .claimed_path = path };
	struct guard_verdict verdict;

	guard_policy_decide(policy, &verdict, &subject, &object, (int64_t)time(NULL));
	if (guard_policy_explain(policy, stdout, &verdict, &subject, &object) < 0)
		return 2;
	return verdict.action == GUARD_ALLOW ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct guard_identity identity;
	struct guard_policy *policy;
	char *path;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: decide IMAGE FILE\n");
		return 2;
	}
	r = identify(&identity, argv[2]);
	if (r < 0)
		return complain(argv[2], r);
	r = open_policy(&policy, argv[1]);
	if (r < 0)
		return complain(argv[1], r);
	path = realpath(argv[2], NULL);
	r = explain(policy, &identity, path);
	free(path);
	guard_policy_free(policy);
	return r;
}
