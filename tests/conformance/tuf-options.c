/* SPDX-License-Identifier: MIT
 *
 * conformance/tuf-options.c - the command line of the TUF client conformance
 * suite.
 */
#include "tuf-client.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static int usage(const char *why)
{
	fprintf(stderr,
		"tuf-client: %s\n"
		"usage: tuf-client --metadata-dir DIR init ROOT\n"
		"       tuf-client --metadata-dir DIR --metadata-url URL refresh\n"
		"       tuf-client --metadata-dir DIR --metadata-url URL --target-name NAME...\n"
		"                  --target-base-url URL --target-dir DIR download\n",
		why);
	return -GUARD_E_USAGE;
}

static int take(struct tuf_options *options, int option, const char *value)
{
	switch (option) {
	case 'm':
		options->metadata_dir = value;
		return 0;
	case 'u':
		options->metadata_url = value;
		return 0;
	case 'd':
		options->target_dir = value;
		return 0;
	case 'b':
		options->target_url = value;
		return 0;
	case 'n':
		if (options->target_count == TUF_TARGETS_MAX)
			return usage("too many targets");
		options->targets[options->target_count++] = value;
		return 0;
	default:
		return usage("unknown option");
	}
}

/* The words that are no options: `init ROOT`, else further target names and
 * the verb behind them. */
static int take_words(struct tuf_options *options, int count, char **words)
{
	options->verb = count > 0 ? words[count - 1] : "";
	if (count > 0 && strcmp(words[0], "init") == 0) {
		options->verb = words[0];
		options->root = count == 2 ? words[1] : NULL;
		return options->root ? 0 : usage("init needs the file of a root");
	}
	if (count > 1 && options->target_count == 0)
		return usage("one verb is needed");
	for (int i = 0; i < count - 1; i++) {
		int r = take(options, 'n', words[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check(const struct tuf_options *options)
{
	if (!options->metadata_dir)
		return usage("--metadata-dir is missing");
	if (strcmp(options->verb, "init") == 0)
		return 0;
	if (!options->metadata_url)
		return usage("--metadata-url is missing");
	if (strcmp(options->verb, "refresh") == 0)
		return 0;
	if (strcmp(options->verb, "download") != 0)
		return usage("the verb is none of init, refresh, download");
	if (!options->target_dir || !options->target_url || options->target_count == 0)
		return usage("download needs --target-name, --target-base-url and --target-dir");
	return 0;
}

int tuf_options_parse(struct tuf_options *ret_options, int count, char **arguments)
{
	static const struct option known[] = {
		{ "metadata-dir", required_argument, NULL, 'm' },
		{ "metadata-url", required_argument, NULL, 'u' },
		{ "target-dir", required_argument, NULL, 'd' },
		{ "target-base-url", required_argument, NULL, 'b' },
		{ "target-name", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	struct tuf_options options = { 0 };
	int option, r;

	while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		r = take(&options, option, optarg);
		if (r < 0)
			return r;
	}
	r = take_words(&options, count - optind, &arguments[optind]);
	if (r == 0)
		r = check(&options);
	if (r == 0)
		*ret_options = options;
	return r;
}
