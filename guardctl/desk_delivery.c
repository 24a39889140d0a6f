/* SPDX-License-Identifier: MIT
 *
 * guardctl/desk_delivery.c - FOLDER/MACHINE.sealed, which `guardctl repo publish`
 * carries to that machine: fresher verifiers, approved requests.  Hex digits and a
 * newline (docs/phone-unlock.md, "Deliveries").
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
#include "i18n.h"

#define TEXT_MAX (2u * GUARD_UNLOCK_DELIVERY_MAX + 2u)

static int path_of(char ret_path[PATH_MAX], const char *folder, const char *machine)
{
	int length = snprintf(ret_path, PATH_MAX, "%s/%s.sealed", folder, machine);

	if (length > 0 && length < PATH_MAX)
		return 0;
	guardctl_error(_("%s: the name is too long"), folder);
	return GUARDCTL_USAGE;
}

/* ---- what is there already --------------------------------------------------------------- */

static int decode(uint8_t ret_bytes[GUARD_UNLOCK_DELIVERY_MAX], size_t *ret_size, const char *text)
{
	size_t length = strspn(text, "0123456789abcdef");

	if (length == 0 || length % 2 || length / 2 > GUARD_UNLOCK_DELIVERY_MAX || strcmp(&text[length], "\n") != 0)
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i < length / 2; i++) {
		unsigned value;

		if (sscanf(&text[2 * i], "%2x", &value) != 1)
			return -GUARD_E_FORMAT;
		ret_bytes[i] = (uint8_t)value;
	}
	*ret_size = length / 2;
	return 0;
}

int desk_delivery_read(struct guard_unlock_delivery *ret_delivery, const char *folder,
		       const struct guard_unlock_base *base)
{
	GUARD_AUTO_FCLOSE FILE *file = NULL;
	GUARD_AUTO_FREE char *line = NULL;
	uint8_t bytes[GUARD_UNLOCK_DELIVERY_MAX];
	size_t capacity = 0, size = 0;
	char path[PATH_MAX];
	int r = -GUARD_E_FORMAT, code = path_of(path, folder, base->machine);

	memset(ret_delivery, 0, sizeof(*ret_delivery));
	if (code)
		return code;
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return GUARDCTL_DONE;
	if (file && getline(&line, &capacity, file) > 0 && strlen(line) < TEXT_MAX)
		r = decode(bytes, &size, line);
	if (r == 0)
		r = guard_unlock_delivery_open(ret_delivery, NULL, base, bytes, size);
	if (r == -GUARD_E_NOT_FOUND) {
		memset(ret_delivery, 0, sizeof(*ret_delivery));
		return GUARDCTL_DONE; /* the machine has been given another set since */
	}
	if (r == 0)
		return GUARDCTL_DONE;
	guardctl_error(_("%s: this is no delivery of this help desk's key; move it away"), path);
	return GUARDCTL_REFUSED;
}

/* ---- write ----------------------------------------------------------------------------------- */

static int put(const char *path, const uint8_t *bytes, size_t size)
{
	char partial[PATH_MAX + 8];
	GUARD_AUTO_CLOSE int fd = -1;
	char text[TEXT_MAX];

	for (size_t i = 0; i < size; i++)
		snprintf(&text[2 * i], 3, "%02x", bytes[i]);
	text[2 * size] = '\n';
	snprintf(partial, sizeof(partial), "%s.new", path);
	fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, text, 2 * size + 1) == (ssize_t)(2 * size + 1) && fsync(fd) == 0 &&
	    rename(partial, path) == 0)
		return GUARDCTL_DONE;
	guardctl_error("%s: %s", path, strerror(errno));
	return GUARDCTL_REFUSED;
}

int desk_delivery_write(const char *folder, const struct guard_unlock_base *base,
			const struct guard_unlock_delivery *delivery)
{
	GUARD_AUTO_FREE void *bytes = NULL;
	char path[PATH_MAX];
	size_t size = 0;
	int r, code = path_of(path, folder, base->machine);

	if (code)
		return code;
	r = guard_unlock_delivery_seal(&bytes, &size, base, delivery);
	if (r == 0)
		return put(path, bytes, size);
	guardctl_error("%s: %s", path, guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}

int desk_base(struct guard_unlock_base *ret_base, const struct desk_ledger *ledger, const struct guard_unlock_key *key,
	      const char *machine)
{
	unsigned epoch = desk_ledger_given_epoch(ledger, machine);
	int r;

	if (epoch == 0) {
		guardctl_error(_("%s was never given verifiers by hand: make them without --sealed and install them there "
				 "first"),
			       machine);
		return GUARDCTL_REFUSED;
	}
	r = guard_unlock_base_of_key(ret_base, key, machine, epoch);
	if (r == 0)
		return GUARDCTL_DONE;
	guardctl_error("%s: %s", machine, guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}
