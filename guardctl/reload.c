/* SPDX-License-Identifier: MIT
 *
 * guardctl/reload.c - `guardctl reload`: the daemon reads its policy again.
 */
#include <stdio.h>

#include "connection.h"
#include "guardctl.h"

static int await_result(struct guardctl_connection *connection)
{
	struct guard_reader reader;
	uint16_t type;
	int code = guardctl_receive(&type, &reader, connection);

	if (code == 0)
		code = type == GUARD_WIRE_RESULT ? guardctl_result(&reader) : guardctl_unexpected();
	return code;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct guardctl_connection connection;
	int code;

	if (argc > 1) {
		guardctl_error("reload: takes no arguments, and \"%s\" is one", argv[1]);
		return GUARDCTL_USAGE;
	}
	code = guardctl_connect(&connection, options);
	if (code)
		return code;
	guardctl_patience(&connection, GUARDCTL_RELOAD_SECONDS);
	code = guardctl_send_empty(&connection, GUARD_WIRE_RELOAD);
	if (code == 0)
		code = await_result(&connection);
	guardctl_disconnect(&connection);
	if (code == GUARDCTL_DONE && !options->json)
		puts(_("The policy was read again and is in force."));
	else if (code == GUARDCTL_DONE)
		puts("{\"reloaded\":true}");
	return code;
}

const struct guardctl_verb guardctl_reload = {
    .name = "reload",
    .summary = N_("let the daemon read its policy again (root)"),
    .usage = N_("Usage: guardctl reload\n"
	     "\n"
	     "The daemon reads its policy file again.  A policy that is malformed, older than\n"
	     "the one in force, or not safely owned is refused, and the one in force stays.\n"
	     "\n"
	     "Example: guardctl policy build hq.conf --output /etc/guard/policy.img && guardctl reload\n"),
    .run = run,
};
