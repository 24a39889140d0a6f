/* SPDX-License-Identifier: MIT
 *
 * control/unlocks.c - asks about unlocks: who asks (from the kernel), what the
 * policy offers, whether headquarters denies the file; then the client goes to
 * the unlock process with that.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "control/control.h"
#include "permits.h"
#include "unlock/handover.h"

#define ENTRY_MAX 4096u /* bytes of one line of passwd(5) */

/* Users that /etc/passwd does not list have a number for a name: it too can be
 * read out and is the same on both sides. */
static void user_name(char *ret_name, size_t capacity, const char *passwd, uint32_t uid)
{
	GUARD_AUTO_FCLOSE FILE *text = passwd && passwd[0] ? fmemopen((void *)(uintptr_t)passwd, strlen(passwd), "r") : NULL;
	char buffer[ENTRY_MAX];
	struct passwd entry, *found = NULL;

	snprintf(ret_name, capacity, "uid-%u", uid);
	while (text && fgetpwent_r(text, &entry, buffer, sizeof(buffer), &found) == 0) {
		if (found->pw_uid != uid || !found->pw_name[0] || strlen(found->pw_name) >= capacity)
			continue;
		snprintf(ret_name, capacity, "%s", found->pw_name);
		return;
	}
}

/* By this digest, this path or the medium it lies on, whatever kind it is used as.
 * Only so that nobody phones for nothing: the gate decides by what is so. */
static bool is_denied(const struct control *control, const struct control_client *client,
		      const struct guard_ask *ask)
{
	struct guard_identity identity = {.digest = ask->digest};
	const struct guard_subject subject = {
	    .uid = client->peer.uid, .gid_count = client->peer.gid_count, .gids = client->peer.gids};
	const struct guard_object object = {
	    .identity = &identity, .claimed_path = ask->path[0] ? ask->path : NULL, .medium = ask->medium};
	struct guard_verdict verdict;

	if (ask->verb != GUARD_ASK_REQUEST || !GUARD_UNLOCK_HAS_FILE(ask->scope))
		return false;
	for (uint8_t kind = 0; kind < GUARD_KIND_MAX_; kind++) {
		identity.kind = kind;
		guard_policy_decide(control->policy, &verdict, &subject, &object, (int64_t)time(NULL));
		if (verdict.reason == GUARD_REASON_RULE_DENY)
			return true;
	}
	return false;
}

static void fill(struct guard_handed *handed, const struct control *control, const struct control_client *client)
{
	struct guard_policy_info info;

	guard_policy_info(control->policy, &info);
	handed->sequence = client->sequence;
	handed->uid = client->peer.uid;
	handed->policy_version = info.version;
	memcpy(handed->seconds, info.unlock_seconds, sizeof(handed->seconds));
	handed->maintenance_longest = info.maintenance_longest;
	if (!guardd_permits_read(&handed->permits, control->shared))
		handed->permits.count = 0;
	handed->denied = is_denied(control, client, &handed->ask);
	user_name(handed->user, sizeof(handed->user), control->passwd, client->peer.uid);
}

void control_hand_to_unlock(struct control *control, struct control_client *client,
			    const struct guard_ask *ask, int64_t now_ns)
{
	struct guard_handed handed = {.ask = *ask};
	int r;

	if (!control->policy) {
		control_result(client, GUARD_E_NOT_FOUND,
			       "There is no policy that could be read, so nothing can be unlocked: `guardctl status` "
			       "says why.",
			       now_ns);
		return;
	}
	fill(&handed, control, client);
	r = control->unlock < 0 ? -GUARD_E_UNREACHABLE
				: unlock_handover_send(control->unlock, client->socket, &handed);
	if (r < 0)
		control_result(client, GUARD_E_BUSY,
			       "The unlock process is not there or busy: try again in a second.", now_ns);
	else
		control_drop(client); /* unlock holds the connection now */
}
