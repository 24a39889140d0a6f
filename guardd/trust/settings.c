/* SPDX-License-Identifier: MIT
 *
 * trust/settings.c - what headquarters says of a machine's settings, in its entry of
 * place/OFFICE.json.  The text is verified; a setting that this guard does not know
 * is no reason to refuse the rest, for headquarters may speak to newer machines too.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "trust/internal.h"

static int malformed(struct trust_failure *failure, const char *office, const char *what)
{
	return trust_fail(failure, -GUARD_E_SYNTAX, "refused-syntax", "place/%s.json: a machine's settings: %s", office, what);
}

static int take_filesystems(struct guardd_settings *settings, const json_t *value)
{
	settings->given |= GUARDD_SETTING_PROTECT;
	if (json_is_string(value) && strcmp(json_string_value(value), "all") == 0) {
		settings->protect_all = 1;
		return 0;
	}
	if (!json_is_array(value) || json_array_size(value) == 0 ||
	    json_array_size(value) > GUARDD_SETTINGS_FILESYSTEMS_MAX)
		return -GUARD_E_SYNTAX;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *path = json_string_value(json_array_get(value, i));

		if (!path || guardd_settings_check_path(path) < 0)
			return -GUARD_E_SYNTAX;
		snprintf(settings->filesystems[i], sizeof(settings->filesystems[i]), "%s", path);
	}
	settings->filesystem_count = (uint32_t)json_array_size(value);
	return 0;
}

/* The number of a word in a list of `count`; -1 none of them. */
static int index_of(const json_t *value, const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (json_is_string(value) && strcmp(json_string_value(value), words[i]) == 0)
			return i;
	return -1;
}

static int take_words(struct guardd_settings *settings, const json_t *object, const char **ret_wrong)
{
	static const char *const backends[] = {"auto", "fanotify"}, *const memory[] = {"off", "log", "deny"};
	const json_t *value = json_object_get(object, "backend");
	int index = index_of(value, backends, 2);

	*ret_wrong = "backend is neither \"auto\" nor \"fanotify\"";
	if (value && index < 0)
		return -GUARD_E_SYNTAX;
	if (value) {
		settings->given |= GUARDD_SETTING_BACKEND;
		settings->backend = (uint32_t)(index == 0 ? GUARDD_BACKEND_AUTO : GUARDD_BACKEND_FANOTIFY);
	}
	value = json_object_get(object, "memory");
	index = index_of(value, memory, 3);
	*ret_wrong = "memory is none of \"off\", \"log\", \"deny\"";
	if (value && index < 0)
		return -GUARD_E_SYNTAX;
	if (value) {
		settings->given |= GUARDD_SETTING_MEMORY;
		settings->memory = (uint32_t)index;
	}
	return 0;
}

int trust_settings_parse(struct guardd_settings *ret_settings, const json_t *value, const char *office,
			 struct trust_failure *failure)
{
	struct guardd_settings settings = {.given = 0};
	const json_t *part;
	const char *wrong = NULL;

	if (value && !json_is_object(value))
		return malformed(failure, office, "they are no object");
	part = json_object_get(value, "protect");
	if (part && take_filesystems(&settings, part) < 0)
		return malformed(failure, office, "protect is neither \"all\" nor a list of mount points");
	part = json_object_get(value, "self_protection");
	if (part && !json_is_boolean(part))
		return malformed(failure, office, "self_protection is neither true nor false");
	if (part) {
		settings.given |= GUARDD_SETTING_SELF_PROTECTION;
		settings.self_protection = json_is_true(part);
	}
	if (take_words(&settings, value, &wrong) < 0)
		return malformed(failure, office, wrong);
	*ret_settings = settings;
	return 0;
}
