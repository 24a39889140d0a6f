/* SPDX-License-Identifier: MIT
 *
 * repo/maintenance.c - `guardctl maintenance` in the administrator's folder: grant one,
 * list what is granted, take one back.  Signs nothing: `repo publish` does.
 */
#include "exception.h"

#include <string.h>

#include "base/text.h"

#define FOLDER_MAX (REPO_NAME_MAX + 32u)
#define LENGTH_DEFAULT GUARD_POLICY_MAINTENANCE

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- grant ------------------------------------------------------------------------- */

/* "45m", "2h". */
static bool parse_length(uint64_t *ret_seconds, const char *text)
{
	size_t length = strlen(text);
	uint64_t unit = length && text[length - 1] == 'h' ? 3600 : 60;

	if (length < 2 || (text[length - 1] != 'h' && text[length - 1] != 'm') ||
	    guard_text_parse_u64(ret_seconds, text, length - 1, GUARD_POLICY_UNLOCK_MAX) < 0)
		return false;
	*ret_seconds *= unit;
	return *ret_seconds > 0 && *ret_seconds <= GUARD_POLICY_UNLOCK_MAX;
}

static int check(const struct repo_options *options)
{
	if (options->office && options->id && options->until && options->reason && (options->hosts || options->machine))
		return GUARDCTL_DONE;
	guardctl_error("maintenance grant: give --office NAME, --hosts PATTERN or --machine ID, --until WHEN, --reason TEXT "
		       "and a name for it with --id");
	return GUARDCTL_USAGE;
}

static void put_field(FILE *out, const char *name, const char *text)
{
	fprintf(out, "  %s = ", name);
	exception_put_string(out, text);
	fputs(";\n", out);
}

static char *make_source(size_t *ret_size, const struct repo_options *options, int64_t from, int64_t until,
			 uint64_t seconds)
{
	char from_text[GUARD_TIME_TEXT_SIZE], until_text[GUARD_TIME_TEXT_SIZE], *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (!out)
		return NULL;
	guard_time_format(from_text, from);
	guard_time_format(until_text, until);
	fputs("# Written by `guardctl maintenance grant`.\nmaintenance = {\n", out);
	if (options->hosts)
		put_field(out, "host", options->hosts);
	if (options->machine)
		put_field(out, "machine", options->machine);
	put_field(out, "from", from_text);
	put_field(out, "until", until_text);
	fprintf(out, "  seconds = %llu;\n", (unsigned long long)seconds);
	put_field(out, "reason", options->reason);
	fputs("};\n", out);
	fclose(out);
	return text;
}

static int grant(const struct repo *repo, const struct repo_options *options, const char *folder)
{
	GUARD_AUTO_FREE char *text = NULL;
	uint64_t seconds = LENGTH_DEFAULT;
	int64_t from = repo->now, until;
	size_t size = 0;

	if (!repo_grant_id_is_good(options->id)) {
		guardctl_error("--id is a name for it: up to %u letters, digits, `.` or `-`", REPO_NAME_MAX);
		return GUARDCTL_USAGE;
	}
	if (options->machine && strlen(options->machine) != REPO_MACHINE_ID_LENGTH) {
		guardctl_error("--machine is a machine's id, which has %u characters (guardctl repo seen --json)",
			       REPO_MACHINE_ID_LENGTH);
		return GUARDCTL_USAGE;
	}
	if (options->length && !parse_length(&seconds, options->length)) {
		guardctl_error("--for is how long one maintenance lasts: 30m or 2h, at most 24h");
		return GUARDCTL_USAGE;
	}
	if ((options->from && !exception_time(&from, options->from, repo->now)) ||
	    !exception_time(&until, options->until, repo->now) || until <= from) {
		guardctl_error("--until (and --from, before it) is a time to come: 2027-01-31, 2027-01-31T17:00:00Z, 2d or 12h");
		return GUARDCTL_USAGE;
	}
	text = make_source(&size, options, from, until, seconds);
	if (!text || !exception_save(repo, folder, options->id, text, size))
		return GUARDCTL_REFUSED;
	printf(_("%s/%s.conf was written. It holds once it is signed: guardctl repo publish --key FILE...\n"), folder,
	       options->id);
	return GUARDCTL_DONE;
}

/* ---- the list, and taking back --------------------------------------------------------- */

static void list_office(const struct repo_office *office, json_t *rows)
{
	size_t i;
	json_t *entry;

	json_array_foreach(office->maintenance, i, entry) {
		const json_t *whom = json_object_get(entry, "machine");
		char from[GUARD_TIME_TEXT_SIZE], until[GUARD_TIME_TEXT_SIZE];

		if (rows) {
			json_t *row = json_deep_copy(entry);

			json_object_set_new(row, "office", json_string(office->name));
			json_array_append_new(rows, row);
			continue;
		}
		guard_time_format(from, json_integer_value(json_object_get(entry, "from")));
		guard_time_format(until, json_integer_value(json_object_get(entry, "until")));
		printf(_("%-16s %-24s %s - %s, %lld min each, machines %s%s\n"), office->name, text_of(entry, "id"), from, until,
		       (long long)json_integer_value(json_object_get(entry, "seconds")) / 60, text_of(whom, "host"),
		       text_of(whom, "id"));
	}
}

static int list(const struct repo *repo, const struct repo_options *options)
{
	json_t *rows = options->json ? json_array() : NULL;

	for (size_t i = 0; i < repo->office_count; i++)
		list_office(&repo->offices[i], rows);
	if (rows) {
		json_dumpf(rows, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(rows);
	}
	return GUARDCTL_DONE;
}

static int withdraw(const struct repo *repo, const struct repo_options *options, const char *folder)
{
	if (!options->office || options->operand_count != 2) {
		guardctl_error("maintenance withdraw: give one name and --office NAME; `guardctl maintenance grants` shows what "
			       "there is");
		return GUARDCTL_USAGE;
	}
	if (!exception_remove(repo, folder, options->operands[1]))
		return GUARDCTL_REFUSED;
	puts(_("It is taken back once that is signed: guardctl repo publish --key FILE..."));
	return GUARDCTL_DONE;
}

int repo_maintenance(const struct repo_options *options, const char *action)
{
	bool grants = strcmp(action, "grants") == 0, grant_one = strcmp(action, "grant") == 0;
	char folder[FOLDER_MAX] = "";
	struct repo repo;
	int code = grant_one ? check(options) : GUARDCTL_DONE;

	if (code != GUARDCTL_DONE)
		return code;
	code = GUARDCTL_REFUSED;
	if (options->office)
		snprintf(folder, sizeof(folder), "offices/%.64s/maintenance", options->office);
	if (repo_open(&repo, options, options->office) && (grants || repo_lock(&repo)))
		code = grants	 ? list(&repo, options) :
		       grant_one ? grant(&repo, options, folder) :
				   withdraw(&repo, options, folder);
	repo_close(&repo);
	return code;
}
