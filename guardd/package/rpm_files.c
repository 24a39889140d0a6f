/* SPDX-License-Identifier: MIT
 *
 * package/rpm_files.c - the contents that an .rpm's header vouches for: its files, by
 * the digests in it, and its scripts, which rpm writes to a file as they stand there.
 * Only for a header whose signature was verified.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "package/rpm.h"

enum {
	TAG_FILEMODES = 1030,
	TAG_FILEDIGESTS = 1035,
	TAG_FILEFLAGS = 1037,
	TAG_DIRINDEXES = 1116,
	TAG_DIRNAMES = 1118,
	TAG_FILEDIGESTALGO = 5011,
};
#define ALGORITHM_SHA256 8u /* RFC 9580, 9.5 */
#define MODE_TYPE 0170000u
#define MODE_REGULAR 0100000u
/* RPMFILE_DOC, _GHOST (it has no content in the package), _LICENSE, _README */
#define FLAGS_PASSED_OVER (1u << 1 | 1u << 6 | 1u << 7 | 1u << 8)

/* %pre, %post, %preun, %postun, %pretrans, %posttrans, %verifyscript, %preuntrans,
 * %postuntrans, %triggers, %filetriggers, %transfiletriggers */
static const uint32_t script_tags[] = { 1023, 1024, 1025, 1026, 1151, 1152, 1079, 5104, 5105, 1065, 5066, 5076 };

static int refuse(char *ret_problem, size_t problem_size, int error, const char *sentence)
{
	snprintf(ret_problem, problem_size, "%s", sentence);
	return error;
}

static bool is_documentation(const char *folder)
{
	static const char *const folders[] = { "/usr/share/doc/", "/usr/share/man/", "/usr/share/info/",
					       "/usr/share/locale/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(folder, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* The lists that have one value for each file. */
struct files {
	struct package_rpm_values digests, modes, flags, folders;
	uint32_t folder_count;
	bool *passed_over; /* by folder */
};

static int open_folders(struct files *files, const struct package_rpm_header *header)
{
	struct package_rpm_values names;

	if (!package_rpm_strings(&names, header, TAG_DIRNAMES) || names.count > PACKAGE_FILES_MAX)
		return -GUARD_E_FORMAT;
	files->passed_over = calloc(names.count, sizeof(*files->passed_over));
	if (!files->passed_over)
		return -GUARD_E_NOMEM;
	files->folder_count = names.count;
	for (uint32_t i = 0; i < names.count; i++) {
		const char *name = package_rpm_next_string(&names);

		if (!name)
			return -GUARD_E_FORMAT;
		files->passed_over[i] = is_documentation(name);
	}
	return 0;
}

static int open_files(struct files *files, const struct package_rpm_header *header, char *ret_problem,
		      size_t problem_size)
{
	struct package_rpm_values algorithm;
	const uint32_t count = files->digests.count;
	int r;

	if (!package_rpm_numbers(&algorithm, header, TAG_FILEDIGESTALGO, 4) ||
	    package_rpm_next_number(&algorithm, 4) != ALGORITHM_SHA256)
		return refuse(ret_problem, problem_size, -GUARD_E_UNSUPPORTED,
			      "it names its files by another hash than SHA-256");
	if (count > PACKAGE_FILES_MAX)
		return refuse(ret_problem, problem_size, -GUARD_E_LIMIT, "it holds more than 200,000 files");
	if (!package_rpm_numbers(&files->modes, header, TAG_FILEMODES, 2) || files->modes.count != count ||
	    !package_rpm_numbers(&files->flags, header, TAG_FILEFLAGS, 4) || files->flags.count != count ||
	    !package_rpm_numbers(&files->folders, header, TAG_DIRINDEXES, 4) || files->folders.count != count)
		return refuse(ret_problem, problem_size, -GUARD_E_FORMAT, "the list of its files is malformed");
	r = open_folders(files, header);
	return r < 0 ? refuse(ret_problem, problem_size, r, "the list of its folders is malformed") : 0;
}

/* The next file of all lists; 1: nothing to enter. */
static int next_file(struct guard_digest *ret_digest, struct files *files)
{
	const char *digest = package_rpm_next_string(&files->digests);
	const uint32_t mode = package_rpm_next_number(&files->modes, 2), flags = package_rpm_next_number(&files->flags, 4),
		       folder = package_rpm_next_number(&files->folders, 4);

	if (!digest || files->modes.reader.failed || files->flags.reader.failed || files->folders.reader.failed ||
	    folder >= files->folder_count)
		return -GUARD_E_FORMAT;
	if ((mode & MODE_TYPE) != MODE_REGULAR || (flags & FLAGS_PASSED_OVER) || files->passed_over[folder])
		return 1;
	return guard_digest_parse(ret_digest, digest, strlen(digest)) < 0 ? -GUARD_E_FORMAT : 0;
}

static int take_files(struct files *files, package_take take, void *context, char *ret_problem, size_t problem_size)
{
	int r = 0;

	for (uint32_t i = 0; i < files->digests.count && r >= 0; i++) {
		struct guard_digest digest;

		r = next_file(&digest, files);
		if (r < 0)
			return refuse(ret_problem, problem_size, r, "the list of its files is malformed");
		if (r == 0)
			r = take(context, &digest);
	}
	return r < 0 ? refuse(ret_problem, problem_size, r, guard_error_text(r)) : 0;
}

static int take_scripts(const struct package_rpm_header *header, package_take take, void *context)
{
	int r = 0;

	for (size_t t = 0; r == 0 && t < sizeof(script_tags) / sizeof(script_tags[0]); t++) {
		struct package_rpm_values scripts = { .count = 0 };

		if (!package_rpm_strings(&scripts, header, script_tags[t]))
			continue;
		for (uint32_t i = 0; r == 0 && i < scripts.count && i < PACKAGE_FILES_MAX; i++) {
			const char *script = package_rpm_next_string(&scripts);
			struct guard_digest digest;

			if (!script)
				return -GUARD_E_FORMAT;
			r = guard_digest_bytes(&digest, script, strlen(script));
			if (r == 0)
				r = take(context, &digest);
		}
	}
	return r;
}

int package_rpm_files(const struct package_rpm_header *header, package_take take, void *context, char *ret_problem,
		      size_t problem_size)
{
	struct files files = { .passed_over = NULL };
	int r = take_scripts(header, take, context);

	if (r < 0)
		return refuse(ret_problem, problem_size, r, "its scripts are malformed");
	/* A package that only depends on others has no files. */
	if (!package_rpm_strings(&files.digests, header, TAG_FILEDIGESTS))
		return 0;
	r = open_files(&files, header, ret_problem, problem_size);
	if (r == 0)
		r = take_files(&files, take, context, ret_problem, problem_size);
	free(files.passed_over);
	return r;
}
