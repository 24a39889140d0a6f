/* SPDX-License-Identifier: MIT
 *
 * guardd/settings.c - signed settings as a text for the next start.  Believes no
 * field of the structure: who filled it has met outside bytes.
 */
#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "config.h"

int guardd_settings_check_path(const char *path)
{
	size_t length = strnlen(path, GUARDD_SETTINGS_PATH_MAX);

	if (path[0] != '/' || length == GUARDD_SETTINGS_PATH_MAX)
		return -GUARD_E_FORMAT;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)path[i] < ' ' || path[i] == '"' || path[i] == '\\' || path[i] == 0x7f)
			return -GUARD_E_FORMAT;
	for (const char *at = strstr(path, "/.."); at; at = strstr(&at[1], "/.."))
		if (at[3] == '/' || at[3] == '\0')
			return -GUARD_E_FORMAT;
	return 0;
}

static int put_filesystems(FILE *out, const struct guardd_settings *settings)
{
	if (settings->protect_all) {
		fputs("protect = { filesystems = \"all\"; };\n", out);
		return 0;
	}
	if (settings->filesystem_count == 0 || settings->filesystem_count > GUARDD_SETTINGS_FILESYSTEMS_MAX)
		return -GUARD_E_FORMAT;
	fputs("protect = { filesystems = [", out);
	for (uint32_t i = 0; i < settings->filesystem_count; i++) {
		if (guardd_settings_check_path(settings->filesystems[i]) < 0)
			return -GUARD_E_FORMAT;
		fprintf(out, "%s\"%s\"", i ? ", " : "", settings->filesystems[i]);
	}
	fputs("]; };\n", out);
	return 0;
}

static int put(FILE *out, const struct guardd_settings *settings)
{
	static const char *const memory[] = {"off", "log", "deny"};

	if (settings->given & ~(uint32_t)GUARDD_SETTING_ALL_)
		return -GUARD_E_FORMAT;
	if (settings->given)
		fputs("# What headquarters signed for this machine; written by guardd.\n", out);
	if ((settings->given & GUARDD_SETTING_PROTECT) && put_filesystems(out, settings) < 0)
		return -GUARD_E_FORMAT;
	if (settings->given & GUARDD_SETTING_BACKEND)
		fprintf(out, "backend = \"%s\";\n", settings->backend == GUARDD_BACKEND_FANOTIFY ? "fanotify" : "auto");
	if (settings->given & GUARDD_SETTING_SELF_PROTECTION)
		fprintf(out, "self_protection = %s;\n", settings->self_protection ? "true" : "false");
	if (settings->given & GUARDD_SETTING_MEMORY) {
		if (settings->memory > GUARDD_MEMORY_DENY)
			return -GUARD_E_FORMAT;
		fprintf(out, "memory = { executable = \"%s\"; };\n", memory[settings->memory]);
	}
	return 0;
}

int guardd_settings_format(char ret_text[GUARDD_SETTINGS_TEXT_MAX], const struct guardd_settings *settings)
{
	char text[GUARDD_SETTINGS_TEXT_MAX] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");
	int r = out ? put(out, settings) : -GUARD_E_NOMEM;

	if (out && fclose(out) != 0 && r == 0)
		r = -GUARD_E_LIMIT;
	if (r == 0)
		memcpy(ret_text, text, sizeof(text));
	return r;
}
