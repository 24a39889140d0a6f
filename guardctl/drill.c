/* SPDX-License-Identifier: MIT
 *
 * guardctl/drill.c - `guardctl drill`: make the program to send out, and read what
 * became of it from this machine's daemon or from records of others.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "drill.h"
#include "i18n.h"
#include "query.h"

enum { OPTION_SENT = 256, OPTION_RECORD };

static const struct option table[] = {
    {"sent", required_argument, NULL, OPTION_SENT},
    {"record", required_argument, NULL, OPTION_RECORD},
    {NULL, 0, NULL, 0},
};

struct given {
	const char *records[DRILL_RECORDS_MAX];
	size_t record_count;
	uint32_t sent;
};

/* ---- making ------------------------------------------------------------------------------ */

/* A shell's text: whoever is curious reads that it does nothing.  The random line
 * makes its content one that no list has. */
static const char program[] =
    "#!/bin/sh\n"
    "# A drill of your administrator's.  It does nothing but say so.  %s\n"
    "echo 'This was a drill: nothing has happened. A program like this one should not be started but reported:'\n"
    "echo '訓練です。何も起きていません。このようなプログラムは起動せず、報告してください:'\n"
    "echo \"    guardctl report $0\"\n";

static int write_file(const char *path, const char *bytes, mode_t mode)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	size_t length = strlen(bytes);

	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length || fsync(fd) < 0) {
		guardctl_error("drill: %s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	return 0;
}

static int describe(const struct drill *drill, const char *path)
{
	char made[GUARD_TIME_TEXT_SIZE], name[4096];
	json_t *object;
	GUARD_AUTO_FREE char *text = NULL;

	if (strlen(path) + sizeof(".drill") > sizeof(name))
		return GUARDCTL_USAGE;
	snprintf(name, sizeof(name), "%s.drill", path);
	guard_time_format(made, drill->made);
	object = json_pack("{s:i, s:s, s:s, s:I}", "guard_drill", 1, "sha256", drill->sha256, "made", made, "sent",
			   (json_int_t)drill->sent);
	text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	return text ? write_file(name, text, 0644) : GUARDCTL_REFUSED;
}

static int make(const struct guardctl_options *options, const struct given *given, const char *path)
{
	struct drill drill = {.made = time(NULL), .sent = given->sent};
	char text[1024], hex[33];
	uint8_t random[16];
	struct guard_digest digest;
	int code;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return GUARDCTL_REFUSED;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(&hex[2 * i], 3, "%02x", random[i]);
	snprintf(text, sizeof(text), program, hex);
	if (guard_digest_bytes(&digest, text, strlen(text)) < 0)
		return GUARDCTL_REFUSED;
	guard_digest_format(drill.sha256, &digest);
	code = write_file(path, text, 0755);
	if (code == 0)
		code = describe(&drill, path);
	if (code)
		return code;
	if (options->json)
		return guardctl_print_json(json_pack("{s:s, s:s}", "path", path, "sha256", drill.sha256));
	printf(_("%s was made: harmless, and on no list. Send it out as a stranger would.\n"
		 "Keep %s.drill; then: guardctl drill result %s.drill\n"),
	       path, path, path);
	return GUARDCTL_DONE;
}

/* ---- reading -------------------------------------------------------------------------------- */

static int load(struct drill *ret_drill, const char *path)
{
	json_error_t error;
	json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	const char *hex = json_string_value(json_object_get(object, "sha256"));
	const char *made = json_string_value(json_object_get(object, "made"));
	json_int_t sent = json_integer_value(json_object_get(object, "sent"));
	struct guard_digest digest;
	int code = GUARDCTL_REFUSED;

	if (!object && access(path, R_OK) < 0)
		guardctl_error("drill: %s: %s", path, strerror(errno));
	else if (!hex || !made || guard_digest_parse(&digest, hex, strlen(hex)) < 0 ||
		 guard_time_parse(&ret_drill->made, made) < 0 || sent < 0 || sent > UINT32_MAX)
		guardctl_error("drill: %s is no description of a drill: give the .drill file that `guardctl drill new` wrote",
			       path);
	else
		code = 0;
	if (code == 0) {
		guard_digest_format(ret_drill->sha256, &digest);
		ret_drill->sent = (uint32_t)sent;
	}
	json_decref(object);
	return code;
}

struct reading {
	struct drill_count *count;
	const struct drill *drill;
};

static int take(void *context, const struct guard_event *event)
{
	const struct reading *reading = context;
	json_t *object = guardctl_event_json(event);
	int r = object ? drill_count_event(reading->count, reading->drill, "", object) : -GUARD_E_NOMEM;

	json_decref(object);
	if (r < 0)
		guardctl_error("drill: %s", guardctl_error_text(r));
	return r < 0 ? GUARDCTL_REFUSED : 0;
}

static int ask_daemon(const struct reading *reading, const struct guardctl_options *options)
{
	const struct guard_event_filter filter = {.since_ns = reading->drill->made * 1000000000, .limit = UINT32_MAX};

	if (geteuid() != 0)
		guardctl_error("drill: not root: only your own records are counted");
	return guardctl_query_events(options, &filter, take, (void *)(uintptr_t)reading);
}

/* FILE, or MACHINE=FILE; else the file's name is the machine's. */
static int read_record(const struct reading *reading, const char *given)
{
	const char *equals = strchr(given, '='), *path = equals ? &equals[1] : given;
	const char *slash = strrchr(path, '/'), *name = equals ? given : slash ? &slash[1] : path;
	char machine[DRILL_MACHINE_SIZE];
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0, number = 0;
	int r = 0;

	snprintf(machine, sizeof(machine), "%.*s", (int)(equals ? strcspn(name, "=") : strcspn(name, ".")), name);
	if (!file) {
		guardctl_error("drill: %s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (r == 0 && getline(&line, &capacity, file) > 0) {
		json_t *event = json_loads(line, 0, NULL);

		number++;
		if (!json_is_object(event)) {
			guardctl_error("drill: %s:%zu is no event: export it with `guardctl --json events`", path, number);
			r = -GUARD_E_FORMAT;
		} else {
			r = drill_count_event(reading->count, reading->drill, machine, event);
		}
		json_decref(event);
	}
	return r < 0 ? GUARDCTL_REFUSED : 0;
}

static int result(const struct guardctl_options *options, const struct given *given, const char *path)
{
	struct drill drill = {0};
	struct drill_count count = {0};
	const struct reading reading = {&count, &drill};
	int code = load(&drill, path);

	if (given->sent)
		drill.sent = given->sent;
	if (code == 0 && given->record_count == 0)
		code = ask_daemon(&reading, options);
	for (size_t i = 0; code == 0 && i < given->record_count; i++)
		code = read_record(&reading, given->records[i]);
	if (code == 0) {
		drill_count_end(&count, &drill);
		if (options->json)
			code = drill_print_json(&count, &drill);
		else
			drill_print(&count, &drill);
	}
	drill_count_free(&count);
	return code;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int parse(struct given *given, int argc, char **argv)
{
	uint64_t sent;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == OPTION_RECORD && given->record_count < DRILL_RECORDS_MAX) {
			given->records[given->record_count++] = optarg;
		} else if (option == OPTION_SENT && guard_text_parse_u64(&sent, optarg, strlen(optarg), UINT32_MAX) == 0) {
			given->sent = (uint32_t)sent;
		} else {
			if (option == OPTION_SENT)
				guardctl_error("drill: --sent takes a number of people, not \"%s\"", optarg);
			if (option == OPTION_RECORD)
				guardctl_error("drill: more than %u --record", DRILL_RECORDS_MAX);
			return GUARDCTL_USAGE;
		}
	}
	return 0;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	static struct given given; /* large */
	int code = parse(&given, argc, argv);

	if (code)
		return code;
	if (argc - optind == 2 && strcmp(argv[optind], "new") == 0)
		return make(options, &given, argv[optind + 1]);
	if (argc - optind == 2 && strcmp(argv[optind], "result") == 0)
		return result(options, &given, argv[optind + 1]);
	guardctl_error("drill: give `new FILE` or `result FILE.drill`; see `guardctl help drill`");
	return GUARDCTL_USAGE;
}

const struct guardctl_verb guardctl_drill = {
    .name = "drill",
    .summary = N_("send out a harmless program and see who reports it"),
    .usage = N_("Usage: guardctl [--json] drill new FILE [--sent N]\n"
		"       guardctl [--json] drill result FILE.drill [--sent N] [--record [MACHINE=]EVENTS]...\n"
		"\n"
		"`new` writes a harmless program that no policy lists, and beside it FILE.drill, by\n"
		"which the record knows it again.  Send FILE out as a stranger would; keep FILE.drill.\n"
		"`result` says who ran it, whom guard stopped, who reported it (`guardctl report`, or\n"
		"the notification's button), and how soon.  The report rate is the figure to look at.\n"
		"\n"
		"  --sent N          to how many people; else the rate is of those who met it\n"
		"  --record EVENTS   records of other machines, as `guardctl --json events --limit 1000000`\n"
		"                    prints them there; without it this machine's daemon is asked (root)\n"
		"\n"
		"Example: guardctl drill new ./invoice --sent 40\n"
		"         guardctl drill result ./invoice.drill --record pc-1=pc-1.json --record pc-2=pc-2.json\n"),
    .run = run,
};
