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
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "output.h"

enum { OPT_POLICY = 256, OPT_CATALOGS, OPT_STATE };

struct asked {
	struct signers_places places;
	bool json;
};

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
		{ "state", required_argument, NULL, OPT_STATE },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == OPT_POLICY)
			asked->places.policy = optarg;
		else if (option == OPT_CATALOGS)
			asked->places.catalogs = optarg;
		else if (option == OPT_STATE)
			asked->places.state = optarg;
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
	struct asked asked = { .json = options->json };
	struct signers_keys keys = { 0 };
	int code = parse(&asked, argc, argv);

	if (code)
		return code;
	code = GUARDCTL_REFUSED;
	if (signers_folder_is_there(asked.places.catalogs) && signers_folder_is_there(asked.places.state) &&
	    signers_keys_load(&keys, &asked.places)) {
		if (!keys.policy)
			guardctl_error("signers: no policy at hand (%s/policy-last): every key is unknown; name one "
				       "with --policy", signers_state(&asked.places));
		code = all_files(&keys, &asked, argc - optind, &argv[optind]);
	}
	signers_keys_clear(&keys);
	return code;
}

const struct guardctl_verb guardctl_signers = {
	.name = "signers",
	.summary = N_("which signatures a file has, and whether they count"),
	.usage = N_("usage: guardctl signers FILE... [--policy IMAGE|SOURCE] [--catalogs DIR]\n"
		 "                              [--state DIR]\n"
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
		 "  --state DIR     the daemon's state_dir, with what packages vouch for; default\n"
		 "                  /var/lib/guard\n"
		 "\n"
		 "Exit code 0 when each FILE has a good one, else 1.\n"
		 "\n"
		 "example: guardctl signers /opt/acme/bin/tool\n"
		 "         guardctl --json signers driver.ko --policy hq.conf\n"),
	.run = run,
};
