/* SPDX-License-Identifier: MIT
 *
 * guardctl/drill_print.c - the result of a drill.  The report rate comes first: who
 * was stopped was stopped by guard, who reported it would have helped everybody.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "base/text.h"
#include "drill.h"
#include "i18n.h"

static void put_person(const struct drill_person *person, const struct drill *drill)
{
	char name[GUARDCTL_USER_SIZE + DRILL_MACHINE_SIZE + 2], safe[4 * sizeof(name)], span[GUARDCTL_SPAN_SIZE] = "";
	int64_t seconds = person->reported > drill->made ? person->reported - drill->made : 0;

	snprintf(name, sizeof(name), "%s%s%s", person->user, person->machine[0] ? "@" : "", person->machine);
	guard_text_escape(safe, sizeof(safe), name, strlen(name));
	guardctl_span_text(span, (uint32_t)seconds);
	fputs("  ", stdout);
	guardctl_put_padded(stdout, safe, 24);
	printf(_("  ran it %" PRIu64 ", stopped %" PRIu64), person->ran, person->stopped);
	if (person->reported)
		printf(_(", reported after %s"), span);
	putchar('\n');
}

static void put_headline(const struct drill_count *count, const struct drill *drill)
{
	int rate = drill_report_rate(count, drill);

	if (rate < 0) {
		puts(_("Report rate: nobody has met it yet."));
		return;
	}
	if (drill->sent > 0)
		printf(_("Report rate: %d%% (%zu of %" PRIu32 " to whom it was sent)\n"), rate, count->reported,
		       drill->sent > count->count ? drill->sent : (uint32_t)count->count);
	else
		printf(_("Report rate: %d%% (%zu of %zu who met it)\n"), rate, count->reported, count->count);
}

void drill_print(const struct drill_count *count, const struct drill *drill)
{
	char made[GUARDCTL_TIME_SIZE], first[GUARDCTL_SPAN_SIZE], median[GUARDCTL_SPAN_SIZE];

	put_headline(count, drill);
	if (count->reported) {
		guardctl_span_text(first, (uint32_t)count->first);
		guardctl_span_text(median, (uint32_t)count->median);
		printf(_("The first report came after %s, half of them within %s.\n"), first, median);
	}
	guardctl_local_time(made, drill->made);
	printf(_("Made %s. Ran it: %zu, stopped: %zu, reported: %zu\n"), made, count->ran, count->stopped, count->reported);
	if (count->ran)
		puts(_("Where it ran, guard was in audit mode, allowed it, or it was unlocked: see `guardctl status` there."));
	for (size_t i = 0; i < count->count; i++)
		put_person(&count->people[i], drill);
}

static json_t *time_or_null(int64_t seconds)
{
	return seconds ? guardctl_json_time(seconds) : json_null();
}

static json_t *span_or_null(int64_t seconds)
{
	return seconds >= 0 ? json_integer(seconds) : json_null();
}

static json_t *person_json(const struct drill_person *person)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "user", guardctl_json_text(person->user), "machine",
			 guardctl_json_text(person->machine), "uid", (json_int_t)person->uid, "ran", (json_int_t)person->ran,
			 "stopped", (json_int_t)person->stopped, "met", time_or_null(person->met), "reported",
			 time_or_null(person->reported));
}

int drill_print_json(const struct drill_count *count, const struct drill *drill)
{
	int rate = drill_report_rate(count, drill);
	json_t *people = json_array();

	for (size_t i = 0; i < count->count; i++)
		json_array_append_new(people, person_json(&count->people[i]));
	return guardctl_print_json(json_pack(
	    "{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "report_rate", rate < 0 ? json_null() : json_integer(rate),
	    "sha256", drill->sha256, "made", guardctl_json_time(drill->made), "sent", (json_int_t)drill->sent, "met",
	    (json_int_t)count->count, "ran", (json_int_t)count->ran, "stopped", (json_int_t)count->stopped, "reported",
	    (json_int_t)count->reported, "first_report_seconds", span_or_null(count->first), "median_report_seconds",
	    span_or_null(count->median), "people", people));
}
