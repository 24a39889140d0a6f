/* SPDX-License-Identifier: MIT
 *
 * unit/control_clients.c - the control process over its real socket: who may do
 * what, and clients that are slow, many, silent or hostile hurt only themselves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control/control.h"
#include "process_support.h"
#include "unit.h"

#define NOBODY 65534u

static const struct guardd_config config = {.ledger_max_bytes = 64u << 20, .ledger_max_days = 400};

struct service {
	struct folder folder;
	pid_t pid;
	int keeper, record; /* our ends */
	struct guardd_shared *shared;
	char path[100];
};

static void run_child(const struct service *service, int listener, int keeper, int record)
{
	const struct guardd_control_arguments arguments = {.config = &config,
							   .unlock = -1,
							   .shared = service->shared,
							   .listener = listener,
							   .record = record,
							   .keeper = keeper,
							   .policy = -1};
	struct control *control;

	close(service->keeper);
	close(service->record);
	if (guardd_control_prepare(&control, &arguments) < 0)
		_exit(3);
	guardd_control_run(control);
	_exit(0);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	CU_ASSERT_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	CU_ASSERT_FATAL(listen(listener, 64) == 0);
	return listener;
}

static struct service start(void)
{
	struct service service = {.folder = folder_new()};
	int keeper[2], record[2], listener;

	snprintf(service.path, sizeof(service.path), "%.64s/guard.sock", service.folder.path);
	service.shared =
	    mmap(NULL, sizeof(*service.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(service.shared != MAP_FAILED);
	atomic_store(&service.shared->counters.denied, 42);
	listener = listen_at(service.path);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keeper) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, record) == 0);
	service.keeper = keeper[0];
	service.record = record[0];
	set_patience(service.keeper, 5000);
	set_patience(service.record, 5000);
	service.pid = fork();
	CU_ASSERT_FATAL(service.pid >= 0);
	if (service.pid == 0)
		run_child(&service, listener, keeper[1], record[1]);
	close(listener);
	close(keeper[1]);
	close(record[1]);
	return service;
}

/* It ends by itself when the keeper's end is closed, with all in order. */
static void stop(struct service *service)
{
	int status = -1;

	close(service->keeper);
	CU_ASSERT(waitpid(service->pid, &status, 0) == service->pid);
	CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(service->record);
	munmap(service->shared, sizeof(*service->shared));
	folder_free(&service->folder);
}

static int dial(const struct service *service)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", service->path);
	CU_ASSERT_FATAL(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	set_patience(client, 5000);
	return client;
}

/* Connect as another user: SO_PEERCRED is taken at connect(2). */
static int dial_as_nobody(const struct service *service)
{
	int pair[2], client;
	pid_t pid;

	CU_ASSERT_FATAL(chmod(service->folder.path, 0755) == 0 && chmod(service->path, 0666) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	pid = fork();
	if (pid == 0) {
		const struct record_request none = {0};
		if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(1);
		client = dial(service);
		_exit(record_request_send(pair[1], client, &none) < 0);
	} else {
		struct record_request none;
		CU_ASSERT(waitpid(pid, NULL, 0) == pid);
		CU_ASSERT_EQUAL_FATAL(record_request_receive(&client, &none, pair[0]), 0);
	}
	close(pair[0]);
	close(pair[1]);
	return client;
}

static void say(int client, uint16_t type)
{
	struct guard_writer writer;

	guard_writer_init(&writer);
	guard_wire_begin(&writer, type, 3);
	CU_ASSERT_EQUAL(guard_wire_send(client, &writer), 0);
	guard_writer_free(&writer);
}

/* The answer's type and, for RESULT, its code; 0 when the connection ended. */
static uint16_t hear(uint32_t *ret_code, int client)
{
	static uint8_t packet[GUARD_WIRE_MAX];
	struct guard_reader reader;
	uint32_t sequence;
	uint16_t type;
	size_t size;

	if (guard_wire_receive(&size, client, packet, sizeof(packet)) < 0)
		return 0;
	guard_reader_init(&reader, packet, size);
	CU_ASSERT_EQUAL(guard_wire_open(&type, &sequence, &reader), 0);
	if (type == GUARD_WIRE_RESULT)
		*ret_code = guard_read_u32(&reader);
	return type;
}

static void check_status(const struct service *service)
{
	int client = dial(service);
	uint32_t code;

	say(client, GUARD_WIRE_STATUS);
	CU_ASSERT_EQUAL(hear(&code, client), GUARD_WIRE_STATUS_DATA);
	close(client);
}

static void test_malformed(void)
{
	struct service service = start();
	uint8_t bytes[70000];
	uint32_t code = 0;

	for (size_t size = 1; size <= 65536; size = size * 2 + 1)
		for (unsigned type = 0; type < 48; type++) {
			int client = dial(&service);
			memset(bytes, (int)(size + type), size);
			if (size >= 8 && type > 0) {
				memcpy(bytes, "\1\0\0\0\1\0\0\0", 8);
				bytes[2] = (uint8_t)type;
			}
			(void)!send(client, bytes, size, MSG_NOSIGNAL);
			shutdown(client, SHUT_WR);
			while (hear(&code, client))
				CU_ASSERT_NOT_EQUAL(code, 0);
			close(client);
		}
	check_status(&service);
	stop(&service);
}

static void test_privilege(void)
{
	struct service service = start();
	int client = dial_as_nobody(&service);
	struct guardd_command command;
	uint32_t code = 0;

	say(client, GUARD_WIRE_RELOAD);
	CU_ASSERT_EQUAL(hear(&code, client), GUARD_WIRE_RESULT);
	CU_ASSERT_EQUAL(code, GUARD_E_DENIED);
	CU_ASSERT(recv(service.keeper, &command, sizeof(command), MSG_DONTWAIT) < 0 && errno == EAGAIN);
	say(client, GUARD_WIRE_STATUS); /* but anybody may ask */
	CU_ASSERT_EQUAL(hear(&code, client), GUARD_WIRE_STATUS_DATA);
	close(client);
	stop(&service);
}

static void answer_reload(const struct service *service, int32_t error, const char *text)
{
	struct guardd_command command = {0};

	CU_ASSERT(recv(service->keeper, &command, sizeof(command), 0) == (ssize_t)sizeof(command));
	CU_ASSERT_EQUAL(command.type, GUARDD_COMMAND_RELOAD);
	command = (struct guardd_command){.type = GUARDD_COMMAND_RESULT, .error = error};
	snprintf(command.text, sizeof(command.text), "%s", text);
	CU_ASSERT(send(service->keeper, &command, sizeof(command), 0) == (ssize_t)sizeof(command));
}

static void test_reload(void)
{
	struct service service = start();
	int first = dial(&service), gone = dial(&service), last = dial(&service);
	uint32_t code = 77;

	say(first, GUARD_WIRE_RELOAD);
	answer_reload(&service, -GUARD_E_ROLLBACK, "older");
	CU_ASSERT_EQUAL(hear(&code, first), GUARD_WIRE_RESULT);
	CU_ASSERT_EQUAL(code, GUARD_E_ROLLBACK);
	say(gone, GUARD_WIRE_RELOAD);
	close(gone); /* its answer is nobody's */
	answer_reload(&service, 0, "");
	say(last, GUARD_WIRE_RELOAD);
	answer_reload(&service, 0, "");
	CU_ASSERT_EQUAL(hear(&code, last), GUARD_WIRE_RESULT);
	CU_ASSERT_EQUAL(code, 0);
	close(first);
	close(last);
	check_status(&service);
	stop(&service);
}

/* Events go to record with the peer's true user and the very socket. */
static void test_hand_over(void)
{
	struct service service = start();
	int client = dial_as_nobody(&service), passed = -1;
	struct guard_event_filter filter = {.limit = 3, .has_uid = 1, .uid = 0};
	struct record_request request;
	struct guard_writer writer;
	struct pollfd ready = {.fd = service.record, .events = POLLIN};
	char byte = 0;

	CU_ASSERT(poll(&ready, 1, 5000) == 1);
	CU_ASSERT_EQUAL(record_request_receive(&passed, &request, service.record),
			-GUARD_E_NOT_FOUND); /* hello */
	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_EVENTS, 9);
	CU_ASSERT_EQUAL(guard_event_filter_encode(&writer, &filter), 0);
	CU_ASSERT_EQUAL(guard_wire_send(client, &writer), 0);
	guard_writer_free(&writer);
	CU_ASSERT(poll(&ready, 1, 5000) == 1);
	CU_ASSERT_EQUAL_FATAL(record_request_receive(&passed, &request, service.record), 0);
	CU_ASSERT_EQUAL(request.uid, NOBODY);
	CU_ASSERT_EQUAL(request.sequence, 9);
	CU_ASSERT_EQUAL(request.filter.uid, 0);
	CU_ASSERT(send(passed, "x", 1, 0) == 1);
	CU_ASSERT(recv(client, &byte, 1, 0) == 1 && byte == 'x');
	close(passed);
	CU_ASSERT(recv(client, &byte, 1, 0) == 0); /* control has let go of it */
	close(client);
	stop(&service);
}

/* Silent and unread connections, up to every place that root does not keep. */
static void test_many(void)
{
	struct service service = start();
	int clients[CONTROL_CLIENTS_PER_UID + 1];
	uint32_t code = 0;

	for (unsigned i = 0; i <= CONTROL_CLIENTS_PER_UID; i++)
		clients[i] = dial_as_nobody(&service);
	CU_ASSERT_EQUAL(hear(&code, clients[CONTROL_CLIENTS_PER_UID]), GUARD_WIRE_RESULT);
	CU_ASSERT_EQUAL(code, GUARD_E_BUSY);
	check_status(&service);
	for (unsigned i = 0; i <= CONTROL_CLIENTS_PER_UID; i++)
		close(clients[i]);
	stop(&service);
}

/* A client that asks without end and reads nothing is not served further, and
 * the others are. */
static void test_never_reads(void)
{
	struct service service = start();
	int client = dial(&service);
	struct guard_writer writer;
	unsigned sent = 0;

	guard_writer_init(&writer);
	guard_wire_begin(&writer, GUARD_WIRE_STATUS, 1);
	set_patience(client, 500);
	CU_ASSERT(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_usec = 300000},
			     sizeof(struct timeval)) == 0);
	while (guard_wire_send(client, &writer) == 0 && sent < 100000)
		sent++;
	CU_ASSERT(sent < 100000);
	for (unsigned i = 0; i < 20; i++)
		check_status(&service);
	guard_writer_free(&writer);
	close(client);
	stop(&service);
}

static void test_status(void)
{
	struct service service = start();
	int client = dial(&service);
	struct guardd_command problem = {.type = GUARDD_COMMAND_PROBLEM, .text = "the moon is full"};
	static uint8_t packet[GUARD_WIRE_MAX];
	struct guard_status status = {0};
	struct guard_reader reader;
	uint32_t sequence = 0;
	uint16_t type;
	size_t size;

	CU_ASSERT(send(service.keeper, &problem, sizeof(problem), 0) == (ssize_t)sizeof(problem));
	for (unsigned i = 0; i < 200 && strcmp(status.problem, problem.text) != 0; i++) {
		say(client, GUARD_WIRE_STATUS);
		CU_ASSERT_EQUAL_FATAL(guard_wire_receive(&size, client, packet, sizeof(packet)), 0);
		guard_reader_init(&reader, packet, size);
		CU_ASSERT_EQUAL(guard_wire_open(&type, &sequence, &reader), 0);
		CU_ASSERT_EQUAL(guard_status_decode(&status, &reader), 0);
	}
	CU_ASSERT_EQUAL(sequence, 3);
	CU_ASSERT_STRING_EQUAL(status.problem, problem.text);
	CU_ASSERT_EQUAL(status.denied, 42);
	CU_ASSERT_EQUAL(status.enforcing, 0); /* without a policy nothing is enforced by it */
	close(client);
	stop(&service);
}

static CU_TestInfo tests[] = {
    {"malformed packets", test_malformed},
    {"who may reload", test_privilege},
    {"many connections", test_many},
    {"a client that never reads", test_never_reads},
    {"reloads", test_reload},
    {"handing over to record", test_hand_over},
    {"status", test_status},
    CU_TEST_INFO_NULL,
};
UNIT_MAIN("control", tests)
