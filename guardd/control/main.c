/* SPDX-License-Identifier: MIT
 *
 * control/main.c - the control process as the keeper starts it: into the jail
 * before the first outside byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/control.h"

void guardd_control_main(const struct guardd_control_arguments *arguments)
{
	char problem[500] = "";
	struct control *control;
	int r;

	r = guardd_control_prepare(&control, arguments);
	if (r < 0) {
		fprintf(stderr, "guardd: control: cannot start: %s\n", guard_error_text(r));
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_CONTROL, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: control: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	/* The image is outside bytes: opened inside the jail. */
	if (arguments->policy >= 0)
		r = control_take_policy(control, arguments->policy);
	if (r < 0)
		fprintf(stderr, "guardd: control: the policy cannot be explained: %s\n", guard_error_text(r));
	guardd_control_run(control);
	_exit(EXIT_SUCCESS);
}
