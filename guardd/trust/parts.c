/* SPDX-License-Identifier: MIT
 *
 * trust/parts.c - images and places in STATE_DIR/trust/parts, each under its
 * SHA-256.  A file there is believed only by that name: it is hashed when it is
 * opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trust/internal.h"

#define INCOMING "incoming"

int trust_part_open(int *ret_fd, int parts, const struct guard_digest *digest)
{
	char name[GUARD_DIGEST_HEX_SIZE];
	GUARD_AUTO_CLOSE int fd = -1;
	struct guard_digest found;
	uint64_t size;
	int r;

	guard_digest_format(name, digest);
	fd = openat(parts, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? -GUARD_E_NOT_FOUND : -GUARD_E_IO;
	r = guard_digest_fd(&found, &size, fd, NULL, NULL);
	if (r < 0)
		return r;
	if (guard_digest_compare(&found, digest) != 0)
		return -GUARD_E_NOT_FOUND; /* damaged: as good as absent */
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}

static bool is_there(int parts, const struct guard_digest *digest)
{
	GUARD_AUTO_CLOSE int fd = -1;

	return trust_part_open(&fd, parts, digest) == 0;
}

static int download(struct trust_process *trust, const struct guard_trust_target *target, struct guard_digest *ret_digest)
{
	GUARD_AUTO_CLOSE int fd = -1;
	uint64_t size;
	int r;

	if (unlinkat(trust->parts, INCOMING, 0) < 0 && errno != ENOENT)
		return -GUARD_E_IO;
	fd = openat(trust->parts, INCOMING, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -GUARD_E_IO;
	r = guard_trust_download(trust->client, target, fd);
	if (r == 0)
		r = guard_digest_fd(ret_digest, &size, fd, NULL, NULL);
	if (r == 0 && fsync(fd) < 0)
		r = -GUARD_E_IO;
	return r;
}

int trust_part_fetch(struct guard_digest *ret_digest, struct trust_process *trust,
		     const struct guard_trust_target *target)
{
	struct guard_trust_target_info info;
	struct guard_digest digest;
	char name[GUARD_DIGEST_HEX_SIZE];
	int r;

	guard_trust_target_info(target, &info);
	if (info.sha256) {
		memcpy(digest.bytes, info.sha256, sizeof(digest.bytes));
		if (is_there(trust->parts, &digest)) {
			*ret_digest = digest;
			return 0;
		}
	}
	r = download(trust, target, &digest);
	if (r == 0) {
		guard_digest_format(name, &digest);
		if (renameat(trust->parts, INCOMING, trust->parts, name) < 0 || fsync(trust->parts) < 0)
			r = -GUARD_E_IO;
	}
	if (r < 0) {
		(void)!unlinkat(trust->parts, INCOMING, 0); /* a full disk is not kept full by half a file */
		return r;
	}
	*ret_digest = digest;
	return 0;
}

static bool is_kept(const char *name, const struct trust_state *keep, const struct guard_digest *place)
{
	char text[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(text, place);
	if (strcmp(name, text) == 0)
		return true;
	for (size_t i = 0; i < keep->part_count; i++) {
		guard_digest_format(text, &keep->parts[i].digest);
		if (strcmp(name, text) == 0)
			return true;
	}
	return false;
}

void trust_parts_prune(struct trust_process *trust, const struct trust_state *keep, const struct guard_digest *place)
{
	int fd = openat(trust->parts, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && !is_kept(entry->d_name, keep, place))
			(void)!unlinkat(trust->parts, entry->d_name, 0);
	closedir(folder);
}
