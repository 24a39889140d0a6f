/* SPDX-License-Identifier: MIT
 *
 * signing/signers_keys.c - the policy whose keys count, those keys, and the table of
 * what packages vouch for: this machine's own, or what somebody names.
 */
#include "signers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "publish/publish.h"

#define STATE "/var/lib/guard"
#define CATALOGS "/etc/guard/catalogs"

const char *signers_state(const struct signers_places *places)
{
	return places->state ? places->state : STATE;
}

void signers_places_of(struct signers_places *places, const struct guard_status *told)
{
	if (!places->state && told->state_dir[0])
		places->state = told->state_dir;
	if (!places->catalogs && told->catalogs_dir[0])
		places->catalogs = told->catalogs_dir;
}

bool signers_folder_is_there(const char *path)
{
	struct stat status;

	if (!path)
		return true;
	errno = ENOTDIR;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return true;
	guardctl_error("%s: %s", path, strerror(errno));
	return false;
}

/* A sealed copy: what is checked is what is used. */
static int seal(const char *path, size_t max)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-signers", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	int r = publish_file_read(&bytes, &size, AT_FDCWD, path, max);

	if (r < 0)
		return r;
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	return guard_steal_fd(&fd);
}

static int seal_state(const struct signers_places *places, const char *name, size_t max)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", signers_state(places), name) >= PATH_MAX)
		return -GUARD_E_LIMIT;
	return seal(path, max);
}

int signers_table_load(struct guard_attribution **ret_table, const struct signers_places *places)
{
	GUARD_AUTO_CLOSE int fd = seal_state(places, "attributions", GUARD_ATTRIBUTION_SIZE_MAX);

	return fd < 0 ? fd : guard_attribution_open(ret_table, fd);
}

/* One that is not there, or not for this user to read, is none. */
static void load_table(struct signers_keys *keys, const struct signers_places *places)
{
	int r = signers_table_load(&keys->table, places);

	if (r < 0 && r != -GUARD_E_NOT_FOUND && r != -GUARD_E_IO)
		guardctl_error("%s/attributions cannot be used: packages are left out", signers_state(places));
}

static bool load_keys(struct signers_keys *keys)
{
	keys->count = keys->policy ? guard_policy_key_count(keys->policy) : 0;
	keys->keys = calloc(keys->count + 1, sizeof(*keys->keys));
	for (size_t i = 0; keys->keys && i < keys->count; i++) {
		struct guard_policy_key key;

		guard_policy_key(keys->policy, &key, i);
		if (key.spki && guard_public_key_load(&keys->keys[i], key.spki, key.spki_size) == -GUARD_E_NOMEM)
			return false;
	}
	return keys->keys;
}

/* What the machine remembers as its policy, unless another is named. */
static bool load_policy(struct signers_keys *keys, const struct signers_places *places)
{
	const struct guard_machine machine = { 0 };
	GUARD_AUTO_CLOSE int fd = -1;
	int r;

	if (places->policy && !policy_input_is_image(places->policy)) {
		if (!policy_input_open(&keys->input, &places->policy, 1, &machine))
			return false;
		keys->policy = keys->input.policy;
		return true;
	}
	fd = places->policy ? seal(places->policy, GUARD_POLICY_IMAGE_MAX) :
			      seal_state(places, "policy-last", GUARD_POLICY_IMAGE_MAX);
	r = fd < 0 ? fd : guard_policy_open(&keys->input.policy, fd, &machine);
	keys->policy = r == 0 ? keys->input.policy : NULL;
	if (r < 0 && places->policy)
		guardctl_error("%s: %s", places->policy, guard_error_text(r));
	return r == 0 || !places->policy;
}

bool signers_keys_load(struct signers_keys *ret_keys, const struct signers_places *places)
{
	struct signers_keys keys = { .catalogs = places->catalogs ? places->catalogs : CATALOGS };
	bool good = load_policy(&keys, places) && load_keys(&keys);

	if (good)
		load_table(&keys, places);
	*ret_keys = keys;
	return good;
}

bool signers_keys_of(struct signers_keys *ret_keys, struct guard_policy *policy, const struct signers_places *places)
{
	struct signers_keys keys = { .policy = policy, .catalogs = places->catalogs ? places->catalogs : CATALOGS };
	bool good = load_keys(&keys);

	if (good)
		load_table(&keys, places);
	*ret_keys = keys;
	return good;
}

void signers_keys_clear(struct signers_keys *keys)
{
	for (size_t i = 0; keys->keys && i < keys->count; i++)
		guard_public_key_free(keys->keys[i]);
	free(keys->keys);
	guard_attribution_free(keys->table);
	policy_input_close(&keys->input);
	*keys = (struct signers_keys){ 0 };
}
