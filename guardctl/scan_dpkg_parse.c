/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_dpkg_parse.c - pure: the texts of dpkg's database taken apart
 * line by line, and the question where a listed file really lies.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scan_dpkg.h"

static int grow(void **items, size_t *capacity, size_t count, size_t item_size)
{
	if (count < *capacity)
		return 0;

	size_t wanted = *capacity ? *capacity * 2 : 64;
	void *bigger = reallocarray(*items, wanted, item_size);
	if (!bigger)
		return -GUARD_E_NOMEM;
	*items = bigger;
	*capacity = wanted;
	return 0;
}

static void clear_package(struct scan_package *package)
{
	free(package->name);
	free(package->architecture);
	free(package->version);
	free(package->homepage);
	*package = (struct scan_package){ 0 };
}

/* End of a paragraph: keep it when it is a package that is there. */
static int finish_package(struct scan_dpkg *dpkg, struct scan_package *package)
{
	if (!package->name || !package->version || !package->architecture || !package->installed) {
		clear_package(package);
		return 0;
	}
	int r = grow((void **)&dpkg->packages, &dpkg->package_capacity, dpkg->package_count,
		     sizeof(*dpkg->packages));
	if (r < 0) {
		clear_package(package);
		return r;
	}
	dpkg->packages[dpkg->package_count++] = *package;
	*package = (struct scan_package){ 0 };
	return 0;
}

static int take_field(struct scan_package *package, const char *line)
{
	static const char *const names[] = { "Package: ", "Architecture: ", "Version: ", "Homepage: " };
	char **const fields[] = { &package->name, &package->architecture, &package->version, &package->homepage };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);
		if (strncmp(line, names[i], length) != 0 || *fields[i])
			continue;
		*fields[i] = strdup(&line[length]);
		return *fields[i] ? 0 : -GUARD_E_NOMEM;
	}
	/* "want flag status"; anything but removed has files on the disk. */
	if (strncmp(line, "Status: ", 8) == 0)
		package->installed = !strstr(line, " not-installed") && !strstr(line, " config-files");
	return 0;
}

int scan_dpkg_parse_status(struct scan_dpkg *dpkg, FILE *status)
{
	GUARD_AUTO_FREE char *line = NULL;
	struct scan_package package = { 0 };
	size_t capacity = 0;
	ssize_t length;
	int r = 0;

	while (r == 0 && (length = getline(&line, &capacity, status)) >= 0) {
		if (length > 0 && line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (line[0] == '\0')
			r = finish_package(dpkg, &package);
		else
			r = take_field(&package, line);
	}
	if (r == 0)
		return finish_package(dpkg, &package);
	clear_package(&package);
	return r;
}

static char *next_line(FILE *stream)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t length = getline(&line, &capacity, stream);

	if (length < 0) {
		free(line);
		return NULL;
	}
	if (length > 0 && line[length - 1] == '\n')
		line[length - 1] = '\0';
	return line;
}

int scan_dpkg_parse_diversions(struct scan_dpkg *dpkg, FILE *diversions)
{
	for (;;) {
		GUARD_AUTO_FREE char *from = next_line(diversions);
		GUARD_AUTO_FREE char *to = from ? next_line(diversions) : NULL;
		GUARD_AUTO_FREE char *package = to ? next_line(diversions) : NULL;
		if (!package)
			return 0;
		int r = grow((void **)&dpkg->diversions, &dpkg->diversion_capacity, dpkg->diversion_count,
			     sizeof(*dpkg->diversions));
		if (r < 0)
			return r;
		dpkg->diversions[dpkg->diversion_count++] =
			(struct scan_diversion){ guard_steal_pointer(&from), guard_steal_pointer(&to),
						 guard_steal_pointer(&package) };
	}
}

int scan_dpkg_add_alias(struct scan_dpkg *dpkg, const char *from, const char *to)
{
	int r = grow((void **)&dpkg->aliases, &dpkg->alias_capacity, dpkg->alias_count, sizeof(*dpkg->aliases));
	if (r < 0)
		return r;

	GUARD_AUTO_FREE char *from_copy = strdup(from);
	GUARD_AUTO_FREE char *to_copy = strdup(to);
	if (!from_copy || !to_copy)
		return -GUARD_E_NOMEM;
	dpkg->aliases[dpkg->alias_count++] =
		(struct scan_alias){ guard_steal_pointer(&from_copy), guard_steal_pointer(&to_copy) };
	return 0;
}

static int compare_packages(const void *a, const void *b)
{
	const struct scan_package *left = a, *right = b;
	int r = strcmp(left->name, right->name);

	return r ? r : strcmp(left->architecture, right->architecture);
}

static int compare_diversions(const void *a, const void *b)
{
	const struct scan_diversion *left = a, *right = b;

	return strcmp(left->from, right->from);
}

void scan_dpkg_sort(struct scan_dpkg *dpkg)
{
	if (dpkg->package_count)
		qsort(dpkg->packages, dpkg->package_count, sizeof(*dpkg->packages), compare_packages);
	if (dpkg->diversion_count)
		qsort(dpkg->diversions, dpkg->diversion_count, sizeof(*dpkg->diversions), compare_diversions);
	for (size_t i = 1; i < dpkg->package_count; i++) {
		if (strcmp(dpkg->packages[i].name, dpkg->packages[i - 1].name) == 0)
			dpkg->packages[i].several = dpkg->packages[i - 1].several = true;
	}
}

void scan_dpkg_clear(struct scan_dpkg *dpkg)
{
	for (size_t i = 0; i < dpkg->package_count; i++)
		clear_package(&dpkg->packages[i]);
	for (size_t i = 0; i < dpkg->alias_count; i++) {
		free(dpkg->aliases[i].from);
		free(dpkg->aliases[i].to);
	}
	for (size_t i = 0; i < dpkg->diversion_count; i++) {
		free(dpkg->diversions[i].from);
		free(dpkg->diversions[i].to);
		free(dpkg->diversions[i].package);
	}
	free(dpkg->packages);
	free(dpkg->aliases);
	free(dpkg->diversions);
	*dpkg = (struct scan_dpkg){ 0 };
}

static int compare_from(const void *listed, const void *item)
{
	const struct scan_diversion *diversion = item;

	return strcmp(listed, diversion->from);
}

void scan_dpkg_locate(char *ret_path, size_t size, const struct scan_dpkg *dpkg, const char *listed,
		      const char *package)
{
	const struct scan_diversion *diverted = NULL;

	if (dpkg->diversion_count)
		diverted = bsearch(listed, dpkg->diversions, dpkg->diversion_count, sizeof(*dpkg->diversions),
				   compare_from);
	if (diverted && strcmp(diverted->package, package) != 0)
		listed = diverted->to;

	for (size_t i = 0; i < dpkg->alias_count; i++) {
		const struct scan_alias *alias = &dpkg->aliases[i];
		size_t length = strlen(alias->from);
		if (strncmp(listed, alias->from, length) == 0 && listed[length] == '/') {
			snprintf(ret_path, size, "%s%s", alias->to, &listed[length]);
			return;
		}
	}
	snprintf(ret_path, size, "%s", listed);
}

void scan_dpkg_label(char *ret_label, size_t size, const struct scan_package *package)
{
	if (package->several)
		snprintf(ret_label, size, "%s:%s", package->name, package->architecture);
	else
		snprintf(ret_label, size, "%s", package->name);
}
