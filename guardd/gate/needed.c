/* SPDX-License-Identifier: MIT
 *
 * gate/needed.c - see needed.h.  Only files that root alone can write count, started or
 * loaded by init or by a program of the list: what users run proves nothing about a
 * policy.  Whether the policy before would have let it is judged elsewhere.
 */
#include "gate/needed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes that end in `-` stand for a family. */
static const char *const needed[] = {
	/* init and what it starts by itself */
	"systemd", "systemd-", "init", "udevd", "udevadm", "dbus-daemon", "dbus-broker", "dbus-broker-launch", "mount",
	"fsck", "fsck.", "modprobe", "kmod", "polkitd",
	/* the way in */
	"agetty", "getty", "login", "sulogin", "sshd", "sshd-", "gdm3", "gdm-", "lightdm", "sddm", "sddm-", "xdm",
	"unix_chkpwd", "su", "sudo",
	/* the network, without which no better policy arrives */
	"NetworkManager", "nm-", "wpa_supplicant", "iwd", "dhclient", "dhclient-script", "dhcpcd", "ifup", "ifdown", "ip",
	"networkd-dispatcher", "resolvconf",
};

static bool is_in_family(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return (prefix[length - 1] == '-' || prefix[length - 1] == '.') && strncmp(name, prefix, length) == 0;
}

bool gate_needed_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? &slash[1] : path;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (strcmp(name, needed[i]) == 0 || is_in_family(name, needed[i]))
			return true;
	return false;
}

/* By init itself, or by one of the list, its children before they have become another
 * program included. */
static bool is_needed(const struct gate_facts *facts, const char *path)
{
	const struct gate_program *program = facts->program;

	return gate_needed_name(path) || facts->subject.tgid == 1 ||
	       (program && program->verified && gate_needed_name(program->path));
}

static void put(struct guardd_needed *list, const struct gate_event *event, const struct gate_identity *identity,
		const char *path)
{
	const uint32_t index = atomic_fetch_add(&list->count, 1);
	const struct gate_facts *facts = event->facts;
	struct guardd_needed_file *file;

	if (index >= GUARDD_NEEDED_MAX)
		return;
	file = &list->all[index];
	*file = (struct guardd_needed_file){ .digest = identity->identity.digest,
					     .size = identity->identity.size,
					     .uid = facts->subject.uid,
					     .kind = facts->kind };
	snprintf(file->path, sizeof(file->path), "%s", path);
	if (facts->program)
		snprintf(file->program, sizeof(file->program), "%s", facts->program->path);
	atomic_store(&list->whole[index], 1);
}

/* The caller has its answer: this may take a moment. */
void gate_needed_refused(struct gate *gate, const struct gate_event *event, const struct gate_identity *identity)
{
	struct guardd_needed *list = &gate->shared->needed;
	struct gate_path path;

	if (event->facts->no_subject || atomic_load(&list->count) >= GUARDD_NEEDED_MAX)
		return;
	gate_path_read(&path, event->fd, &event->file.key);
	if (path.verified && is_needed(event->facts, path.claimed) && gate_path_is_protected(path.claimed))
		put(list, event, identity, path.claimed);
	free(path.claimed);
}

void gate_needed_begin(struct gate *gate)
{
	struct guardd_needed *list = &gate->shared->needed;

	for (unsigned i = 0; i < GUARDD_NEEDED_MAX; i++)
		atomic_store(&list->whole[i], 0);
	atomic_store(&list->count, 0);
}
