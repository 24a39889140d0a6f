/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_presets.c - find the interpreters of this machine.  A policy
 * that forgot one would let it read any script, so programs outside the scanned
 * directories count too: they can run what lies inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "scan_presets.h"

#define SCAN_INTERPRETER_PROGRAMS_MAX 1024u

struct program {
	unsigned interpreter; /* index in `interpreters` */
	struct guard_digest digest;
	char *path;
};

struct scan_presets {
	config_t config;
	const config_setting_t *interpreters, *readers;
	struct program programs[SCAN_INTERPRETER_PROGRAMS_MAX];
	size_t program_count;
};

int scan_presets_load(struct scan_presets **ret_presets)
{
	struct scan_presets *presets = calloc(1, sizeof(*presets));

	if (!presets)
		return -GUARD_E_NOMEM;
	config_init(&presets->config);
	if (!config_read_string(&presets->config, scan_presets_source)) {
		scan_presets_free(presets);
		return -GUARD_E_INTERNAL;
	}
	presets->interpreters = config_lookup(&presets->config, "interpreters");
	presets->readers = config_lookup(&presets->config, "readers");
	if (!presets->interpreters || !presets->readers) {
		scan_presets_free(presets);
		return -GUARD_E_INTERNAL;
	}
	*ret_presets = presets;
	return 0;
}

void scan_presets_free(struct scan_presets *presets)
{
	if (!presets)
		return;
	for (size_t i = 0; i < presets->program_count; i++)
		free(presets->programs[i].path);
	config_destroy(&presets->config);
	free(presets);
}

static const config_setting_t *list_of(const struct scan_presets *presets, unsigned interpreter, const char *name)
{
	return config_setting_get_member(config_setting_get_elem(presets->interpreters, interpreter), name);
}

static unsigned length_of(const config_setting_t *list)
{
	return list ? (unsigned)config_setting_length(list) : 0;
}

bool scan_presets_suffix(const struct scan_presets *presets, const char *path)
{
	for (unsigned i = 0; i < length_of(presets->interpreters); i++) {
		const config_setting_t *suffixes = list_of(presets, i, "suffixes");
		for (unsigned k = 0; k < length_of(suffixes); k++)
			if (scan_has_suffix(path, config_setting_get_string_elem(suffixes, (int)k)))
				return true;
	}
	return false;
}

/* A digest belongs to one interpreter: the first that claims it. */
static int add_program(struct scan_presets *presets, unsigned interpreter, const char *path,
		       const struct guard_digest *digest)
{
	for (size_t i = 0; i < presets->program_count; i++)
		if (guard_digest_compare(&presets->programs[i].digest, digest) == 0)
			return 0;
	if (presets->program_count == SCAN_INTERPRETER_PROGRAMS_MAX)
		return -GUARD_E_LIMIT;

	char *copy = strdup(path);
	if (!copy)
		return -GUARD_E_NOMEM;
	presets->programs[presets->program_count++] = (struct program){ interpreter, *digest, copy };
	return 0;
}

/* A program outside the scan. */
static int add_path(struct scan_presets *presets, unsigned interpreter, const char *path)
{
	_Atomic uint64_t bytes = 0;
	GUARD_AUTO_FREE char *real = realpath(path, NULL);
	struct scan_file file = { .path = real, .package = SCAN_NO_PACKAGE };
	struct stat info;

	if (!real || stat(real, &info) < 0 || !S_ISREG(info.st_mode))
		return 0; /* a dangling alternative */
	scan_identify(&file, presets, false, &bytes);
	if (file.state == SCAN_FAILED) {
		guardctl_error("cannot read the interpreter %s: copies of it elsewhere will not be recognised",
			       path);
		return 0;
	}
	return guard_format_is_elf((enum guard_format)file.format) ?
		       add_program(presets, interpreter, real, &file.digest) :
		       0;
}

static int find_by_path(struct scan_presets *presets, const struct scan *scan, unsigned interpreter,
			const char *pattern)
{
	glob_t found;
	int r = 0;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++) {
		const struct scan_file *file = scan_find_file(scan, found.gl_pathv[i]);
		if (!file || file->state != SCAN_LISTED)
			r = add_path(presets, interpreter, found.gl_pathv[i]);
		else if (guard_format_is_elf((enum guard_format)file->format))
			r = add_program(presets, interpreter, file->path, &file->digest);
	}
	globfree(&found);
	return r;
}

/* Copies in the scanned directories: /opt/venv/bin/python3. */
static int find_by_name(struct scan_presets *presets, const struct scan_file *file, unsigned interpreter)
{
	const config_setting_t *programs = list_of(presets, interpreter, "programs");
	const char *name = strrchr(file->path, '/') + 1;

	for (unsigned i = 0; i < length_of(programs); i++) {
		const char *pattern = config_setting_get_string_elem(programs, (int)i);
		if (fnmatch(strrchr(pattern, '/') + 1, name, 0) == 0)
			return add_program(presets, interpreter, file->path, &file->digest);
	}
	return 0;
}

int scan_presets_find(struct scan_presets *presets, const struct scan *scan)
{
	int r = 0;

	for (unsigned i = 0; i < length_of(presets->interpreters); i++) {
		const config_setting_t *programs = list_of(presets, i, "programs");
		for (unsigned k = 0; k < length_of(programs) && r == 0; k++)
			r = find_by_path(presets, scan, i, config_setting_get_string_elem(programs, (int)k));
	}
	for (size_t f = 0; f < scan->file_count && r == 0; f++) {
		const struct scan_file *file = &scan->files[f];
		if (file->state != SCAN_LISTED || !(file->mode & 0111) ||
		    !guard_format_is_elf((enum guard_format)file->format))
			continue;
		for (unsigned i = 0; i < length_of(presets->interpreters) && r == 0; i++)
			r = find_by_name(presets, file, i);
	}
	return r;
}

/* A string, or an array of strings on lines of at most 100 columns or so. */
static void write_setting(FILE *out, const config_setting_t *setting)
{
	fprintf(out, "    %s = ", config_setting_name(setting));
	if (config_setting_type(setting) == CONFIG_TYPE_STRING) {
		fputc('"', out);
		scan_put_string(out, config_setting_get_string(setting));
		fputs("\";\n", out);
		return;
	}
	fputs("[ ", out);
	for (unsigned i = 0; i < length_of(setting); i++) {
		fputs(i ? ", \"" : "\"", out);
		scan_put_string(out, config_setting_get_string_elem(setting, (int)i));
		fputc('"', out);
	}
	fputs(" ];\n", out);
}

static void write_digests(FILE *out, const struct scan_presets *presets, unsigned interpreter)
{
	const char *before = "    sha256 = [\n      \"";
	bool any = false;

	for (size_t i = 0; i < presets->program_count; i++) {
		const struct program *program = &presets->programs[i];
		char hex[GUARD_DIGEST_HEX_SIZE];
		if (program->interpreter != interpreter)
			continue;
		guard_digest_format(hex, &program->digest);
		fprintf(out, "%s%s  ", any ? ",\n      \"" : before, hex);
		scan_put_string(out, program->path);
		fputc('"', out);
		any = true;
	}
	if (any)
		fputs("\n    ];\n", out);
}

/* guardctl has to read unlisted files to explain them, wherever it is: in a
 * build folder, too.  (Only where nobody but root can write is it believed.) */
static void write_self(FILE *out, const struct scan_presets *presets)
{
	GUARD_AUTO_FREE char *self = realpath("/proc/self/exe", NULL);

	for (unsigned i = 0; self && i < length_of(presets->readers); i++)
		if (strcmp(config_setting_get_string_elem(presets->readers, (int)i), self) == 0)
			return;
	if (!self || strpbrk(self, "*?[\\"))
		return;
	fputs(",\n  \"", out);
	scan_put_string(out, self);
	fputc('"', out);
}

void scan_presets_write(FILE *out, const struct scan_presets *presets)
{
	fputs("\n# Programs that run what they read: their scripts are checked as well.\ninterpreters = (\n", out);
	for (unsigned i = 0; i < length_of(presets->interpreters); i++) {
		const config_setting_t *interpreter = config_setting_get_elem(presets->interpreters, i);
		fputs(i ? ",\n  {\n" : "  {\n", out);
		for (unsigned k = 0; k < length_of(interpreter); k++)
			write_setting(out, config_setting_get_elem(interpreter, k));
		write_digests(out, presets, i);
		fputs("  }", out);
	}
	fputs("\n);\n\n# May read unlisted programs as data: copying, backup, packaging.\nreaders = [\n", out);
	for (unsigned i = 0; i < length_of(presets->readers); i++) {
		fputs(i ? ",\n  \"" : "  \"", out);
		scan_put_string(out, config_setting_get_string_elem(presets->readers, (int)i));
		fputc('"', out);
	}
	write_self(out, presets);
	fputs("\n];\n", out);
}
