/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_files.c - files of this machine as accesses: hashed, their
 * kind told from their first bytes, their path followed to the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "claim.h"
#include "policy_sample.h"
#include "policy_verbs.h"

bool policy_samples_add(struct policy_samples *samples, const struct policy_sample *sample)
{
	if (samples->count == POLICY_SAMPLES_MAX) {
		guardctl_error("more than %u events or files; test them in parts", POLICY_SAMPLES_MAX);
		return false;
	}
	if (samples->count == samples->capacity) {
		size_t capacity = samples->capacity ? samples->capacity * 2 : 64;
		struct policy_sample *items = reallocarray(samples->items, capacity, sizeof(*items));

		if (!items) {
			guardctl_error("memory is exhausted");
			return false;
		}
		samples->items = items;
		samples->capacity = capacity;
	}
	samples->items[samples->count++] = *sample;
	return true;
}

void policy_samples_free(struct policy_samples *samples)
{
	for (size_t i = 0; i < samples->count; i++) {
		free(samples->items[i].path);
		free(samples->items[i].program);
		free(samples->items[i].user);
		free(samples->items[i].old_identity);
	}
	free(samples->items);
	policy_witness_end(samples);
	*samples = (struct policy_samples){ 0 };
}

/* As the gate would take it when the file is started or opened. */
static enum guard_kind kind_of(const void *head, size_t size, const struct stat *status, const char *path)
{
	const char *name = strrchr(path, '/');

	switch (guard_format_sniff(head, size)) {
	case GUARD_FORMAT_ELF_EXEC:
		return GUARD_KIND_EXECUTABLE;
	case GUARD_FORMAT_ELF_DYN:
	case GUARD_FORMAT_ELF_OTHER:
		return status->st_mode & S_IXUSR && !(name && strstr(name, ".so")) ? GUARD_KIND_EXECUTABLE :
										     GUARD_KIND_LIBRARY;
	case GUARD_FORMAT_ELF_REL:
		return GUARD_KIND_MODULE;
	case GUARD_FORMAT_SHEBANG:
	case GUARD_FORMAT_TEXT:
	case GUARD_FORMAT_BYTECODE:
		return GUARD_KIND_SCRIPT;
	default:
		return status->st_mode & S_IXUSR ? GUARD_KIND_EXECUTABLE : GUARD_KIND_OTHER;
	}
}

static int identify(struct guard_identity *identity, int fd, const char *path)
{
	unsigned char head[GUARD_SNIFF_SIZE];
	struct stat status;
	ssize_t size;

	if (fstat(fd, &status) < 0)
		return -GUARD_E_IO;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return -GUARD_E_IO;
	}
	size = pread(fd, head, sizeof(head), 0);
	if (size < 0)
		return -GUARD_E_IO;
	identity->kind = (uint8_t)kind_of(head, (size_t)size, &status, path);
	return guard_digest_fd(&identity->digest, &identity->size, fd, NULL, NULL);
}

/* Where it lies, as `explain` sees it. */
static int place(struct policy_sample *sample, const char *path)
{
	GUARD_AUTO_FREE struct guard_question *question = calloc(1, sizeof(*question));
	int r = question ? claim_place(question, path) : -GUARD_E_NOMEM;

	if (r < 0)
		return r;
	sample->medium = question->medium;
	sample->path_protected = question->path_protected;
	sample->path = strdup(question->path);
	return sample->path ? 0 : -GUARD_E_NOMEM;
}

static void cannot_read(const char *path, int r)
{
	char text[512];

	guard_text_escape(text, sizeof(text), path, strlen(path));
	guardctl_error("cannot read %s: %s; name regular files, e.g. by `find DIR -type f`", text,
		       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
}

bool policy_samples_from_file(struct policy_samples *samples, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct policy_sample sample = { .count = 1 };
	int r = fd < 0 ? -GUARD_E_IO : identify(&sample.identity, fd, path);

	if (r == 0)
		r = place(&sample, path);
	if (r < 0)
		cannot_read(path, r);
	if (r == 0 && policy_witness_look(samples, &sample, fd) && policy_samples_add(samples, &sample))
		return true;
	free(sample.path);
	free(sample.old_identity);
	return false;
}

bool policy_samples_from_list(struct policy_samples *samples, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = strcmp(path, "-") ? fopen(path, "re") : fdopen(dup(STDIN_FILENO), "r");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	bool good = true;
	ssize_t length;

	if (!file) {
		guardctl_error("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while (good && (length = getline(&line, &capacity, file)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			good = policy_samples_from_file(samples, line);
	}
	return good;
}
