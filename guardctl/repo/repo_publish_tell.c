/* SPDX-License-Identifier: MIT
 *
 * repo/repo_publish_tell.c - what a publication would change, in programs and
 * offices, before it is done (`publish --dry-run`); and what nears its end.
 */
#include "repo_publish.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "policy_diff.h"

static size_t machines_of(const json_t *seen, const char *office)
{
	const json_t *entry = json_object_get(seen, office);

	return (size_t)json_integer_value(entry);
}

static size_t machines_of_all(const json_t *seen)
{
	size_t machines = 0;
	const char *office;
	json_t *count;

	json_object_foreach((json_t *)seen, office, count)
		machines += (size_t)json_integer_value(count);
	return machines;
}

static bool lies_within(const struct repo_office *office, const char *name)
{
	size_t i;
	json_t *above;

	json_array_foreach((json_t *)office->within, i, above) {
		if (strcmp(json_string_value(above), name) == 0)
			return true;
	}
	return false;
}

/* Those of the office and of all below it: a member's exceptions hold in its branches. */
static size_t machines_below(const struct repo *repo, const json_t *seen, const char *name)
{
	size_t machines = machines_of(seen, name);

	for (size_t i = 0; i < repo->office_count; i++)
		if (lies_within(&repo->offices[i], name))
			machines += machines_of(seen, repo->offices[i].name);
	return machines;
}

static void tell_seen(size_t machines)
{
	printf(_(" (%zu machine%s seen)"), machines, machines == 1 ? "" : "s");
}

/* Offices that have the profile, and their machines. */
static void tell_reach(const struct repo *repo, const char *profile, const json_t *seen)
{
	size_t offices = 0, machines = 0;

	for (size_t i = 0; i < repo->office_count; i++) {
		size_t k;
		json_t *machine;
		bool has = false;

		json_array_foreach((json_t *)repo->offices[i].machines, k, machine) {
			has = has || strcmp(json_string_value(json_object_get(machine, "profile")), profile) == 0;
		}
		offices += has;
		machines += has ? machines_of(seen, repo->offices[i].name) : 0;
	}
	printf(_("Profile %s reaches %zu office%s"), profile, offices, offices == 1 ? "" : "s");
	if (seen)
		printf(_(", %zu machine%s seen"), machines, machines == 1 ? "" : "s");
	else
		printf(_(" (with --log ACCESS-LOG: how many machines)"));
	puts(":");
}

static void tell_profile(const struct publication *publication, const struct repo *repo, size_t index, const json_t *seen)
{
	const struct repo_profile *profile = &repo->profiles[index];
	struct guard_policy *old = repo_published_policy(repo, profile->name),
			    *new = repo_image_open(&publication->images[index], NULL);

	tell_reach(repo, profile->name, seen);
	if (old && new)
		policy_compare(old, new);
	else
		puts(_("It is published for the first time."));
	guard_policy_free(old);
	guard_policy_free(new);
}

static struct guard_policy *signed_policy(const struct repo *repo, const char *target)
{
	struct repo_image image = { 0 };
	struct guard_policy *policy = NULL;
	char path[256];

	snprintf(path, sizeof(path), "signed/%s", target);
	if (publish_file_read(&image.bytes, &image.size, repo->folder, path, REPO_JSON_MAX) == 0)
		policy = repo_image_open(&image, NULL);
	repo_image_clear(&image);
	return policy;
}

static void tell_layer(const struct repo *repo, const char *what, const char *folder, const char *id, const char *target,
		       const json_t *seen)
{
	struct repo_image image = { 0 };
	struct guard_policy *old = signed_policy(repo, target), *new = NULL;
	struct guard_policy_info before, after;

	if (repo_layer_image(&image, repo, folder, id, target) && image.bytes)
		new = repo_image_open(&image, NULL);
	repo_image_clear(&image);
	if (new) {
		guard_policy_info(new, &after);
		if (old)
			guard_policy_info(old, &before);
		if (!old || before.version != after.version) {
			printf("%s", what);
			if (seen)
				tell_seen(strcmp(target, "deny/now.img") == 0 ? machines_of_all(seen) :
										machines_below(repo, seen, id));
			printf(_(": %" PRIu64 " rule%s, %" PRIu64 " program%s by content\n"), after.rule_count,
			       after.rule_count == 1 ? "" : "s", after.digest_count, after.digest_count == 1 ? "" : "s");
			if (old)
				policy_compare(old, new);
		}
	}
	guard_policy_free(old);
	guard_policy_free(new);
}

/* Who belongs to an office, when that is not what is published. */
static void tell_place(const struct repo *repo, const struct repo_office *office, const json_t *seen)
{
	GUARD_AUTO_JSON json_t *place = repo_place(repo, office), *target = NULL;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	char path[REPO_NAME_MAX + 16], file[REPO_PATH_MAX], whole[2 * REPO_PATH_MAX];
	size_t size = 0, count = json_array_size(office->machines);

	snprintf(path, sizeof(path), "place/%s.json", office->name);
	if (!place || publish_bytes(&bytes, &size, place) < 0)
		return;
	target = publish_target(bytes, size);
	if (!target || !repo_target_file(file, path, target))
		return;
	snprintf(whole, sizeof(whole), "%.500s/%s", repo->directory, file);
	if (faccessat(repo->folder, whole, F_OK, 0) == 0)
		return;
	printf(_("Machines of %s: new or changed, %zu entr%s in offices/%s/office.conf"), office->name, count,
	       count == 1 ? "y" : "ies", office->name);
	if (seen)
		tell_seen(machines_of(seen, office->name));
	putchar('\n');
}

void publication_tell_gone(const struct repo *repo, const json_t *seen)
{
	GUARD_AUTO_JSON json_t *placed = repo_placed(repo);
	size_t i;
	json_t *name;

	json_array_foreach(placed, i, name) {
		const char *office = json_string_value(name);
		size_t k = 0;

		while (k < repo->office_count && strcmp(repo->offices[k].name, office) != 0)
			k++;
		if (k < repo->office_count)
			continue;
		guardctl_error("offices/%s is gone: its machines keep what they have and take nothing new; release them first "
			       "(docs/distribution.md, \"Release\"), or put it back", office);
		if (seen) {
			printf(_("Machines of %s: no place any more"), office);
			tell_seen(machines_of(seen, office));
			putchar('\n');
		}
	}
}

bool publication_tell(const struct publication *publication, const struct repo *repo, const struct repo_options *options)
{
	GUARD_AUTO_JSON json_t *seen = options->log ? repo_seen_offices(options->log) : NULL;

	for (size_t i = 0; i < repo->profile_count; i++)
		tell_profile(publication, repo, i, seen);
	tell_layer(repo, _("Denied at once, everywhere"), "deny", "deny-now", "deny/now.img", seen);
	publication_tell_gone(repo, seen);
	for (size_t i = 0; i < repo->office_count; i++) {
		const char *name = repo->offices[i].name;
		char what[REPO_NAME_MAX + 32], folder[REPO_NAME_MAX + 32], target[REPO_NAME_MAX + 64];

		snprintf(what, sizeof(what), _("Exceptions of %s"), name);
		snprintf(folder, sizeof(folder), "offices/%s", name);
		snprintf(target, sizeof(target), "office/%s/exceptions.img", name);
		tell_layer(repo, what, folder, name, target, seen);
		if (repo->offices[i].broad.threshold) {
			snprintf(what, sizeof(what), _("Broad exceptions of %s"), name);
			snprintf(folder, sizeof(folder), "offices/%s/broad", name);
			snprintf(target, sizeof(target), "office/%s/broad/exceptions.img", name);
			tell_layer(repo, what, folder, name, target, seen);
		}
		tell_place(repo, &repo->offices[i], seen);
	}
	puts(_("Nothing was published: this was a dry run."));
	return true;
}

/* Nobody is surprised by an expiry: a month before, it is said. */
#define SOON (30 * (int64_t)REPO_DAY)

static void tell_end(const struct repo *repo, const char *role)
{
	GUARD_AUTO_JSON json_t *document = repo_signed(repo, role);
	char text[GUARD_TIME_TEXT_SIZE];

	if (!document || publish_expires(document) > repo->now + SOON)
		return;
	guard_time_format(text, publish_expires(document));
	guardctl_error("%s ends at %s: sign it anew (%s)", role, text,
		       strcmp(role, "root") == 0 ? "guardctl repo rotate" : _("guardctl repo publish with its key"));
}

void publication_tell_ends(const struct repo *repo)
{
	tell_end(repo, "root");
	tell_end(repo, "targets");
	tell_end(repo, "deny");
	for (size_t i = 0; i < repo->office_count; i++)
		tell_end(repo, repo->offices[i].name);
}
