/* SPDX-License-Identifier: MIT
 *
 * gate/notes.c - what the gate tells the record.  Never waits for it: a record
 * that does not listen costs a counter, and is told so when it listens again.
 */
#include "gate/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>

#include "gate/notes.h"

struct gate_notes {
	pthread_mutex_t lock;
	uint64_t lost; /* since it was last said */
	uint32_t sequence;
	struct gate_folds folds;
	uint8_t packet[GUARD_WIRE_MAX];
};

int gate_notes_new(struct gate_notes **ret_notes)
{
	struct gate_notes *notes = calloc(1, sizeof(*notes));

	if (!notes)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&notes->lock, NULL);
	*ret_notes = notes;
	return 0;
}

/* All below: the lock is held. */
static int send_event(struct gate *gate, const struct guard_event *event)
{
	struct gate_notes *notes = gate->notes;
	struct guard_writer writer;
	int r;

	guard_writer_init_fixed(&writer, notes->packet, sizeof(notes->packet));
	guard_wire_begin(&writer, GUARD_WIRE_EVENT, ++notes->sequence);
	r = guard_event_encode(&writer, event);
	return r < 0 ? r : guard_wire_send(atomic_load(&gate->record), &writer);
}

static void fill_loss(struct guard_event *event, uint64_t lost)
{
	memset(event, 0, sizeof(*event));
	event->time_ns = gate_realtime_ns();
	event->source = GUARD_EVENT_DAEMON;
	event->what = GUARD_DAEMON_EVENTS_LOST;
	event->count = lost;
	event->rule = GUARD_NO_RULE;
	event->loginuid = UINT32_MAX;
	snprintf(event->text, sizeof(event->text),
		 "%llu records were not written because the recorder did not keep up", (unsigned long long)lost);
}

static void send_or_count(struct gate *gate, const struct guard_event *event)
{
	struct gate_notes *notes = gate->notes;
	struct guard_event loss;

	if (notes->lost) {
		fill_loss(&loss, notes->lost);
		if (send_event(gate, &loss) == 0)
			notes->lost = 0;
	}
	if (notes->lost || send_event(gate, event) < 0) {
		notes->lost += event->count;
		atomic_fetch_add_explicit(&gate->shared->counters.records_lost, event->count,
					  memory_order_relaxed);
	}
}

static bool say_loss(struct gate *gate)
{
	struct gate_notes *notes = gate->notes;
	struct guard_event loss;

	if (!notes->lost)
		return false;
	fill_loss(&loss, notes->lost);
	if (send_event(gate, &loss) == 0)
		notes->lost = 0;
	return notes->lost > 0;
}

void gate_note_event(struct gate *gate, struct guard_event *event)
{
	struct gate_notes *notes = gate->notes;
	struct guard_event *other;
	bool held = true;

	pthread_mutex_lock(&notes->lock);
	if (event->source == GUARD_EVENT_DAEMON) {
		send_or_count(gate, event);
	} else if (gate_fold_add(&notes->folds, &other, event, gate_now_ns()) == GATE_FOLD_SEND) {
		if (other)
			send_or_count(gate, other);
		send_or_count(gate, event);
		held = notes->lost > 0;
	}
	pthread_mutex_unlock(&notes->lock);
	if (held)
		gate_watch_wake(gate);
}

bool gate_notes_flush(struct gate *gate, int64_t now_ns)
{
	struct gate_notes *notes = gate->notes;
	struct guard_event *due;
	bool left;

	pthread_mutex_lock(&notes->lock);
	while ((due = gate_fold_due(&notes->folds, &left, now_ns)))
		send_or_count(gate, due);
	left |= say_loss(gate);
	pthread_mutex_unlock(&notes->lock);
	return left;
}

static void copy_text(char *to, size_t capacity, const char *from)
{
	size_t length = from ? strnlen(from, capacity - 1) : 0;

	memcpy(to, from ? from : "", length);
	to[length] = '\0';
}

static void fill_subject(struct guard_event *note, const struct gate_event *event)
{
	const struct gate_facts *facts = event->facts;
	struct gate_subject subject = { .uid = UINT32_MAX, .loginuid = UINT32_MAX };

	if (facts && !facts->no_subject && facts->subject.tgid)
		subject = facts->subject;
	else if (gate_subject_read(&subject, event->tid) < 0)
		subject = (struct gate_subject){ .uid = UINT32_MAX, .loginuid = UINT32_MAX };
	note->pid = (uint32_t)(subject.tgid ? subject.tgid : event->tid);
	note->ppid = (uint32_t)subject.ppid;
	note->uid = subject.uid;
	note->loginuid = subject.loginuid;
	if (facts && facts->program)
		copy_text(note->program, sizeof(note->program), facts->program->path);
}

/* For the review of an unlock: who vouches for what was run, by keys of the policy. */
static void put_signers(char *ret_text, size_t capacity, const struct gate_identity *identity)
{
	const struct guard_signer *signer = identity->identity.signers;
	struct guard_digest key;
	char hex[GUARD_DIGEST_HEX_SIZE];

	if (identity->identity.signer_count) {
		memcpy(key.bytes, signer->key_id, sizeof(key.bytes));
		guard_digest_format(hex, &key);
		snprintf(ret_text, capacity, "Signed (%s) by the key %s of the policy.",
			 guard_provider_name((enum guard_provider)signer->provider), hex);
	} else if (identity->reason[0]) {
		snprintf(ret_text, capacity, "%s", identity->reason);
	} else if (identity->carried) {
		snprintf(ret_text, capacity, "It carries a signature by a key that the policy does not name.");
	}
}

static void note_verdict(struct gate *gate, enum guard_event_source source, const struct gate_event *event,
			 const struct guard_verdict *verdict, const struct gate_identity *identity,
			 const char *rule_text, uint64_t policy_version, bool denied)
{
	const struct gate_facts *facts = event->facts;
	struct gate_filesystem filesystem = { 0 };
	struct gate_path path = { 0 };
	struct guard_event note = { .time_ns = gate_realtime_ns(), .source = (uint8_t)source, .count = 1 };

	if ((!facts || !facts->path.claimed) && event->fd >= 0)
		gate_path_read(&path, event->fd, &event->file.key);
	(void)gate_filesystem_find(gate, &filesystem, event->file.key.device);
	note.action = verdict->action;
	note.mode = verdict->mode;
	note.reason = verdict->reason;
	note.rule = verdict->rule;
	note.medium = filesystem.medium;
	note.denied = denied;
	note.policy_version = policy_version;
	note.device = event->file.key.device;
	note.inode = event->file.key.inode;
	note.size = event->file.key.size;
	note.kind = facts ? facts->kind : 0;
	note.access_exec = (event->mask & FAN_OPEN_EXEC_PERM) || (facts && facts->exec);
	if (identity && !identity->error) {
		note.has_digest = 1;
		note.digest = identity->identity.digest;
		if (verdict->action == GUARD_DENY)
			snprintf(note.text, sizeof(note.text), "%s", identity->reason);
		else if (verdict->reason == GUARD_REASON_UNLOCK)
			put_signers(note.text, sizeof(note.text), identity);
	}
	if (facts && facts->said[0])
		snprintf(note.text, sizeof(note.text), "%s", facts->said);
	fill_subject(&note, event);
	copy_text(note.path, sizeof(note.path), facts && facts->path.claimed ? facts->path.claimed : path.claimed);
	copy_text(note.rule_text, sizeof(note.rule_text), rule_text);
	free(path.claimed);
	gate_note_event(gate, &note);
}

void gate_note_verdict(struct gate *gate, const struct gate_event *event, const struct guard_verdict *verdict,
		       const struct gate_identity *identity, const char *rule_text, uint64_t policy_version,
		       bool denied)
{
	note_verdict(gate, GUARD_EVENT_ACCESS, event, verdict, identity, rule_text, policy_version, denied);
}

void gate_note_swept(struct gate *gate, const struct gate_event *event, const struct guard_verdict *verdict,
		     const struct gate_identity *identity, const char *rule_text, uint64_t policy_version)
{
	note_verdict(gate, GUARD_EVENT_SWEEP, event, verdict, identity, rule_text, policy_version, false);
}

void gate_note_daemon(struct gate *gate, enum guard_daemon_event what, uint64_t count, const char *format, ...)
{
	struct guard_event note = { .time_ns = gate_realtime_ns(),
				    .source = GUARD_EVENT_DAEMON,
				    .what = (uint8_t)what,
				    .count = count,
				    .rule = GUARD_NO_RULE,
				    .loginuid = UINT32_MAX };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note.text, sizeof(note.text), format, arguments);
	va_end(arguments);
	gate_note_event(gate, &note);
}
