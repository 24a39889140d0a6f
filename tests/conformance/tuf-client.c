/* SPDX-License-Identifier: MIT
 *
 * conformance/tuf-client.c - libguard's TUF client behind the command line of
 * the public conformance suite.  A test program: installed nowhere.  Exit 0
 * done, 1 refused or failed; why is said on standard error.
 */
#include "tuf-client.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#define TEMPORARY ".incoming" /* in the target folder; one program at a time */

static int complain(const char *what, int code, const char *why)
{
	fprintf(stderr, "tuf-client: %s: %s\n", what, why && why[0] ? why : guard_error_text(code));
	return code;
}

static int read_file(void **ret_bytes, size_t *ret_size, const char *path)
{
	FILE *file = fopen(path, "re");
	char *bytes = file ? malloc(GUARD_TRUST_ROOT_SIZE_MAX + 1) : NULL;
	size_t size = bytes ? fread(bytes, 1, GUARD_TRUST_ROOT_SIZE_MAX + 1, file) : 0;
	bool failed = !bytes || ferror(file);

	if (file)
		fclose(file);
	if (failed) {
		free(bytes);
		return -GUARD_E_IO;
	}
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

static int run_init(struct guard_trust *trust, const struct tuf_options *options)
{
	void *bytes = NULL;
	size_t size = 0;
	int r = read_file(&bytes, &size, options->root);

	if (r < 0)
		return complain(options->root, r, NULL);
	r = guard_trust_init(trust, bytes, size);
	free(bytes);
	return r < 0 ? complain("init", r, guard_trust_message(trust)) : 0;
}

/* 1 when the file is there already and is the target. */
static int is_there(const struct guard_trust_target *target, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r;

	if (fd < 0)
		return 0;
	r = guard_trust_target_verify(target, fd);
	close(fd);
	return r == 0;
}

static int fetch_target(struct guard_trust *trust, const struct guard_trust_target *target, int directory,
			const char *name)
{
	int fd = openat(directory, TEMPORARY, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644), r;

	if (fd < 0)
		return complain(name, -GUARD_E_IO, "the target folder cannot be written");
	r = guard_trust_download(trust, target, fd);
	if (r < 0)
		complain(name, r, guard_trust_message(trust));
	else if (fsync(fd) < 0 || renameat(directory, TEMPORARY, directory, name) < 0 || fsync(directory) < 0)
		r = complain(name, -GUARD_E_IO, NULL);
	close(fd);
	if (r < 0 && unlinkat(directory, TEMPORARY, 0) < 0)
		complain(TEMPORARY, -GUARD_E_IO, NULL);
	return r;
}

static int download_one(struct guard_trust *trust, const char *path, int directory)
{
	struct guard_trust_target *target = NULL;
	struct guard_trust_target_info info;
	int r = guard_trust_find(&target, trust, path);

	if (r < 0)
		return complain(path, r, guard_trust_message(trust));
	guard_trust_target_info(target, &info);
	if (!is_there(target, directory, info.file_name))
		r = fetch_target(trust, target, directory, info.file_name);
	guard_trust_target_free(target);
	return r;
}

static int run_refresh(struct guard_trust *trust)
{
	int r = guard_trust_refresh(trust, (int64_t)time(NULL));

	return r < 0 ? complain("refresh", r, guard_trust_message(trust)) : 0;
}

static int run_download(struct guard_trust *trust, const struct tuf_options *options)
{
	int directory = open(options->target_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (directory < 0)
		return complain(options->target_dir, -GUARD_E_IO, NULL);
	r = run_refresh(trust);
	for (size_t i = 0; r == 0 && i < options->target_count; i++)
		r = download_one(trust, options->targets[i], directory);
	close(directory);
	return r;
}

static int run_verb(struct guard_trust *trust, const struct tuf_options *options)
{
	if (strcmp(options->verb, "init") == 0)
		return run_init(trust, options);
	if (strcmp(options->verb, "refresh") == 0)
		return run_refresh(trust);
	return run_download(trust, options);
}

static int run(const struct tuf_options *options)
{
	struct tuf_fetcher *fetcher = NULL;
	struct guard_trust *trust = NULL;
	int directory = open(options->metadata_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (directory < 0)
		return complain(options->metadata_dir, -GUARD_E_IO, NULL);
	r = tuf_fetcher_new(&fetcher, options->metadata_url, options->target_url);
	if (r == 0)
		r = guard_trust_new(&trust, directory, tuf_fetch, fetcher);
	if (r == 0)
		r = run_verb(trust, options);
	else
		complain(options->metadata_dir, r, NULL);
	guard_trust_free(trust);
	tuf_fetcher_free(fetcher);
	close(directory);
	return r;
}

int main(int count, char **arguments)
{
	struct tuf_options options;
	int r = tuf_options_parse(&options, count, arguments);

	if (r == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = complain("libcurl", -GUARD_E_NOMEM, NULL);
	if (r == 0) {
		r = run(&options);
		curl_global_cleanup();
	}
	return r < 0 ? 1 : 0;
}
