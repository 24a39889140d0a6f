/* SPDX-License-Identifier: MIT
 *
 * gate/layer_events.c - records what the kernel layer refused.  Decides nothing:
 * by the time that it reads, the caller has its answer.
 */
#include "gate/gate.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/contain.h"
#include "gate/data.h"

#define KERNEL_MINOR_BITS 20

static enum guard_reason reason_of(const struct guard_bpf_event *event)
{
	if (event->what == GUARD_BPF_CONTAINED_START)
		return GUARD_REASON_CONTAINED;
	if (event->what == GUARD_BPF_WRITE_IN_USE)
		return GUARD_REASON_IN_USE;
	if (event->what == GUARD_BPF_READ_UNWATCHED)
		return GUARD_REASON_UNWATCHED;
	if (event->what == GUARD_BPF_READ_SCRIPT)
		return GUARD_REASON_DEFAULT;
	if (event->has_digest)
		return GUARD_REASON_DEFAULT;
	if (event->detail == GUARD_BPF_SERVED)
		return GUARD_REASON_SERVED;
	return event->detail == GUARD_BPF_TOO_LARGE ? GUARD_REASON_TOO_LARGE : GUARD_REASON_WRITER_OPEN;
}

static bool is_exec(const struct guard_bpf_event *event)
{
	return event->what == GUARD_BPF_EXEC || event->what == GUARD_BPF_CONTAINED_START;
}

static enum guard_kind kind_of(const struct guard_bpf_event *event)
{
	if (event->what == GUARD_BPF_READ_UNWATCHED || event->what == GUARD_BPF_READ_SCRIPT)
		return GUARD_KIND_SCRIPT;
	return is_exec(event) ? GUARD_KIND_EXECUTABLE : GUARD_KIND_LIBRARY;
}

static void name_containment(struct gate *gate, struct guard_event *note, const struct guard_bpf_event *event)
{
	char name[100];

	gate_contain_name(gate, name, sizeof(name), event->detail);
	snprintf(note->text, sizeof(note->text), "not among what the containment \"%s\" may start", name);
}

static void fill_program(struct guard_event *note, const struct guard_bpf_event *event)
{
	char link[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%u/exe", event->process);
	length = readlink(link, note->program, sizeof(note->program) - 1);
	if (length > 0)
		note->program[length] = '\0';
	else
		snprintf(note->program, sizeof(note->program), "%s", event->name);
}

static void note_file(struct gate *gate, const struct guard_bpf_event *event)
{
	struct guard_event note = { .time_ns = gate_realtime_ns(),
				    .source = GUARD_EVENT_ACCESS,
				    .action = GUARD_DENY,
				    .mode = event->refused ? GUARD_MODE_ENFORCE : GUARD_MODE_AUDIT,
				    .denied = event->refused != 0,
				    .reason = (uint8_t)reason_of(event),
				    .rule = GUARD_NO_RULE,
				    .count = 1,
				    .kind = (uint8_t)kind_of(event),
				    .access_exec = is_exec(event),
				    .has_digest = event->has_digest != 0,
				    .inode = event->inode,
				    .pid = event->process,
				    .uid = event->user,
				    .loginuid = UINT32_MAX };
	struct gate_subject subject;

	note.device = makedev(event->device >> KERNEL_MINOR_BITS, event->device & ((1u << KERNEL_MINOR_BITS) - 1));
	memcpy(note.digest.bytes, event->digest, sizeof(note.digest.bytes));
	snprintf(note.path, sizeof(note.path), "%s", event->path);
	if (gate_subject_read(&subject, (int32_t)event->process) == 0) {
		note.ppid = (uint32_t)subject.ppid;
		note.loginuid = subject.loginuid;
	}
	fill_program(&note, event);
	if (event->what == GUARD_BPF_CONTAINED_START)
		name_containment(gate, &note, event);
	if (event->refused)
		atomic_fetch_add_explicit(&gate->shared->counters.denied, 1, memory_order_relaxed);
	else
		atomic_fetch_add_explicit(&gate->shared->counters.would_deny, 1, memory_order_relaxed);
	gate_note_event(gate, &note);
}

static const char *const acts[GUARD_BPF_WHAT_MAX_] = {
	[GUARD_BPF_SIGNAL] = "to signal, limit or freeze a process of guardd",
	[GUARD_BPF_TRACE] = "to trace a process or to write into it",
	[GUARD_BPF_MEMORY] = "to write into a process's memory",
	[GUARD_BPF_BPF] = "to use or to load a BPF object",
	[GUARD_BPF_FILE] = "to change a file of guardd",
	[GUARD_BPF_MOUNT] = "to cover or to unmount what guardd needs",
	[GUARD_BPF_MODULE_LOAD] = "to load a kernel module that is not listed",
	[GUARD_BPF_KEXEC] = "to load another kernel that is not listed",
	[GUARD_BPF_CODE_MEMORY] = "to make memory executable",
	[GUARD_BPF_CONTAINED_WRITE] = "to write where its containment forbids it",
	[GUARD_BPF_CONTAINED_MODE] = "to make a file executable, as it is contained",
	[GUARD_BPF_WORDS_UNSEEN] = "to start an interpreter whose command line nobody judged",
	[GUARD_BPF_WORDS_CHANGED] = "to start an interpreter with another command line than was judged",
	[GUARD_BPF_DEVICE] = "to write to the disk beneath a protected filesystem",
	[GUARD_BPF_KERNEL] = "to change or to replace the kernel beneath guardd",
};

static const char *const outcomes[] = {
	[GUARD_BPF_WOULD_REFUSE] = "would be refused",
	[GUARD_BPF_REFUSED] = "was refused",
	[GUARD_BPF_LET] = "was let, in a maintenance,",
};

static void note_act(struct gate *gate, const struct guard_bpf_event *event)
{
	struct guard_event program = { 0 };

	if (event->what >= GUARD_BPF_WHAT_MAX_ || !acts[event->what] || event->refused > GUARD_BPF_LET)
		return;
	fill_program(&program, event);
	if (event->refused == GUARD_BPF_REFUSED)
		atomic_fetch_add_explicit(&gate->shared->counters.denied, 1, memory_order_relaxed);
	gate_note_daemon(gate, GUARD_DAEMON_TAMPERED, 1, "%.180s (pid %u, uid %u) %s %s%s%.180s (%u)", program.program,
			 event->process, event->user, outcomes[event->refused],
			 acts[event->what], event->path[0] ? ": " : "", event->path, event->detail);
}

static void take(void *context, const struct guard_bpf_event *event)
{
	struct gate *gate = context;

	if (event->what == GUARD_BPF_READ_SCRIPT)
		gate_data_refused(gate, event);
	if (event->what < GUARD_BPF_WHAT_FILES_)
		note_file(gate, event);
	else
		note_act(gate, event);
}

/* Whoever fills the ring on purpose is told of, if not what he did meanwhile. */
static void note_lost(struct gate *gate)
{
	uint64_t lost = guardd_bpf_ring_lost(gate->layer);

	if (lost)
		gate_note_daemon(gate, GUARD_DAEMON_EVENTS_LOST, lost,
				 "the kernel layer had no room for %llu records of what it refused", (unsigned long long)lost);
}

static void listen_to_kernel(struct gate *gate, void *context)
{
	struct pollfd ready = { .fd = guardd_bpf_ring_fd(), .events = POLLIN };

	(void)context;
	for (;;)
		if (poll(&ready, 1, -1) > 0) {
			guardd_bpf_ring_read(take, gate);
			note_lost(gate);
		}
}

int gate_layer_listen(struct gate *gate)
{
	return guardd_bpf_ring_fd() < 0 ? 0 : gate_thread_start(gate, listen_to_kernel, NULL);
}
