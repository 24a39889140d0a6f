/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_findings.c - collect what doctor found, print it for a
 * person or as JSON.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "output.h"

#define SEVERITY_WIDTH 4u /* columns */

static const char *const names[DOCTOR_SEVERITY_MAX_] = { N_("ok"), N_("note"), N_("gap") };

/* Programs read JSON: that stays as it is. */
const char *doctor_told(const struct doctor *doctor, const char *text)
{
	return doctor->options && doctor->options->json ? text : _(text);
}

void doctor_say(struct doctor *doctor, enum doctor_severity severity, const char *id, const char *fix,
		const char *format, ...)
{
	va_list arguments;

	if (doctor->count == doctor->capacity) {
		size_t wanted = doctor->capacity ? doctor->capacity * 2 : 64;
		void *bigger = wanted <= DOCTOR_FINDINGS_MAX ?
				       reallocarray(doctor->findings, wanted, sizeof(*doctor->findings)) :
				       NULL;
		if (!bigger) {
			guardctl_error("doctor: too many findings to keep; what follows is left out");
			doctor->counts[DOCTOR_GAP]++;
			return;
		}
		doctor->findings = bigger;
		doctor->capacity = wanted;
	}
	struct doctor_finding *finding = &doctor->findings[doctor->count++];
	finding->severity = severity;
	finding->id = id;
	finding->section = doctor->section;
	snprintf(finding->fix, sizeof(finding->fix), "%s", fix && fix[0] ? doctor_told(doctor, fix) : "");
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), doctor_told(doctor, format), arguments);
	va_end(arguments);
	doctor->counts[severity]++;
}

void doctor_print(const struct doctor *doctor)
{
	static const char *const colours[DOCTOR_SEVERITY_MAX_] = { "\033[32m", "\033[33m", "\033[1;31m" };
	bool colour = isatty(STDOUT_FILENO);
	const char *section = "";

	for (size_t i = 0; i < doctor->count; i++) {
		const struct doctor_finding *finding = &doctor->findings[i];
		if (strcmp(section, finding->section) != 0) {
			section = finding->section;
			printf("%s%s\n", i ? "\n" : "", _(section));
		}
		printf("  %s", colour ? colours[finding->severity] : "");
		guardctl_put_padded(stdout, _(names[finding->severity]), SEVERITY_WIDTH);
		printf("%s  %s: ", colour ? "\033[0m" : "", finding->id);
		guardctl_put_escaped(finding->text);
		if (finding->fix[0] && finding->severity != DOCTOR_OK) {
			fputs("\n          -> ", stdout);
			guardctl_put_escaped(finding->fix);
		}
		putchar('\n');
	}
	printf(_("\n%zu ok, %zu notes, %zu gaps\n"), doctor->counts[DOCTOR_OK], doctor->counts[DOCTOR_NOTE],
	       doctor->counts[DOCTOR_GAP]);
	if (!doctor->is_root)
		puts(_("Not root: some things could not be seen; run it again with sudo for all of them."));
}

static json_t *json_finding(const struct doctor_finding *finding)
{
	json_t *object = json_object();

	json_object_set_new(object, "severity", json_string(names[finding->severity]));
	json_object_set_new(object, "id", json_string(finding->id));
	json_object_set_new(object, "section", json_string(finding->section));
	json_object_set_new(object, "text", guardctl_json_text(finding->text));
	json_object_set_new(object, "fix", guardctl_json_text(finding->severity == DOCTOR_OK ? "" : finding->fix));
	return object;
}

void doctor_print_json(const struct doctor *doctor)
{
	json_t *object = json_object(), *findings = json_array();

	for (size_t i = 0; i < doctor->count; i++)
		json_array_append_new(findings, json_finding(&doctor->findings[i]));
	json_object_set_new(object, "findings", findings);
	json_object_set_new(object, "ok", json_integer((json_int_t)doctor->counts[DOCTOR_OK]));
	json_object_set_new(object, "notes", json_integer((json_int_t)doctor->counts[DOCTOR_NOTE]));
	json_object_set_new(object, "gaps", json_integer((json_int_t)doctor->counts[DOCTOR_GAP]));
	json_object_set_new(object, "root", json_boolean(doctor->is_root));
	(void)guardctl_print_json(object);
}
