/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer_policy.c - what policies say of the file that a caller asks for: its
 * name where one lists it, whose exception allows it, whether headquarters denies it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "i18n.h"
#include "output.h"
#include "policy/compile/describe.h"
#include "policy/policy.h"

/* By its content, or by who vouches for it. */
bool answer_is_denied(const struct guard_policy *policy, const struct guard_identity *known)
{
	struct guard_identity identity = *known;
	const struct guard_subject subject = {.uid = UINT32_MAX};
	const struct guard_object object = {.identity = &identity};
	struct guard_verdict verdict;

	for (uint8_t kind = 0; kind < GUARD_KIND_MAX_; kind++) {
		identity.kind = kind;
		guard_policy_decide(policy, &verdict, &subject, &object, (int64_t)time(NULL));
		if (verdict.reason == GUARD_REASON_RULE_DENY)
			return true;
	}
	return false;
}

static void note(struct answer *answer, const struct guard_policy *policy, const struct guard_listed *listed)
{
	struct guard_rule_info rule;
	json_t *found = json_object();

	if (guard_policy_rule_info(policy, policy->rule_base + listed->rule, &rule) < 0 || !found) {
		json_decref(found);
		return;
	}
	json_object_set_new(found, "policy", guardctl_json_text(rule.source));
	json_object_set_new(found, "group", guardctl_json_text(rule.group));
	json_object_set_new(found, "action", json_string(guard_action_name(rule.action)));
	json_object_set_new(found, "exception", json_boolean(rule.is_exception));
	json_object_set_new(found, "note", guardctl_json_text(rule.note));
	if (!answer->policies)
		answer->policies = json_array();
	json_array_append_new(answer->policies, found);
	if (answer->named)
		return;
	snprintf(answer->known, sizeof(answer->known), "%s", *listed->name ? listed->name : "?");
	answer->digest = listed->digest;
	answer->named = true;
}

/* Every content that an image lists goes through the machine's function, as those of
 * the lists do. */
static int look_at(struct answer *answer, const struct guard_policy *policy)
{
	size_t count = guard_policy_listed_count(policy);
	GUARD_AUTO_FREE struct guard_listed *all = calloc(count + 1, sizeof(*all));

	if (!all)
		return -GUARD_E_NOMEM;
	guard_policy_listed(all, policy);
	for (size_t i = 0; i < count; i++)
		if (guard_unlock_call_matches(answer->call, &all[i].digest) == 1)
			note(answer, policy, &all[i]);
	return 0;
}

static int find_name(struct answer *answer, struct guard_policy *policy, const struct answer_options *given)
{
	const struct guard_policy *one = policy;
	int r = 0;

	(void)given;
	for (; one && r == 0; one = one->next)
		r = look_at(answer, one);
	return r;
}

static int find_denial(struct answer *answer, struct guard_policy *policy, const struct answer_options *given)
{
	return answer_find_signers(answer, policy, given);
}

static int each(struct answer *answer, const struct answer_options *given,
		int (*look)(struct answer *, struct guard_policy *, const struct answer_options *))
{
	for (unsigned i = 0; i < given->policy_count; i++) {
		GUARD_AUTO_CLOSE int fd = open(given->policies[i], O_RDONLY | O_CLOEXEC);
		struct guard_policy *policy = NULL;
		int r = fd < 0 ? -GUARD_E_IO : guard_policy_open(&policy, fd, NULL);
		const char *reason = fd < 0 ? strerror(errno) : guardctl_error_text(r);

		if (r == 0)
			r = look(answer, policy, given);
		guard_policy_free(policy);
		if (r < 0) {
			guardctl_error("%s: %s", given->policies[i], reason);
			return GUARDCTL_REFUSED;
		}
	}
	return 0;
}

int answer_name_by_policies(struct answer *answer, const struct answer_options *given)
{
	return each(answer, given, find_name);
}

/* When all have been asked what the file is: one may name what another denies. */
int answer_ask_policies(struct answer *answer, const struct answer_options *given)
{
	int code, r;

	if (!answer->named)
		return 0;
	code = each(answer, given, find_denial);
	if (code == 0 && given->policy_count == 0) {
		r = answer_find_signers(answer, NULL, given);
		if (r < 0) {
			guardctl_error("answer: %s", guardctl_error_text(r));
			code = GUARDCTL_REFUSED;
		}
	}
	if (code || !answer->denied)
		return code;
	guardctl_error(_("answer: headquarters denies this file; no answer would help, and none is given"));
	return GUARDCTL_REFUSED;
}

void answer_show_policies(const struct answer *answer)
{
	json_t *found;
	size_t i;

	json_array_foreach(answer->policies, i, found) {
		const char *note = json_string_value(json_object_get(found, "note"));

		fputs(json_is_true(json_object_get(found, "exception")) ? _("An office's exception allows it: ")
									 : _("A policy lists it: "),
		      stdout);
		guard_text_put_escaped(stdout, json_string_value(json_object_get(found, "policy")));
		putchar('/');
		guard_text_put_escaped(stdout, json_string_value(json_object_get(found, "group")));
		if (note && *note) {
			fputs(" - ", stdout);
			guard_text_put_escaped(stdout, note);
		}
		putchar('\n');
	}
}
