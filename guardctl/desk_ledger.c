/* SPDX-License-Identifier: MIT
 *
 * guardctl/desk_ledger.c - what the help desk has issued and answered: JSON lines,
 * chained, synced before anything is shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "desk.h"
#include "i18n.h"

#define NONE "0000000000000000000000000000000000000000000000000000000000000000"

static int spoiled(const struct desk_ledger *ledger, unsigned number)
{
	guardctl_error(_("%s:%u: the line does not follow the one before it: the ledger was changed. Nothing is answered "
			 "with it; keep it for your administrator and begin another with --ledger"),
		       ledger->path, number);
	return GUARDCTL_REFUSED;
}

static int hash_line(char ret_hex[GUARD_DIGEST_HEX_SIZE], const char *line)
{
	struct guard_digest digest;

	if (guard_digest_bytes(&digest, line, strlen(line)) < 0)
		return GUARDCTL_REFUSED;
	guard_digest_format(ret_hex, &digest);
	return 0;
}

static int take_line(struct desk_ledger *ledger, const char *line, unsigned number)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *previous = json_string_value(json_object_get(object, "previous"));

	if (!previous || strcmp(previous, ledger->last) != 0) {
		json_decref(object);
		return spoiled(ledger, number);
	}
	json_array_append_new(ledger->lines, object);
	return hash_line(ledger->last, line);
}

/* The power went, or the disk was full, while it was written: what is not whole was
 * never shown to anybody. */
static int take_back(const struct desk_ledger *ledger, off_t whole, unsigned number)
{
	if (ftruncate(ledger->fd, whole) < 0 || fsync(ledger->fd) < 0) {
		guardctl_error(_("%s: cannot be written (%s), and nothing is given without a record"), ledger->path,
			       strerror(errno));
		return GUARDCTL_REFUSED;
	}
	guardctl_error(_("%s:%u: the last line was cut short while it was written; what it was to record was not given, and "
			 "it is taken out"),
		       ledger->path, number);
	return GUARDCTL_DONE;
}

static int read_lines(struct desk_ledger *ledger)
{
	GUARD_AUTO_FCLOSE FILE *file = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	unsigned number = 0;
	int copy = dup(ledger->fd), code = 0;
	off_t whole = 0;
	ssize_t length;

	file = copy < 0 ? NULL : fdopen(copy, "r");
	while (file && code == 0 && (length = getline(&line, &capacity, file)) > 0) {
		number++;
		if (line[length - 1] != '\n')
			return take_back(ledger, whole, number);
		if ((size_t)length > DESK_LINE_MAX)
			return spoiled(ledger, number);
		whole += length;
		line[length - 1] = '\0';
		code = take_line(ledger, line, number);
	}
	return code;
}

int desk_ledger_open(struct desk_ledger *ret_ledger, const char *path, const char *key_path)
{
	struct desk_ledger ledger = {.fd = -1, .last = NONE, .lines = json_array()};
	struct stat status;
	int code;

	/* Beside a key that is not there none is begun. */
	if (!path && access(key_path, F_OK) < 0) {
		guardctl_error("%s: %s", key_path, strerror(errno));
		json_decref(ledger.lines);
		return GUARDCTL_REFUSED;
	}
	if (path)
		snprintf(ledger.path, sizeof(ledger.path), "%s", path);
	else
		snprintf(ledger.path, sizeof(ledger.path), "%s.ledger", key_path);
	ledger.fd = open(ledger.path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ledger.fd < 0 || flock(ledger.fd, LOCK_EX) < 0 || fstat(ledger.fd, &status) < 0 ||
	    !S_ISREG(status.st_mode)) {
		guardctl_error(_("%s: the help desk's ledger cannot be opened (%s), and nothing is answered without it"),
			       ledger.path, strerror(errno));
		desk_ledger_close(&ledger);
		return GUARDCTL_REFUSED;
	}
	code = read_lines(&ledger);
	if (code)
		desk_ledger_close(&ledger);
	else
		*ret_ledger = ledger;
	return code;
}

void desk_ledger_close(struct desk_ledger *ledger)
{
	if (ledger->fd >= 0)
		close(ledger->fd);
	ledger->fd = -1;
	json_decref(ledger->lines);
	ledger->lines = NULL;
}

static int write_line(const struct desk_ledger *ledger, const char *line)
{
	GUARD_AUTO_FREE char *text = NULL;
	const off_t before = lseek(ledger->fd, 0, SEEK_END);
	int length = asprintf(&text, "%s\n", line), error;

	if (length < 0 || before < 0)
		return -1;
	/* One write: with O_APPEND no other lands in the middle. */
	if (write(ledger->fd, text, (size_t)length) == length && fsync(ledger->fd) == 0)
		return 0;
	error = errno;
	(void)!ftruncate(ledger->fd, before); /* not half a line for the next one to stumble over */
	errno = error;
	return -1;
}

int desk_ledger_append(struct desk_ledger *ledger, json_t *line)
{
	GUARD_AUTO_FREE char *text = NULL;
	char now[GUARD_TIME_TEXT_SIZE];
	int code;

	guard_time_format(now, (int64_t)time(NULL));
	json_object_set_new(line, "time", json_string(now));
	json_object_set_new(line, "previous", json_string(ledger->last));
	text = json_dumps(line, JSON_COMPACT);
	json_array_append_new(ledger->lines, line);
	if (!text || write_line(ledger, text) < 0) {
		guardctl_error(_("%s: cannot be written (%s), and nothing is given without a record"), ledger->path,
			       strerror(errno));
		return GUARDCTL_REFUSED;
	}
	code = hash_line(ledger->last, text);
	return code;
}

static unsigned newest_epoch(const struct desk_ledger *ledger, const char *machine, bool sealed)
{
	json_int_t newest = 0, epoch;
	const char *name;
	json_t *line;
	size_t i;

	json_array_foreach(ledger->lines, i, line) {
		name = json_string_value(json_object_get(line, "machine"));
		epoch = json_integer_value(json_object_get(line, "epoch"));
		if (name && strcmp(name, machine) == 0 && json_object_get(line, "verifiers") && epoch > newest &&
		    epoch <= UINT32_MAX && (sealed || !json_object_get(line, "sealed")))
			newest = epoch;
	}
	return (unsigned)newest;
}

bool desk_ledger_issues(const struct desk_ledger *ledger)
{
	json_t *line;
	size_t i;

	json_array_foreach(ledger->lines, i, line) {
		if (json_object_get(line, "verifiers"))
			return true;
	}
	return false;
}

unsigned desk_ledger_epoch(const struct desk_ledger *ledger, const char *machine)
{
	return newest_epoch(ledger, machine, true);
}

unsigned desk_ledger_given_epoch(const struct desk_ledger *ledger, const char *machine)
{
	return newest_epoch(ledger, machine, false);
}
