/* SPDX-License-Identifier: MIT
 *
 * repo/repo_seen.c - `repo seen`: the web server's own log as a table: who has
 * which version, who is late, who only audits, who was not seen for days.
 */
#include "repo_seen.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

#include "i18n.h"
#include "base/text.h"
#include "output.h"

#define LATE_AFTER 3600          /* seconds since the machine was seen */
#define LOST_AFTER (3 * REPO_DAY)
#define REMARK_SIZE 96u

static bool read_log(json_t *machines, struct seen_count *count, const char *path)
{
	gzFile file = gzopen(path, "re");
	char line[SEEN_LINE_MAX + 2];
	int error = Z_OK;
	bool good;

	if (!file) {
		guardctl_error("%s: %s", path, strerror(errno));
		return false;
	}
	while (gzgets(file, line, sizeof(line))) {
		struct seen_check check;

		count->lines++;
		if (strlen(line) > SEEN_LINE_MAX)
			continue; /* and its end is a line that says nothing */
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
	gzerror(file, &error);
	good = error == Z_OK || error == Z_STREAM_END || error == Z_BUF_ERROR;
	if (!good)
		guardctl_error("%s cannot be read to its end: %s", path, error == Z_ERRNO ? strerror(errno) : "it is damaged");
	if (gzclose(file) == Z_OK || !good)
		return good;
	guardctl_error("%s ends too early: it was cut short while it was packed or copied", path);
	return false;
}

/* The snapshot that is published, when this is asked in an administrator's folder. */
static uint64_t published(const struct repo_options *options)
{
	GUARD_AUTO_FREE char *path = NULL;
	GUARD_AUTO_JSON json_t *snapshot = NULL;

	if (asprintf(&path, "%s/signed/snapshot.json", options->folder) < 0) {
		path = NULL;
		return 0;
	}
	return publish_json_read(&snapshot, AT_FDCWD, path) == 0 ? publish_version(snapshot) : 0;
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

static const char *how_late(const json_t *row, uint64_t most, int64_t now)
{
	int64_t seen = json_integer_value(json_object_get(row, "time"));

	if (seen < now - LOST_AFTER)
		return N_("not seen for days");
	if (strcmp(json_string_value(json_object_get(row, "state")), "ok") != 0)
		return json_string_value(json_object_get(row, "state"));
	if ((uint64_t)json_integer_value(json_object_get(row, "snapshot")) < most)
		return seen < now - LATE_AFTER ? N_("late, and silent") : N_("late");
	return "";
}

static const char *said(const char *word, bool json)
{
	return json || !word[0] ? word : _(word);
}

/* What the administrator should look at; "" when all is well.  Programs read it in
 * English. */
static void remark(char ret_text[REMARK_SIZE], const json_t *row, uint64_t most, int64_t now, bool json)
{
	const char *late = how_late(row, most, now), *mode = json_string_value(json_object_get(row, "mode"));
	bool audits = strcmp(mode, "enforce") != 0;

	snprintf(ret_text, REMARK_SIZE, "%s%s%s", said(late, json), late[0] && audits ? ", " : "",
		 audits ? said(N_("only audits"), json) : "");
}

static void print_headings(void)
{
	static const struct {
		const char *word;
		size_t columns;
	} headings[] = {{N_("OFFICE"), 17},	       {N_("HOST"), 25},      {N_("PROFILE"), 11},
			{N_("SNAPSHOT IN FORCE"), 49}, {N_("LAST SEEN"), 21}, {N_("REMARK"), 0}};

	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		guardctl_put_padded(stdout, _(headings[i].word), headings[i].columns);
	putchar('\n');
}

static void print_row(const json_t *row, const char *word)
{
	char seen[GUARDCTL_TIME_SIZE], versions[96];

	guardctl_local_time(seen, json_integer_value(json_object_get(row, "time")));
	snprintf(versions, sizeof(versions), _("%" PRId64 " (policy %" PRId64 ", exceptions %" PRId64 ", denials %" PRId64 ")"),
		 (int64_t)json_integer_value(json_object_get(row, "snapshot")),
		 (int64_t)json_integer_value(json_object_get(row, "policy")),
		 (int64_t)json_integer_value(json_object_get(row, "exceptions")),
		 (int64_t)json_integer_value(json_object_get(row, "deny")));
	printf("%-16s %-24s %-10s ", json_string_value(json_object_get(row, "office")),
	       json_string_value(json_object_get(row, "host")), json_string_value(json_object_get(row, "profile")));
	guardctl_put_padded(stdout, versions, 49);
	printf("%s  %s\n", seen, word);
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

static int tell(const json_t *machines, const struct seen_count *count, const struct repo_options *options)
{
	uint64_t there = published(options), seen = newest(machines), most = there > seen ? there : seen;
	int64_t now = (int64_t)time(NULL);
	size_t rows_count;
	json_t **rows = sorted_rows(machines, &rows_count), *list = options->json ? json_array() : NULL;
	size_t good = 0;

	if (!list && rows_count)
		print_headings();
	for (size_t i = 0; i < rows_count; i++) {
		char word[REMARK_SIZE];

		remark(word, rows[i], most, now, list != NULL);
		good += word[0] == '\0';
		if (list) {
			json_object_set_new(rows[i], "remark", json_string(word));
			json_array_append(list, rows[i]);
		} else {
			print_row(rows[i], word);
		}
	}
	free(rows);
	if (list)
		return guardctl_print_json(list);
	printf(most == there ? _("%zu machine%s, %zu enforce what is published (snapshot %" PRIu64 ")\n") :
			       _("%zu machine%s, %zu enforce the newest that was seen (snapshot %" PRIu64 ")\n"),
	       rows_count, rows_count == 1 ? "" : "s", good, most);
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
	return tell(machines, &count, options);
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
