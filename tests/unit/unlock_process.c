/* SPDX-License-Identifier: MIT
 *
 * unit/unlock_process.c - the unlock process without its jail: what is refused,
 * saved, recorded and told to the gate, in which order, and across restarts.
 */
#include "unlock/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "unlock_fixture.h"

#define USER_ID 1000u

static char folder[] = "/tmp/guard-unlock-XXXXXX";
static struct guardd_config config;
static int directory, record[2], gate[2];
static pthread_t recorder;
static _Atomic uint32_t record_error; /* what the recorder answers */
static _Atomic uint64_t ledger_serial;
static _Atomic unsigned rows[GUARD_DAEMON_MAX_];

/* ---- the recorder: acknowledges, and remembers the newest serial ------------------------ */

static void acknowledge(uint32_t sequence)
{
	uint8_t bytes[64];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_RECORDED, sequence);
	guard_write_u32(&writer, record_error);
	guard_write_u64(&writer, ledger_serial);
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
		if (type == GUARD_WIRE_EVENT && guard_event_decode(&event, &reader) == 0 && !record_error) {
			rows[event.what]++;
			if (event.size > ledger_serial)
				ledger_serial = event.size;
		}
		acknowledge(sequence);
	}
	return context;
}

/* ---- one process ---------------------------------------------------------------------------- */

/* The newest list that the gate was sent; -1 for none. */
static int told_gate(void)
{
	struct guardd_grants grants;
	int count = -1;

	while (recv(gate[1], &grants, sizeof(grants), MSG_DONTWAIT) == (ssize_t)sizeof(grants))
		count = (int)grants.count;
	return count;
}

static int first_list; /* how many the gate was told of when the process began */

static struct unlock_process *start_with(uint32_t epoch, uint8_t boot)
{
	struct unlock_process *process = calloc(1, sizeof(*process));

	CU_ASSERT_PTR_NOT_NULL_FATAL(process);
	process->config = &config;
	process->control = -1;
	process->record = record[0];
	process->gate = gate[0];
	process->directory = directory;
	memset(process->boot_id, boot, sizeof(process->boot_id));
	process->set = unlock_fixture_set(FIXTURE_MACHINE, epoch, 3);
	guard_unlock_set_info(&process->info, process->set);
	process->has_base = true;
	guard_unlock_base_of_set(&process->base, process->set);
	unlock_process_begin(process);
	first_list = told_gate();
	CU_ASSERT_TRUE(process->unreadable || first_list >= 0); /* the gate waits for it */
	return process;
}

static struct unlock_process *start(void)
{
	return start_with(FIXTURE_EPOCH, 1);
}

static void forget(void)
{
	(void)!unlinkat(directory, "state", 0);
	ledger_serial = 0;
	record_error = 0;
}

static struct guard_handed handed_for(uint8_t verb)
{
	struct guard_handed handed = {.uid = USER_ID, .seconds = {60, 60, 60, 0}, .user = FIXTURE_USER};

	handed.ask.verb = verb;
	handed.ask.scope = verb == GUARD_ASK_REQUEST ? GUARD_UNLOCK_SHORT : 0;
	handed.ask.digest = unlock_fixture_digest("a tool");
	strcpy(handed.ask.path, "/home/tanaka/tool");
	strcpy(handed.ask.reason, "invoice");
	return handed;
}

/* The answer to one ask: a told, or a refusal's kind. */
static int ask(struct guard_told *ret_told, struct unlock_process *process, const struct guard_handed *handed)
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

static struct guard_unlock_number request(struct unlock_process *process)
{
	struct guard_handed handed = handed_for(GUARD_ASK_REQUEST);
	struct guard_unlock_number number = {{0}};
	struct guard_told told = {0};

	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_REQUEST);
	CU_ASSERT_EQUAL(guard_unlock_number_parse(&number, NULL, told.number, strlen(told.number)), 0);
	return number;
}

static struct guard_handed answer_to(const struct guard_unlock_number *number, uint64_t off)
{
	struct guard_handed handed = handed_for(GUARD_ASK_ANSWER);
	struct guard_unlock_answer answer = unlock_fixture_answer(FIXTURE_MACHINE, FIXTURE_USER, number);

	answer.value = (answer.value + off) % UINT64_C(10000000000000000);
	guard_unlock_answer_format(handed.ask.code, &answer);
	return handed;
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void refusals(void)
{
	struct unlock_process *process = start();
	struct guard_handed handed = handed_for(GUARD_ASK_REQUEST);
	struct guard_told told;

	handed.denied = 1;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_DENIED);
	handed.denied = 0;
	handed.ask.scope = GUARD_UNLOCK_AUDIT;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_SCOPE);
	handed = handed_for(GUARD_ASK_ANSWER);
	strcpy(handed.ask.code, "397197 375442 922204 741951");
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST);
	strcpy(handed.ask.code, "397197 375442 922204 741952");
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_FLAW);
	handed = handed_for(GUARD_ASK_END);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_YOURS);
	CU_ASSERT_EQUAL(told_gate(), -1);
	unlock_process_free(process);
	forget();
}

static void no_record_no_unlock(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	struct guard_told told;

	record_error = GUARD_E_IO;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(told_gate(), -1);
	record_error = 0;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told_gate(), 1);
	unlock_process_free(process);
	forget();
}

/* What is open is shut while nobody records, and open again afterwards. */
static void silent_recorder_shuts(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told_gate(), 1);
	record_error = GUARD_E_IO;
	for (unsigned i = 0; i < UNLOCK_LOOKS_MISSED; i++) {
		CU_ASSERT_EQUAL(told_gate(), -1);
		process->next_look_ms = 0;
		(void)unlock_entries_expire(process);
	}
	CU_ASSERT_EQUAL(told_gate(), 0);
	record_error = 0;
	process->next_look_ms = 0;
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(told_gate(), 1);
	unlock_process_free(process);
	forget();
}

/* Nobody at the other end at all: refused at once, nothing is tried or opened. */
static void dead_recorder(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	uint64_t serial = process->serial;
	struct guard_unlock_clock before, after;
	struct guard_told told;
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	close(pair[1]);
	process->record = pair[0];
	unlock_now(&before, process);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	unlock_now(&after, process);
	CU_ASSERT_TRUE(after.boot_ms - before.boot_ms < UNLOCK_RECORD_MS);
	CU_ASSERT_EQUAL(process->serial, serial); /* no try was taken */
	CU_ASSERT_EQUAL(told_gate(), -1);
	close(pair[0]);
	unlock_process_free(process);
	forget();
}

/* The state's own disk is full, here: its folder takes nothing. */
static void no_state_no_unlock(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	struct guard_told told;
	int nowhere = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	process->directory = nowhere;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(told_gate(), -1);
	process->directory = directory;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	close(nowhere);
	unlock_process_free(process);
	forget();
}

/* An unlock ended while no daemon ran: the gate hears of it all the same, since
 * what began under it may run still. */
static void over_while_nobody_ran(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(first_list, 0);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	process->entries[0].opened_ms = 1;
	process->entries[0].until_ms = 2;
	CU_ASSERT_EQUAL(unlock_store_save(process), 0);
	unlock_process_free(process);
	process = start();
	CU_ASSERT_EQUAL(first_list, 1);
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(told_gate(), 0);
	unlock_process_free(process);
	forget();
}

/* ---- deliveries ---------------------------------------------------------------------------- */

static struct guard_unlock_delivery delivery;

/* As the keeper hands it over. */
static void deliver(struct unlock_process *process, uint32_t base_epoch)
{
	struct guard_unlock_base base;
	struct guard_unlock_key key;
	void *bytes = NULL;
	size_t size = 0;
	FILE *file = tmpfile();

	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL(guard_unlock_base_of_key(&base, &key, FIXTURE_MACHINE, base_epoch), 0);
	CU_ASSERT_EQUAL_FATAL(guard_unlock_delivery_seal(&bytes, &size, &base, &delivery), 0);
	CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
	fflush(file);
	unlock_delivery_take(process, fileno(file));
	fclose(file);
	free(bytes);
}

static void approve(const struct guard_unlock_number *number)
{
	const struct guard_unlock_approval approval = {
	    *number, unlock_fixture_answer(FIXTURE_MACHINE, FIXTURE_USER, number)};

	guard_unlock_delivery_add(&delivery, &approval);
}

static void with_fresh_set(uint32_t epoch)
{
	const struct guard_unlock_plan plan = {{2, 2, 2, 2}, 12, 1, 1};
	struct guard_unlock_key key;
	void *bytes = NULL;

	memset(&delivery, 0, sizeof(delivery));
	unlock_fixture_key(&key);
	CU_ASSERT_EQUAL_FATAL(
	    guard_unlock_set_make(&bytes, &delivery.set_size, &key, FIXTURE_MACHINE, epoch, &plan), 0);
	memcpy(delivery.set, bytes, delivery.set_size);
	free(bytes);
}

static void approved_without_a_code(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = handed_for(GUARD_ASK_ANSWER), other = handed;
	struct guard_told told;

	memset(&delivery, 0, sizeof(delivery));
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED);
	approve(&number);
	deliver(process, FIXTURE_EPOCH - 1); /* for a machine that was given another set */
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED);
	deliver(process, FIXTURE_EPOCH);
	other.uid++;
	CU_ASSERT_EQUAL(ask(&told, process, &other), GUARD_REFUSAL_NO_REQUEST);
	handed.denied = 1; /* headquarters' rule stands above it */
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_DENIED);
	handed.denied = 0;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_UNLOCK);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST); /* once */
	(void)request(process);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_APPROVED); /* another number */
	unlock_process_free(process);
	(void)!unlinkat(directory, "delivery", 0);
	forget();
}

/* Fresh codes come, stay through a start, and nothing older comes back. */
static void topped_up(void)
{
	struct unlock_process *process = start();

	with_fresh_set(FIXTURE_EPOCH + 2);
	deliver(process, FIXTURE_EPOCH);
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	(void)request(process);
	with_fresh_set(FIXTURE_EPOCH + 1);
	deliver(process, FIXTURE_EPOCH);
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	with_fresh_set(FIXTURE_EPOCH + 2);
	deliver(process, FIXTURE_EPOCH);
	unlock_process_free(process);
	process = start();
	CU_ASSERT_EQUAL(process->info.epoch, FIXTURE_EPOCH + 2);
	CU_ASSERT_EQUAL(process->off[0], 0);
	unlock_process_free(process);
	(void)!unlinkat(directory, "delivery", 0);
	forget();
}

static void opens_once(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process), again = request(process);
	struct guard_handed handed = answer_to(&number, 0), other = answer_to(&number, 0);
	unsigned tried = rows[GUARD_DAEMON_UNLOCK_TRIED], opened = rows[GUARD_DAEMON_UNLOCK_OPENED];
	struct guard_told told;

	CU_ASSERT_EQUAL(memcmp(&number, &again, sizeof(number)), 0);
	other.uid = USER_ID + 1; /* another user types it */
	CU_ASSERT_EQUAL(ask(&told, process, &other), GUARD_REFUSAL_NO_REQUEST);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.what, GUARD_TOLD_UNLOCK);
	CU_ASSERT_TRUE(told.seconds > 50 && told.seconds <= 60);
	CU_ASSERT_EQUAL(rows[GUARD_DAEMON_UNLOCK_TRIED], tried + 1);
	CU_ASSERT_EQUAL(rows[GUARD_DAEMON_UNLOCK_OPENED], opened + 1);
	CU_ASSERT_EQUAL(told_gate(), 1);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_REQUEST);
	process->entries[0].until_ms = 2; /* its time has passed */
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(told_gate(), 0);
	unlock_process_free(process);
	forget();
}

/* Nobody guesses which of two requests a code is for: that would cost tries. */
static void several_open(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = handed_for(GUARD_ASK_REQUEST), right = answer_to(&number, 0);
	unsigned tried = rows[GUARD_DAEMON_UNLOCK_TRIED];
	struct guard_told told;

	handed.ask.digest = unlock_fixture_digest("another tool");
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(ask(&told, process, &right), GUARD_REFUSAL_SEVERAL);
	CU_ASSERT_EQUAL(rows[GUARD_DAEMON_UNLOCK_TRIED], tried);
	guard_unlock_number_format(right.ask.number, &number);
	CU_ASSERT_EQUAL(ask(&told, process, &right), 0);
	unlock_process_free(process);
	forget();
}

static void sixth_try(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed wrong = answer_to(&number, 1), right = answer_to(&number, 0);
	struct guard_told told;

	for (unsigned i = 0; i < GUARD_UNLOCK_WRONG_MAX; i++) {
		CU_ASSERT_EQUAL(ask(&told, process, &wrong), GUARD_REFUSAL_WRONG);
		/* A process that dies in between forgets none of them. */
		unlock_process_free(process);
		process = start();
	}
	CU_ASSERT_NOT_EQUAL(ask(&told, process, &right), 0);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	unlock_process_free(process);
	forget();
}

static void survives_its_death_not_a_reboot(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	struct guard_told told;

	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	unlock_process_free(process);
	process = start();
	CU_ASSERT_EQUAL(unlock_entries_open(process), 1);
	unlock_process_free(process);
	process = start_with(FIXTURE_EPOCH, 2);
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(told_gate(), 0);
	unlock_process_free(process);
	forget();
}

static void copy_state(const char *from, const char *to)
{
	char bytes[65536];
	int in = openat(directory, from, O_RDONLY | O_CLOEXEC);
	int out = openat(directory, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t size = read(in, bytes, sizeof(bytes));

	CU_ASSERT_TRUE(size > 0 && write(out, bytes, (size_t)size) == size);
	close(in);
	close(out);
}

static void put_back_is_found(void)
{
	struct unlock_process *process = start();
	struct guard_unlock_number number = request(process);
	struct guard_handed handed = answer_to(&number, 0);
	unsigned found = rows[GUARD_DAEMON_UNLOCK_RESTORED];
	struct guard_told told;

	copy_state("state", "copy");
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	unlock_process_free(process);
	copy_state("copy", "state");
	process = start();
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	CU_ASSERT_EQUAL(rows[GUARD_DAEMON_UNLOCK_RESTORED], found + 1);
	unlock_process_free(process);
	process = start(); /* and stays so */
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	unlock_process_free(process);
	(void)!unlinkat(directory, "state", 0); /* a state that is gone is one put back */
	process = start();
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_RESTORED);
	unlock_process_free(process);
	process = start_with(FIXTURE_EPOCH + 1, 1);
	(void)request(process);
	unlock_process_free(process);
	forget();
}

static void older_verifiers_and_damage(void)
{
	struct unlock_process *process = start_with(FIXTURE_EPOCH + 1, 1);
	struct guard_handed handed = handed_for(GUARD_ASK_REQUEST);
	struct guard_told told;
	int fd;

	(void)request(process);
	unlock_process_free(process);
	process = start();
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_OFF);
	unlock_process_free(process);
	fd = openat(directory, "state", O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(pwrite(fd, "\xff", 1, 30), 1);
	close(fd);
	copy_state("state", "copy");
	process = start_with(FIXTURE_EPOCH + 1, 1);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_OFF);
	CU_ASSERT_TRUE(process->unreadable);
	CU_ASSERT_EQUAL(unlock_store_save(process), -GUARD_E_FORMAT); /* it is not written over */
	unlock_process_free(process);
	forget();
}

/* ---- maintenance that headquarters signed ------------------------------------------------------ */

/* Root begins `id`, signed for 1000 to 2000 with 120 s; the time is `now`. */
static struct guard_handed begins(const char *id, int64_t now)
{
	struct guard_handed handed = handed_for(GUARD_ASK_BEGIN);

	handed.uid = 0;
	handed.maintenance_longest = 100;
	handed.permits = (struct guard_permits){.count = 1, .now = now, .fresh_until = 5000};
	handed.permits.all[0] = (struct guard_permit){.from = 1000, .until = 2000, .seconds = 120};
	strcpy(handed.permits.all[0].id, id);
	strcpy(handed.ask.path, id);
	return handed;
}

static void maintenance_refused(void)
{
	struct unlock_process *process = start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	handed.uid = USER_ID;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_ROOT);
	handed = begins("a", 1500);
	strcpy(handed.ask.path, "b");
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 999);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 2000);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 1500);
	handed.permits.fresh_until = 1500;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("a", 1500);
	record_error = GUARD_E_IO;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_RECORD);
	record_error = 0;
	handed = handed_for(GUARD_ASK_REQUEST);
	handed.ask.scope = GUARD_UNLOCK_MAINTENANCE;
	handed.seconds[GUARD_UNLOCK_MAINTENANCE - 1] = 60;
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NOT_ROOT);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(told_gate(), -1);
	unlock_process_free(process);
	forget();
}

static void maintenance_once(void)
{
	struct unlock_process *process = start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_EQUAL(told.scope, GUARD_UNLOCK_MAINTENANCE);
	CU_ASSERT_TRUE(told.seconds > 90 && told.seconds <= 100); /* no longer than the policy allows */
	CU_ASSERT_EQUAL(told_gate(), 1);
	unlock_process_free(process); /* killed: what is open stays open */
	process = start();
	CU_ASSERT_EQUAL(first_list, 1);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	process = start_with(FIXTURE_EPOCH, 2); /* a reboot: gone, and still used up */
	(void)unlock_entries_expire(process);
	CU_ASSERT_EQUAL(unlock_entries_open(process), 0);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	handed = begins("b", 1990);
	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	CU_ASSERT_TRUE(told.seconds <= 10); /* nor past its own end */
	unlock_process_free(process);
	forget();
}

/* A state of before would let it be begun again: what was signed before is void. */
static void maintenance_put_back(void)
{
	struct unlock_process *process = start();
	struct guard_handed handed = begins("a", 1500);
	struct guard_told told;

	CU_ASSERT_EQUAL(ask(&told, process, &handed), 0);
	unlock_process_free(process);
	(void)!unlinkat(directory, "state", 0);
	process = start();
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	process = start();
	CU_ASSERT_EQUAL(ask(&told, process, &handed), GUARD_REFUSAL_NO_PERMIT);
	unlock_process_free(process);
	forget();
}

static int set_up(void)
{
	if (!mkdtemp(folder) || (directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, record) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, gate) < 0)
		return 1;
	strcpy(config.host, FIXTURE_MACHINE);
	strcpy(config.state_dir, folder);
	return pthread_create(&recorder, NULL, run_recorder, NULL);
}

static int tear_down(void)
{
	shutdown(record[0], SHUT_RDWR);
	pthread_join(recorder, NULL);
	(void)!unlinkat(directory, "copy", 0);
	(void)!unlinkat(directory, "lock", 0);
	(void)!unlinkat(directory, "state", 0);
	return rmdir(folder);
}

static CU_TestInfo tests[] = {
	{ "what is refused", refusals },
	{ "no record, no unlock", no_record_no_unlock },
	{ "a silent recorder shuts what is open", silent_recorder_shuts },
	{ "a dead recorder: refused at once", dead_recorder },
	{ "no state on the disk, no unlock", no_state_no_unlock },
	{ "over while nobody ran: the gate is told", over_while_nobody_ran },
	{ "approved by the signed channel", approved_without_a_code },
	{ "fresh verifiers by the signed channel", topped_up },
	{ "an answer opens once, for its user", opens_once },
	{ "several requests are open", several_open },
	{ "the sixth try, with a death before each", sixth_try },
	{ "survives its own death, not a reboot", survives_its_death_not_a_reboot },
	{ "a state that was put back is found", put_back_is_found },
	{ "older verifiers, a damaged state", older_verifiers_and_damage },
	{ "maintenance: what is refused", maintenance_refused },
	{ "maintenance: once, not past its bounds, not past a reboot", maintenance_once },
	{ "maintenance: not by a state that was put back", maintenance_put_back },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN_WITH("the unlock process", set_up, tear_down, tests)
