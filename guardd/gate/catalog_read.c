/* SPDX-License-Identifier: MIT
 *
 * gate/catalog_read.c - the files of a signed list: LIST and LIST.p7s, or LIST.p7s
 * alone with the list inside.  Believes and parses nothing of them.
 */
#include "gate/catalogs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

static int refuse(char *reason, int error, const char *sentence)
{
	snprintf(reason, GUARD_REASON_MAX, "%s", sentence);
	return error;
}

/* A regular file of at most so many bytes. */
static int read_file(uint8_t **ret_bytes, size_t *ret_size, int folder, const char *name, size_t max)
{
	GUARD_AUTO_CLOSE int fd = openat(folder, name, GATE_OPEN | O_NOFOLLOW);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -GUARD_E_IO;
	if (status.st_size <= 0 || (uint64_t)status.st_size > max)
		return -GUARD_E_LIMIT;
	bytes = malloc((size_t)status.st_size);
	if (!bytes)
		return -GUARD_E_NOMEM;
	r = guard_read_whole(bytes, (size_t)status.st_size, fd, 0);
	if (r < 0)
		return r;
	*ret_bytes = guard_steal_pointer(&bytes);
	*ret_size = (size_t)status.st_size;
	return 0;
}

static int read_detached(struct gate_catalog_files *files, int folder, const char *list, const char *name, char *reason)
{
	int r = read_file(&files->signature, &files->signature_size, folder, name, GUARD_CMS_MAX);

	if (r < 0)
		return refuse(reason, r, "its signature cannot be read, is empty, or is larger than 64 KiB");
	r = read_file(&files->list, &files->list_size, folder, list, GATE_CATALOG_SIZE_MAX);
	return r < 0 ? refuse(reason, r, "its list cannot be read, is empty, or is larger than 64 MiB") : 0;
}

/* The list is moved to the beginning of the file's bytes. */
static int take_inside(struct gate_catalog_files *files, const struct guard_detached *detached, char *reason)
{
	if (detached->reason[0])
		return refuse(reason, -GUARD_E_FORMAT, detached->reason);
	if (detached->size == 0 || detached->cms_size == 0 || detached->offset > files->list_size ||
	    detached->size > files->list_size - detached->offset)
		return refuse(reason, -GUARD_E_FORMAT, "its signature could not be looked at");
	files->signature = malloc(detached->cms_size);
	if (!files->signature)
		return refuse(reason, -GUARD_E_NOMEM, guard_error_text(-GUARD_E_NOMEM));
	memcpy(files->signature, detached->cms, detached->cms_size);
	files->signature_size = detached->cms_size;
	memmove(files->list, &files->list[detached->offset], (size_t)detached->size);
	files->list_size = (size_t)detached->size;
	return 0;
}

/* An inspector says where the list lies; the bytes are those of the file, and only
 * what a key of the policy has signed counts: a wrong place is none. */
static int read_attached(struct gate_catalog_files *files, struct gate *gate, int folder, const char *name, char *reason)
{
	GUARD_AUTO_FREE struct guard_detached *detached = calloc(1, sizeof(*detached));
	int r = detached ? read_file(&files->list, &files->list_size, folder, name, GATE_CATALOG_SIZE_MAX) :
			   -GUARD_E_NOMEM;

	if (r < 0)
		return refuse(reason, r, "there is no list beside it, and it cannot be read, is empty, or is larger than 64 MiB");
	r = gate_inspect_detach(gate, detached, files->list, files->list_size);
	if (r < 0)
		return refuse(reason, r, "its signature could not be looked at");
	return take_inside(files, detached, reason);
}

int gate_catalog_read(struct gate_catalog_files *ret_files, struct gate *gate, int folder, const char *name, char *reason)
{
	struct gate_catalog_files files = { 0 };
	char list[NAME_MAX + 1];
	struct stat status;
	int r;

	snprintf(list, sizeof(list), "%.*s", (int)(strlen(name) - strlen(GATE_CATALOG_SUFFIX)), name);
	r = fstatat(folder, list, &status, AT_SYMLINK_NOFOLLOW) == 0 ?
		    read_detached(&files, folder, list, name, reason) : read_attached(&files, gate, folder, name, reason);
	if (r < 0)
		gate_catalog_files_clear(&files);
	*ret_files = files;
	return r;
}

void gate_catalog_files_clear(struct gate_catalog_files *files)
{
	free(files->list);
	free(files->signature);
	*files = (struct gate_catalog_files){ 0 };
}
