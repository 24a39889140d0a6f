/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish_unlock.c - what the help desk sends to single machines: each
 * unlock/MACHINE.sealed or .box of the administrator's folder becomes a target.  Sealed for
 * its machine; here it is bytes.
 */
#include "repo_publish.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define SEALED_MAX 40000u /* bytes of one, in hex */

static bool is_sealed(const char *name)
{
	return name[0] != '.' && strlen(name) < 100 &&
	       (guard_text_ends_with(name, ".sealed") || guard_text_ends_with(name, ".box"));
}

static void add(struct publication *publication, json_t *targets, const struct repo *repo, const char *path)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	json_t *text;
	size_t size = 0;
	int r = publish_file_read(&bytes, &size, repo->folder, path, SEALED_MAX);

	text = r == 0 ? json_stringn((const char *)bytes, size) : NULL;
	if (!text) {
		guardctl_error("%s is no file of `guardctl helpdesk verifiers --sealed`, and is left out", path);
		return;
	}
	json_object_set_new(targets, path, publish_target(bytes, size));
	json_object_set_new(publication->targets, path, text);
}

void publication_deliveries(struct publication *publication, json_t *targets, const struct repo *repo, unsigned bits,
			    unsigned bin)
{
	int fd = openat(repo->folder, "unlock", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char path[160];

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder))) {
		snprintf(path, sizeof(path), "unlock/%.120s", entry->d_name);
		if (is_sealed(entry->d_name) && repo_bin_of(path, bits) == bin)
			add(publication, targets, repo, path);
	}
	closedir(folder);
}
