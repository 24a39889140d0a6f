/* SPDX-License-Identifier: MIT
 *
 * repo/repo_delegate.c - `repo delegate`: a new office, its keys and machines,
 * as offices/NAME/office.conf; further changes are made in that file.
 */
#include "repo.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool is_plain(const char *text)
{
	return text[strcspn(text, "\"\\\n\r")] == '\0';
}

/* The office's public key becomes keys/NAME.pub, or keys/NAME-2.pub ...: the
 * folder holds all that it names. */
static int take_key(FILE *out, const struct repo *repo, const char *source, const char *name, size_t index)
{
	GUARD_AUTO_JSON json_t *key = NULL;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	char path[REPO_NAME_MAX + 32], id[GUARD_TRUST_KEY_ID_SIZE];
	struct guard_trust_key parsed = { 0 };
	size_t size = 0;
	int r = publish_json_read(&key, AT_FDCWD, source);

	if (r == 0)
		r = guard_trust_key_id(id, key);
	if (r == 0)
		r = guard_trust_key_parse(&parsed, id, key);
	guard_trust_key_clear(&parsed);
	if (r < 0) {
		guardctl_error("%s is not a public key; give the FILE.pub that `guardctl keys new` made", source);
		return r;
	}
	snprintf(path, sizeof(path), index ? "keys/%s-%zu.pub" : "keys/%s.pub", name, index + 1);
	r = publish_bytes(&bytes, &size, key);
	if (r == 0)
		r = publish_file_write(repo->folder, path, bytes, size);
	if (r < 0)
		guardctl_error("%s: %s", path, strerror(errno));
	fprintf(out, "%s\"%s\"", index ? ", " : "", path);
	return r;
}

static void put_within(FILE *out, const struct repo_options *options)
{
	fputs("  within = [ ", out);
	for (size_t i = 0; i < options->within_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", options->within[i]);
	fputs(" ];\n", out);
}

static int put_office(FILE *out, const struct repo *repo, const struct repo_options *options, const char *name,
		      const char *profile)
{
	int r = 0;

	fprintf(out, "# The office %s: who signs its exceptions, and which machines are its own.  The first\n"
		     "# entry of `machines` that fits a machine holds.\noffice = {\n  keys = [ ", name);
	for (size_t i = 0; r == 0 && i < options->key_count; i++)
		r = take_key(out, repo, options->keys[i], name, i);
	fputs(" ];\n", out);
	if (options->within_count)
		put_within(out, options);
	fprintf(out, "  threshold = %llu;\n  machines = ( { host = \"%s\"; profile = \"%s\"; } );\n};\n",
		(unsigned long long)(options->threshold ? options->threshold : 1), options->hosts ? options->hosts : "*",
		profile);
	return r;
}

static int write_office(const struct repo *repo, const struct repo_options *options, const char *name,
			const char *profile)
{
	GUARD_AUTO_FREE char *text = NULL;
	char path[REPO_NAME_MAX + 32];
	size_t size = 0;
	FILE *out;
	int r;

	snprintf(path, sizeof(path), "offices/%s/office.conf", name);
	if (faccessat(repo->folder, path, F_OK, 0) == 0) {
		guardctl_error("%s is there already; change it there", path);
		return -GUARD_E_EXISTS;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return -GUARD_E_NOMEM;
	r = put_office(out, repo, options, name, profile);
	fclose(out);
	if (r < 0)
		return r;
	r = publish_file_write(repo->folder, path, text, size);
	if (r < 0)
		guardctl_error("%s: %s", path, strerror(errno));
	return r;
}

/* What the office is to lie within. */
static bool are_there(const struct repo *repo, const struct repo_options *options)
{
	for (size_t i = 0; i < options->within_count; i++) {
		char path[REPO_NAME_MAX + 32];

		snprintf(path, sizeof(path), "offices/%.64s/office.conf", options->within[i]);
		if (faccessat(repo->folder, path, F_OK, 0) == 0)
			continue;
		guardctl_error("--within %s: there is no such office yet; delegate to it first", options->within[i]);
		return false;
	}
	return true;
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
	if ((options->hosts && !is_plain(options->hosts)) || (options->type && !repo_name_is_good(options->type))) {
		guardctl_error("--hosts is a pattern without quotes, --type the name of a profile");
		return GUARDCTL_USAGE;
	}
	if (repo_open(&repo, options, NULL) && repo_lock(&repo) && are_there(&repo, options) &&
	    write_office(&repo, options, name, options->type ? options->type : repo.profiles[0].name) == 0) {
		printf(_("offices/%s/office.conf was written.  The office signs its first list with\n"
		       "  guardctl exception sign --office %s --key FILE\nand headquarters then runs `guardctl repo publish`.\n"),
		       name, name);
		code = GUARDCTL_DONE;
	}
	repo_close(&repo);
	return code;
}
