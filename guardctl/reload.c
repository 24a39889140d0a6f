/* SPDX-License-Identifier: MIT
 *
 * guardctl/reload.c - `guardctl reload`: the daemon reads its policy again.
 */
#include <stdio.h>
#include <string.h>

#include "i18n.h"
#include "base/text.h"
#include "connection.h"
#include "guardctl.h"
#include "told_text.h"

/* What the daemon says beside "done": which policy is in force now, or that the
 * machine is managed and its repository is asked. */
static void say(struct guard_reader reader)
{
	const char *sentence;
	char text[1024];

	(void)guard_read_u32(&reader);
	sentence = guard_read_string(&reader, GUARD_WIRE_MAX);
	if (!sentence)
		return;
	guard_text_escape(text, sizeof(text), sentence, strlen(sentence));
	printf("guardctl: %s\n", guardctl_told(text));
}

static int await_result(struct guardctl_connection *connection, bool json)
{
	struct guard_reader reader, again;
	uint16_t type;
	int code = guardctl_receive(&type, &reader, connection);

	if (code != 0)
		return code;
	if (type != GUARD_WIRE_RESULT)
		return guardctl_unexpected();
	again = reader;
	code = guardctl_result(&reader);
	if (code == GUARDCTL_DONE && !json)
		say(again);
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
		code = await_result(&connection, options->json);
	guardctl_disconnect(&connection);
	if (code == GUARDCTL_DONE && options->json)
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
	     "A machine that headquarters manages reads no local file: its repository is asked\n"
	     "at once instead, and a local policy that guardd.conf names is refused.\n"
	     "\n"
	     "Example: guardctl policy build hq.conf --output /etc/guard/policy.image && guardctl reload\n"),
    .run = run,
};
