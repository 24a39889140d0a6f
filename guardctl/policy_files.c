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
	}
	free(samples->items);
	*samples = (struct policy_samples){ 0 };
}

/* root's, and nobody else may write. */
static bool is_protected_entry(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The same for the file and every folder above it. */
static bool is_protected(const char *path)
{
	GUARD_AUTO_FREE char *part = strdup(path);

	if (!part || !is_protected_entry("/") || !is_protected_entry(part))
		return false;
	for (size_t i = strlen(part) - 1; i > 0; i--) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (!is_protected_entry(part))
			return false;
	}
	return true;
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

bool policy_samples_from_file(struct policy_samples *samples, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	GUARD_AUTO_FREE char *real = NULL;
	struct policy_sample sample = { .count = 1, .medium = GUARD_MEDIUM_FIXED };
	int r = fd < 0 ? -GUARD_E_IO : identify(&sample.identity, fd, path);

	if (r == 0)
		real = realpath(path, NULL);
	if (!real) {
		guardctl_error("cannot read %s: %s; name regular files, e.g. by `find DIR -type f`", path,
			       r < 0 && r != -GUARD_E_IO ? guardctl_error_text(r) : strerror(errno));
		return false;
	}
	sample.path = real;
	sample.path_protected = is_protected(real);
	if (!policy_samples_add(samples, &sample))
		return false;
	real = NULL;
	return true;
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
