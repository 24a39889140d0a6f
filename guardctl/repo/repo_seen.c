/* SPDX-License-Identifier: MIT
 *
 * repo/repo_seen.c - `repo seen`: the web server's own log as a table: who has
 * which version, who is late, who only audits, who was not seen for days.
 */
#include "repo_seen.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "output.h"

#define LATE_AFTER 3600          /* seconds since the machine was seen */
#define LOST_AFTER (3 * REPO_DAY)

static bool read_log(json_t *machines, struct seen_count *count, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;

	if (!file) {
		guardctl_error("%s: %s", path, strerror(errno));
		return false;
	}
	for (ssize_t length; (length = getline(&line, &capacity, file)) > 0;) {
		struct seen_check check;

		count->lines++;
		if ((size_t)length > SEEN_LINE_MAX)
			continue;
		switch (seen_parse(&check, line)) {
		case SEEN_GOOD:
			seen_note(machines, &check);
			break;
		case SEEN_FORGED:
			count->forged++;
			break;
		case SEEN_OTHER:
		default:
			break;
		}
	}
	return true;
}

static uint64_t newest(const json_t *machines)
{
	uint64_t most = 0;
	const char *key;
	json_t *row;

	json_object_foreach((json_t *)machines, key, row) {
		uint64_t version = (uint64_t)json_integer_value(json_object_get(row, "snapshot"));

		most = version > most ? version : most;
	}
	return most;
}

static int by_office(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int order = strcmp(json_string_value(json_object_get(x, "office")), json_string_value(json_object_get(y, "office")));

	return order ? order :
		       strcmp(json_string_value(json_object_get(x, "host")), json_string_value(json_object_get(y, "host")));
}

static const char *remark(const json_t *row, uint64_t most, int64_t now)
{
	int64_t seen = json_integer_value(json_object_get(row, "time"));

	if (seen < now - LOST_AFTER)
		return N_("not seen for days");
	if (strcmp(json_string_value(json_object_get(row, "state")), "ok") != 0)
		return json_string_value(json_object_get(row, "state"));
	if ((uint64_t)json_integer_value(json_object_get(row, "snapshot")) < most)
		return seen < now - LATE_AFTER ? N_("late, and silent") : N_("late");
	return strcmp(json_string_value(json_object_get(row, "mode")), "enforce") == 0 ? "" : N_("only audits");
}

static void print_row(const json_t *row, uint64_t most, int64_t now)
{
	const char *word = remark(row, most, now);
	char seen[GUARDCTL_TIME_SIZE], versions[96];

	guardctl_local_time(seen, json_integer_value(json_object_get(row, "time")));
	snprintf(versions, sizeof(versions), "%" PRId64 " (policy %" PRId64 ", exceptions %" PRId64 ", denials %" PRId64 ")",
		 (int64_t)json_integer_value(json_object_get(row, "snapshot")),
		 (int64_t)json_integer_value(json_object_get(row, "policy")),
		 (int64_t)json_integer_value(json_object_get(row, "exceptions")),
		 (int64_t)json_integer_value(json_object_get(row, "deny")));
	printf("%-16s %-24s %-10s %-48s %s  %s\n", json_string_value(json_object_get(row, "office")),
	       json_string_value(json_object_get(row, "host")), json_string_value(json_object_get(row, "profile")), versions,
	       seen, word[0] ? _(word) : "");
}

/* Rows in order; `count` of them. */
static json_t **sorted_rows(const json_t *machines, size_t *ret_count)
{
	size_t count = json_object_size(machines), i = 0;
	json_t **rows = calloc(count + 1, sizeof(json_t *)), *row;
	const char *key;

	*ret_count = rows ? count : 0;
	if (!rows)
		return NULL;
	json_object_foreach((json_t *)machines, key, row)
		rows[i++] = row;
	qsort(rows, count, sizeof(json_t *), by_office);
	return rows;
}

static int tell(const json_t *machines, const struct seen_count *count, bool json)
{
	uint64_t most = newest(machines);
	int64_t now = (int64_t)time(NULL);
	size_t rows_count;
	json_t **rows = sorted_rows(machines, &rows_count), *list = json ? json_array() : NULL;
	size_t good = 0;

	for (size_t i = 0; i < rows_count; i++) {
		const char *word = remark(rows[i], most, now);

		good += word[0] == '\0';
		if (list) {
			json_object_set_new(rows[i], "remark", json_string(word));
			json_array_append(list, rows[i]);
		} else {
			print_row(rows[i], most, now);
		}
	}
	free(rows);
	if (list)
		return guardctl_print_json(list);
	printf(_("%zu machine%s, %zu enforce the newest that was seen (snapshot %" PRIu64 ")\n"), rows_count,
	       rows_count == 1 ? "" : "s", good, most);
	if (count->forged)
		printf(_("%zu line%s with a signature that is wrong or a time that does not fit: not counted\n"), count->forged,
		       count->forged == 1 ? "" : "s");
	return GUARDCTL_DONE;
}

int repo_seen(const struct repo_options *options)
{
	GUARD_AUTO_JSON json_t *machines = json_object();
	struct seen_count count = { 0 };

	if (!options->operand_count) {
		guardctl_error("`repo seen` needs the web server's access log");
		return GUARDCTL_USAGE;
	}
	for (size_t i = 0; i < options->operand_count; i++)
		if (!read_log(machines, &count, options->operands[i]))
			return GUARDCTL_REFUSED;
	return tell(machines, &count, options->json);
}

json_t *repo_seen_offices(const char *log)
{
	GUARD_AUTO_JSON json_t *machines = json_object();
	struct seen_count count = { 0 };
	json_t *offices, *row;
	const char *key;

	if (!read_log(machines, &count, log))
		return NULL;
	offices = json_object();
	json_object_foreach(machines, key, row) {
		const char *office = json_string_value(json_object_get(row, "office"));

		json_object_set_new(offices, office, json_integer(1 + json_integer_value(json_object_get(offices, office))));
	}
	return offices;
}
