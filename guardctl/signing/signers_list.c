/* SPDX-License-Identifier: MIT
 *
 * signing/signers_list.c - one signed list of digests: its bytes, its signature
 * (beside it or around it), and whether a digest is in it.  Verifies nothing.
 */
#include "signers.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "identity/detach.h"
#include "publish/publish.h"

#define SUFFIX ".p7s"
#define LIST_MAX (64u << 20)

bool signers_is_list(const char *name)
{
	const size_t length = strlen(name);

	return length > strlen(SUFFIX) && name[0] != '.' && strcmp(&name[length - strlen(SUFFIX)], SUFFIX) == 0;
}

static int unreadable(struct signers_list *list, const char *reason)
{
	snprintf(list->reason, sizeof(list->reason), "%s", reason);
	return 0;
}

/* The list lies inside: as the daemon does it. */
static int read_attached(struct signers_list *list, int folder, const char *name)
{
	GUARD_AUTO_FREE struct guard_detached *detached = calloc(1, sizeof(*detached));
	GUARD_AUTO_FREE uint8_t *reply = malloc(GUARD_INSPECT_REPLY_MAX);
	struct guard_writer question;
	size_t size = 0;
	int r = detached && reply ? publish_file_read(&list->bytes, &list->size, folder, name, LIST_MAX) : -GUARD_E_NOMEM;

	if (r < 0)
		return r;
	guard_writer_init(&question);
	guard_detach_ask(&question, list->bytes, list->size);
	r = question.failed ? -GUARD_E_NOMEM :
			      signers_inspect(NULL, reply, &size, GUARD_INSPECT_DETACH, question.bytes, question.size);
	guard_writer_free(&question);
	if (r < 0 || guard_detached_decode(detached, reply, size) < 0)
		return unreadable(list, "it could not be taken apart");
	if (detached->reason[0])
		return unreadable(list, detached->reason);
	list->signature = detached->offset <= list->size && detached->size <= list->size - detached->offset ?
				  malloc(detached->cms_size) : NULL;
	if (!list->signature)
		return unreadable(list, "it could not be taken apart");
	memcpy(list->signature, detached->cms, detached->cms_size);
	list->signature_size = detached->cms_size;
	memmove(list->bytes, &list->bytes[detached->offset], (size_t)detached->size);
	list->size = (size_t)detached->size;
	return 0;
}

int signers_list_read(struct signers_list *ret_list, int folder, const char *signature)
{
	char name[NAME_MAX + 1];
	struct stat status;
	int r;

	memset(ret_list, 0, sizeof(*ret_list));
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(signature) - strlen(SUFFIX)), signature);
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return read_attached(ret_list, folder, signature);
	r = publish_file_read(&ret_list->bytes, &ret_list->size, folder, name, LIST_MAX);
	if (r < 0)
		return r;
	if (publish_file_read(&ret_list->signature, &ret_list->signature_size, folder, signature, GUARD_CMS_MAX) < 0)
		return unreadable(ret_list, "its signature cannot be read");
	return 0;
}

void signers_list_clear(struct signers_list *list)
{
	free(list->bytes);
	free(list->signature);
	memset(list, 0, sizeof(*list));
}

/* A line with this digest in front. */
bool signers_list_has(const struct signers_list *list, const struct guard_digest *digest)
{
	const char *text = (const char *)list->bytes;
	char hex[GUARD_DIGEST_HEX_SIZE];
	size_t at = 0;

	guard_digest_format(hex, digest);
	while (at < list->size) {
		const char *end = memchr(&text[at], '\n', list->size - at);
		const size_t next = end ? (size_t)(end - text) + 1 : list->size, from = at + (text[at] == '\\');

		if (next - from >= GUARD_DIGEST_HEX_SIZE && strncasecmp(&text[from], hex, GUARD_DIGEST_HEX_SIZE - 1) == 0)
			return true;
		at = next;
	}
	return false;
}
