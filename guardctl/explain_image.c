/* SPDX-License-Identifier: MIT
 *
 * guardctl/explain_image.c - see explain.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <guard/policy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "explain.h"

/* A whole text file; NULL when it cannot be read. */
static char *read_text(const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t capacity = 0;

	/* To the first NUL byte, which no passwd(5) or group(5) has. */
	if (!file || getdelim(&text, &capacity, '\0', file) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int open_image(struct guard_policy **ret_policy, const char *path)
{
	GUARD_AUTO_FREE char *passwd = read_text("/etc/passwd");
	GUARD_AUTO_FREE char *group = read_text("/etc/group");
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct utsname node = {0};
	struct guard_machine machine = {.passwd = passwd, .group = group, .host = node.nodename};
	int r;

	if (fd < 0) {
		guardctl_error("explain: %s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	uname(&node);
	r = guard_policy_open(ret_policy, fd, &machine);
	if (r < 0) {
		guardctl_error("explain: %s: %s Build it anew with `guardctl policy build`", path,
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
		return GUARDCTL_REFUSED;
	}
	return 0;
}

static uint32_t read_groups(uint32_t ret_gids[GUARD_GROUPS_MAX])
{
	gid_t groups[GUARD_GROUPS_MAX];
	int count = getgroups(GUARD_GROUPS_MAX - 1, groups);
	uint32_t gid_count = 0;

	if (count < 0) { /* there are more */
		memset(ret_gids, 0xff, GUARD_GROUPS_MAX * sizeof(ret_gids[0]));
		ret_gids[0] = getgid();
		return GUARD_GROUPS_MAX + 1;
	}
	ret_gids[gid_count++] = getgid();
	for (int i = 0; i < count; i++)
		ret_gids[gid_count++] = groups[i];
	return gid_count;
}

int explain_by_image(struct guardctl_explained *ret_explained, const char *image,
		     const struct guard_question *question)
{
	uint32_t gids[GUARD_GROUPS_MAX];
	struct guard_subject subject = {.uid = getuid(),
					.gids = gids,
					.gid_count = read_groups(gids),
					.program = question->program[0] ? question->program : NULL};
	struct guard_object object = {.identity = &question->identity,
				      .path = question->path,
				      .claimed_path = question->path,
				      .path_protected = question->path_protected,
				      .medium = question->medium};
	struct guard_policy *policy;
	struct guard_verdict verdict;
	size_t size = 0;
	char *text = NULL;
	FILE *out;
	int r = -GUARD_E_NOMEM, code = open_image(&policy, image);

	if (code)
		return code;
	guard_policy_decide(policy, &verdict, &subject, &object, (int64_t)time(NULL));
	out = open_memstream(&text, &size);
	if (out) {
		r = guard_policy_explain(policy, out, &verdict, &subject, &object);
		fclose(out);
	}
	guard_policy_free(policy);
	if (r < 0) {
		free(text);
		guardctl_error("explain: %s", guardctl_error_text(r));
		return GUARDCTL_REFUSED;
	}
	*ret_explained = (struct guardctl_explained){.action = verdict.action,
						     .mode = verdict.mode,
						     .reason = verdict.reason,
						     .rule = verdict.rule,
						     .text = text};
	return 0;
}
