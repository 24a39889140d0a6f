/* SPDX-License-Identifier: MIT
 *
 * guardctl/packages.c - `guardctl packages`: which packages are looked at, and
 * what it means for apt when some are not attributed.
 */
#include "packages.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <guard/error.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LISTS "/var/lib/apt/lists"
#define ARCHIVES "/var/cache/apt/archives"
#define DATABASE "/var/lib/dpkg"

struct settings {
	const char *lists, *archives, *state, *database;
	bool refuse;
};

static const struct option options_table[] = {
	{ "lists", required_argument, NULL, 'l' },
	{ "archives", required_argument, NULL, 'a' },
	{ "state", required_argument, NULL, 's' },
	{ "dpkg", required_argument, NULL, 'd' },
	{ "refuse", no_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

static int usage(const char *sentence)
{
	guardctl_error("packages: %s; see `guardctl help packages`", sentence);
	return GUARDCTL_USAGE;
}

/* apt goes on unless it was told to stop: a machine half upgraded is worse off
 * than one with a program that does not run. */
static int apt_hook(const struct guardctl_options *options, const struct settings *settings)
{
	struct packages_list debs = { 0 };
	const struct packages_order order = { options, settings->lists, &debs, false };
	int r = packages_read_apt(&debs, STDIN_FILENO), code = GUARDCTL_DONE;

	if (r < 0) {
		guardctl_error("packages: what apt says is not understood: %s", guardctl_error_text(r));
		code = GUARDCTL_REFUSED;
	} else if (debs.count > 0) {
		code = packages_hand_over(&order);
	}
	packages_list_free(&debs);
	if (code != GUARDCTL_DONE && !settings->refuse)
		puts(_("guard: apt goes on; what was not attributed runs only if the policy lists it otherwise."));
	fflush(stdout);
	return settings->refuse ? code : GUARDCTL_DONE;
}

static int hand_over(const struct guardctl_options *options, const struct settings *settings,
		     struct packages_list *debs, int r)
{
	const struct packages_order order = { options, settings->lists, debs, true };
	int code = GUARDCTL_REFUSED;

	if (r < 0)
		guardctl_error("packages: %s", guardctl_error_text(r));
	else if (debs->count == 0)
		guardctl_error("packages: there is no .deb file in %s: what is installed is left to the hash list "
			       "(guardctl scan)", settings->archives);
	else
		code = packages_hand_over(&order);
	packages_list_free(debs);
	return code;
}

static int add(const struct guardctl_options *options, const struct settings *settings, int argc, char **argv)
{
	struct packages_list debs = { 0 };
	int r = 0;

	if (argc == 0)
		return usage(_("add: name at least one .deb or .rpm file"));
	for (int i = 0; r == 0 && i < argc; i++)
		r = packages_list_add(&debs, argv[i], strlen(argv[i]));
	return hand_over(options, settings, &debs, r);
}

static int installed(const struct guardctl_options *options, const struct settings *settings)
{
	struct packages_list debs = { 0 };
	DIR *folder = opendir(settings->archives);
	struct dirent *entry;
	char path[4096 + 256];
	int r = 0, code;

	if (!folder) {
		guardctl_error("packages: %s cannot be read: %s", settings->archives, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (r == 0 && (entry = readdir(folder))) {
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(&entry->d_name[length - 4], ".deb") != 0)
			continue;
		snprintf(path, sizeof(path), "%.4095s/%s", settings->archives, entry->d_name);
		r = packages_list_add(&debs, path, strlen(path));
	}
	closedir(folder);
	code = hand_over(options, settings, &debs, r);
	puts(_("What is installed and not attributed: guardctl packages missing"));
	return code;
}

static int parse(struct settings *settings, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options_table, NULL)) != -1) {
		switch (option) {
		case 'l':
			settings->lists = optarg;
			break;
		case 'a':
			settings->archives = optarg;
			break;
		case 's':
			settings->state = optarg;
			break;
		case 'd':
			settings->database = optarg;
			break;
		case 'r':
			settings->refuse = true;
			break;
		default:
			return GUARDCTL_USAGE;
		}
	}
	return optind == argc ? usage(_("one of add, installed, missing, apt-hook is missing")) : GUARDCTL_DONE;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct settings settings = { LISTS, ARCHIVES, NULL, DATABASE, false };
	int code = parse(&settings, argc, argv);
	const char *verb;

	if (code != GUARDCTL_DONE)
		return code;
	verb = argv[optind];
	if (strcmp(verb, "add") == 0)
		return add(options, &settings, argc - optind - 1, &argv[optind + 1]);
	if (argc != optind + 1)
		return usage(_("too many arguments"));
	if (strcmp(verb, "installed") == 0)
		return installed(options, &settings);
	if (strcmp(verb, "missing") == 0)
		return packages_missing(options, settings.state, settings.database);
	if (strcmp(verb, "apt-hook") == 0)
		return apt_hook(options, &settings);
	return usage(_("one of add, installed, missing, apt-hook is wanted"));
}

const struct guardctl_verb guardctl_packages = {
	.name = "packages",
	.summary = N_("attribute the files of signed packages (root)"),
	.usage = N_("Usage: guardctl packages add [--lists DIR] FILE...\n"
		 "       guardctl packages installed [--lists DIR] [--archives DIR]\n"
		 "       guardctl [--json] packages missing [--state DIR] [--dpkg DIR]\n"
		 "       guardctl packages apt-hook [--lists DIR] [--refuse] < what apt says\n"
		 "\n"
		 "Hands .deb files with apt's lists, or signed .rpm files, to the daemon, which verifies\n"
		 "them up to a key that the policy names.  What they hold is then allowed by rules for\n"
		 "that key.\n"
		 "\n"
		 "  add        these files\n"
		 "  installed  what lies in /var/cache/apt/archives: for the first start\n"
		 "  missing    what is installed and not attributed: runs only where the policy lists it\n"
		 "  apt-hook   what apt is about to unpack (20guard in /etc/apt/apt.conf.d)\n"
		 "  --refuse   apt stops when a package cannot be attributed; without, it is\n"
		 "             installed and does not run\n"
		 "\n"
		 "Example: apt-get download hello && guardctl packages add ./hello_*.deb\n"),
	.run = run,
};
