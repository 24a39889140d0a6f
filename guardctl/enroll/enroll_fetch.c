/* SPDX-License-Identifier: MIT
 *
 * enroll/enroll_fetch.c - the first root: fetched by one child, taken apart by
 * another; both are nobody, so that root meets no byte that is not verified.
 */
#include "enroll.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NOBODY 65534u
#define FETCH_S 60L

/* What a child does: reads `input`, writes to `output`; its exit code. */
typedef int (*work)(int output, const void *input);
enum { CHILD_DONE = 0, CHILD_FAILED = 1, CHILD_NOT_FOUND = 2 };

static int become_nobody(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static size_t read_all(uint8_t *bytes, size_t capacity, int fd)
{
	size_t size = 0;
	ssize_t n;

	while (size < capacity && ((n = read(fd, &bytes[size], capacity - size)) > 0 || (n < 0 && errno == EINTR)))
		size += n > 0 ? (size_t)n : 0;
	return size;
}

/* Run it in a child; its output and exit code. */
static int run_as_nobody(uint8_t *ret_bytes, size_t *ret_size, size_t capacity, work what, const void *input)
{
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return CHILD_FAILED;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(become_nobody() < 0 ? CHILD_FAILED : what(ends[1], input));
	}
	close(ends[1]);
	*ret_size = pid < 0 ? 0 : read_all(ret_bytes, capacity, ends[0]);
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return CHILD_FAILED;
	return WEXITSTATUS(status);
}

/* ---- fetching ------------------------------------------------------------------- */

struct question {
	char url[2048];
	unsigned version;
	const char *proxy;
	struct curl_blob ca, certificate, key; /* data NULL: none */
};

static size_t take(char *bytes, size_t one, size_t count, void *context)
{
	return write(*(int *)context, bytes, one * count) == (ssize_t)(one * count) ? one * count : 0;
}

static int fetch(int output, const void *input)
{
	const struct question *question = input;
	CURL *curl = curl_easy_init();
	char problem[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	if (!curl)
		return CHILD_FAILED;
	curl_easy_setopt(curl, CURLOPT_URL, question->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &question->ca);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	if (question->certificate.data) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &question->certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &question->key);
	}
	curl_easy_setopt(curl, CURLOPT_PROXY, question->proxy ? question->proxy : "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_S);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)GUARD_TRUST_ROOT_SIZE_MAX);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &output);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status == 200)
		return CHILD_DONE;
	/* Storage services say 403 of a root that is not there; of the first it says something else. */
	if (status == 404 || status == 410 || (status == 403 && question->version > 1))
		return CHILD_NOT_FOUND;
	if (code == CURLE_OK)
		guardctl_error("enroll: %s: the server answered with status %ld; redirects are not followed: give the repository's "
			       "own address", question->url, status);
	else
		guardctl_error("enroll: %s: %s", question->url, problem[0] ? problem : curl_easy_strerror(code));
	return CHILD_FAILED;
}

static int read_pem(struct curl_blob *ret_blob, const char *path)
{
	GUARD_AUTO_CLOSE int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	*ret_blob = (struct curl_blob){.flags = CURL_BLOB_COPY};
	if (!path)
		return 0;
	ret_blob->data = fd < 0 ? NULL : malloc(ENROLL_PEM_MAX);
	if (!ret_blob->data) {
		guardctl_error("enroll: %s cannot be read: %s", path, strerror(errno));
		return -GUARD_E_IO;
	}
	ret_blob->len = read_all(ret_blob->data, ENROLL_PEM_MAX, fd);
	return 0;
}

int enroll_fetch(struct enroll_root *ret_root, const struct enroll_options *options, unsigned version)
{
	GUARD_AUTO_FREE uint8_t *bytes = malloc(GUARD_TRUST_ROOT_SIZE_MAX);
	struct question question = {.proxy = options->proxy, .version = version};
	struct enroll_root root = {0};
	int code = CHILD_FAILED;

	if (!bytes)
		return -GUARD_E_NOMEM;
	snprintf(question.url, sizeof(question.url), "%.1900s/metadata/%u.root.json", options->url, version);
	if (read_pem(&question.ca, options->ca) == 0 && read_pem(&question.certificate, options->certificate) == 0 &&
	    read_pem(&question.key, options->key) == 0)
		code = run_as_nobody(bytes, &root.size, GUARD_TRUST_ROOT_SIZE_MAX, fetch, &question);
	free(question.ca.data);
	free(question.certificate.data);
	free(question.key.data);
	if (code != CHILD_DONE)
		return code == CHILD_NOT_FOUND ? -GUARD_E_NOT_FOUND : -GUARD_E_UNREACHABLE;
	root.bytes = guard_steal_pointer(&bytes);
	*ret_root = root;
	return 0;
}

/* ---- the fingerprint --------------------------------------------------------------- */

static int compute(int output, const void *input)
{
	const struct enroll_root *root = input;
	char text[PUBLISH_FINGERPRINT_SIZE];
	json_t *document = json_loadb((const char *)root->bytes, root->size, JSON_REJECT_DUPLICATES, NULL);

	if (!document || publish_fingerprint(text, document) < 0)
		return CHILD_FAILED;
	return write(output, text, sizeof(text)) == (ssize_t)sizeof(text) ? CHILD_DONE : CHILD_FAILED;
}

int enroll_fingerprint(struct enroll_root *root)
{
	uint8_t text[PUBLISH_FINGERPRINT_SIZE];
	size_t size;

	if (run_as_nobody(text, &size, sizeof(text), compute, root) != CHILD_DONE || size != sizeof(text))
		return -GUARD_E_FORMAT;
	text[sizeof(text) - 1] = '\0';
	memcpy(root->fingerprint, text, sizeof(text));
	return 0;
}

static char next_symbol(const char **text)
{
	while (**text == '-' || **text == ' ')
		(*text)++;
	if (!**text)
		return '\0';
	switch (toupper((unsigned char)*(*text)++)) {
	case 'O':
		return '0';
	case 'I':
	case 'L':
		return '1';
	default:
		return (char)toupper((unsigned char)(*text)[-1]);
	}
}

bool enroll_same_fingerprint(const char *a, const char *b)
{
	char symbol;

	do {
		symbol = next_symbol(&a);
		if (symbol != next_symbol(&b))
			return false;
	} while (symbol);
	return true;
}
