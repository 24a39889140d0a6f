/* SPDX-License-Identifier: MIT
 *
 * record/main.c - the record process as the keeper starts it: into the jail
 * before the first outside byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "record/record.h"

void guardd_record_main(const struct guardd_record_arguments *arguments)
{
	char problem[500] = "";
	struct record *record;
	int r;

	r = guardd_record_prepare(&record, arguments);
	if (r < 0) {
		fprintf(stderr, "guardd: record: cannot start: %s\n", guard_error_text(r));
		_exit(EXIT_FAILURE);
	}
	if (guardd_jail_enter(GUARDD_ROLE_RECORD, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: record: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	_exit(guardd_record_run(record) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
