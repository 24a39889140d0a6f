/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk_seen.c - machines as headquarters has seen them (`guardctl --json repo
 * seen`): whose key is whose, and FOLDER/MACHINE.box, sealed for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "desk.h"
#include "helpdesk.h"
#include "i18n.h"

#define ID_LENGTH 43u /* 32 bytes in base64url, without padding */

int helpdesk_seen_open(json_t **ret_machines, const char *path)
{
	json_error_t why;
	json_t *machines;

	if (!path)
		return 0;
	machines = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (json_is_array(machines)) {
		*ret_machines = machines;
		return 0;
	}
	guardctl_error(_("%s is no list of machines (%s): make it with `guardctl --json repo seen ACCESS-LOG`"), path,
		       machines ? _("it is something else") : why.text);
	json_decref(machines);
	return GUARDCTL_REFUSED;
}

/* RFC 4648, section 5.  false: not 32 bytes. */
static bool decode(uint8_t ret_key[GUARD_UNLOCK_MACHINE_KEY_SIZE], const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0, size = 0;

	if (!text || strlen(text) != ID_LENGTH)
		return false;
	for (size_t i = 0; i < ID_LENGTH; i++) {
		const char *digit = strchr(digits, text[i]);

		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		held += 6;
		if (held >= 8 && size < GUARD_UNLOCK_MACHINE_KEY_SIZE) {
			held -= 8;
			ret_key[size++] = (uint8_t)(bits >> held);
		}
	}
	return size == GUARD_UNLOCK_MACHINE_KEY_SIZE;
}

static bool is_host(const json_t *row, const char *machine)
{
	const char *host = json_string_value(json_object_get(row, "host"));
	char name[GUARD_UNLOCK_MACHINE_MAX + 1];

	return host && guard_unlock_machine_normalise(name, host) == 0 && strcmp(name, machine) == 0;
}

/* Two keys under one name: one of the two calls itself what it is not. */
int helpdesk_seen_key(uint8_t ret_key[GUARD_UNLOCK_MACHINE_KEY_SIZE], const json_t *machines, const char *machine)
{
	const json_t *found = NULL;
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)machines, i, row) {
		if (!is_host(row, machine))
			continue;
		if (found) {
			guardctl_error(_("%s was seen with two keys: find out which is the machine's (its guardctl status has "
					 "the id) and take the other row out of the list"),
				       machine);
			return GUARDCTL_REFUSED;
		}
		found = row;
	}
	if (found && decode(ret_key, json_string_value(json_object_get(found, "id"))))
		return 0;
	guardctl_error(found ? _("%s: its id in the list is no machine's key") :
			       _("%s was not seen: it must have asked the repository once"),
		       machine);
	return GUARDCTL_REFUSED;
}

static int put(const char *folder, const char *machine, const uint8_t *box, size_t size)
{
	GUARD_AUTO_FREE char *path = NULL, *partial = NULL, *text = malloc(2 * size + 2);
	GUARD_AUTO_CLOSE int fd = -1;

	if (!text || asprintf(&path, "%s/%s.box", folder, machine) < 0 || asprintf(&partial, "%s.new", path) < 0)
		return GUARDCTL_REFUSED;
	for (size_t i = 0; i < size; i++)
		snprintf(&text[2 * i], 3, "%02x", box[i]);
	text[2 * size] = '\n';
	fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, text, 2 * size + 1) == (ssize_t)(2 * size + 1) && fsync(fd) == 0 &&
	    rename(partial, path) == 0)
		return 0;
	guardctl_error("%s: %s", path, strerror(errno));
	return GUARDCTL_REFUSED;
}

int helpdesk_seen_put(const char *folder, const uint8_t key[GUARD_UNLOCK_MACHINE_KEY_SIZE],
		      const struct helpdesk_set *set)
{
	uint8_t box[GUARD_UNLOCK_BOX_MAX];
	int r = guard_unlock_box_seal(box, key, set->bytes, set->size);

	if (r == 0)
		return put(folder, set->machine, box, set->size + GUARD_UNLOCK_BOX_OVERHEAD);
	guardctl_error("%s: %s", set->machine, guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}
