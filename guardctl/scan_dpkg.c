/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_dpkg.c - read dpkg's database from the disk and give the files
 * of a scan their packages.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scan_dpkg.h"

static FILE *open_stream(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;

	FILE *stream = fdopen(fd, "r");
	if (!stream)
		close(fd);
	return stream;
}

/* Links in / to directories: the merged /usr. */
static int find_aliases(struct scan_dpkg *dpkg)
{
	DIR *root = opendir("/");
	const struct dirent *entry;
	int r = 0;

	if (!root)
		return 0;
	while (r == 0 && (entry = readdir(root))) {
		char from[NAME_MAX + 2], to[PATH_MAX];
		struct stat info;
		if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
			continue;
		snprintf(from, sizeof(from), "/%s", entry->d_name);
		if (lstat(from, &info) == 0 && S_ISLNK(info.st_mode) && stat(from, &info) == 0 &&
		    S_ISDIR(info.st_mode) && realpath(from, to))
			r = scan_dpkg_add_alias(dpkg, from, to);
	}
	closedir(root);
	return r;
}

static int read_list(const struct scan_dpkg *dpkg, struct scan *scan, uint32_t index, FILE *list)
{
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t length;

	while ((length = getline(&line, &capacity, list)) >= 0) {
		char path[PATH_MAX];
		if (length > 0 && line[length - 1] == '\n')
			line[length - 1] = '\0';
		scan_dpkg_locate(path, sizeof(path), dpkg, line, dpkg->packages[index].name);
		struct scan_file *file = scan_find_file(scan, path);
		if (file && file->package == SCAN_NO_PACKAGE)
			file->package = index;
	}
	return 0;
}

static int read_package(const struct scan_dpkg *dpkg, struct scan *scan, uint32_t index, int info)
{
	const struct scan_package *package = &dpkg->packages[index];
	char name[NAME_MAX + 1];

	/* "NAME:ARCH.list" for packages that can be there more than once. */
	snprintf(name, sizeof(name), "%s:%s.list", package->name, package->architecture);
	GUARD_AUTO_FCLOSE FILE *list = open_stream(info, name);
	if (!list) {
		snprintf(name, sizeof(name), "%s.list", package->name);
		list = open_stream(info, name);
	}
	return list ? read_list(dpkg, scan, index, list) : 0;
}

/* A compiled Python module belongs to the package of its source:
 * DIR/__pycache__/NAME.TAG.pyc to that of DIR/NAME.py. */
static void assign_compiled(struct scan *scan, struct scan_file *file)
{
	static const char cache[] = "/__pycache__/";
	const char *folder = strstr(file->path, cache);
	char source[PATH_MAX];

	if (!folder || !scan_has_suffix(file->path, ".pyc"))
		return;
	const char *name = &folder[sizeof(cache) - 1];
	const char *dot = strchr(name, '.');
	if (!dot || strchr(name, '/'))
		return;
	snprintf(source, sizeof(source), "%.*s/%.*s.py", (int)(folder - file->path), file->path, (int)(dot - name),
		 name);
	const struct scan_file *owner = scan_find_file(scan, source);
	if (owner)
		file->package = owner->package;
}

/* Maintainer scripts lie in the database itself: INFO/NAME[:ARCH].postinst. */
static void assign_maintainer_script(const struct scan_dpkg *dpkg, struct scan_file *file, const char *info)
{
	size_t length = strlen(info);
	char name[NAME_MAX + 1];

	if (strncmp(file->path, info, length) != 0 || file->path[length] != '/')
		return;
	snprintf(name, sizeof(name), "%s", &file->path[length + 1]);
	char *dot = strrchr(name, '.');
	if (!dot)
		return;
	*dot = '\0';
	for (uint32_t i = 0; i < dpkg->package_count; i++) {
		const struct scan_package *package = &dpkg->packages[i];
		size_t name_length = strlen(package->name);
		if (strncmp(name, package->name, name_length) == 0 &&
		    (name[name_length] == '\0' ||
		     (name[name_length] == ':' && strcmp(&name[name_length + 1], package->architecture) == 0)))
			file->package = i;
	}
}

int scan_dpkg_assign(struct scan_dpkg *dpkg, struct scan *scan, const char *database)
{
	GUARD_AUTO_CLOSE int directory = open(database, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return 0;
	GUARD_AUTO_CLOSE int info = openat(directory, "info", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	GUARD_AUTO_FCLOSE FILE *status = open_stream(directory, "status");
	GUARD_AUTO_FCLOSE FILE *diversions = open_stream(directory, "diversions");
	if (info < 0 || !status) {
		guardctl_error("cannot read %s: files are not grouped by package: %s", database, strerror(errno));
		return 0;
	}

	int r = scan_dpkg_parse_status(dpkg, status);
	if (r == 0 && diversions)
		r = scan_dpkg_parse_diversions(dpkg, diversions);
	if (r == 0)
		r = find_aliases(dpkg);
	scan_dpkg_sort(dpkg);
	for (uint32_t i = 0; r == 0 && i < dpkg->package_count; i++)
		r = read_package(dpkg, scan, i, info);
	if (r < 0)
		return r;

	char scripts[PATH_MAX];
	snprintf(scripts, sizeof(scripts), "%s/info", database);
	for (size_t i = 0; i < scan->file_count; i++) {
		if (scan->files[i].package != SCAN_NO_PACKAGE)
			continue;
		assign_compiled(scan, &scan->files[i]);
		assign_maintainer_script(dpkg, &scan->files[i], scripts);
	}
	return 0;
}
