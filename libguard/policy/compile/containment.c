/* SPDX-License-Identifier: MIT
 *
 * compile/containment.c - the block `containment`: risky programs, what they and
 * all that they start may start, and where they may not write.
 */
#include <guard/verdict.h>
#include <string.h>

#include "fields.h"
#include "policy/glob.h"
#include "policy/image.h"

static bool reaches_home(const char *pattern)
{
	static const char *const folders[] = { "/home/", "/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/" };

	for (size_t i = 0; i < COMPILE_COUNT(folders); i++)
		if (strncmp(pattern, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* One or two names, without a slash at either end: `.bashrc`, `.config/autostart`. */
static bool is_place(const char *place)
{
	const char *slash = strchr(place, '/');

	if (place[0] == '\0' || place[0] == '/' || strpbrk(place, "*?[\\") || strlen(place) > GUARD_CONTAINMENT_PLACE_MAX)
		return false;
	return !slash || (slash[1] != '\0' && !strchr(&slash[1], '/'));
}

static void check_places(struct guard_compile *compile, const struct compile_containment *containment)
{
	for (uint32_t i = 0; i < containment->places.count; i++)
		if (!is_place(containment->places.items[i]))
			compile_error(&compile->diagnostics, containment->place,
				      "write one or two names, as in \".config/autostart\" or \".bashrc\"",
				      "`not_write` takes ends of paths without patterns, not \"%.120s\"",
				      containment->places.items[i]);
}

static void check_paths(struct guard_compile *compile, const struct compile_containment *containment)
{
	for (uint32_t i = 0; i < containment->programs.count; i++)
		if (reaches_home(containment->programs.items[i]))
			compile_error(&compile->diagnostics, containment->place, "name the program where only root can write",
				      "the contained program \"%.200s\" could be put under another name by a user",
				      containment->programs.items[i]);
	for (uint32_t i = 0; i < containment->may_start.count; i++)
		if (reaches_home(containment->may_start.items[i]))
			compile_error(&compile->diagnostics, containment->place, "name programs where only root can write",
				      "`may_start` reaches \"%.200s\", where a user can put what he likes",
				      containment->may_start.items[i]);
}

static bool names(const struct compile_strings *patterns, const char *path)
{
	for (uint32_t i = 0; i < patterns->count; i++)
		if (guard_glob_match(patterns->items[i], path))
			return true;
	return false;
}

/* Programs that all else descends from: contained, the machine would be. */
static void check_lockout(struct guard_compile *compile, const struct compile_containment *containment)
{
	static const char *const roots[] = { "/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/usr/sbin/init",
					     "/usr/bin/dash", "/bin/dash", "/usr/bin/bash", "/bin/bash",
					     "/usr/bin/login", "/usr/sbin/sshd", "/usr/bin/dpkg", "/usr/bin/apt",
					     "/usr/bin/apt-get", "/usr/sbin/guardd", "/usr/bin/guardctl" };

	for (size_t i = 0; i < COMPILE_COUNT(roots); i++) {
		if (!names(&containment->programs, roots[i]))
			continue;
		compile_error(&compile->diagnostics, containment->place, "name mail readers, browsers, office programs",
			      "containing %s would lock the machine up: all that it starts would be contained", roots[i]);
		return;
	}
}

static void check_shells(struct guard_compile *compile, const struct compile_containment *containment)
{
	static const char *const shells[] = { "/usr/bin/dash", "/usr/bin/bash", "/usr/bin/python3.11", "/usr/bin/perl" };

	for (size_t i = 0; i < COMPILE_COUNT(shells); i++) {
		if (!names(&containment->may_start, shells[i]))
			continue;
		compile_warning(&compile->diagnostics, containment->place,
				"leave shells and languages out, and record with mode = \"log\" who asks for them",
				"`may_start` of \"%.80s\" has %s: a macro can have it do anything that the list allows",
				containment->name, shells[i]);
		return;
	}
}

static int load_lists(struct compile_containment *containment, struct guard_compile *compile,
		      const struct compile_node *node)
{
	int r = compile_field_patterns(&containment->programs, compile, node, "programs");

	if (r == 0)
		r = compile_field_patterns(&containment->may_start, compile, node, "may_start");
	return r < 0 ? r : compile_field_strings(&containment->places, compile, node, "not_write");
}

static bool is_twice(const struct guard_compile *compile, const char *name)
{
	for (size_t i = 0; i < compile->containment_array.count; i++)
		if (strcmp(compile->containments[i].name, name) == 0)
			return true;
	return false;
}

static int load_one(struct guard_compile *compile, const struct compile_node *node)
{
	static const char *const keys[] = { "name", "programs", "may_start", "not_write", "mode", "note" };
	static const char *const modes[] = { "log", "deny" };
	struct compile_containment containment = { .place = compile_node_place(node), .name = "" };
	const char *note;
	int r;

	compile_fields_check(compile, node, "a containment", keys, COMPILE_COUNT(keys));
	compile_field_string(&note, compile, node, "note");
	compile_field_required(&containment.name, compile, node, "name", "mail");
	compile_field_word(&containment.deny, compile, node, "mode", modes, COMPILE_COUNT(modes));
	r = load_lists(&containment, compile, node);
	if (r < 0)
		return r;
	if (!compile_field(node, "programs"))
		compile_error(&compile->diagnostics, containment.place, "add programs = [ \"/usr/lib/thunderbird/thunderbird-bin\" ];",
			      "the containment \"%.80s\" names no program", containment.name);
	if (is_twice(compile, containment.name))
		compile_error(&compile->diagnostics, containment.place, "give each a name of its own",
			      "a containment \"%.80s\" is there already", containment.name);
	check_paths(compile, &containment);
	check_places(compile, &containment);
	check_lockout(compile, &containment);
	check_shells(compile, &containment);
	compile->containments[compile->containment_array.count++] = containment;
	return 0;
}

int compile_load_containments(struct guard_compile *compile, const struct compile_node *node)
{
	int r = 0;

	for (const struct compile_node *element = node->value.first; r == 0 && element; element = element->next) {
		struct compile_containment *containments = compile_grow(&compile->containment_array,
									compile->containments, 1, sizeof(*containments));

		if (!containments)
			return -GUARD_E_NOMEM;
		compile->containments = containments;
		if (compile->containment_array.count == GUARD_CONTAINMENTS_MAX) {
			compile_error(&compile->diagnostics, compile_node_place(element), "one takes any number of programs",
				      "more than %u containments", GUARD_CONTAINMENTS_MAX);
			return 0;
		}
		if (element->type == COMPILE_GROUP)
			r = load_one(compile, element);
		else
			compile_error(&compile->diagnostics, compile_node_place(element),
				      "write { name = \"...\"; programs = [ ... ]; may_start = [ ... ]; }",
				      "a containment must be a group { }, not %s", compile_type_name(element->type));
	}
	return r;
}
