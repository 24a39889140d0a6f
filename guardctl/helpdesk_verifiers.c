/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk_verifiers.c - `guardctl helpdesk verifiers`: what machines
 * need to check answers, one file each.
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

static int put_set(const char *folder, const char *machine, const void *bytes, size_t size)
{
	GUARD_AUTO_FREE char *path = NULL, *partial = NULL;
	GUARD_AUTO_CLOSE int fd = -1;

	if (asprintf(&path, "%s/%s.verifiers", folder, machine) < 0 || asprintf(&partial, "%s.new", path) < 0)
		return GUARDCTL_REFUSED;
	fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600) < 0 || write(fd, bytes, size) != (ssize_t)size || fsync(fd) < 0 ||
	    rename(partial, path) < 0) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	return 0;
}

static int put_sealed(const struct helpdesk_given *given, const struct guard_unlock_key *key, struct desk_ledger *ledger,
		      const char *machine, unsigned epoch, const void *bytes, size_t size)
{
	static struct guard_unlock_delivery delivery; /* one thread */
	struct guard_unlock_base base;
	int code = desk_base(&base, ledger, key, machine);

	if (code == 0)
		code = desk_ledger_append(ledger, json_pack("{s:s, s:i, s:b, s:i}", "machine", machine, "epoch", (int)epoch,
							    "verifiers", 1, "sealed", (int)base.epoch));
	if (code)
		return code;
	memset(&delivery, 0, sizeof(delivery)); /* a fresh epoch ends what was asked for under the last */
	memcpy(delivery.set, bytes, size);
	delivery.set_size = size;
	return desk_delivery_write(given->output, &base, &delivery);
}

/* The ledger first: answers need to know the epoch, and a set that nobody
 * recorded could not be told from a forged one. */
static int put_one(const struct helpdesk_given *given, const struct guard_unlock_key *key, struct desk_ledger *ledger,
		   const json_t *seen, const struct helpdesk_set *set)
{
	uint8_t machine[GUARD_UNLOCK_MACHINE_KEY_SIZE];
	json_t *line;
	int code;

	if (set->error < 0) {
		guardctl_error("helpdesk verifiers: %s: %s", set->machine, guardctl_error_text(set->error));
		return GUARDCTL_REFUSED;
	}
	if (given->sealed)
		return put_sealed(given, key, ledger, set->machine, set->epoch, set->bytes, set->size);
	code = seen ? helpdesk_seen_key(machine, seen, set->machine) : 0;
	if (code)
		return code;
	line = json_pack("{s:s, s:i, s:b}", "machine", set->machine, "epoch", (int)set->epoch, "verifiers", 1);
	code = desk_ledger_append(ledger, line);
	if (code)
		return code;
	return seen ? helpdesk_seen_put(given->output, machine, set) :
		      put_set(given->output, set->machine, set->bytes, set->size);
}

/* ---- for whom ------------------------------------------------------------------------------- */

static int add(struct helpdesk_sets *sets, const struct helpdesk_given *given, const struct desk_ledger *ledger,
	       const char *name)
{
	struct helpdesk_set *set, *grown;

	if (sets->count == sets->capacity) {
		sets->capacity = sets->capacity ? sets->capacity * 2 : 64;
		grown = realloc(sets->all, sets->capacity * sizeof(*grown));
		if (!grown)
			return GUARDCTL_REFUSED;
		sets->all = grown;
	}
	set = &sets->all[sets->count];
	*set = (struct helpdesk_set){.epoch = given->epoch};
	if (guard_unlock_machine_normalise(set->machine, name) < 0) {
		guardctl_error(_("helpdesk verifiers: \"%s\" cannot be a machine's name"), name);
		return GUARDCTL_USAGE;
	}
	if (set->epoch == 0)
		set->epoch = desk_ledger_epoch(ledger, set->machine) + 1;
	sets->count++;
	return 0;
}

static int add_listed(struct helpdesk_sets *sets, const struct helpdesk_given *given, const struct desk_ledger *ledger)
{
	GUARD_AUTO_FCLOSE FILE *file = given->machines ? fopen(given->machines, "re") : NULL;
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	int code = 0;

	if (given->machines && !file) {
		guardctl_error("%s: %s", given->machines, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (code == 0 && file && getline(&line, &capacity, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] && line[0] != '#')
			code = add(sets, given, ledger, line);
	}
	for (int i = 0; i < given->count && code == 0; i++)
		code = add(sets, given, ledger, given->names[i]);
	return code;
}

/* Without names: all that were seen. */
static int add_seen(struct helpdesk_sets *sets, const struct helpdesk_given *given, const struct desk_ledger *ledger,
		    const json_t *seen)
{
	int code = 0;
	size_t i;
	json_t *row;

	if (given->count || given->machines)
		return 0;
	json_array_foreach((json_t *)seen, i, row) {
		const char *host = json_string_value(json_object_get(row, "host"));

		if (code == 0 && host)
			code = add(sets, given, ledger, host);
	}
	return code;
}

static int make_listed(const struct helpdesk_given *given, const struct guard_unlock_key *key,
		       struct desk_ledger *ledger, const json_t *seen)
{
	struct helpdesk_sets sets = {.key = key, .plan = GUARD_UNLOCK_PLAN_DEFAULT};
	int code = add_listed(&sets, given, ledger);

	if (code == 0)
		code = add_seen(&sets, given, ledger, seen);

	/* A key of before maintenance: its machines are given the other kinds. */
	if (!(guard_unlock_key_scopes(key) & GUARD_UNLOCK_BIT(GUARD_UNLOCK_MAINTENANCE))) {
		sets.plan.slots[GUARD_UNLOCK_MAINTENANCE - 1] = 0;
		fputs(_("This key holds no maintenance: it cannot be given by phone; a new key can (helpdesk key)\n"), stderr);
	}
	if (given->log2_n)
		sets.plan.log2_n = (uint8_t)given->log2_n;
	if (code == 0)
		code = helpdesk_sets_begin(&sets);
	for (size_t i = 0; i < sets.count && code == 0; i++)
		code = put_one(given, key, ledger, seen, helpdesk_sets_await(&sets, i));
	helpdesk_sets_end(&sets);
	return code;
}

int helpdesk_verifiers(const struct helpdesk_given *given)
{
	struct guard_unlock_key *key = NULL;
	struct desk_ledger ledger = {.fd = -1};
	json_t *seen = NULL;
	int code;

	if (given->seen && given->sealed) {
		guardctl_error(_("helpdesk verifiers: --seen is for the first set, --sealed for those after it"));
		return GUARDCTL_USAGE;
	}
	if (!given->output || (given->count == 0 && !given->machines && !given->seen)) {
		guardctl_error(_("helpdesk verifiers: give --output FOLDER and the machines' names, or a file of them with "
				 "--machines"));
		return GUARDCTL_USAGE;
	}
	code = helpdesk_seen_open(&seen, given->seen);
	if (code == 0)
		code = desk_ledger_open(&ledger, given->ledgers[0], given->key);
	if (code == 0)
		code = desk_key_load(&key, given->key, &given->lock);
	if (code == 0)
		code = make_listed(given, key, &ledger, seen);
	json_decref(seen);
	guard_unlock_key_free(key);
	desk_ledger_close(&ledger);
	return code;
}
