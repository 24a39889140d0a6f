/* SPDX-License-Identifier: MIT
 *
 * signing/signers.c - the verb `signers`: which signatures a file has, and what the
 * keys of a policy make of them.  Asks no daemon.
 */
#include "signers.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "output.h"
#include "policy_verbs.h"
#include "publish/publish.h"

enum { OPT_POLICY = 256, OPT_CATALOGS };

struct asked {
	const char *policy, *catalogs;
	bool json;
};

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

static void load_table(struct signers_keys *keys)
{
	GUARD_AUTO_CLOSE int fd = seal(SIGNERS_TABLE, GUARD_ATTRIBUTION_SIZE_MAX);

	if (fd >= 0 && guard_attribution_open(&keys->table, fd) < 0)
		guardctl_error("signers: %s cannot be used: packages are left out", SIGNERS_TABLE);
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
static bool load_policy(struct policy_input *input, struct signers_keys *keys, const struct asked *asked)
{
	const struct guard_machine machine = { 0 };
	int fd = -1, r;

	if (asked->policy && !policy_input_is_image(asked->policy)) {
		if (!policy_input_open(input, &asked->policy, 1, &machine))
			return false;
		keys->policy = input->policy;
		return true;
	}
	fd = seal(asked->policy ? asked->policy : SIGNERS_POLICY, GUARD_POLICY_IMAGE_MAX);
	r = fd < 0 ? fd : guard_policy_open(&input->policy, fd, &machine);
	if (fd >= 0)
		close(fd);
	if (r == 0)
		keys->policy = input->policy;
	else if (asked->policy)
		guardctl_error("signers: %s: %s", asked->policy, guard_error_text(r));
	else
		guardctl_error("signers: no policy at hand (%s): every key is unknown; name one with --policy", SIGNERS_POLICY);
	return r == 0 || !asked->policy;
}

static int one_file(bool *ret_good, json_t *list, const char *path, const struct signers_keys *keys)
{
	GUARD_AUTO_FREE struct signers_found *found = calloc(1, sizeof(*found));
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r = -GUARD_E_IO;

	if (fd < 0 || fstat(fd, &status) < 0) {
		guardctl_error("signers: %s: %s", path, strerror(errno));
		return r;
	}
	if (!S_ISREG(status.st_mode)) {
		guardctl_error("signers: %s is no regular file", path);
		return r;
	}
	r = found ? signers_find(found, fd, keys) : -GUARD_E_NOMEM;
	if (r < 0) {
		guardctl_error("signers: %s: %s", path, guard_error_text(r));
		return r;
	}
	for (size_t i = 0; i < found->count; i++)
		*ret_good |= found->all[i].state == SIGNERS_GOOD;
	if (list)
		json_array_append_new(list, signers_json(path, found));
	else
		signers_print(path, found);
	return 0;
}

static int all_files(const struct signers_keys *keys, const struct asked *asked, int count, char **paths)
{
	json_t *list = asked->json ? json_array() : NULL;
	bool all_good = true;

	for (int i = 0; i < count; i++) {
		bool good = false;

		if (one_file(&good, list, paths[i], keys) < 0)
			good = false;
		all_good &= good;
	}
	if (list && guardctl_print_json(list) != GUARDCTL_DONE)
		return GUARDCTL_REFUSED;
	return all_good ? GUARDCTL_DONE : GUARDCTL_REFUSED;
}

static int parse(struct asked *asked, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "policy", required_argument, NULL, OPT_POLICY },
		{ "catalogs", required_argument, NULL, OPT_CATALOGS },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == OPT_POLICY)
			asked->policy = optarg;
		else if (option == OPT_CATALOGS)
			asked->catalogs = optarg;
		else
			return GUARDCTL_USAGE;
	}
	if (optind < argc)
		return 0;
	guardctl_error("signers: of which file? e.g. `guardctl signers /opt/acme/bin/tool`");
	return GUARDCTL_USAGE;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct asked asked = { .catalogs = SIGNERS_CATALOGS, .json = options->json };
	struct policy_input input = { 0 };
	struct signers_keys keys = { 0 };
	int code = parse(&asked, argc, argv);

	if (code)
		return code;
	keys.catalogs = asked.catalogs;
	code = GUARDCTL_REFUSED;
	if (load_policy(&input, &keys, &asked) && load_keys(&keys)) {
		load_table(&keys);
		code = all_files(&keys, &asked, argc - optind, &argv[optind]);
	}
	for (size_t i = 0; keys.keys && i < keys.count; i++)
		guard_public_key_free(keys.keys[i]);
	free(keys.keys);
	guard_attribution_free(keys.table);
	policy_input_close(&input);
	return code;
}

const struct guardctl_verb guardctl_signers = {
	.name = "signers",
	.summary = N_("which signatures a file has, and whether they count"),
	.usage = N_("usage: guardctl signers FILE... [--policy IMAGE|SOURCE] [--catalogs DIR]\n"
		 "\n"
		 "Each signature about FILE: in security.ima, behind it, in a catalog, of a\n"
		 "package; whether it verifies and up to which key of the policy:\n"
		 "\n"
		 "  good        it verifies, by this key of the policy, or one that it issued\n"
		 "  bad         it is by a key of the policy, but not of this content\n"
		 "  refused     it verifies, but a certificate does not count, and why\n"
		 "  unknown     it is by a key that the policy does not name\n"
		 "  unreadable  it is none that guard takes, and why\n"
		 "\n"
		 "  --policy FILE   whose keys count; default: what this machine has in force\n"
		 "  --catalogs DIR  where signed lists are; default /etc/guard/catalogs\n"
		 "\n"
		 "Exit code 0 when each FILE has a good one, else 1.\n"
		 "\n"
		 "example: guardctl signers /opt/acme/bin/tool\n"
		 "         guardctl --json signers driver.ko --policy hq.conf\n"),
	.run = run,
};
