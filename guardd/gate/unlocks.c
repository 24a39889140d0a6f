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

/* ---- writers ------------------------------------------------------------------------ */

static void say_written(struct gate *gate, struct gate_event *event, const struct gate_subject *subject, uint32_t id)
{
	struct guard_event note = { .time_ns = gate_realtime_ns(),
				    .source = GUARD_EVENT_DAEMON,
				    .what = GUARD_DAEMON_UNLOCK_WROTE,
				    .action = GUARD_ALLOW,
				    .count = 1,
				    .rule = id,
				    .device = event->file.key.device,
				    .inode = event->file.key.inode,
				    .pid = (uint32_t)subject->tgid,
				    .ppid = (uint32_t)subject->ppid,
				    .uid = subject->uid,
				    .loginuid = subject->loginuid,
				    .text = "Opened for writing by what the unlocked installer started" };
	struct gate_path path = { 0 };

	gate_path_read(&path, event->fd, &event->file.key);
	if (path.claimed)
		memcpy(note.path, path.claimed, strnlen(path.claimed, sizeof(note.path) - 1));
	free(path.claimed);
	gate_note_event(gate, &note);
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
