/* SPDX-License-Identifier: MIT
 *
 * repo/repo_root.c - the root ceremony: the first root (`repo init`) and every
 * later one (`repo rotate`), signed by a threshold of the old and the new keys.
 */
#include "repo.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

json_t *repo_root_body(const struct repo *repo)
{
	json_t *body = publish_body("root", 1, 0), *keys = json_object(), *roles = json_object();

	for (size_t i = REPO_ROOT; i <= REPO_TIMESTAMP; i++)
		json_object_set_new(roles, repo_top_names[i],
				    publish_role(keys, repo->tops[i].objects, repo->tops[i].threshold));
	json_object_set_new(body, "consistent_snapshot", json_true());
	json_object_set_new(body, "keys", keys);
	json_object_set_new(body, "roles", roles);
	return body;
}

/* The keys that an earlier root gives to root. */
static bool earlier_keys(struct repo_keys *ret_keys, const json_t *root)
{
	const json_t *body = json_object_get(root, "signed");
	const json_t *role = json_object_get(json_object_get(body, "roles"), "root");
	size_t i;
	json_t *id;

	*ret_keys = (struct repo_keys){ .objects = json_array(),
					.threshold = (uint64_t)json_integer_value(json_object_get(role, "threshold")) };
	json_array_foreach(json_object_get(role, "keyids"), i, id)
		json_array_append(ret_keys->objects, json_object_get(json_object_get(body, "keys"), json_string_value(id)));
	return ret_keys->threshold > 0;
}

static bool keep_version(const struct repo *repo, const json_t *root)
{
	char role[64];

	snprintf(role, sizeof(role), "root/%" PRIu64 ".root", publish_version(root));
	return repo_keep(repo, role, root);
}

static void tell(const json_t *root)
{
	char fingerprint[PUBLISH_FINGERPRINT_SIZE];

	if (publish_fingerprint(fingerprint, root) == 0)
		printf(_("Root version %" PRIu64 ", fingerprint %s\n"), publish_version(root), fingerprint);
}

static enum repo_result update(struct repo *repo, const json_t *earlier)
{
	struct repo_keys old = { 0 };
	GUARD_AUTO_JSON json_t *document = NULL;
	enum repo_result result;

	if (earlier && !earlier_keys(&old, earlier)) {
		guardctl_error("signed/root.json does not say who signs root; take it from the published folder");
		json_decref(old.objects);
		return REPO_FAILED;
	}
	result = repo_root_update(&document, repo, earlier ? &old : NULL, earlier);
	if (result == REPO_SIGNED && !keep_version(repo, document))
		result = REPO_FAILED;
	if (document && (result == REPO_SIGNED || result == REPO_SAME))
		tell(document);
	json_decref(old.objects);
	return result;
}

static int change_root(const struct repo_options *options, bool first)
{
	struct repo repo;
	GUARD_AUTO_JSON json_t *earlier = NULL;
	enum repo_result result = REPO_FAILED;

	if (repo_open(&repo, options, NULL) && repo_load_signers(&repo, options) && repo_lock(&repo)) {
		earlier = repo_signed(&repo, "root");
		if (!first && !earlier)
			guardctl_error("there is no root yet; `guardctl repo init` makes the first");
		else if (first && earlier)
			guardctl_error("there is a root already; `guardctl repo rotate` makes the next");
		else
			result = update(&repo, earlier);
		if (result == REPO_SAME)
			puts(_("repo.conf names the keys that the root has; nothing to do"));
		else if (result == REPO_SIGNED)
			puts(_("Next: guardctl repo publish"));
	}
	repo_close(&repo);
	return result == REPO_SIGNED || result == REPO_SAME ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

static const char example[] =
	"# The repository of a company (docs/distribution.md).  Keys are made by\n"
	"# `guardctl keys new FILE`; their public halves are named here.\n"
	"directory = \"published\";          # what the web server serves\n"
	"keys = {\n"
	"  root      = { threshold = 2; keys = [ \"keys/root-1.pub\", \"keys/root-2.pub\", \"keys/root-3.pub\" ]; };\n"
	"  targets   = { threshold = 1; keys = [ \"keys/hq.pub\" ]; };\n"
	"  deny      = { threshold = 1; keys = [ \"keys/hq.pub\" ]; };\n"
	"  snapshot  = { threshold = 1; keys = [ \"keys/online.pub\" ]; };\n"
	"  timestamp = { threshold = 1; keys = [ \"keys/online.pub\" ]; };\n"
	"};\n"
	"# Days that a signature lives; without it these.\n"
	"lives = { root = 730; targets = 365; office = 365; deny = 365; snapshot = 30; timestamp = 3; };\n"
	"# A profile is a policy for one sort of machine.  `reference` is a folder with a\n"
	"# machine of that sort (\"/\" is this one): a policy that would lock it out is refused.\n"
	"# Where the kernel has BPF LSM, root on such a machine can neither stop nor change guard\n"
	"# once the profile says so (docs/kernel-layer.md):\n"
	"#   settings = { protect = \"all\"; backend = \"auto\"; self_protection = true; };\n"
	"profiles = (\n"
	"  { name = \"desktop\"; sources = [ \"hq.conf\" ]; }\n"
	");\n";

/* Nothing there yet: give the administrator a file to fill in. */
static int write_example(const struct repo_options *options)
{
	GUARD_AUTO_FREE char *path = NULL;
	GUARD_AUTO_FCLOSE FILE *file = NULL;

	if (mkdir(options->folder, 0755) < 0 && errno != EEXIST) {
		guardctl_error("%s: %s", options->folder, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	if (asprintf(&path, "%s/repo.conf", options->folder) < 0) {
		path = NULL;
		return GUARDCTL_REFUSED;
	}
	file = fopen(path, "wxe");
	if (!file || fputs(example, file) < 0) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	printf(_("%s was written: fill it in, make the keys that it names (guardctl keys new FILE), then run this again\n"),
	       path);
	return GUARDCTL_DONE;
}

int repo_init(const struct repo_options *options)
{
	GUARD_AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/repo.conf", options->folder) < 0) {
		path = NULL;
		return GUARDCTL_REFUSED;
	}
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return write_example(options);
	return change_root(options, true);
}

int repo_rotate(const struct repo_options *options)
{
	return change_root(options, false);
}
