/* SPDX-License-Identifier: MIT
 *
 * repo/repo_delegate.c - `repo delegate`: a new office, its keys and machines,
 * as offices/NAME/office.conf; further changes are made in that file.
 */
#include "repo.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

static bool is_plain(const char *text)
{
	return text[strcspn(text, "\"\\\n\r")] == '\0';
}

static int write_office(int folder, const struct repo_options *options, const char *name, const char *profile)
{
	GUARD_AUTO_FREE char *text = NULL, *keys = NULL;
	char path[REPO_NAME_MAX + 32];
	size_t size = 0, keys_size = 0;
	FILE *stream = open_memstream(&keys, &keys_size), *whole;
	int r;

	if (!stream)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < options->key_count; i++)
		fprintf(stream, "%s\"%s\"", i ? ", " : "", options->keys[i]);
	fclose(stream);
	whole = open_memstream(&text, &size);
	if (!whole)
		return -GUARD_E_NOMEM;
	fprintf(whole,
		"# The office %s: who signs its exceptions, and which machines are its own.  The first\n"
		"# entry of `machines` that fits a machine holds.\n"
		"office = {\n  keys = [ %s ];\n  threshold = %llu;\n"
		"  machines = ( { host = \"%s\"; profile = \"%s\"; } );\n};\n",
		name, keys, (unsigned long long)(options->threshold ? options->threshold : 1),
		options->hosts ? options->hosts : "*", profile);
	fclose(whole);
	snprintf(path, sizeof(path), "offices/%s/office.conf", name);
	if (faccessat(folder, path, F_OK, 0) == 0) {
		guardctl_error("%s is there already; change it there", path);
		return -GUARD_E_EXISTS;
	}
	r = publish_file_write(folder, path, text, size);
	if (r < 0)
		guardctl_error("%s: %s", path, strerror(errno));
	return r;
}

int repo_delegate(const struct repo_options *options)
{
	const char *name = options->operand_count ? options->operands[0] : NULL;
	struct repo repo;
	int code = GUARDCTL_REFUSED;

	if (!repo_name_is_good(name)) {
		guardctl_error("`repo delegate` needs the name of an office: 1 to %u of a-z, 0-9 and -, beginning with a letter",
			       REPO_NAME_MAX);
		return GUARDCTL_USAGE;
	}
	if (!options->key_count) {
		guardctl_error("`repo delegate` needs --key FILE.pub: the public key of who signs for the office");
		return GUARDCTL_USAGE;
	}
	for (size_t i = 0; i < options->key_count; i++)
		if (!is_plain(options->keys[i]))
			return GUARDCTL_USAGE;
	if (options->hosts && !is_plain(options->hosts))
		return GUARDCTL_USAGE;
	if (repo_open(&repo, options, NULL) &&
	    write_office(repo.folder, options, name, options->type ? options->type : repo.profiles[0].name) == 0) {
		printf("offices/%s/office.conf was written.  The office signs its first list with\n"
		       "  guardctl exception sign --office %s --key FILE\nand headquarters then runs `guardctl repo publish`.\n",
		       name, name);
		code = GUARDCTL_DONE;
	}
	repo_close(&repo);
	return code;
}
