/* SPDX-License-Identifier: MIT
 *
 * gate/loaders.c - what this machine's dynamic loaders are, by content: one that
 * was copied to another name loads programs all the same.
 */
#include "gate/gate.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static void learn_one(struct gate_loaders *loaders, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);

	if (fd >= 0 && loaders->count < GATE_LOADERS_MAX &&
	    guard_digest_fd(&loaders->digests[loaders->count], NULL, fd, NULL, NULL) == 0)
		loaders->count++;
}

static void learn_matching(struct gate_loaders *loaders, const char *pattern)
{
	glob_t found;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			learn_one(loaders, found.gl_pathv[i]);
	globfree(&found);
}

void gate_loaders_learn(struct gate *gate)
{
	static const char *const patterns[] = { "/lib*/ld-*.so*", "/lib*/ld64.so*", "/lib/*/ld-*.so*",
						"/usr/lib*/*/ld-*.so*", "/usr/*/lib/ld-*.so*" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		learn_matching(&gate->loaders, patterns[i]);
}

bool gate_loader_is_known(const struct gate *gate, const struct guard_digest *digest)
{
	for (unsigned i = 0; i < gate->loaders.count; i++)
		if (guard_digest_compare(&gate->loaders.digests[i], digest) == 0)
			return true;
	return false;
}
