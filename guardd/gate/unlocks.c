/* SPDX-License-Identifier: MIT
 *
 * gate/unlocks.c - see unlocks.h.  The lists are short and looked at only for
 * what would be denied; one lock is enough.
 */
#include "gate/unlocks.h"

#include <guard/unlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "gate/unlock_install.h"

struct window {
	uint64_t opened_ms, until_ms;
};
struct gate_unlocks {
	pthread_mutex_t lock;
	_Atomic unsigned count; /* of grants */
	_Atomic bool installing; /* one of them is for an installer */
	struct guardd_grant grants[GUARDD_GRANTS_MAX];
	struct window windows[GATE_WINDOWS_MAX]; /* that are over; the oldest is overwritten */
	unsigned next_window;
	struct gate_installs *installs;
};

static uint64_t boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

int gate_unlocks_new(struct gate_unlocks **ret_unlocks)
{
	struct gate_unlocks *unlocks = calloc(1, sizeof(*unlocks));
	int r = unlocks ? gate_installs_new(&unlocks->installs) : -GUARD_E_NOMEM;

	if (r < 0) {
		free(unlocks);
		return r;
	}
	pthread_mutex_init(&unlocks->lock, NULL);
	*ret_unlocks = unlocks;
	return 0;
}

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
	now_ms = boot_ms();
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

/* ---- the list and its ends ------------------------------------------------------------- */

static bool grant_is_sane(const struct guardd_grant *grant, uint64_t now_ms)
{
	return grant->id != 0 && grant->scope >= GUARD_UNLOCK_SHORT && grant->scope < GUARD_UNLOCK_SCOPE_MAX_ &&
	       grant->opened_ms <= now_ms && grant->until_ms > grant->opened_ms &&
	       grant->until_ms - grant->opened_ms <= (uint64_t)GUARD_POLICY_UNLOCK_MAX * 1000u;
}

static const struct guardd_grant *find(const struct guardd_grant *grants, unsigned count, uint32_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (grants[i].id == id)
			return &grants[i];
	return NULL;
}

/* Those of `before` that are not in the list any more. */
static bool close_missing(struct gate_unlocks *unlocks, const struct guardd_grant *before, unsigned count,
			  uint64_t now_ms)
{
	bool closed = false;

	for (unsigned i = 0; i < count; i++) {
		if (find(unlocks->grants, unlocks->count, before[i].id))
			continue;
		unlocks->windows[unlocks->next_window++ % GATE_WINDOWS_MAX] =
			(struct window){ before[i].opened_ms, now_ms };
		gate_installs_forget(unlocks->installs, before[i].id);
		closed = true;
	}
	return closed;
}

static void replace(struct gate *gate, const struct guardd_grants *grants)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct guardd_grant before[GUARDD_GRANTS_MAX];
	uint64_t now_ms = boot_ms();
	unsigned count, kept = 0;
	bool closed, installing = false;

	pthread_mutex_lock(&unlocks->lock);
	count = unlocks->count;
	memcpy(before, unlocks->grants, sizeof(before));
	for (unsigned i = 0; i < grants->count; i++)
		if (grant_is_sane(&grants->all[i], now_ms) && grants->all[i].until_ms > now_ms)
			unlocks->grants[kept++] = grants->all[i];
	for (unsigned i = 0; i < kept; i++)
		installing |= unlocks->grants[i].scope == GUARD_UNLOCK_INSTALL;
	atomic_store_explicit(&unlocks->installing, installing, memory_order_release);
	atomic_store_explicit(&unlocks->count, kept, memory_order_release);
	closed = close_missing(unlocks, before, count, now_ms);
	pthread_mutex_unlock(&unlocks->lock);
	if (closed)
		gate_sweep_request(gate, 0);
}

void gate_unlocks_hear(struct gate *gate)
{
	struct guardd_grants grants;
	ssize_t size = recv(gate->arguments->unlock, &grants, sizeof(grants), MSG_DONTWAIT | MSG_TRUNC);

	if (size == (ssize_t)sizeof(grants) && grants.count <= GUARDD_GRANTS_MAX)
		replace(gate, &grants);
}

void gate_unlocks_ask(struct gate *gate)
{
	if (gate->arguments->unlock >= 0)
		(void)!send(gate->arguments->unlock, "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Also when the unlock process is not there to say so, an unlock ends. */
static void drop_expired(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct guardd_grants left = { 0 };

	pthread_mutex_lock(&unlocks->lock);
	left.count = unlocks->count;
	memcpy(left.all, unlocks->grants, sizeof(left.all));
	pthread_mutex_unlock(&unlocks->lock);
	replace(gate, &left);
}

int gate_unlocks_wait(struct gate *gate)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	uint64_t now_ms = boot_ms(), next = UINT64_MAX;

	if (atomic_load_explicit(&unlocks->count, memory_order_acquire) == 0)
		return -1;
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < unlocks->count; i++)
		if (unlocks->grants[i].until_ms < next)
			next = unlocks->grants[i].until_ms;
	pthread_mutex_unlock(&unlocks->lock);
	if (next <= now_ms) {
		drop_expired(gate);
		return 0;
	}
	/* poll(2) does not count suspend: look at least each second. */
	return next - now_ms > 1000 ? 1000 : (int)(next - now_ms);
}

bool gate_unlock_began_under(struct gate *gate, int32_t pid)
{
	struct gate_unlocks *unlocks = gate->unlocks;
	struct gate_process process;
	bool under = false;

	if (unlocks->next_window == 0 || gate_process_read(&process, pid) < 0)
		return false;
	pthread_mutex_lock(&unlocks->lock);
	for (unsigned i = 0; i < GATE_WINDOWS_MAX; i++)
		under |= unlocks->windows[i].until_ms > 0 &&
			 process.began_ms + 10 >= unlocks->windows[i].opened_ms &&
			 process.began_ms <= unlocks->windows[i].until_ms;
	pthread_mutex_unlock(&unlocks->lock);
	return under;
}
