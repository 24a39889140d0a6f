/* SPDX-License-Identifier: MIT
 *
 * guardd/config_keys.c - the table of settings in guardd.conf: name, type,
 * limits, place.  Every key that is not in the table is an error.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "config_keys.h"
#include "problem.h"

struct context {
	struct guardd_config *config;
	const char *path;
	char *ret_problem;
	size_t problem_size;
};

struct key {
	const char *group;  /* "" for the top */
	const char *name;
	int (*take)(const struct context *context, const struct key *key, const config_setting_t *setting);
	size_t offset, size;
	long long minimum, maximum;
};

__attribute__((format(printf, 3, 4)))
static int refuse(const struct context *context, const config_setting_t *setting, const char *format, ...)
{
	char sentence[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	return guardd_problem(-GUARD_E_SYNTAX, context->ret_problem, context->problem_size, "%s:%u: %s",
			      context->path, (unsigned)config_setting_source_line(setting), sentence);
}

static void *place(const struct context *context, const struct key *key)
{
	return (char *)context->config + key->offset;
}

static int take_text(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	const char *text = config_setting_get_string(setting);

	if (!text)
		return refuse(context, setting, "%s must be a text in quotes", key->name);
	if (strlen(text) >= key->size)
		return refuse(context, setting, "%s is longer than %zu bytes", key->name, key->size - 1);
	memcpy(place(context, key), text, strlen(text) + 1);
	return 0;
}

static bool is_plain_path(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		if (strncmp(at, "/../", 4) == 0 || strcmp(at, "/..") == 0)
			return false;
	}
	return true;
}

static int take_path(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	const char *path = config_setting_get_string(setting);

	if (!path)
		return refuse(context, setting, "%s must be an absolute path in quotes", key->name);
	if (!is_plain_path(path))
		return refuse(context, setting, "%s is \"%.200s\": it must be an absolute path without \"..\"",
			      key->name, path);
	return take_text(context, key, setting);
}

static int take_number(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	int type = config_setting_type(setting);
	long long value = type == CONFIG_TYPE_INT64 ? config_setting_get_int64(setting) :
						      config_setting_get_int(setting);

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return refuse(context, setting, "%s must be a whole number", key->name);
	if (value < key->minimum || value > key->maximum)
		return refuse(context, setting, "%s is %lld, it must be between %lld and %lld", key->name, value,
			      key->minimum, key->maximum);
	if (key->size == sizeof(uint32_t))
		*(uint32_t *)place(context, key) = (uint32_t)value;
	else
		*(uint64_t *)place(context, key) = (uint64_t)value;
	return 0;
}

static int take_mebibytes(const struct context *context, const struct key *key,
			  const config_setting_t *setting)
{
	int r = take_number(context, key, setting);

	if (r < 0)
		return r;
	*(uint64_t *)place(context, key) <<= 20;
	return 0;
}

static int take_bool(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return refuse(context, setting, "%s must be true or false", key->name);
	*(bool *)place(context, key) = config_setting_get_bool(setting) != 0;
	return 0;
}

static int take_backend(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	static const char *const words[] = { "auto", "fanotify", "bpf" };
	const char *word = config_setting_get_string(setting);

	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			context->config->backend = (enum guardd_backend)i;
			return 0;
		}
	}
	return refuse(context, setting, "%s is \"%.100s\": it must be \"auto\", \"fanotify\" or \"bpf\"", key->name,
		      word ? word : "");
}

static int take_verdict(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	const char *word = config_setting_get_string(setting);

	if (!word || (strcmp(word, "allow") != 0 && strcmp(word, "deny") != 0))
		return refuse(context, setting, "%s is \"%.100s\": it must be \"deny\" or \"allow\"", key->name,
			      word ? word : "");
	context->config->deadline_allow = word[0] == 'a';
	return 0;
}

static int add_filesystem(const struct context *context, const config_setting_t *setting)
{
	struct guardd_config *config = context->config;
	const char *path = config_setting_get_string(setting);

	if (!path || !is_plain_path(path))
		return refuse(context, setting,
			      "protect.filesystems must hold absolute paths in quotes, without \"..\", not \"%.200s\"",
			      path ? path : "");
	for (size_t i = 0; i < config->filesystem_count; i++) {
		if (strcmp(config->filesystems[i], path) == 0)
			return refuse(context, setting, "protect.filesystems names %s twice: remove one", path);
	}
	if (config->filesystem_count == GUARDD_FILESYSTEMS_MAX)
		return refuse(context, setting,
			      "protect.filesystems names more than %u: use \"all\"",
			      GUARDD_FILESYSTEMS_MAX);
	config->filesystems[config->filesystem_count] = strdup(path);
	if (!config->filesystems[config->filesystem_count])
		return refuse(context, setting, "out of memory");
	config->filesystem_count++;
	return 0;
}

static int take_filesystems(const struct context *context, const struct key *key,
			    const config_setting_t *setting)
{
	int type = config_setting_type(setting), count = config_setting_length(setting), r = 0;
	const char *word = config_setting_get_string(setting);

	if (word && strcmp(word, "all") == 0) {
		context->config->protect_all = true;
		return 0;
	}
	if ((type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) || count == 0)
		return refuse(context, setting,
			      "%s must be \"all\" or a list of mount points like [\"/srv\", \"/home\"]", key->name);
	for (int i = 0; i < count && r == 0; i++)
		r = add_filesystem(context, config_setting_get_elem(setting, (unsigned)i));
	return r;
}

static int take_memory(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	static const char *const words[] = { "off", "log", "deny" };
	const char *word = config_setting_get_string(setting);

	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			context->config->memory = (enum guardd_memory)i;
			return 0;
		}
	}
	return refuse(context, setting, "memory.%s is \"%.100s\": it must be \"off\", \"log\" or \"deny\"", key->name,
		      word ? word : "");
}

static int take_exempt(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	struct guardd_config *config = context->config;
	int type = config_setting_type(setting), count = config_setting_length(setting);

	if ((type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) || count > (int)GUARDD_EXEMPT_MAX)
		return refuse(context, setting, "memory.%s must be a list of at most %u programs like [\"/usr/bin/node\"]",
			      key->name, GUARDD_EXEMPT_MAX);
	for (int i = 0; i < count; i++) {
		const char *path = config_setting_get_string_elem(setting, i);

		if (!path || !is_plain_path(path))
			return refuse(context, setting,
				      "memory.%s must hold absolute paths in quotes, without \"..\", not \"%.200s\"",
				      key->name, path ? path : "");
		config->exempt[config->exempt_count] = strdup(path);
		if (!config->exempt[config->exempt_count])
			return -GUARD_E_NOMEM;
		config->exempt_count++;
	}
	return 0;
}

static int take_url(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	const char *url = config_setting_get_string(setting);
	size_t length = url ? strlen(url) : 0;

	if (!url || strncmp(url, "https://", 8) != 0 || url[8] == '\0' || strpbrk(url, " ?#@"))
		return refuse(context, setting,
			      "%s must be an address like \"https://guard.example.org/repository\", without "
			      "user name, ? and #",
			      key->name);
	if (url[length - 1] == '/')
		return refuse(context, setting, "%s must not end in a slash: remove it", key->name);
	return take_text(context, key, setting);
}

/* Of an office or a profile: docs/distribution.md, "Roles". */
static int take_name(const struct context *context, const struct key *key, const config_setting_t *setting)
{
	const char *name = config_setting_get_string(setting);
	size_t length = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	if (length == 0 || length > 64 || name[length] != '\0' || name[0] < 'a' || name[0] > 'z')
		return refuse(context, setting,
			      "%s must be a name of 1 to 64 of a-z, 0-9 and -, beginning with a letter", key->name);
	return take_text(context, key, setting);
}

#define FIELD(field) offsetof(struct guardd_config, field), sizeof(((struct guardd_config *)0)->field)
static const struct key keys[] = {
	{ "", "state_dir", take_path, FIELD(state_dir), 0, 0 },
	{ "", "run_dir", take_path, FIELD(run_dir), 0, 0 },
	{ "", "catalogs", take_path, FIELD(catalogs), 0, 0 },
	{ "", "backend", take_backend, FIELD(backend), 0, 0 },
	{ "", "self_protection", take_bool, FIELD(self_protection), 0, 0 },
	{ "", "debugging", take_bool, FIELD(debugging), 0, 0 },
	{ "protect", "filesystems", take_filesystems, 0, 0, 0, 0 },
	{ "memory", "executable", take_memory, 0, 0, 0, 0 },
	{ "memory", "exempt", take_exempt, 0, 0, 0, 0 },
	{ "policy", "file", take_path, FIELD(policy_file), 0, 0 },
	{ "policy", "trial_seconds", take_number, FIELD(trial_seconds), 0, 7200 },
	{ "unlock", "verifiers", take_path, FIELD(unlock_verifiers), 0, 0 },
	{ "repository", "url", take_url, FIELD(repository_url), 0, 0 },
	{ "repository", "office", take_name, FIELD(repository_office), 0, 0 },
	{ "repository", "profile", take_name, FIELD(profile), 0, 0 },
	{ "repository", "ca", take_path, FIELD(repository_ca), 0, 0 },
	{ "repository", "certificate", take_path, FIELD(repository_certificate), 0, 0 },
	{ "repository", "key", take_path, FIELD(repository_key), 0, 0 },
	{ "repository", "proxy", take_text, FIELD(repository_proxy), 0, 0 },
	{ "repository", "interval", take_number, FIELD(repository_interval_s), 1, 86400 },
	{ "repository", "bandwidth_kib", take_number, FIELD(repository_bandwidth_kib), 1, 1ll << 20 },
	{ "machine", "office", take_text, FIELD(office), 0, 0 },
	{ "machine", "host", take_text, FIELD(host), 0, 0 },
	{ "gate", "deadline_ms", take_number, FIELD(deadline_ms), 100, 600000 },
	{ "gate", "deadline_verdict", take_verdict, FIELD(deadline_allow), 0, 0 },
	{ "gate", "workers", take_number, FIELD(workers), 2, 64 },
	{ "gate", "max_file_mib", take_mebibytes, FIELD(max_file_size), 1, 16ll << 20 },
	{ "ledger", "max_mib", take_mebibytes, FIELD(ledger_max_bytes), 1, 1ll << 20 },
	{ "ledger", "max_days", take_number, FIELD(ledger_max_days), 1, 36500 },
	{ "ledger", "allowed", take_bool, FIELD(ledger_allowed), 0, 0 },
	{ "ledger", "journal", take_bool, FIELD(journal), 0, 0 },
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Levenshtein's distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[33], length = strlen(b);

	if (strlen(a) > 32 || length > 32)
		return 32;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t change = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = row[j + 1] < row[j] ? row[j + 1] + 1 : row[j] + 1;
			if (change < row[j + 1])
				row[j + 1] = change;
		}
	}
	return row[length];
}

/* The known word that is nearest to `name`, or NULL when none is near. */
static const char *did_you_mean(const char *group, const char *name)
{
	const char *best = NULL;
	size_t nearest = 3;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		const char *word = strcmp(keys[i].group, group) == 0 ? keys[i].name : NULL;

		if (group[0] == '\0' && keys[i].group[0] != '\0')
			word = keys[i].group;
		if (word && distance(name, word) < nearest) {
			nearest = distance(name, word);
			best = word;
		}
	}
	return best;
}

static int unknown(const struct context *context, const char *group, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting), *best = did_you_mean(group, name);
	const char *dot = group[0] ? "." : "";

	if (best)
		return refuse(context, setting, "unknown setting %s%s%s: did you mean %s?", group, dot, name, best);
	return refuse(context, setting, "unknown setting %s%s%s: remove it, or see guardd.conf(5) for what there is",
		      group, dot, name);
}

static int take_key(const struct context *context, const char *group, const config_setting_t *setting)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].group, group) == 0 && strcmp(keys[i].name, config_setting_name(setting)) == 0)
			return keys[i].take(context, &keys[i], setting);
	}
	return unknown(context, group, setting);
}

static bool is_group(const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].group[0] && strcmp(keys[i].group, name) == 0)
			return true;
	}
	return false;
}

static int take_top(const struct context *context, const config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	int r = 0;

	if (!is_group(name))
		return take_key(context, "", setting);
	if (!config_setting_is_group(setting))
		return refuse(context, setting, "%s must be a group of settings: %s = { ... };", name, name);
	for (int i = 0; i < config_setting_length(setting) && r == 0; i++)
		r = take_key(context, name, config_setting_get_elem(setting, (unsigned)i));
	return r;
}

/* What a file must say, and what cannot go together. */
int guardd_config_check(const struct guardd_config *config, const char *path, char *ret_problem, size_t problem_size)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/takeover.sock");

	if (!config->protect_all && config->filesystem_count == 0)
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: protect.filesystems is missing: add protect = { filesystems = \"all\"; };",
				      path);
	if (strlen(config->run_dir) > room)
		return guardd_problem(-GUARD_E_LIMIT, ret_problem, problem_size,
				      "%s: run_dir is longer than %zu bytes, too long for a socket's name: "
				      "choose a shorter one",
				      path, room);
	if (config->memory != GUARDD_MEMORY_OFF && config->backend == GUARDD_BACKEND_FANOTIFY)
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: memory.executable needs the kernel layer: use backend = \"bpf\" or "
				      "\"auto\"",
				      path);
	if (config->self_protection && config->backend == GUARDD_BACKEND_FANOTIFY)
		return guardd_problem(-GUARD_E_SYNTAX, ret_problem, problem_size,
				      "%s: self_protection needs the kernel layer: use backend = \"bpf\" or "
				      "\"auto\"",
				      path);
	return 0;
}

int guardd_config_keys(struct guardd_config *config, const config_setting_t *root, const char *path,
		       char *ret_problem, size_t problem_size)
{
	const struct context context = { config, path, ret_problem, problem_size };
	int r = 0;

	for (int i = 0; i < config_setting_length(root) && r == 0; i++)
		r = take_top(&context, config_setting_get_elem(root, (unsigned)i));
	return r;
}
