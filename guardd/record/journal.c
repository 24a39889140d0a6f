/* SPDX-License-Identifier: MIT
 *
 * record/journal.c - the journal's native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/), spoken on a non-blocking
 * socket: the library's call would wait for a journal that does not read.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/text.h"
#include "record/journal.h"
#include "record/sentence.h"

#define MESSAGE_ID_DENIED "5d1f0a3c8b5e4c0e9a7741c2e6b1d301"
#define MESSAGE_ID_ALLOWED "5d1f0a3c8b5e4c0e9a7741c2e6b1d302"
#define MESSAGE_ID_DAEMON "5d1f0a3c8b5e4c0e9a7741c2e6b1d303"

/* A field whose value has any bytes: name, newline, u64 length, value, newline. */
static void put_bytes(struct guard_writer *writer, const char *name, const char *value)
{
	if (!value[0])
		return;
	guard_write_bytes(writer, name, strlen(name));
	guard_write_u8(writer, '\n');
	guard_write_u64(writer, strlen(value));
	guard_write_bytes(writer, value, strlen(value));
	guard_write_u8(writer, '\n');
}

static __attribute__((format(printf, 3, 4))) void put(struct guard_writer *writer, const char *name,
						      const char *format, ...)
{
	char value[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	put_bytes(writer, name, value);
}

static void put_digest(struct guard_writer *writer, const char *name, const struct guard_digest *digest)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, digest);
	put_bytes(writer, name, hex);
}

static int priority(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_DAEMON)
		return sentence_is_alarm(event) ? LOG_WARNING : LOG_NOTICE;
	if (event->denied)
		return LOG_WARNING;
	return ledger_row_refused(event) ? LOG_NOTICE : LOG_INFO;
}

static const char *message_id(const struct guard_event *event)
{
	if (event->source == GUARD_EVENT_DAEMON)
		return MESSAGE_ID_DAEMON;
	return ledger_row_refused(event) ? MESSAGE_ID_DENIED : MESSAGE_ID_ALLOWED;
}

static void put_verdict(struct guard_writer *writer, const struct guard_event *event)
{
	put_bytes(writer, "GUARD_ACTION", guard_action_name(event->action));
	put(writer, "GUARD_DENIED", "%u", event->denied);
	put_bytes(writer, "GUARD_MODE", guard_mode_name(event->mode));
	put_bytes(writer, "GUARD_REASON", guard_reason_name(event->reason));
	put_bytes(writer, "GUARD_KIND", guard_kind_name(event->kind));
	put_bytes(writer, "GUARD_PATH", event->path);
	put_bytes(writer, "GUARD_PROGRAM", event->program);
	if (event->has_digest)
		put_digest(writer, "GUARD_SHA256", &event->digest);
	put(writer, "GUARD_SIZE", "%" PRIu64, event->size);
	put(writer, "GUARD_PID", "%" PRIu32, event->pid);
	put(writer, "GUARD_PPID", "%" PRIu32, event->ppid);
	put(writer, "GUARD_UID", "%" PRIu32, event->uid);
	put(writer, "GUARD_LOGINUID", "%" PRIu32, event->loginuid);
	put_bytes(writer, "GUARD_RULE", event->rule_text);
}

int journal_encode(struct guard_writer *writer, const struct ledger_row *row, bool in_ledger)
{
	const struct guard_event *event = &row->event;
	char sentence[SENTENCE_SIZE];

	sentence_of_event(sentence, sizeof(sentence), event);
	put_bytes(writer, "MESSAGE", sentence);
	put_bytes(writer, "MESSAGE_ID", message_id(event));
	put(writer, "PRIORITY", "%d", priority(event));
	put_bytes(writer, "SYSLOG_IDENTIFIER", "guardd");
	put_bytes(writer, "GUARD_SOURCE", sentence_source(event));
	if (event->source == GUARD_EVENT_DAEMON)
		put_bytes(writer, "GUARD_WHAT", sentence_what(event));
	else
		put_verdict(writer, event);
	put(writer, "GUARD_POLICY_VERSION", "%" PRIu64, event->policy_version);
	put(writer, "GUARD_COUNT", "%" PRIu64, event->count);
	put_bytes(writer, "GUARD_TEXT", event->text);
	if (in_ledger) {
		put(writer, "GUARD_LEDGER_ROW", "%" PRIu64, event->id);
		put_digest(writer, "GUARD_LEDGER_HASH", &row->hash);
	}
	return writer->failed ? -GUARD_E_LIMIT : 0;
}

void journal_open(struct journal *ret_journal, bool wanted)
{
	*ret_journal = (struct journal){.socket = -1};
	if (wanted)
		ret_journal->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void journal_close(struct journal *journal)
{
	if (journal->socket >= 0)
		close(journal->socket);
	journal->socket = -1;
}

void journal_send(struct journal *journal, const struct ledger_row *row, bool in_ledger)
{
	/* The address goes with each datagram: a journal that was restarted is found. */
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	uint8_t bytes[2 * GUARD_WIRE_PATH_MAX + SENTENCE_SIZE + 4096];
	struct guard_writer writer;

	if (journal->socket < 0)
		return;
	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	if (journal_encode(&writer, row, in_ledger) < 0 ||
	    sendto(journal->socket, bytes, writer.size, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&address, sizeof(address)) < 0)
		journal->dropped++;
}
