/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_options.c - the command line of `guardctl scan`.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scan.h"

enum { OPT_MODE = 256, OPT_ALL, OPT_ID, OPT_EXCLUDE, OPT_FRAGMENT, OPT_BY, OPT_CERTIFICATE, OPT_CATALOGS, OPT_STATE };

static int parse_number(unsigned *ret_number, const char *text, unsigned max)
{
	char *end;

	errno = 0;
	unsigned long number = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || number == 0 || number > max)
		return -GUARD_E_USAGE;
	*ret_number = (unsigned)number;
	return 0;
}

static int take_mode(struct scan_options *options, const char *mode)
{
	if (strcmp(mode, "audit") != 0 && strcmp(mode, "enforce") != 0) {
		guardctl_error("scan: --mode is \"audit\" or \"enforce\", not \"%s\"", mode);
		return -GUARD_E_USAGE;
	}
	options->audit = mode[0] == 'a';
	return 0;
}

static int take_id(struct scan_options *options, const char *id)
{
	GUARD_AUTO_FREE char *clean = strdup(id);

	if (!clean)
		return -GUARD_E_NOMEM;
	scan_clean_id(clean);
	if (!id[0] || strlen(id) > 100 || strcmp(id, clean) != 0) {
		guardctl_error("scan: --id takes up to 100 letters, digits, '.', '_', '-', not \"%s\"", id);
		return -GUARD_E_USAGE;
	}
	options->id = id;
	return 0;
}

static int take_exclude(struct scan_options *options, const char *glob)
{
	if (options->exclude_count == SCAN_EXCLUDES_MAX) {
		guardctl_error("scan: more than %u --exclude options", SCAN_EXCLUDES_MAX);
		return -GUARD_E_USAGE;
	}
	options->excludes[options->exclude_count++] = glob;
	return 0;
}

static int take_by(struct scan_options *options, const char *what)
{
	options->by_signer = strcmp(what, "signer") == 0;
	if (options->by_signer || strcmp(what, "content") == 0)
		return 0;
	guardctl_error("scan: --by is \"content\" or \"signer\", not \"%s\"", what);
	return -GUARD_E_USAGE;
}

static int take_certificate(struct scan_options *options, const char *file)
{
	if (options->certificate_count == SCAN_CERTIFICATES_MAX) {
		guardctl_error("scan: more than %u --certificate options", SCAN_CERTIFICATES_MAX);
		return -GUARD_E_USAGE;
	}
	options->certificates[options->certificate_count++] = file;
	return 0;
}

static int take_option(struct scan_options *options, int option)
{
	switch (option) {
	case 'o':
		options->output = strcmp(optarg, "-") ? optarg : NULL;
		return 0;
	case 'j':
		if (parse_number(&options->jobs, optarg, SCAN_JOBS_MAX) == 0)
			return 0;
		guardctl_error("scan: --jobs wants a number from 1 to %u, not \"%s\"", SCAN_JOBS_MAX, optarg);
		return -GUARD_E_USAGE;
	case 'x':
		options->one_file_system = true;
		return 0;
	case OPT_MODE:
		return take_mode(options, optarg);
	case OPT_ALL:
		options->all = true;
		return 0;
	case OPT_FRAGMENT:
		options->fragment = true;
		return 0;
	case OPT_ID:
		return take_id(options, optarg);
	case OPT_EXCLUDE:
		return take_exclude(options, optarg);
	case OPT_BY:
		return take_by(options, optarg);
	case OPT_CERTIFICATE:
		return take_certificate(options, optarg);
	case OPT_CATALOGS:
		options->catalogs = optarg;
		return 0;
	case OPT_STATE:
		options->state = optarg;
		return 0;
	default:
		return -GUARD_E_USAGE;
	}
}

int scan_parse_options(struct scan_options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "one-file-system", no_argument, NULL, 'x' },
		{ "mode", required_argument, NULL, OPT_MODE },
		{ "all", no_argument, NULL, OPT_ALL },
		{ "fragment", no_argument, NULL, OPT_FRAGMENT },
		{ "id", required_argument, NULL, OPT_ID },
		{ "exclude", required_argument, NULL, OPT_EXCLUDE },
		{ "by", required_argument, NULL, OPT_BY },
		{ "certificate", required_argument, NULL, OPT_CERTIFICATE },
		{ "catalogs", required_argument, NULL, OPT_CATALOGS },
		{ "state", required_argument, NULL, OPT_STATE },
		{ 0 },
	};
	int option;

	optind = 0; /* glibc: start anew, main() may have used it */
	while ((option = getopt_long(argc, argv, "o:j:x", longs, NULL)) != -1)
		if (take_option(options, option) < 0)
			return -GUARD_E_USAGE;
	if (!options->by_signer && (options->certificate_count || options->catalogs || options->state)) {
		guardctl_error("scan: --certificate, --catalogs and --state go with --by signer");
		return -GUARD_E_USAGE;
	}
	if (optind == argc) {
		guardctl_error("scan: which directory? e.g. `guardctl scan /usr /opt --output machine.conf`");
		return -GUARD_E_USAGE;
	}
	for (; optind < argc; optind++) {
		if (options->directory_count == SCAN_DIRECTORIES_MAX) {
			guardctl_error("scan: more than %u directories", SCAN_DIRECTORIES_MAX);
			return -GUARD_E_USAGE;
		}
		options->directories[options->directory_count++] = argv[optind];
	}
	return 0;
}
