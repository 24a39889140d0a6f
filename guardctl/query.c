/* SPDX-License-Identifier: MIT
 *
 * guardctl/query.c - see query.h.
 */
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "query.h"

/* ---- status -------------------------------------------------------------------------- */

static int read_status(struct guard_status *ret_status, struct guardctl_connection *connection)
{
	struct guard_reader reader;
	uint16_t type;
	int code = guardctl_receive(&type, &reader, connection);

	if (code)
		return code;
	if (type == GUARD_WIRE_RESULT)
		return guardctl_result(&reader);
	if (type != GUARD_WIRE_STATUS_DATA || guard_status_decode(ret_status, &reader) < 0)
		return guardctl_unexpected();
	return 0;
}

int guardctl_query_status(struct guard_status *ret_status, const struct guardctl_options *options)
{
	struct guardctl_connection connection;
	int code = guardctl_connect(&connection, options);

	if (code)
		return code;
	code = guardctl_send_empty(&connection, GUARD_WIRE_STATUS);
	if (code == 0)
		code = read_status(ret_status, &connection);
	guardctl_disconnect(&connection);
	return code;
}

/* ---- events ------------------------------------------------------------------------------ */

static int read_events(struct guardctl_connection *connection, guardctl_take_event take, void *context)
{
	struct guard_reader reader;
	struct guard_event event;
	uint16_t type;
	int code;

	for (;;) {
		code = guardctl_receive(&type, &reader, connection);
		if (code)
			return code;
		if (type == GUARD_WIRE_END)
			return GUARDCTL_DONE;
		if (type == GUARD_WIRE_RESULT)
			return guardctl_result(&reader);
		if (type != GUARD_WIRE_EVENT_DATA || guard_event_decode(&event, &reader) < 0 ||
		    !guard_reader_done(&reader))
			return guardctl_unexpected();
		code = take(context, &event);
		if (code)
			return code;
	}
}

int guardctl_query_events(const struct guardctl_options *options, const struct guard_event_filter *filter,
			  guardctl_take_event take, void *context)
{
	struct guardctl_connection connection;
	struct guard_writer writer;
	int code = guardctl_connect(&connection, options);

	if (code)
		return code;
	if (filter->follow)
		guardctl_patience(&connection, 0);
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EVENTS, 1);
	if (guard_event_filter_encode(&writer, filter) < 0)
		writer.failed = true;
	code = guardctl_send(&connection, &writer);
	if (code == 0)
		code = read_events(&connection, take, context);
	guardctl_disconnect(&connection);
	return code;
}

/* ---- explain ------------------------------------------------------------------------------- */

static int read_explained(struct guardctl_explained *ret_explained, struct guardctl_connection *connection)
{
	struct guardctl_explained explained = {0};
	struct guard_reader reader;
	const char *text;
	uint16_t type;
	int code = guardctl_receive(&type, &reader, connection);

	if (code)
		return code;
	if (type == GUARD_WIRE_RESULT) {
		code = guardctl_result(&reader);
		return code ? code : guardctl_unexpected();
	}
	explained.action = guard_read_u8(&reader);
	explained.mode = guard_read_u8(&reader);
	explained.reason = guard_read_u8(&reader);
	explained.rule = guard_read_u32(&reader);
	text = guard_read_string(&reader, GUARD_WIRE_MAX);
	if (type != GUARD_WIRE_EXPLAINED || !text || !guard_reader_done(&reader))
		return guardctl_unexpected();
	explained.text = strdup(text);
	if (!explained.text)
		return GUARDCTL_REFUSED;
	*ret_explained = explained;
	return 0;
}

int guardctl_query_explain(struct guardctl_explained *ret_explained, const struct guardctl_options *options,
			   const struct guard_question *question)
{
	struct guardctl_connection connection;
	struct guard_writer writer;
	int code = guardctl_connect(&connection, options);

	if (code)
		return code;
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EXPLAIN, 1);
	if (guard_question_encode(&writer, question) < 0)
		writer.failed = true;
	code = guardctl_send(&connection, &writer);
	if (code == 0)
		code = read_explained(ret_explained, &connection);
	guardctl_disconnect(&connection);
	return code;
}
