/* SPDX-License-Identifier: MIT
 *
 * unlock/main.c - the unlock process as the keeper starts it: into the jail
 * before the first outside byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unlock/process.h"

void guardd_unlock_main(const struct guardd_unlock_arguments *arguments)
{
	char problem[500] = "";
	struct unlock_process *process;
	int r = unlock_process_prepare(&process, arguments);

	if (r < 0) {
		fprintf(stderr, "guardd: unlock: cannot start: %s\n", guard_error_text(r));
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_UNLOCK, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: unlock: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	unlock_process_begin(process);
	unlock_process_run(process);
	unlock_process_free(process);
	_exit(EXIT_SUCCESS);
}
