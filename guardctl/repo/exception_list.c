/* SPDX-License-Identifier: MIT
 *
 * repo/exception_list.c - what is excepted or denied now, as a table or JSON.
 */
#include "exception.h"

#include <string.h>

#include "base/text.h"
#include "output.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static bool is_over(const struct repo *repo, const char *expires)
{
	int64_t seconds;

	return expires[0] && guard_time_parse(&seconds, expires) == 0 && seconds <= repo->now;
}

static void list_one(json_t *rows, const struct repo *repo, const char *office, bool broad, const char *path)
{
	GUARD_AUTO_JSON json_t *conf = NULL;
	const json_t *head;
	const char *expires;

	if (!repo_conf_read(&conf, repo->folder, path))
		return;
	head = json_object_get(conf, "exception");
	if (!head)
		return;
	expires = text_of(head, "expires");
	if (rows) {
		json_array_append_new(rows, json_pack("{s:s, s:s, s:b, s:s, s:b, s:s, s:s, s:s}", "office", office, "id",
						      text_of(head, "id"), "broad", broad, "expires", expires, "over",
						      is_over(repo, expires), "reason", text_of(head, "reason"), "ticket",
						      text_of(head, "ticket"), "file", path));
		return;
	}
	printf("%-16s %-32s %s%s%s  ", office, text_of(head, "id"), is_over(repo, expires) ? _("over since ") : _("until "),
	       expires, broad ? "  broad" : "");
	guard_text_put_escaped(stdout, text_of(head, "reason"));
	if (text_of(head, "ticket")[0]) {
		fputs("  ", stdout);
		guard_text_put_escaped(stdout, text_of(head, "ticket"));
	}
	putchar('\n');
}

static void list_folder(json_t *rows, const struct repo *repo, const char *office, bool broad)
{
	struct repo_names names = { 0 };
	char folder[REPO_NAME_MAX + 32];

	snprintf(folder, sizeof(folder), "offices/%s%s", office, broad ? "/broad" : "");
	if (repo_names_read(&names, repo->folder, folder, ".conf"))
		for (size_t i = 0; i < names.count; i++) {
			GUARD_AUTO_FREE char *path = NULL;

			if (strcmp(names.items[i], "office") == 0)
				continue;
			if (asprintf(&path, "%s/%s.conf", folder, names.items[i]) < 0)
				path = NULL;
			else
				list_one(rows, repo, office, broad, path);
		}
	repo_names_free(&names);
}

int exception_list(const struct repo *repo, const struct repo_options *options)
{
	json_t *rows = options->json ? json_array() : NULL;

	for (size_t i = 0; i < repo->office_count; i++) {
		list_folder(rows, repo, repo->offices[i].name, false);
		list_folder(rows, repo, repo->offices[i].name, true);
	}
	return rows ? guardctl_print_json(rows) : GUARDCTL_DONE;
}
