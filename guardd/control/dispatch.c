/* SPDX-License-Identifier: MIT
 *
 * control/dispatch.c - one packet from a client: taken apart, allowed or
 * refused, and given to who answers it.  Everything in it is outside bytes but
 * the peer's user, which the kernel says.
 */
#include <stdio.h>

#include "control/control.h"

static void refuse_malformed(struct control_client *client, int error, int64_t now_ns)
{
	if (error == -GUARD_E_VERSION)
		control_result(
		    client, GUARD_E_VERSION,
		    "This guardctl speaks another version than the daemon: install the same version of both.",
		    now_ns);
	else
		control_result(client, GUARD_E_FORMAT,
			       "The message is malformed: use a guardctl of the daemon's version.", now_ns);
	if (client->socket >= 0)
		control_drop(client);
}

static void hand_to_record(struct control *control, struct control_client *client,
			   struct guard_reader *reader, int64_t now_ns)
{
	struct record_request request = {.sequence = client->sequence, .uid = client->peer.uid};
	int r;

	if (guard_event_filter_decode(&request.filter, reader) < 0 || !guard_reader_done(reader)) {
		refuse_malformed(client, -GUARD_E_FORMAT, now_ns);
		return;
	}
	r = control->record < 0 ? -GUARD_E_UNREACHABLE
				: record_request_send(control->record, client->socket, &request);
	if (r < 0) {
		control_result(client, GUARD_E_BUSY,
			       "The record process is not there or busy: try again in a second.", now_ns);
		return;
	}
	control_drop(client); /* record holds the connection now */
}

static void explain(struct control *control, struct control_client *client, struct guard_reader *reader,
		    int64_t now_ns)
{
	struct guard_question question;

	if (guard_question_decode(&question, reader) < 0 || !guard_reader_done(reader))
		refuse_malformed(client, -GUARD_E_FORMAT, now_ns);
	else
		control_answer_explain(control, client, &question, now_ns);
}

static void ask_unlock(struct control *control, struct control_client *client, struct guard_reader *reader,
		       int64_t now_ns)
{
	struct guard_ask ask;

	if (guard_ask_decode(&ask, reader) < 0 || !guard_reader_done(reader))
		refuse_malformed(client, -GUARD_E_FORMAT, now_ns);
	else
		control_hand_to_unlock(control, client, &ask, now_ns);
}

static void reload(struct control *control, struct control_client *client, int64_t now_ns)
{
	if (client->peer.uid != 0) {
		control_result(client, GUARD_E_DENIED, "Only root may reload the policy: use sudo.", now_ns);
		return;
	}
	if (control_ask_reload(control, client) < 0)
		control_result(client, GUARD_E_BUSY, "The daemon is busy with another reload: try again.",
			       now_ns);
}

static void packages(struct control *control, struct control_client *client, int64_t now_ns)
{
	if (client->peer.uid != 0)
		control_result(client, GUARD_E_DENIED, "Only root may hand packages over: use sudo.", now_ns);
	else if (control_hand_packages(control, client) < 0)
		control_result(client, GUARD_E_BUSY, "The daemon is busy: try again in a second.", now_ns);
	else
		control_drop(client); /* the keeper holds the connection now */
}

void control_dispatch(struct control *control, struct control_client *client, size_t size, int64_t now_ns)
{
	struct guard_reader reader;
	uint16_t type;
	int r;

	client->sequence = 0;
	guard_reader_init(&reader, control->packet, size);
	r = guard_wire_open(&type, &client->sequence, &reader);
	if (r < 0) {
		refuse_malformed(client, r, now_ns);
		return;
	}
	if (type == GUARD_WIRE_EVENTS) {
		hand_to_record(control, client, &reader, now_ns);
		return;
	}
	if (type == GUARD_WIRE_EXPLAIN) {
		explain(control, client, &reader, now_ns);
		return;
	}
	if (type == GUARD_WIRE_UNLOCK) {
		ask_unlock(control, client, &reader, now_ns);
		return;
	}
	if (!guard_reader_done(&reader))
		refuse_malformed(client, -GUARD_E_FORMAT, now_ns);
	else if (type == GUARD_WIRE_STATUS)
		control_answer_status(control, client, now_ns);
	else if (type == GUARD_WIRE_RELOAD)
		reload(control, client, now_ns);
	else if (type == GUARD_WIRE_PACKAGES)
		packages(control, client, now_ns);
	else if (type != GUARD_WIRE_CANCEL) /* there is nothing to cancel any more */
		refuse_malformed(client, -GUARD_E_FORMAT, now_ns);
}
