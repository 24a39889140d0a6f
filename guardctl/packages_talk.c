/* SPDX-License-Identifier: MIT
 *
 * guardctl/packages_talk.c - hands apt's lists, .deb and .rpm files to the daemon as
 * open files (guardd/package/message.h) and prints what it says about them.
 * Believes and decides nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "connection.h"
#include "package/message.h"
#include "packages.h"

#define NOTES_SHOWN 5u

struct talk {
	const struct packages_order *order;
	int socket;
	char notes[NOTES_SHOWN][400];
	unsigned note_count;
	size_t refused, attributed;
	size_t handed, done; /* files, and answers about them */
	bool over; /* RESULT came */
	int error;
};

static void put_line(const char *text)
{
	guardctl_put_escaped(text);
	putchar('\n');
}

static void take_note(struct talk *talk, const struct package_message *message)
{
	if (talk->note_count < NOTES_SHOWN)
		snprintf(talk->notes[talk->note_count], sizeof(talk->notes[0]), "%.399s", message->text);
	talk->note_count++;
}

static void take_done(struct talk *talk, const struct package_message *message)
{
	talk->done++;
	if (message->error == 0) {
		talk->attributed++;
		if (talk->order->all) {
			fputs(_("attributed   "), stdout);
			put_line(message->text);
		}
		return;
	}
	talk->refused++;
	fputs(_("will not run "), stdout);
	put_line(message->text);
}

/* The next message of the daemon. */
static int hear(struct talk *talk, uint32_t *ret_type)
{
	struct package_message message;
	int fd = -1, r = package_receive(&message, &fd, talk->socket);

	if (fd >= 0)
		close(fd);
	if (r < 0)
		return r;
	*ret_type = message.type;
	if (message.type == PACKAGE_NOTE)
		take_note(talk, &message);
	if (message.type == PACKAGE_DONE)
		take_done(talk, &message);
	if (message.type == PACKAGE_RESULT) {
		talk->over = true;
		talk->error = message.error;
		if (message.error < 0)
			guardctl_error("%s", message.text);
	}
	return 0;
}

static int hear_what_is_there(struct talk *talk)
{
	struct pollfd ready = { talk->socket, POLLIN, 0 };
	uint32_t type;
	int r = 0;

	while (r == 0 && !talk->over && poll(&ready, 1, 0) > 0)
		r = hear(talk, &type);
	return r;
}

static int hand(struct talk *talk, enum package_message_type type, const char *name, int fd)
{
	struct package_message message = { .type = (uint32_t)type };
	int r;

	snprintf(message.text, sizeof(message.text), "%s", name);
	r = package_send(talk->socket, &message, fd);
	return r == 0 || r == -GUARD_E_UNREACHABLE ? hear_what_is_there(talk) : r;
}

static bool is_list(const char *name, bool index)
{
	static const char *const packages[] = { "Packages", "Packages.lz4", "Packages.gz", "Packages.xz", "Packages.zst",
						"Packages.bz2" };
	const char *end = strrchr(name, '_');

	end = end ? end + 1 : name;
	for (size_t i = 0; index && i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strcmp(end, packages[i]) == 0)
			return true;
	return !index && strcmp(end, "InRelease") == 0;
}

static int hand_lists(struct talk *talk, bool index)
{
	DIR *folder = opendir(talk->order->lists);
	struct dirent *entry;
	int r = 0;

	if (!folder) {
		guardctl_error("%s cannot be read: %s: run apt-get update first", talk->order->lists, strerror(errno));
		return -GUARD_E_NOT_FOUND;
	}
	while (r == 0 && !talk->over && (entry = readdir(folder))) {
		GUARD_AUTO_CLOSE int fd = -1;

		if (!is_list(entry->d_name, index))
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd >= 0)
			r = hand(talk, index ? PACKAGE_INDEX : PACKAGE_RELEASE, entry->d_name, fd);
	}
	closedir(folder);
	return r;
}

/* By its first bytes: the lead of an .rpm. */
static bool is_rpm(int fd)
{
	static const unsigned char magic[4] = { 0xed, 0xab, 0xee, 0xdb };
	unsigned char bytes[sizeof(magic)];

	return pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* They go first; what becomes of them is said later.  `ret_all`: there is nothing else. */
static int hand_rpms(struct talk *talk, bool *ret_all)
{
	const struct packages_list *files = talk->order->debs;
	size_t handed = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && !talk->over && i < files->count; i++) {
		GUARD_AUTO_CLOSE int fd = open(files->paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

		if (fd < 0 || !is_rpm(fd))
			continue;
		handed++;
		talk->handed++;
		r = hand(talk, PACKAGE_RPM, name_of(files->paths[i]), fd);
	}
	*ret_all = handed == files->count;
	return r;
}

static int hand_deb(struct talk *talk, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint32_t type = 0;
	int r;

	if (fd < 0) {
		guardctl_error("%s cannot be opened: %s", path, strerror(errno));
		talk->refused++;
		return 0;
	}
	if (is_rpm(fd))
		return 0;
	talk->handed++;
	r = hand(talk, PACKAGE_DEB, name_of(path), fd);
	while (r == 0 && !talk->over && talk->done < talk->handed)
		r = hear(talk, &type);
	return r;
}

static int hand_all(struct talk *talk)
{
	bool rpms_alone = false;
	uint32_t type;
	int r = hand_rpms(talk, &rpms_alone);

	if (r == 0 && !rpms_alone)
		r = hand_lists(talk, false);
	if (r == 0 && !rpms_alone)
		r = hand_lists(talk, true);
	for (size_t i = 0; r == 0 && !talk->over && i < talk->order->debs->count; i++)
		r = hand_deb(talk, talk->order->debs->paths[i]);
	if (r == 0 && !talk->over)
		r = hand(talk, PACKAGE_COMMIT, "", -1);
	while (r == 0 && !talk->over)
		r = hear(talk, &type);
	return r;
}

static void print_notes(const struct talk *talk)
{
	unsigned shown = talk->note_count < NOTES_SHOWN ? talk->note_count : NOTES_SHOWN;

	if (talk->refused == 0)
		return;
	for (unsigned i = 0; i < shown; i++) {
		fputs(_("note: "), stdout);
		put_line(talk->notes[i]);
	}
	if (talk->note_count > shown)
		printf(_("note: and %u more files of %s\n"), talk->note_count - shown, talk->order->lists);
}

int packages_hand_over(const struct packages_order *order)
{
	struct guardctl_connection connection;
	struct talk talk = { .order = order };
	int code = guardctl_connect(&connection, order->options), r;

	if (code)
		return code;
	code = guardctl_send_empty(&connection, GUARD_WIRE_PACKAGES);
	if (code) {
		guardctl_disconnect(&connection);
		return code;
	}
	talk.socket = connection.socket;
	r = hand_all(&talk);
	guardctl_disconnect(&connection);
	if (r < 0 && !talk.over)
		guardctl_error("the daemon did not finish: %s; see `guardctl status`", guardctl_error_text(r));
	print_notes(&talk);
	if (r < 0 || talk.error < 0)
		return r == -GUARD_E_UNREACHABLE ? GUARDCTL_UNREACHABLE : GUARDCTL_REFUSED;
	return talk.refused ? GUARDCTL_REFUSED : GUARDCTL_DONE;
}
