/* SPDX-License-Identifier: MIT
 *
 * control/send.c - answers to one client; never waits.
 */
#include "control/control.h"

void control_start(struct control_client *client, uint16_t type)
{
	guard_writer_free(&client->out);
	guard_writer_init(&client->out);
	guard_wire_begin(&client->out, type, client->sequence);
}

void control_send(struct control_client *client, int64_t now_ns)
{
	int r = guard_wire_send(client->socket, &client->out);

	client->since_ns = now_ns;
	client->has_out = r == -GUARD_E_BUSY;
	if (r < 0 && !client->has_out)
		control_drop(client);
}

void control_result(struct control_client *client, uint32_t error, const char *sentence, int64_t now_ns)
{
	control_start(client, GUARD_WIRE_RESULT);
	guard_write_u32(&client->out, error);
	guard_write_string(&client->out, sentence);
	control_send(client, now_ns);
}
