/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor.c - the verb `doctor`: what this machine offers guard, which
 * ways around it are open, and how to close each.
 */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "doctor.h"

#define DEFAULT_CONFIG "/etc/guard/guardd.conf"
#define DEFAULT_SOCKET "/run/guard/guard.sock"

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	static const struct option longs[] = { { "config", required_argument, NULL, 'c' }, { 0 } };
	struct guardctl_options options = *global;
	struct doctor doctor = { .options = &options, .config = DEFAULT_CONFIG, .is_root = geteuid() == 0 };
	int option;

	if (!options.socket)
		options.socket = DEFAULT_SOCKET;
	optind = 0; /* glibc: start anew, main() may have used it */
	while ((option = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (option != 'c')
			return GUARDCTL_USAGE;
		doctor.config = optarg;
	}
	if (optind != argc) {
		guardctl_error("doctor: takes no arguments, and \"%s\" is one", argv[optind]);
		return GUARDCTL_USAGE;
	}
	doctor_check_kernel(&doctor);
	doctor_check_boot(&doctor);
	doctor_check_sysctls(&doctor);
	doctor_check_machine(&doctor);
	doctor_check_mounts(&doctor);
	doctor_check_files(&doctor);
	doctor_check_guard(&doctor);
	if (options.json)
		doctor_print_json(&doctor);
	else
		doctor_print(&doctor);
	free(doctor.findings);
	return doctor.counts[DOCTOR_GAP] ? GUARDCTL_REFUSED : GUARDCTL_DONE;
}

const struct guardctl_verb guardctl_doctor = {
	.name = "doctor",
	.summary = N_("what this machine lacks, and how to close each gap"),
	.usage = N_("usage: guardctl [--json] doctor [--config FILE]\n"
		 "\n"
		 "Looks at the kernel's features, its settings, how the machine was started, the\n"
		 "filesystems, and who may write guard's files.  Every finding is `ok`, a `note`\n"
		 "(worth knowing, or it could not be seen) or a `gap` (a way around the policy that\n"
		 "can be closed), with the command that closes it.  Changes nothing; needs no\n"
		 "daemon; as root it sees more.\n"
		 "\n"
		 "Exit code 0 when there is no gap, else 1.\n"
		 "\n"
		 "example: sudo guardctl doctor\n"),
	.run = run,
};
