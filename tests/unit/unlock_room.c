/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_room.c - see unlock_room.h.
 */
#include "unlock_room.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

struct unlock_room room;
static char folder[] = "/tmp/guard-unlock-XXXXXX";
static struct guardd_config config;
static int record[2], gate[2];
static pthread_t recorder;

/* ---- the recorder: acknowledges, and remembers the newest serial ------------------------ */

static void acknowledge(uint32_t sequence)
{
	uint8_t bytes[64];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_RECORDED, sequence);
	guard_write_u32(&writer, room.record_error);
	guard_write_u64(&writer, room.ledger_serial);
	(void)!guard_wire_send(record[1], &writer);
}

static void *run_recorder(void *context)
{
	static uint8_t bytes[GUARD_WIRE_MAX];
	static struct guard_event event;
	ssize_t size;

	while ((size = recv(record[1], bytes, sizeof(bytes), 0)) > 0) {
		struct guard_reader reader;
		uint32_t sequence;
		uint16_t type;

		guard_reader_init(&reader, bytes, (size_t)size);
		if (guard_wire_open(&type, &sequence, &reader) < 0)
			break;
		if (type == GUARD_WIRE_EVENT && guard_event_decode(&event, &reader) == 0 && !room.record_error) {
			room.rows[event.what]++;
			if (event.size > room.ledger_serial)
				room.ledger_serial = event.size;
		}
		acknowledge(sequence);
	}
	return context;
}

/* ---- one process ---------------------------------------------------------------------------- */

int room_told_gate(void)
{
	struct guardd_grants grants;
	int count = -1;

	while (recv(gate[1], &grants, sizeof(grants), MSG_DONTWAIT) == (ssize_t)sizeof(grants))
		count = (int)grants.count;
	return count;
}

struct unlock_process *room_start_with(uint32_t epoch, uint8_t boot)
{
	struct unlock_process *process = calloc(1, sizeof(*process));

	CU_ASSERT_PTR_NOT_NULL_FATAL(process);
	process->config = &config;
	process->control = -1;
	process->record = record[0];
	process->gate = gate[0];
	process->directory = room.directory;
	memset(process->boot_id, boot, sizeof(process->boot_id));
	process->set = unlock_fixture_set(FIXTURE_MACHINE, epoch, 3);
	guard_unlock_set_info(&process->info, process->set);
	process->has_base = true;
	guard_unlock_base_of_set(&process->base, process->set);
	unlock_process_begin(process);
	room.first_list = room_told_gate();
	CU_ASSERT_TRUE(process->unreadable || room.first_list >= 0); /* the gate waits for it */
	return process;
}

struct unlock_process *room_start(void)
{
	return room_start_with(FIXTURE_EPOCH, 1);
}

void room_forget(void)
{
	(void)!unlinkat(room.directory, "state", 0);
	room.ledger_serial = 0;
	room.record_error = 0;
}

struct guard_handed room_handed(uint8_t verb)
{
	struct guard_handed handed = {.uid = ROOM_USER, .seconds = {60, 60, 60, 0}, .user = FIXTURE_USER};

	handed.ask.verb = verb;
	handed.ask.scope = verb == GUARD_ASK_REQUEST ? GUARD_UNLOCK_SHORT : 0;
	handed.ask.digest = unlock_fixture_digest("a tool");
	strcpy(handed.ask.path, "/home/tanaka/tool");
	strcpy(handed.ask.reason, "invoice");
	return handed;
}

int room_ask(struct guard_told *ret_told, struct unlock_process *process, const struct guard_handed *handed)
{
	static uint8_t bytes[GUARD_WIRE_MAX];
	struct guard_refusal refusal;
	struct guard_reader reader;
	uint32_t sequence;
	uint16_t type;
	int pair[2];
	ssize_t size;

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	unlock_ask(process, pair[1], handed);
	size = recv(pair[0], bytes, sizeof(bytes), MSG_DONTWAIT);
	close(pair[0]);
	close(pair[1]);
	CU_ASSERT_TRUE_FATAL(size > 0);
	guard_reader_init(&reader, bytes, (size_t)size);
	CU_ASSERT_EQUAL_FATAL(guard_wire_open(&type, &sequence, &reader), 0);
	if (type == GUARD_WIRE_UNLOCK_TOLD)
		return guard_told_decode(ret_told, &reader);
	CU_ASSERT_EQUAL_FATAL(guard_refusal_decode(&refusal, &reader), 0);
	return refusal.kind;
}

struct guard_unlock_number room_request(struct unlock_process *process)
{
	struct guard_handed handed = room_handed(GUARD_ASK_REQUEST);
	struct guard_unlock_number number = {{0}};
	struct guard_told told = {0};

	CU_ASSERT_EQUAL(room_ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_REQUEST);
	CU_ASSERT_EQUAL(guard_unlock_number_parse(&number, NULL, told.number, strlen(told.number)), 0);
	return number;
}

struct guard_handed room_answer(const struct guard_unlock_number *number, uint64_t off)
{
	struct guard_handed handed = room_handed(GUARD_ASK_ANSWER);
	struct guard_unlock_answer answer = unlock_fixture_answer(FIXTURE_MACHINE, FIXTURE_USER, number);

	answer.value = (answer.value + off) % UINT64_C(10000000000000000);
	guard_unlock_answer_format(handed.ask.code, &answer);
	return handed;
}

void room_copy_state(const char *from, const char *to)
{
	char bytes[65536];
	int in = openat(room.directory, from, O_RDONLY | O_CLOEXEC);
	int out = openat(room.directory, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t size = read(in, bytes, sizeof(bytes));

	CU_ASSERT_TRUE(size > 0 && write(out, bytes, (size_t)size) == size);
	close(in);
	close(out);
}

int room_set_up(void)
{
	if (!mkdtemp(folder) || (room.directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, record) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, gate) < 0)
		return 1;
	strcpy(config.host, FIXTURE_MACHINE);
	strcpy(config.state_dir, folder);
	return pthread_create(&recorder, NULL, run_recorder, NULL);
}

int room_tear_down(void)
{
	shutdown(record[0], SHUT_RDWR);
	pthread_join(recorder, NULL);
	(void)!unlinkat(room.directory, "copy", 0);
	(void)!unlinkat(room.directory, "lock", 0);
	(void)!unlinkat(room.directory, "state", 0);
	return rmdir(folder);
}
