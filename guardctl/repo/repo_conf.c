/* SPDX-License-Identifier: MIT
 *
 * repo/repo_conf.c - repo.conf, read with libconfig and checked.  Says what is wrong with file and reason; signs nothing.
 */
#include "repo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <libconfig.h>

#define CONF_MAX (64u << 20)
#define CONF_DEPTH_MAX 16u

const char *const repo_top_names[REPO_TOP_MAX_] = { "root", "targets", "snapshot", "timestamp", "deny" };
static const int64_t default_days[REPO_TOP_MAX_] = { 730, 365, 30, 3, 365 };

bool repo_name_is_good(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	return name && name[0] && strlen(name) <= REPO_NAME_MAX && strchr(letters, name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) && strcmp(name, "deny") != 0 &&
	       strncmp(name, "bin-", 4) != 0 && !guard_trust_is_top_level(name);
}

static json_t *to_json(const config_setting_t *setting, unsigned depth)
{
	json_t *result;

	if (depth > CONF_DEPTH_MAX)
		return NULL;
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return json_integer(config_setting_get_int64(setting));
	case CONFIG_TYPE_BOOL:
		return json_boolean(config_setting_get_bool(setting));
	case CONFIG_TYPE_STRING:
		return json_string(config_setting_get_string(setting));
	case CONFIG_TYPE_GROUP:
		result = json_object();
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		result = json_array();
		break;
	default:
		return NULL;
	}
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *item = config_setting_get_elem((config_setting_t *)setting, (unsigned)i);
		json_t *value = to_json(item, depth + 1);
		int r = json_is_object(result) ? json_object_set_new(result, config_setting_name(item), value) :
						 json_array_append_new(result, value);

		if (r < 0) {
			json_decref(result);
			return NULL;
		}
	}
	return result;
}

bool repo_conf_read(json_t **ret_json, int folder, const char *path)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	config_t config;
	json_t *json = NULL;
	int r = publish_file_read(&bytes, &size, folder, path, CONF_MAX);

	if (r < 0) {
		guardctl_error("%s cannot be read: %s", path,
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
		return false;
	}
	bytes[size] = '\0';
	config_init(&config);
	if (config_read_string(&config, (const char *)bytes) == CONFIG_TRUE)
		json = to_json(config_root_setting(&config), 0);
	if (!json)
		guardctl_error("%s:%d: %s", path, config_error_line(&config),
			       config_error_text(&config) ? config_error_text(&config) : _("a value of no known sort"));
	config_destroy(&config);
	*ret_json = json;
	return json != NULL;
}

static bool read_public(json_t **ret_key, const struct repo *repo, const char *path)
{
	char id[GUARD_TRUST_KEY_ID_SIZE];
	struct guard_trust_key key = { 0 };
	json_t *json = NULL;
	int r = publish_json_read(&json, repo->folder, path);

	if (r == 0)
		r = guard_trust_key_id(id, json);
	if (r == 0)
		r = guard_trust_key_parse(&key, id, json);
	guard_trust_key_clear(&key);
	if (r < 0) {
		guardctl_error("%s is not a public key (%s); `guardctl keys new` makes one", path, guardctl_error_text(r));
		json_decref(json);
		return false;
	}
	*ret_key = json;
	return true;
}

bool repo_keys_read(struct repo_keys *ret_keys, const struct repo *repo, const json_t *conf, const char *where)
{
	const json_t *files = json_object_get(conf, "keys"), *threshold = json_object_get(conf, "threshold");
	struct repo_keys keys = { .objects = json_array(), .threshold = 1 };
	size_t i;
	json_t *file, *key;

	json_array_foreach((json_t *)files, i, file) {
		if (!json_is_string(file) || !read_public(&key, repo, json_string_value(file)))
			goto refused;
		json_array_append_new(keys.objects, key);
	}
	if (json_is_integer(threshold))
		keys.threshold = (uint64_t)json_integer_value(threshold);
	if (keys.threshold >= 1 && keys.threshold <= json_array_size(keys.objects)) {
		*ret_keys = keys;
		return true;
	}
	guardctl_error("%s: %zu key%s cannot reach a threshold of %lld; name more keys or lower it", where,
		       json_array_size(keys.objects), json_array_size(keys.objects) == 1 ? "" : "s",
		       (long long)keys.threshold);
refused:
	json_decref(keys.objects);
	return false;
}

static bool read_tops(struct repo *repo)
{
	const json_t *keys = json_object_get(repo->conf, "keys"), *lives = json_object_get(repo->conf, "lives");

	for (size_t i = 0; i < REPO_TOP_MAX_; i++) {
		const json_t *days = json_object_get(lives, repo_top_names[i]);

		if (!repo_keys_read(&repo->tops[i], repo, json_object_get(keys, repo_top_names[i]),
				    repo_top_names[i]))
			return false;
		repo->lives[i] = (json_is_integer(days) ? json_integer_value(days) : default_days[i]) * REPO_DAY;
	}
	repo->office_life = json_is_integer(json_object_get(lives, "office")) ?
				    json_integer_value(json_object_get(lives, "office")) * REPO_DAY :
				    365 * (int64_t)REPO_DAY;
	return true;
}

static bool read_profiles(struct repo *repo)
{
	size_t i;
	json_t *conf;

	json_array_foreach(json_object_get(repo->conf, "profiles"), i, conf) {
		struct repo_profile profile = { .name = json_string_value(json_object_get(conf, "name")),
						.reference = json_string_value(json_object_get(conf, "reference")),
						.sources = json_object_get(conf, "sources"),
						.settings = json_object_get(conf, "settings") };
		char where[REPO_NAME_MAX + 32];

		if (i == REPO_PROFILES_MAX || !repo_name_is_good(profile.name) || json_array_size(profile.sources) == 0) {
			guardctl_error("repo.conf: profile %zu needs a name (a-z, 0-9, -) and sources", i + 1);
			return false;
		}
		snprintf(where, sizeof(where), "repo.conf: profile %s", profile.name);
		if (!repo_settings_check(profile.settings, where))
			return false;
		repo->profiles[repo->profile_count++] = profile;
	}
	if (repo->profile_count)
		return true;
	guardctl_error("repo.conf: there are no profiles; add profiles = ( { name = \"desktop\"; sources = [ \"hq.conf\" ]; } );");
	return false;
}

bool repo_open(struct repo *ret_repo, const struct repo_options *options, const char *office)
{
	struct repo *repo = ret_repo;

	*repo = (struct repo){ .folder = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .published = -1,
			       .start = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			       .now = (int64_t)time(NULL), .dry_run = options->dry_run, .allow_lockout = options->allow_lockout,
			       .unreadable = calloc(1, sizeof(bool)) };
	if (repo->folder < 0 || repo->start < 0 || !repo->unreadable) {
		guardctl_error("%s: %s", options->folder, strerror(errno));
		return false;
	}
	/* Sources are named relative to the folder, so that images do not tell where
	 * the administrator keeps it. */
	if (fchdir(repo->folder) < 0) {
		guardctl_error("%s: %s", options->folder, strerror(errno));
		return false;
	}
	if (!repo_conf_read(&repo->conf, repo->folder, "repo.conf"))
		return false;
	repo->directory = json_string_value(json_object_get(repo->conf, "directory"));
	if (!repo->directory) {
		guardctl_error("repo.conf: directory = \"FOLDER\"; is missing: where the web server finds the repository");
		return false;
	}
	return read_tops(repo) && read_profiles(repo) && repo_offices_read(repo, office);
}

/* `waiting` is said once, when another has it. */
static bool lock(int folder, const char *waiting, const char *refused)
{
	if (flock(folder, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK) {
		guardctl_error("%s", waiting);
		while (flock(folder, LOCK_EX) < 0)
			if (errno != EINTR)
				goto failed;
		return true;
	}
failed:
	guardctl_error("%s: %s", refused, strerror(errno));
	return false;
}

bool repo_lock(const struct repo *repo)
{
	return lock(repo->folder, _("another guardctl works in this folder; waiting for it"), _("the folder cannot be locked"));
}

/* Two administrators, each with a copy of the folder of his own, may share it. */
bool repo_take_published(struct repo *repo, bool make)
{
	return repo_open_published(repo, make) &&
	       lock(repo->published, _("another guardctl publishes there; waiting for it"),
		    _("the published folder cannot be locked")) &&
	       repo_clock_is_right(repo) && repo_is_newest(repo);
}

bool repo_open_published(struct repo *repo, bool make)
{
	bool made = make && mkdirat(repo->folder, repo->directory, 0755) == 0;

	if (make && !made && errno != EEXIST) {
		guardctl_error("%s: %s", repo->directory, strerror(errno));
		return false;
	}
	/* Whatever the umask: a web server is to read it. */
	if (made && fchmodat(repo->folder, repo->directory, 0755, 0) < 0) {
		guardctl_error("%s: %s", repo->directory, strerror(errno));
		return false;
	}
	repo->published = openat(repo->folder, repo->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (repo->published < 0)
		guardctl_error("%s: %s; `guardctl repo publish` makes it", repo->directory, strerror(errno));
	return repo->published >= 0;
}

void repo_close(struct repo *repo)
{
	for (size_t i = 0; i < repo->office_count; i++) {
		json_decref(repo->offices[i].conf);
		json_decref(repo->offices[i].maintenance);
		json_decref(repo->offices[i].keys.objects);
		json_decref(repo->offices[i].broad.objects);
	}
	for (size_t i = 0; i < REPO_TOP_MAX_; i++)
		json_decref(repo->tops[i].objects);
	for (size_t i = 0; i < repo->signer_count; i++)
		publish_signer_clear(&repo->signers[i]);
	free(repo->offices);
	free(repo->unreadable);
	json_decref(repo->conf);
	if (repo->folder >= 0)
		close(repo->folder);
	if (repo->published >= 0)
		close(repo->published);
	if (repo->start >= 0)
		close(repo->start);
	*repo = (struct repo){ .start = -1, .folder = -1, .published = -1 };
}
