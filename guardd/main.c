/* SPDX-License-Identifier: MIT
 *
 * guardd/main.c - the daemon's command line.  Reads the configuration and hands
 * over to the keeper.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "keeper/keeper.h"

#define EXIT_USAGE 2

static const char help[] =
	"usage: guardd [--config FILE] [--foreground] [--check]\n"
	"\n"
	"Lets only the programs run that the policy lists.\n"
	"\n"
	"  --config FILE   configuration, default /etc/guard/guardd.conf\n"
	"  --foreground    print one line `ready` on standard output when enforcement is on\n"
	"  --check         say whether configuration and policy are good, change nothing\n"
	"  --version       print the version\n"
	"  --help          print this\n"
	"\n"
	"Signals: HUP reads the policy again, TERM stops, USR2 changes to the program file's\n"
	"new version without a gap, USR1 leaves the gate to the next guardd.\n"
	"\n"
	"example: guardd --config /etc/guard/guardd.conf --check\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "foreground", no_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int usage(void)
{
	fputs("guardd: see guardd --help\n", stderr);
	return EXIT_USAGE;
}

/* 0 go on, else the exit code + 1. */
static int read_options(struct guardd_keeper_options *ret_options, bool *ret_check, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:fh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret_options->config_path = optarg;
			break;
		case 'f':
			ret_options->foreground = true;
			break;
		case 't':
			*ret_check = true;
			break;
		case 'V':
			puts("guardd " GUARDD_VERSION);
			return EXIT_SUCCESS + 1;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS + 1;
		default:
			return usage() + 1;
		}
	}
	if (optind < argc)
		return usage() + 1;
	return 0;
}

/* Whoever started us may have left fds open or standard ones closed. */
static void tidy_process(void)
{
	int fd;

	close_range(3, ~0u, 0);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	umask(077);
	if (chdir("/") < 0)
		perror("guardd: /");
}

int main(int argc, char **argv)
{
	struct guardd_keeper_options keeper_options = { .config_path = "/etc/guard/guardd.conf" };
	struct guardd_config config;
	char problem[1024], *config_path;
	bool check = false;
	int r = read_options(&keeper_options, &check, argc, argv);

	if (r != 0)
		return r - 1;
	if (geteuid() != 0) {
		fputs("guardd: must be started by root\n", stderr);
		return EXIT_FAILURE;
	}
	if (guardd_config_load(&config, keeper_options.config_path, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: %s\n", problem);
		/* A managed machine does not lose its protection with a spoiled file. */
		if (check || guardd_config_last(&config, keeper_options.config_path, problem) < 0)
			return EXIT_FAILURE;
	}
	config_path = realpath(keeper_options.config_path, NULL); /* we change directory */
	if (config_path) {
		keeper_options.config_path = config_path;
		snprintf(config.config_file, sizeof(config.config_file), "%s", config_path);
	}
	tidy_process();
	r = check ? guardd_keeper_check(&config) : guardd_keeper_run(&config, &keeper_options);
	guardd_config_free(&config);
	free(config_path);
	return r;
}
