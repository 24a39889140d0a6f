/* SPDX-License-Identifier: MIT
 *
 * guardctl/main.c - options before the verb, help, and the way to the verb.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guardctl.h"
#include "i18n.h"

#define DEFAULT_SOCKET "/run/guard/guard.sock"

enum { OPTION_SOCKET = 256, OPTION_JSON, OPTION_VERSION, OPTION_HELP };

static const struct option options_table[] = {
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"json", no_argument, NULL, OPTION_JSON},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static void print_help(FILE *out)
{
	fputs(_("guardctl - ask and steer guard, which lets only listed programs run\n"
	      "\n"
	      "Usage: guardctl [--socket PATH] [--json] VERB [ARGUMENT...]\n"
	      "       guardctl help VERB\n"
	      "\n"
	      "Verbs:\n"),
	      out);
	for (size_t i = 0; guardctl_verbs[i]; i++)
		fprintf(out, "  %-11s %s\n", guardctl_verbs[i]->name, _(guardctl_verbs[i]->summary));
	fputs(_("\n"
	      "Options:\n"
	      "  --socket PATH  the daemon's socket (default /run/guard/guard.sock)\n"
	      "  --json         results for programs to read\n"
	      "  --version      print the version\n"
	      "\n"
	      "Examples:\n"
	      "  guardctl status                     is it on, and with which policy?\n"
	      "  guardctl why                        why was I denied just now?\n"
	      "  guardctl events --denied --since 2h what was denied in the last two hours?\n"
	      "  guardctl explain ./tool             may this file run here?\n"
	      "\n"
	      "Exit codes: 0 done, 1 refused or denied, 2 wrong usage, 3 the daemon does not answer.\n"),
	      out);
}

static const struct guardctl_verb *find_verb(const char *name)
{
	for (size_t i = 0; guardctl_verbs[i]; i++)
		if (strcmp(guardctl_verbs[i]->name, name) == 0)
			return guardctl_verbs[i];
	return NULL;
}

static int unknown_verb(const char *name)
{
	guardctl_error("there is no verb \"%s\"; `guardctl help` lists them", name);
	return GUARDCTL_USAGE;
}

static int help(const char *name)
{
	const struct guardctl_verb *verb = name ? find_verb(name) : NULL;

	if (name && !verb)
		return unknown_verb(name);
	if (verb)
		fputs(_(verb->usage), stdout);
	else
		print_help(stdout);
	return GUARDCTL_DONE;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* `--json` belongs to no verb, and people write it behind one: first or last there. */
static int take_json(struct guardctl_options *options, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") != 0 || (i != 1 && i != argc - 1))
			continue;
		options->json = true;
		memmove(&argv[i], &argv[i + 1], (size_t)(argc - i) * sizeof(*argv));
		return argc - 1;
	}
	return argc;
}

static int run_verb(struct guardctl_options *options, int argc, char **argv)
{
	const struct guardctl_verb *verb;
	int code;

	if (strcmp(argv[0], "help") == 0)
		return help(argc > 1 ? argv[1] : NULL);
	verb = find_verb(argv[0]);
	if (!verb)
		return unknown_verb(argv[0]);
	if (asks_for_help(argc, argv))
		return help(argv[0]);
	argc = take_json(options, argc, argv);
	optind = 0; /* the verb's own options begin anew (glibc) */
	code = verb->run(options, argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == GUARDCTL_DONE) {
		guardctl_error("the result could not be written to standard output");
		return GUARDCTL_REFUSED;
	}
	return code;
}

/* Started without one of the three, the next file that is opened would take its
 * place and be written into.  What stands there instead cannot be used. */
static void fill_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			_exit(GUARDCTL_REFUSED);
}

int main(int argc, char **argv)
{
	struct guardctl_options options = {.socket = DEFAULT_SOCKET};
	int option;

	fill_standard_files();
	signal(SIGPIPE, SIG_DFL);
	guardctl_i18n_begin();
	while ((option = getopt_long(argc, argv, "+h", options_table, NULL)) != -1) {
		switch (option) {
		case OPTION_SOCKET:
			options.socket = optarg;
			break;
		case OPTION_JSON:
			options.json = true;
			break;
		case OPTION_VERSION:
			puts("guardctl " GUARDCTL_VERSION);
			return GUARDCTL_DONE;
		case OPTION_HELP:
		case 'h':
			return help(NULL);
		default:
			return GUARDCTL_USAGE;
		}
	}
	if (optind == argc) {
		print_help(stderr);
		return GUARDCTL_USAGE;
	}
	return run_verb(&options, argc - optind, &argv[optind]);
}
