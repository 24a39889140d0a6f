/* SPDX-License-Identifier: MIT
 *
 * guardctl/why_again.c - what would be decided now about what was denied then.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "claim.h"
#include "signing/signers.h"
#include "why.h"

/* Who vouches for the content that was denied. */
static bool look_at_signatures(struct guard_question *question, struct signers_keys *ret_keys, const char *path,
			       const struct guard_status *told)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct signers_places places = {NULL, NULL, NULL};
	struct stat status;
	const bool is_file = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);

	signers_places_of(&places, told);
	return signers_add(&question->identity, ret_keys, NULL, &places, is_file ? fd : -1);
}

char *guardctl_why_again(bool *ret_allowed, const struct guard_event *event, const struct guardctl_options *options,
			 const struct guard_status *told)
{
	struct guard_question question = {
	    .identity = {.digest = event->digest, .size = event->size, .kind = event->kind}};
	struct guardctl_explained explained;
	struct signers_keys keys = {0};
	bool looked;
	int code;

	if (!event->has_digest || claim_place(&question, event->path[0] ? event->path : "/") < 0)
		return NULL;
	question.medium = event->medium;
	memcpy(question.path, event->path, sizeof(question.path));
	memcpy(question.program, event->program, sizeof(question.program));
	looked = look_at_signatures(&question, &keys, event->path, told);
	code = guardctl_query_explain(&explained, options, &question);
	signers_keys_clear(&keys);
	if (code != 0)
		return NULL;
	if (!looked && explained.reason == GUARD_REASON_DEFAULT && event->reason != GUARD_REASON_DEFAULT) {
		free(explained.text);
		return NULL;
	}
	*ret_allowed = explained.action == GUARD_ALLOW;
	return explained.text;
}
