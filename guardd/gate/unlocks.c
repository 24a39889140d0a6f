/* SPDX-License-Identifier: MIT
 *
 * gate/unlocks.c - what the open unlocks cover, and who writes under one; see
 * unlocks.h.  The lists are short and looked at only for what would be denied; one
 * lock is enough.
 */
#include "gate/unlocks.h"

#include <guard/unlock.h>
#include <stdlib.h>
#include <string.h>

#include "gate/unlock_list.h"

/* ---- does it cover? ---------------------------------------------------------------- */

static bool is_open(const struct guardd_grant *grant, const uint32_t *seconds, uint64_t now_ms)
{
	return now_ms < grant->until_ms && now_ms - grant->opened_ms < (uint64_t)seconds[grant->scope - 1] * 1000u;
}

/* The user who asked, also as root when he logged in as himself: nobody can
 * change his login's id. */
static bool is_same_user(const struct guardd_grant *grant, const struct gate_subject *subject)
{
	return subject->uid == grant->uid ||
	       (subject->loginuid == grant->uid && subject->loginuid != UINT32_MAX);
}

static bool is_the_file(const struct guardd_grant *grant, const struct gate_wanted *wanted)
{
	return wanted->subject && wanted->kind != GUARD_KIND_MODULE && is_same_user(grant, wanted->subject) &&
	       guard_digest_compare(&grant->digest, wanted->digest) == 0;
}

static bool covers(struct gate_unlocks *unlocks, const struct guardd_grant *grant, const struct gate_wanted *wanted)
{
	switch (grant->scope) {
	case GUARD_UNLOCK_SHORT:
	case GUARD_UNLOCK_DAY:
		return is_the_file(grant, wanted);
	case GUARD_UNLOCK_AUDIT:
		return true;
	case GUARD_UNLOCK_INSTALL:
		if (is_the_file(grant, wanted)) {
			if (wanted->kind == GUARD_KIND_EXECUTABLE || wanted->kind == GUARD_KIND_SCRIPT)
				gate_installs_join(unlocks->installs, grant->id, wanted->subject->tgid);
			return true;
		}
		return wanted->subject && wanted->kind != GUARD_KIND_MODULE &&
		       gate_installs_cover(unlocks->installs, grant->id, wanted->subject->tgid, wanted->key,
					   is_same_user(grant, wanted->subject) || wanted->subject->uid == 0);
	default:
		return false;
	}
}

uint32_t gate_unlock_covers(struct gate *gate, const struct gate_wanted *wanted,
			    const uint32_t seconds[GUARD_POLICY_UNLOCK_SCOPES])
{
	struct gate_unlocks *unlocks = gate->unlocks;
	uint32_t id = 0;
	uint64_t now_ms;

	if (atomic_load_explicit(&unlocks->count, memory_order_acquire) == 0)
		return 0;
	pthread_mutex_lock(&unlocks->lock);
	now_ms = gate_boot_ms();
	for (unsigned i = 0; i < unlocks->count && id == 0; i++)
		if (is_open(&unlocks->grants[i], seconds, now_ms) && covers(unlocks, &unlocks->grants[i], wanted))
			id = unlocks->grants[i].id;
	pthread_mutex_unlock(&unlocks->lock);
	return id;
}

/* ---- what an installer does besides -------------------------------------------------- */

static void fill_note(struct guard_event *ret_note, enum guard_daemon_event what, const struct gate_event *event,
		      const struct gate_subject *subject, uint32_t id)
{
	*ret_note = (struct guard_event){ .time_ns = gate_realtime_ns(),
					  .source = GUARD_EVENT_DAEMON,
					  .what = (uint8_t)what,
					  .action = GUARD_ALLOW,
					  .count = 1,
					  .rule = id,
					  .device = event->file.key.device,
					  .inode = event->file.key.inode,
					  .pid = (uint32_t)subject->tgid,
					  .ppid = (uint32_t)subject->ppid,
					  .uid = subject->uid,
					  .loginuid = subject->loginuid };
}

static void put_path(struct guard_event *note, const char *path)
{
	if (path)
		memcpy(note->path, path, strnlen(path, sizeof(note->path) - 1));
}

static void say_written(struct gate *gate, struct gate_event *event, const struct gate_subject *subject, uint32_t id)
{
	struct guard_event note;
	struct gate_path path = { 0 };

	fill_note(&note, GUARD_DAEMON_UNLOCK_WROTE, event, subject, id);
	strcpy(note.text, "Opened for writing by what the unlocked installer started");
	gate_path_read(&path, event->fd, &event->file.key);
	put_path(&note, path.claimed);
	free(path.claimed);
	gate_note_event(gate, &note);
}

void gate_unlock_listed(struct gate *gate, const struct gate_event *event, const struct guard_identity *identity)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	const struct gate_facts *facts = event->facts;
	struct guard_event note;
	uint32_t id = 0;

	if (!gate_unlocks_follow_writers(gate) || !facts || facts->no_subject)
		return;
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count && id == 0; i++)
		if (unlocks->grants[i].scope == GUARD_UNLOCK_INSTALL &&
		    gate_installs_cover(unlocks->installs, unlocks->grants[i].id, facts->subject.tgid, &event->file.key, false))
			id = unlocks->grants[i].id;
	pthread_mutex_unlock(&unlocks->lock);
	if (!id)
		return;
	fill_note(&note, GUARD_DAEMON_UNLOCK_RAN, event, &facts->subject, id);
	strcpy(note.text, "Listed by the policy, and started by what the unlocked installer started");
	note.has_digest = 1;
	note.digest = identity->digest;
	put_path(&note, facts->path.claimed);
	if (facts->program)
		memcpy(note.program, facts->program->path, strnlen(facts->program->path, sizeof(note.program) - 1));
	gate_note_event(gate, &note);
}

/* ---- writers ------------------------------------------------------------------------ */

bool gate_unlocks_any(const struct gate *gate)
{
	return atomic_load_explicit(&gate->unlocks->count, memory_order_acquire) != 0;
}

bool gate_unlocks_follow_writers(const struct gate *gate)
{
	return atomic_load_explicit(&gate->unlocks->installing, memory_order_acquire);
}

void gate_unlock_writer(struct gate *gate, struct gate_event *event)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct gate_subject subject;
	uint32_t id = 0;

	if (!gate_unlocks_follow_writers(gate))
		return;
	if (gate_subject_read(&subject, event->tid) < 0)
		subject = (struct gate_subject){ .tgid = -1 };
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count && id == 0; i++)
		if (unlocks->grants[i].scope == GUARD_UNLOCK_INSTALL &&
		    gate_installs_writer(unlocks->installs, unlocks->grants[i].id, subject.tgid, &event->file.key))
			id = unlocks->grants[i].id;
	pthread_mutex_unlock(&unlocks->lock);
	if (id)
		say_written(gate, event, &subject, id);
}
