/* SPDX-License-Identifier: MIT
 *
 * signing/sign_catalog.c - `guardctl sign catalog`: the list of a tree as
 * sha256sum(1) writes it, and a signature over it.  Signs nothing that it could
 * not read whole; puts both files in place or neither changes.
 */
#include "sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "i18n.h"
#include "output.h"
#include "scan.h"
#include "scan_presets.h"

#define SUFFIX ".p7s"

/* The folders as they were typed, and as the walk names what is in them. */
struct names {
	const struct sign_options *options;
	char *real[SIGN_DIRECTORIES_MAX];
};

static const char *typed_name(char ret_name[PATH_MAX], const struct names *names, const char *path)
{
	for (size_t i = 0; i < names->options->directory_count; i++) {
		const char *typed = names->options->directories[i], *real = names->real[i];
		size_t length = real ? strlen(real) : 0, end = strlen(typed);

		if (!real || strncmp(path, real, length) != 0 || (path[length] && path[length] != '/' && length > 1))
			continue;
		while (end > 1 && typed[end - 1] == '/')
			end--;
		if (snprintf(ret_name, PATH_MAX, "%.*s%s", (int)end, typed, &path[length]) < PATH_MAX)
			return ret_name;
	}
	return path;
}

/* A line as sha256sum(1) writes it: a name with a newline, a carriage return or a
 * backslash is quoted, and a backslash in front of the line says so. */
static void put_line(FILE *out, const struct guard_digest *digest, const char *name)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, digest);
	fprintf(out, "%s%s  ", strpbrk(name, "\\\n\r") ? "\\" : "", hex);
	for (; *name; name++) {
		if (*name == '\\')
			fputs("\\\\", out);
		else if (*name == '\n')
			fputs("\\n", out);
		else if (*name == '\r')
			fputs("\\r", out);
		else
			fputc(*name, out);
	}
	fputc('\n', out);
}

static int make_list(char **ret_text, size_t *ret_size, size_t *ret_count, const struct scan *scan,
		     const struct sign_options *options)
{
	struct names names = { .options = options };
	char *text = NULL, name[PATH_MAX];
	size_t size = 0, count = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < options->directory_count; i++)
		names.real[i] = realpath(options->directories[i], NULL);
	for (size_t i = 0; i < scan->file_count; i++) {
		if (scan->files[i].state != SCAN_LISTED)
			continue;
		put_line(out, &scan->files[i].digest, typed_name(name, &names, scan->files[i].path));
		count++;
	}
	for (size_t i = 0; i < options->directory_count; i++)
		free(names.real[i]);
	if (fclose(out) != 0) {
		free(text);
		return -GUARD_E_NOMEM;
	}
	*ret_text = text;
	*ret_size = size;
	*ret_count = count;
	return 0;
}

/* Whoever signs vouches for all of it: what was not read stops everything. */
static bool is_whole(const struct scan *scan)
{
	bool whole = true;

	for (size_t i = 0; i < scan->note_count; i++) {
		const struct scan_note *note = &scan->notes[i];

		if (note->kind != SCAN_NOTE_UNREADABLE && note->kind != SCAN_NOTE_CHANGED)
			continue;
		guardctl_error("sign: %s: %s; nothing was signed", note->path,
			       note->system_error ? strerror(note->system_error) : scan_note_text(note->kind));
		whole = false;
	}
	return whole;
}

static int write_both(const struct sign_options *options, const char *list, size_t list_size, const uint8_t *der,
		      size_t der_size)
{
	const char *name = options->output;
	GUARD_AUTO_CLOSE int folder = open(name[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char signature[PATH_MAX];
	int r = folder < 0 ? -GUARD_E_IO : 0;

	while (*name == '/')
		name++;
	if (r == 0 && snprintf(signature, sizeof(signature), "%s" SUFFIX, name) >= PATH_MAX)
		r = -GUARD_E_LIMIT;
	/* A list that is left from before would be taken for the one that was signed. */
	if (r == 0 && options->attached && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		guardctl_error("sign: %s exists, and beside %s.p7s it would be taken for the list: remove it, or give "
			       "another --output", options->output, options->output);
		return -GUARD_E_EXISTS;
	}
	if (r == 0)
		r = publish_file_write(folder, signature, der, der_size);
	if (r == 0 && !options->attached)
		r = publish_file_write(folder, name, list, list_size);
	if (r < 0)
		guardctl_error("sign: %s cannot be written: %s", options->output,
			       r == -GUARD_E_IO ? strerror(errno) : guard_error_text(r));
	return r;
}

static int sign_list(const struct sign_options *options, const struct sign_key *key, const char *list, size_t list_size)
{
	GUARD_AUTO_FREE uint8_t *der = NULL;
	char reason[200] = "";
	size_t size = 0;
	const struct publish_list given = { .bytes = list, .size = list_size, .attached = options->attached };
	int r = publish_catalog_sign(&der, &size, key->pkey, (const char *)key->certificates, key->certificates_size,
				     &given, reason, sizeof(reason));

	if (r < 0) {
		guardctl_error("sign: %s: %s", options->certificate ? options->certificate : options->key,
			       reason[0] ? reason : guard_error_text(r));
		return r;
	}
	r = write_both(options, list, list_size, der, size);
	if (r == 0 && !sign_key_is_for_code(key))
		guardctl_error("sign: %s was issued by another and is not for signing code (extended key usage codeSigning, "
			       "key usage digitalSignature): it counts only where a policy names it itself",
			       options->certificate ? options->certificate : options->key);
	return r;
}

static int tell(const struct sign_options *options, size_t count)
{
	if (options->json)
		return guardctl_print_json(json_pack("{s:o, s:o, s:I}", "list", guardctl_json_text(options->output),
						     "signature_suffix", json_string(SUFFIX), "files", (json_int_t)count));
	if (options->attached) {
		printf(_("Files in %s%s, signed: %zu\n"
			 "Put it into /etc/guard/catalogs of the machines; check it with\n"),
		       options->output, SUFFIX, count);
		printf("  openssl cms -verify -binary -inform DER -in %s" SUFFIX " -CAfile CA.pem -purpose any | sha256sum -c\n",
		       options->output);
		return GUARDCTL_DONE;
	}
	printf(_("Files in %s, signed in %s%s: %zu\n"
		 "Put both into /etc/guard/catalogs of the machines; check them with\n"),
	       options->output, options->output, SUFFIX, count);
	printf("  openssl cms -verify -binary -inform DER -in %s" SUFFIX " -content %s -CAfile CA.pem -purpose any -out /dev/null\n"
	       "  sha256sum -c %s\n",
	       options->output, options->output, options->output);
	return GUARDCTL_DONE;
}

static int sign_scanned(const struct scan *scan, const struct sign_options *options, const struct sign_key *key)
{
	GUARD_AUTO_FREE char *list = NULL;
	size_t size = 0, count = 0;
	int r = is_whole(scan) ? make_list(&list, &size, &count, scan, options) : -GUARD_E_CHANGED;

	if (r == -GUARD_E_NOMEM)
		guardctl_error("sign: %s", guard_error_text(r));
	if (r == 0 && count == 0) {
		guardctl_error("sign: nothing there can be run; --all takes other files too");
		return GUARDCTL_REFUSED;
	}
	if (r == 0)
		r = sign_list(options, key, list, size);
	return r < 0 ? GUARDCTL_REFUSED : tell(options, count);
}

int sign_catalog(const struct sign_options *options)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct scan_options scanning = { .all = options->all,
					 .jobs = cores > 0 && cores < (long)SCAN_JOBS_MAX ? (unsigned)cores : 1,
					 .directory_count = options->directory_count,
					 .exclude_count = options->exclude_count };
	struct scan scan = { .options = &scanning };
	struct scan_presets *presets = NULL;
	struct sign_key key;
	int r, code = GUARDCTL_REFUSED;

	memcpy(scanning.directories, options->directories, sizeof(scanning.directories));
	memcpy(scanning.excludes, options->excludes, sizeof(scanning.excludes));
	/* First the key: nobody waits for a scan only to mistype a PIN. */
	if (!sign_key_load(&key, options))
		return GUARDCTL_REFUSED;
	r = scan_presets_load(&presets);
	if (r == 0)
		r = scan_collect(&scan, presets);
	if (r < 0)
		guardctl_error("sign: %s", guard_error_text(r));
	else
		code = sign_scanned(&scan, options, &key);
	scan_presets_free(presets);
	scan_free(&scan);
	sign_key_clear(&key);
	return code;
}
