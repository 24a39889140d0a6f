/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_config.c - the few keys of guardd.conf that doctor looks at.
 * The daemon's own reader is stricter; this one only wants to know where to
 * look, and falls back on the defaults.
 */
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor.h"

static void take_string(char *ret_text, size_t size, const config_t *config, const char *key)
{
	const char *value;

	if (config_lookup_string(config, key, &value))
		snprintf(ret_text, size, "%s", value);
}

static void take_filesystems(struct doctor_config *config, const config_t *source)
{
	const config_setting_t *list = config_lookup(source, "protect.filesystems");
	size_t max = sizeof(config->filesystems) / sizeof(config->filesystems[0]);

	if (!list || config_setting_type(list) == CONFIG_TYPE_STRING)
		return;
	config->protect_all = false;
	for (int i = 0; i < config_setting_length(list) && config->filesystem_count < max; i++) {
		const char *path = config_setting_get_string_elem(list, i);
		if (path)
			snprintf(config->filesystems[config->filesystem_count++], sizeof(config->filesystems[0]), "%s",
				 path);
	}
}

void doctor_set_managed(struct doctor_config *config)
{
	const int room = (int)(sizeof(config->policy_file) - sizeof("/policy-last"));

	config->managed = true;
	snprintf(config->policy_file, sizeof(config->policy_file), "%.*s/policy-last", room, config->state_dir);
}

/* Of a machine that was enrolled; who may not look there hears it from the daemon. */
static bool is_enrolled(const struct doctor_config *config)
{
	char path[sizeof(config->state_dir) + 16];

	snprintf(path, sizeof(path), "%s/enrolment", config->state_dir);
	return access(path, F_OK) == 0;
}

static void read_file(struct doctor_config *ret_config, const char *path)
{
	GUARD_AUTO_FCLOSE FILE *stream = fopen(path, "re");
	config_t source;

	*ret_config = (struct doctor_config){ .protect_all = true,
					      .policy_file = "/etc/guard/policy.image",
					      .state_dir = "/var/lib/guard",
					      .run_dir = "/run/guard" };
	if (!stream) {
		snprintf(ret_config->problem, sizeof(ret_config->problem), "cannot read %s: %s", path, strerror(errno));
		return;
	}
	config_init(&source);
	if (!config_read(&source, stream)) {
		snprintf(ret_config->problem, sizeof(ret_config->problem), "%s:%d: %s", path, config_error_line(&source),
			 config_error_text(&source));
	} else {
		ret_config->readable = true;
		take_string(ret_config->policy_file, sizeof(ret_config->policy_file), &source, "policy.file");
		take_string(ret_config->state_dir, sizeof(ret_config->state_dir), &source, "state_dir");
		take_string(ret_config->run_dir, sizeof(ret_config->run_dir), &source, "run_dir");
		take_filesystems(ret_config, &source);
	}
	config_destroy(&source);
}

void doctor_read_config(struct doctor_config *ret_config, const char *path)
{
	read_file(ret_config, path);
	if (is_enrolled(ret_config))
		doctor_set_managed(ret_config);
}
