/* SPDX-License-Identifier: MIT
 *
 * guardctl/drill_count.c - from recorded events to people.  Pure: no clock, no file.
 * Records come from other machines: what is not understood is not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "drill.h"

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

/* "2027-03-31T12:00:00.000000001Z" to the second; 0 when it is none. */
static int64_t time_of(const json_t *event)
{
	char text[32];
	int64_t seconds;

	snprintf(text, sizeof(text), "%.19sZ", text_of(event, "time"));
	return guard_time_parse(&seconds, text) < 0 ? 0 : seconds;
}

static struct drill_person *person_of(struct drill_count *count, const char *machine, const json_t *event)
{
	uint32_t uid = (uint32_t)json_integer_value(json_object_get(event, "uid"));
	struct drill_person *person;
	size_t capacity = count->capacity ? count->capacity * 2 : 64;

	for (size_t i = 0; i < count->count; i++)
		if (count->people[i].uid == uid && strcmp(count->people[i].machine, machine) == 0)
			return &count->people[i];
	if (count->count == count->capacity) {
		person = capacity <= DRILL_PEOPLE_MAX ? reallocarray(count->people, capacity, sizeof(*person)) : NULL;
		if (!person)
			return NULL;
		count->people = person;
		count->capacity = capacity;
	}
	person = &count->people[count->count++];
	*person = (struct drill_person){.uid = uid};
	snprintf(person->machine, sizeof(person->machine), "%s", machine);
	snprintf(person->user, sizeof(person->user), "%s", text_of(event, "user"));
	return person;
}

/* guardctl reads a file to report it or to ask about it: that is no attempt. */
static bool is_attempt(const json_t *event)
{
	return strcmp(text_of(event, "source"), "access") == 0 && !guard_text_ends_with(text_of(event, "program"), "/guardctl");
}

static void earliest(int64_t *time, int64_t seconds)
{
	if (*time == 0 || seconds < *time)
		*time = seconds;
}

int drill_count_event(struct drill_count *count, const struct drill *drill, const char *machine, const json_t *event)
{
	bool report = strcmp(text_of(event, "what"), "reported") == 0;
	json_int_t times = json_integer_value(json_object_get(event, "count"));
	int64_t seconds = time_of(event);
	struct drill_person *person;

	if (strcmp(text_of(event, "sha256"), drill->sha256) != 0 || seconds == 0 || (!report && !is_attempt(event)))
		return 0;
	person = person_of(count, machine, event);
	if (!person)
		return count->count >= DRILL_PEOPLE_MAX / 2 ? -GUARD_E_LIMIT : -GUARD_E_NOMEM;
	if (report) {
		earliest(&person->reported, seconds);
		return 0;
	}
	earliest(&person->met, seconds);
	if (json_is_true(json_object_get(event, "denied")))
		person->stopped += times > 0 ? (uint64_t)times : 1;
	else
		person->ran += times > 0 ? (uint64_t)times : 1;
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

void drill_count_end(struct drill_count *count, const struct drill *drill)
{
	int64_t *times = calloc(count->count + 1, sizeof(*times));

	count->ran = count->stopped = count->reported = 0;
	count->first = count->median = -1;
	for (size_t i = 0; i < count->count; i++) {
		const struct drill_person *person = &count->people[i];

		count->ran += person->ran > 0;
		count->stopped += person->stopped > 0;
		if (person->reported && times)
			times[count->reported] = person->reported > drill->made ? person->reported - drill->made : 0;
		count->reported += person->reported > 0;
	}
	if (times && count->reported) {
		qsort(times, count->reported, sizeof(*times), compare_times);
		count->first = times[0];
		count->median = times[(count->reported - 1) / 2];
	}
	free(times);
}

void drill_count_free(struct drill_count *count)
{
	free(count->people);
	*count = (struct drill_count){0};
}

int drill_report_rate(const struct drill_count *count, const struct drill *drill)
{
	size_t all = drill->sent > count->count ? drill->sent : count->count;

	return all ? (int)(count->reported * 100 / all) : -1;
}
