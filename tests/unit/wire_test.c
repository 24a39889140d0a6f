/* SPDX-License-Identifier: MIT
 *
 * unit/wire_test.c - every message there and back, every truncation of it
 * refused, every enumeration held to its range.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/wire.h"

#define EMPTY_TEXT 5u /* bytes of it in a message: its size and a NUL */

static struct guard_event sample_event(void)
{
	struct guard_event event = {
		.id = 5, .time_ns = -1, .source = GUARD_EVENT_ACCESS, .action = GUARD_DENY,
		.mode = GUARD_MODE_ENFORCE, .reason = GUARD_REASON_DEFAULT, .kind = GUARD_KIND_SCRIPT,
		.access_exec = 1, .medium = GUARD_MEDIUM_NETWORK, .denied = 1, .has_digest = 1,
		.digest = { { 1, 2, 3 } }, .size = 1, .device = 2, .inode = 3, .count = 4, .pid = 5, .ppid = 6,
		.uid = 7, .loginuid = 8, .rule = GUARD_NO_RULE, .policy_version = UINT64_MAX,
		.path = "/tmp/a\nb", .program = "/bin/sh", .rule_text = "hq/base at x:1", .text = "",
	};

	return event;
}

/* Each body by one encoder and one decoder over void pointers. */
struct body {
	const char *name;
	const void *sample;
	size_t size;
	int (*encode)(struct guard_writer *, const void *);
	int (*decode)(void *, struct guard_reader *);
};

#define BODY(type)                                                               \
	static int encode_##type(struct guard_writer *writer, const void *value) \
	{                                                                        \
		return guard_##type##_encode(writer, value);                     \
	}                                                                        \
	static int decode_##type(void *ret_value, struct guard_reader *reader)   \
	{                                                                        \
		return guard_##type##_decode(ret_value, reader);                 \
	}
BODY(event)
BODY(status)
BODY(event_filter)
BODY(identity)

static struct guard_event event;
static struct guard_status status;
static struct guard_event_filter filter;
static struct guard_identity identity;
static const struct body bodies[] = {
	{ "event", &event, sizeof(event), encode_event, decode_event },
	{ "status", &status, sizeof(status), encode_status, decode_status },
	{ "filter", &filter, sizeof(filter), encode_event_filter, decode_event_filter },
	{ "identity", &identity, sizeof(identity), encode_identity, decode_identity },
};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))

static void make_samples(void)
{
	event = sample_event();
	memset(&status, 0, sizeof(status));
	status.enforcing = 1;
	status.backend = 2;
	strcpy(status.policy_id, "hq");
	strcpy(status.problem, "a problem");
	status.records_lost = 99;
	status.gate_restarts = 3;
	memset(&filter, 0, sizeof(filter));
	filter.since_ns = 1;
	filter.until_ns = INT64_MAX;
	filter.has_reason = 1;
	filter.reason = GUARD_REASON_DEFAULT;
	strcpy(filter.program, "/usr/bin/*");
	memset(&identity, 0, sizeof(identity));
	identity.kind = GUARD_KIND_MODULE;
	identity.signer_count = 2;
	identity.signers[0].provider = GUARD_PROVIDER_IMA;
	identity.signers[1].provider = GUARD_PROVIDER_PACKAGE;
	identity.signers[1].key_id[31] = 9;
}

/* As far as a daemon sends it that is older by one or two fields, here empty. */
static bool is_older_status(const struct body *body, size_t size, size_t whole)
{
	const size_t empty = whole - size;

	return strcmp(body->name, "status") == 0 && (empty == EMPTY_TEXT || empty == 2 * EMPTY_TEXT);
}

static void status_of_an_older_or_newer_daemon_is_read(void)
{
	struct guard_writer writer;
	struct guard_reader reader;
	struct guard_status told;

	make_samples();
	strcpy(status.state_dir, "/var/lib/guard");
	guard_writer_init(&writer);
	CU_ASSERT_EQUAL_FATAL(guard_status_encode(&writer, &status), 0);
	guard_reader_init(&reader, writer.bytes, writer.size - EMPTY_TEXT - EMPTY_TEXT - strlen(status.state_dir));
	CU_ASSERT_EQUAL(guard_status_decode(&told, &reader), 0);
	CU_ASSERT_EQUAL(told.gate_restarts, status.gate_restarts);
	CU_ASSERT_STRING_EQUAL(told.state_dir, "");
	guard_reader_init(&reader, writer.bytes, writer.size - EMPTY_TEXT);
	CU_ASSERT_EQUAL(guard_status_decode(&told, &reader), 0);
	CU_ASSERT_STRING_EQUAL(told.state_dir, status.state_dir);
	guard_write_u64(&writer, 1);
	guard_reader_init(&reader, writer.bytes, writer.size);
	CU_ASSERT_EQUAL(guard_status_decode(&told, &reader), 0);
	CU_ASSERT_STRING_EQUAL(told.policy_id, status.policy_id);
	guard_writer_free(&writer);
}

static void truncations_are_refused(void)
{
	make_samples();
	for (size_t i = 0; i < BODIES; i++) {
		struct guard_writer writer;
		void *value = calloc(1, bodies[i].size);

		guard_writer_init(&writer);
		CU_ASSERT_EQUAL_FATAL(bodies[i].encode(&writer, bodies[i].sample), 0);
		for (size_t size = 0; size < writer.size; size++) {
			uint8_t *exact = malloc(size ? size : 1);
			struct guard_reader reader;

			memcpy(exact, writer.bytes, size);
			guard_reader_init(&reader, exact, size);
			CU_ASSERT_EQUAL(bodies[i].decode(value, &reader),
					is_older_status(&bodies[i], size, writer.size) ? 0 : -GUARD_E_FORMAT);
			free(exact);
		}
		free(value);
		guard_writer_free(&writer);
	}
}

static void bodies_round_trip(void)
{
	make_samples();
	for (size_t i = 0; i < BODIES; i++) {
		struct guard_writer first, second;
		struct guard_reader reader;
		void *value = calloc(1, bodies[i].size);

		guard_writer_init(&first);
		guard_writer_init(&second);
		CU_ASSERT_EQUAL_FATAL(bodies[i].encode(&first, bodies[i].sample), 0);
		guard_reader_init(&reader, first.bytes, first.size);
		CU_ASSERT_EQUAL(bodies[i].decode(value, &reader), 0);
		CU_ASSERT_TRUE(guard_reader_done(&reader));
		CU_ASSERT_EQUAL(bodies[i].encode(&second, value), 0);
		CU_ASSERT_EQUAL(first.size, second.size);
		CU_ASSERT_EQUAL(memcmp(first.bytes, second.bytes, first.size), 0);
		free(value);
		guard_writer_free(&first);
		guard_writer_free(&second);
	}
}

/* Whatever one byte becomes, the decoder either refuses or gives a value that
 * its own encoder takes. */
static void changed_bytes_never_give_a_value_out_of_range(void)
{
	make_samples();
	for (size_t i = 0; i < BODIES; i++) {
		struct guard_writer writer, again;
		void *value = calloc(1, bodies[i].size);

		guard_writer_init(&writer);
		CU_ASSERT_EQUAL_FATAL(bodies[i].encode(&writer, bodies[i].sample), 0);
		for (size_t at = 0; at < writer.size * 8; at++) {
			struct guard_reader reader;

			writer.bytes[at / 8] ^= (uint8_t)(1 << at % 8);
			guard_reader_init(&reader, writer.bytes, writer.size);
			guard_writer_init(&again);
			if (bodies[i].decode(value, &reader) == 0)
				CU_ASSERT_EQUAL(bodies[i].encode(&again, value), 0);
			guard_writer_free(&again);
			writer.bytes[at / 8] ^= (uint8_t)(1 << at % 8);
		}
		free(value);
		guard_writer_free(&writer);
	}
}

static void events_out_of_range_are_not_sent(void)
{
	struct guard_event good = sample_event(), bad;
	struct guard_writer writer;

#define REFUSED(field, value)                                                     \
	do {                                                                      \
		bad = good;                                                       \
		bad.field = value;                                                \
		guard_writer_init(&writer);                                       \
		CU_ASSERT_EQUAL(guard_event_encode(&writer, &bad), -GUARD_E_USAGE); \
		guard_writer_free(&writer);                                       \
	} while (0)
	REFUSED(source, 0);
	REFUSED(source, 4);
	REFUSED(source, GUARD_EVENT_DAEMON); /* without `what` */
	REFUSED(what, GUARD_DAEMON_STARTED); /* of an access */
	REFUSED(action, 2);
	REFUSED(mode, 2);
	REFUSED(reason, GUARD_REASON_MAX_);
	REFUSED(kind, GUARD_KIND_MAX_);
	REFUSED(medium, GUARD_MEDIUM_MAX_);
	REFUSED(access_exec, 2);
	REFUSED(denied, 2);
	REFUSED(has_digest, 2);
	REFUSED(count, 0);
#undef REFUSED
}

static void unterminated_arrays_are_not_sent(void)
{
	struct guard_event bad = sample_event();
	struct guard_writer writer;

	memset(bad.path, 'a', sizeof(bad.path));
	guard_writer_init(&writer);
	CU_ASSERT_EQUAL(guard_event_encode(&writer, &bad), -GUARD_E_LIMIT);
	guard_writer_free(&writer);
	bad.path[sizeof(bad.path) - 1] = '\0';
	guard_writer_init(&writer);
	CU_ASSERT_EQUAL(guard_event_encode(&writer, &bad), 0);
	guard_writer_free(&writer);
}

static void signers_are_counted(void)
{
	struct guard_writer writer;

	make_samples();
	identity.signer_count = GUARD_SIGNERS_MAX + 1;
	guard_writer_init(&writer);
	CU_ASSERT_EQUAL(guard_identity_encode(&writer, &identity), -GUARD_E_USAGE);
	identity.signer_count = 1;
	identity.signers[0].provider = GUARD_PROVIDER_NONE;
	CU_ASSERT_EQUAL(guard_identity_encode(&writer, &identity), -GUARD_E_USAGE);
	guard_writer_free(&writer);
}

static void headers_of_another_version_are_refused(void)
{
	struct guard_writer writer;
	struct guard_reader reader;
	uint16_t type = 0;
	uint32_t sequence = 0;

	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_STATUS, 77);
	for (size_t size = 0; size < writer.size; size++) {
		guard_reader_init(&reader, writer.bytes, size);
		CU_ASSERT_EQUAL(guard_wire_open(&type, &sequence, &reader), -GUARD_E_FORMAT);
	}
	guard_reader_init(&reader, writer.bytes, writer.size);
	CU_ASSERT_EQUAL(guard_wire_open(&type, &sequence, &reader), 0);
	CU_ASSERT_EQUAL(type, GUARD_WIRE_STATUS);
	CU_ASSERT_EQUAL(sequence, 77);
	CU_ASSERT_TRUE(guard_reader_done(&reader));
	writer.bytes[0]++;
	guard_reader_init(&reader, writer.bytes, writer.size);
	CU_ASSERT_EQUAL(guard_wire_open(&type, &sequence, &reader), -GUARD_E_VERSION);
	guard_writer_free(&writer);
}

static void packets_travel_whole_or_not_at_all(void)
{
	struct guard_writer writer, empty = { 0 };
	uint8_t buffer[GUARD_WIRE_MAX];
	size_t size = 1;
	int sockets[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets), 0);
	CU_ASSERT_EQUAL(guard_wire_receive(&size, sockets[1], buffer, sizeof(buffer)), -GUARD_E_BUSY);
	CU_ASSERT_EQUAL(guard_wire_send(sockets[0], &empty), -GUARD_E_USAGE);
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_STATUS, 1);
	CU_ASSERT_EQUAL(guard_wire_send(sockets[0], &writer), 0);
	CU_ASSERT_EQUAL(guard_wire_receive(&size, sockets[1], buffer, 4), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(size, 1);
	CU_ASSERT_EQUAL(guard_wire_send(sockets[0], &writer), 0);
	CU_ASSERT_EQUAL(guard_wire_receive(&size, sockets[1], buffer, sizeof(buffer)), 0);
	CU_ASSERT_EQUAL(size, 8);
	while (writer.size <= GUARD_WIRE_MAX)
		guard_write_u64(&writer, 0);
	CU_ASSERT_EQUAL(guard_wire_send(sockets[0], &writer), -GUARD_E_LIMIT);
	close(sockets[0]);
	CU_ASSERT_EQUAL(guard_wire_receive(&size, sockets[1], buffer, sizeof(buffer)), -GUARD_E_UNREACHABLE);
	writer.size = 8;
	CU_ASSERT_EQUAL(guard_wire_send(sockets[1], &writer), -GUARD_E_UNREACHABLE);
	close(sockets[1]);
	CU_ASSERT_EQUAL(guard_wire_send(-1, &writer), -GUARD_E_IO);
	guard_writer_free(&writer);
}

static CU_TestInfo tests[] = {
	{ "truncations are refused", truncations_are_refused },
	{ "the status of an older or a newer daemon is read", status_of_an_older_or_newer_daemon_is_read },
	{ "events out of range are not sent", events_out_of_range_are_not_sent },
	{ "unterminated arrays are not sent", unterminated_arrays_are_not_sent },
	{ "signers are counted", signers_are_counted },
	{ "headers of another version are refused", headers_of_another_version_are_refused },
	{ "changed bytes never give a value out of range", changed_bytes_never_give_a_value_out_of_range },
	{ "bodies round-trip", bodies_round_trip },
	{ "packets travel whole or not at all", packets_travel_whole_or_not_at_all },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("wire", tests)
