/* SPDX-License-Identifier: MIT
 *
 * repo/exception_source.c - entries as policy sources, one file each: what was
 * added is read, reviewed and taken back in the administrator's own git.
 */
#include "exception.h"

#include <string.h>
#include <unistd.h>

void exception_put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', out);
		fputc(text[i] >= 0 && text[i] < ' ' ? ' ' : text[i], out);
	}
	fputc('"', out);
}

static void put_signer(FILE *out, const struct exception_subject *subject)
{
	const char *signer = subject->signer, *colon = strchr(signer, ':');
	char provider[32];

	snprintf(provider, sizeof(provider), "%.*s", (int)(colon ? colon - signer : 0), signer);
	fputs("signers = ( { provider = ", out);
	exception_put_string(out, provider);
	fputs(subject->certificate[0] ? "; certificate = " : "; key = ", out);
	exception_put_string(out, subject->certificate[0] ? subject->certificate : colon ? &colon[1] : signer);
	fputs("; } );", out);
}

static void put_program(FILE *out, const char *sha256, const char *name)
{
	char line[600];

	snprintf(line, sizeof(line), name[0] ? "%s  %s" : "%s%s", sha256, name);
	exception_put_string(out, line);
}

void exception_put_rule(FILE *out, const struct exception_subject *subject, const char *action, const char *hosts)
{
	fprintf(out, "    rules = ( { action = \"%s\"; ", action);
	if (subject->sha256[0]) {
		fputs("sha256 = [ ", out);
		put_program(out, subject->sha256, subject->name);
		for (size_t i = 0; i < subject->more_count; i++) {
			fputs(",\n      ", out);
			put_program(out, subject->more[i].sha256, subject->more[i].name);
		}
		fputs(" ];", out);
	} else if (subject->signer) {
		put_signer(out, subject);
	} else {
		fputs("paths = [ ", out);
		exception_put_string(out, subject->path);
		fputs(" ];", out);
	}
	if (hosts) {
		fputs(" hosts = [ ", out);
		exception_put_string(out, hosts);
		fputs(" ];", out);
	}
	fputs(" } );\n", out);
}

static bool is_id(const char *id)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return id[0] && id[0] != '.' && strlen(id) <= REPO_NAME_MAX && strspn(id, good) == strlen(id) &&
	       strcmp(id, "office") != 0;
}

bool exception_make_id(char ret_id[REPO_NAME_MAX + 1], const struct repo_options *options,
		       const struct exception_subject *subject)
{
	const char *slash = strrchr(subject->name, '/'), *base = slash ? &slash[1] : subject->name;
	char id[REPO_NAME_MAX + 1];

	if (options->id)
		snprintf(id, sizeof(id), "%.*s", (int)REPO_NAME_MAX, options->id);
	else if (is_id(base) && strlen(base) < 40)
		snprintf(id, sizeof(id), "%.40s-%.8s", base, subject->sha256);
	else if (subject->sha256[0])
		snprintf(id, sizeof(id), "program-%.12s", subject->sha256);
	else
		snprintf(id, sizeof(id), "%s", "");
	if (!is_id(id) || (options->id && strlen(options->id) > REPO_NAME_MAX)) {
		guardctl_error("--id is a name for it: up to %u letters, digits, `.`, `_` or `-`", REPO_NAME_MAX);
		return false;
	}
	memcpy(ret_id, id, sizeof(id));
	return true;
}

static void source_path(char ret_path[512], const char *folder, const char *id)
{
	snprintf(ret_path, 512, "%s/%s.conf", folder, id);
}

/* 64 hex digits name a key that the policy has already. */
static bool is_key_id(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

bool exception_take_signer(struct exception_subject *subject, const struct repo *repo, const char *folder,
			   const char *id)
{
	const char *colon = subject->signer ? strchr(subject->signer, ':') : NULL;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	char path[512];
	size_t size = 0;
	int r;

	source_path(path, folder, id);
	/* An entry of that name is there: exception_save says so, its file stays. */
	if (!colon || is_key_id(&colon[1]) || faccessat(repo->folder, path, F_OK, 0) == 0)
		return true;
	r = publish_file_read(&bytes, &size, repo->start, &colon[1], PUBLISH_KEY_FILE_MAX);
	snprintf(subject->certificate, sizeof(subject->certificate), "%.64s.pem", id);
	snprintf(path, sizeof(path), "%s/%s", folder, subject->certificate);
	if (r == 0)
		r = publish_file_write(repo->folder, path, bytes, size);
	if (r < 0)
		guardctl_error("the signer's certificate %s cannot be used: %s", &colon[1],
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
	return r == 0;
}

bool exception_save(const struct repo *repo, const char *folder, const char *id, const char *text, size_t size)
{
	char path[512];
	int r;

	source_path(path, folder, id);
	if (faccessat(repo->folder, path, F_OK, 0) == 0) {
		guardctl_error("%s is there already; give another --id, or remove it first", path);
		return false;
	}
	r = publish_file_write(repo->folder, path, text, size);
	if (r < 0)
		guardctl_error("%s: %s", path, strerror(errno));
	return r == 0;
}

bool exception_remove(const struct repo *repo, const char *folder, const char *id)
{
	char path[512];

	source_path(path, folder, id);
	if (is_id(id) && unlinkat(repo->folder, path, 0) == 0) {
		snprintf(path, sizeof(path), "%s/%s.pem", folder, id);
		unlinkat(repo->folder, path, 0); /* of a signer, if there was one */
		return true;
	}
	guardctl_error("there is no %s; `list` shows what there is", path);
	return false;
}
