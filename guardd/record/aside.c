/* SPDX-License-Identifier: MIT
 *
 * record/aside.c - a damaged ledger is evidence: it is renamed, not repaired.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "record/ledger_internal.h"

#define ASIDE_PREFIX "ledger-"
#define ASIDE_SUFFIX ".damaged.db"

/* "ledger-20270331T120000Z.001.damaged.db": names sort by time. */
static int free_name(char ret_name[LEDGER_NAME_MAX], int directory, int64_t now_ns)
{
	char text[GUARD_TIME_TEXT_SIZE], time[GUARD_TIME_TEXT_SIZE];
	size_t length = 0;

	guard_time_format(text, now_ns / 1000000000);
	for (size_t i = 0; text[i]; i++)
		if (text[i] != '-' && text[i] != ':')
			time[length++] = text[i];
	time[length] = '\0';
	for (unsigned i = 1; i < 1000; i++) {
		snprintf(ret_name, LEDGER_NAME_MAX, ASIDE_PREFIX "%s.%03u" ASIDE_SUFFIX, time, i);
		if (faccessat(directory, ret_name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return 0;
	}
	return -GUARD_E_EXISTS;
}

static int rename_one(int directory, const char *from, const char *to)
{
	if (renameat(directory, from, directory, to) == 0 || errno == ENOENT)
		return 0;
	return -GUARD_E_IO;
}

static bool is_aside(const char *name)
{
	return strncmp(name, ASIDE_PREFIX, sizeof(ASIDE_PREFIX) - 1) == 0 && strlen(name) < LEDGER_NAME_MAX &&
	       guard_text_ends_with(name, ASIDE_SUFFIX);
}

/* How many there are, the oldest and the newest of them. */
static unsigned list_aside(int directory, char ret_oldest[LEDGER_NAME_MAX], char ret_newest[LEDGER_NAME_MAX])
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	unsigned count = 0;

	ret_oldest[0] = ret_newest[0] = '\0';
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((entry = readdir(stream))) {
		if (!is_aside(entry->d_name))
			continue;
		if (!count || strcmp(entry->d_name, ret_oldest) < 0)
			snprintf(ret_oldest, LEDGER_NAME_MAX, "%.63s", entry->d_name);
		if (!count || strcmp(entry->d_name, ret_newest) > 0)
			snprintf(ret_newest, LEDGER_NAME_MAX, "%.63s", entry->d_name);
		count++;
	}
	closedir(stream);
	return count;
}

void ledger_newest_aside(int directory, char ret_name[LEDGER_NAME_MAX])
{
	char oldest[LEDGER_NAME_MAX];

	(void)list_aside(directory, oldest, ret_name);
}

static void companion_name(char ret_name[LEDGER_NAME_MAX + 8], const char *database, const char *ending)
{
	snprintf(ret_name, LEDGER_NAME_MAX + 8, "%.*s%s", (int)(strlen(database) - strlen(".db")), database,
		 ending);
}

/* Keep the newest few: a failing disk must not fill itself with evidence. */
static void remove_oldest(int directory)
{
	static const char *const endings[] = {".db", ".db-wal", ".db-shm", ".db-journal", ".head"};
	char oldest[LEDGER_NAME_MAX], newest[LEDGER_NAME_MAX], name[LEDGER_NAME_MAX + 8];

	while (list_aside(directory, oldest, newest) > LEDGER_ASIDE_MAX)
		for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
			companion_name(name, oldest, endings[i]);
			if (unlinkat(directory, name, 0) < 0 && i == 0)
				return;
		}
}

int ledger_set_aside(int directory, int64_t now_ns, char ret_name[LEDGER_NAME_MAX])
{
	static const struct {
		const char *file, *ending;
	} companions[] = {
	    {LEDGER_DATABASE "-wal", ".db-wal"},
	    {LEDGER_DATABASE "-journal", ".db-journal"},
	    {LEDGER_HEAD, ".head"},
	};
	char name[LEDGER_NAME_MAX], companion[LEDGER_NAME_MAX + 8];
	int r;

	r = free_name(name, directory, now_ns);
	if (r < 0)
		return r;
	r = rename_one(directory, LEDGER_DATABASE, name);
	/* All that belongs to it: a journal left behind would be played into the new one. */
	for (size_t i = 0; r == 0 && i < sizeof(companions) / sizeof(companions[0]); i++) {
		companion_name(companion, name, companions[i].ending);
		r = rename_one(directory, companions[i].file, companion);
	}
	if (r < 0)
		return r;
	(void)unlinkat(directory, LEDGER_DATABASE "-shm", 0);
	remove_oldest(directory);
	snprintf(ret_name, LEDGER_NAME_MAX, "%s", name);
	return 0;
}
