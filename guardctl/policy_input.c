/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_input.c - a policy by whatever it is given as: an image, or
 * sources.  Sources become an image in memory, so that all that follows sees
 * what a machine would see.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "policy/image.h"
#include "policy_verbs.h"

/* true when the file begins as an image does. */
static bool is_image(int fd)
{
	char magic[sizeof(GUARD_IMAGE_MAGIC) - 1];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       memcmp(magic, GUARD_IMAGE_MAGIC, sizeof(magic)) == 0;
}

bool policy_input_is_image(const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 && is_image(fd);
}

/* The reader checks a copy that nobody can change under it. */
static int open_bytes(struct policy_input *input, const struct guard_machine *machine)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-policy", MFD_CLOEXEC);
	int r = fd < 0 ? -GUARD_E_IO : guard_write_whole(fd, input->bytes, input->size);

	return r < 0 ? r : guard_policy_open(&input->policy, fd, machine);
}

static int read_image(struct policy_input *input, int fd)
{
	struct stat status;
	size_t done = 0;

	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if ((uint64_t)status.st_size > GUARD_POLICY_IMAGE_MAX)
		return -GUARD_E_LIMIT;
	input->bytes = malloc((size_t)status.st_size + 1);
	if (!input->bytes)
		return -GUARD_E_NOMEM;
	while (done < (size_t)status.st_size) {
		ssize_t count = read(fd, &input->bytes[done], (size_t)status.st_size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		done += (size_t)count;
	}
	input->size = done;
	return 0;
}

static int compile_sources(struct policy_input *input, const char *const *paths, size_t count)
{
	struct guard_compile *compile = policy_compile(paths, count, true, false);
	int r = -GUARD_E_SYNTAX;

	if (!compile)
		return -GUARD_E_NOMEM;
	if (guard_compile_error_count(compile))
		policy_print_diagnostics(compile);
	else
		r = guard_compile_image(&input->bytes, &input->size, compile);
	guard_compile_free(compile);
	return r;
}

bool policy_input_open(struct policy_input *ret_input, const char *const *paths, size_t count,
		       const struct guard_machine *machine)
{
	struct policy_input input = { 0 };
	GUARD_AUTO_CLOSE int fd = open(paths[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd >= 0 && count == 1 && is_image(fd))
		r = read_image(&input, fd);
	else
		r = compile_sources(&input, paths, count);
	if (r == 0)
		r = open_bytes(&input, machine);
	if (r == 0) {
		*ret_input = input;
		return true;
	}
	if (r != -GUARD_E_SYNTAX)
		guardctl_error("%s: %s", paths[0], r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
	policy_input_close(&input);
	return false;
}

void policy_input_close(struct policy_input *input)
{
	guard_policy_free(input->policy);
	free(input->bytes);
	*input = (struct policy_input){ 0 };
}
