/* SPDX-License-Identifier: MIT
 *
 * guardctl/refusal.c - what the daemon's unlock process refuses, as one sentence in
 * the user's language.
 */
#include <stdio.h>

#include "ask.h"
#include "i18n.h"
#include "told_text.h"

static void put_number(char *ret_text, size_t capacity, const struct guard_refusal *refusal)
{
	char span[GUARDCTL_SPAN_SIZE];

	guardctl_span_text(span, refusal->number);
	if (refusal->kind == GUARD_REFUSAL_WAIT)
		snprintf(ret_text, capacity, _("after so many wrong answers the next try has to wait %s"), span);
	else if (refusal->number == 0)
		snprintf(ret_text, capacity,
			 _("the answer code is wrong, and no try is left for this request: cancel it "
			   "(`guardctl request --cancel`) and ask again"));
	else
		snprintf(ret_text, capacity,
			 _("the answer code is wrong; tries left: %u. Let the operator read it again"), refusal->number);
}

static const char *sentence_of(const struct guard_refusal *refusal)
{
	static const char *const sentences[GUARD_REFUSAL_MAX_] = {
	    [GUARD_REFUSAL_SCOPE] = N_("the policy does not offer this kind of unlock: ask for another (--scope)"),
	    [GUARD_REFUSAL_DENIED] = N_("headquarters denies this file. The help desk cannot unlock it: do not phone "
					"for that, ask your administrator"),
	    [GUARD_REFUSAL_LOCKED] = N_("unlock by phone is locked on this machine after too many wrong answers: the "
					"help desk must issue new verifiers"),
	    [GUARD_REFUSAL_RESTORED] = N_("the unlock state of this machine was put back to an older one: unlock by "
					  "phone stays locked until the help desk issues new verifiers"),
	    [GUARD_REFUSAL_NO_SLOT] = N_("all one-time codes of this kind are used: the help desk must issue new "
					 "verifiers for this machine"),
	    [GUARD_REFUSAL_TOO_MANY] = N_("too many requests are open, or were made in this hour: cancel one "
					  "(`guardctl request --cancel`), or wait"),
	    [GUARD_REFUSAL_NO_REQUEST] = N_("nothing is asked for: the request has expired, was cancelled, or the "
					    "machine was restarted. Ask again with `guardctl request`"),
	    [GUARD_REFUSAL_REQUEST_LOCKED] = N_("five wrong answers have locked this request: cancel it (`guardctl "
						"request --cancel`) and ask again"),
	    [GUARD_REFUSAL_NO_RECORD] = N_("it cannot be recorded now, and nothing is unlocked without a record: see "
					   "`guardctl status`"),
	    [GUARD_REFUSAL_FULL] = N_("too many unlocks are open on this machine: end one first (`guardctl unlock "
				      "end`)"),
	    [GUARD_REFUSAL_NOT_YOURS] = N_("nothing of yours is open under that number"),
	    [GUARD_REFUSAL_NOT_ROOT] = N_("maintenance is root's: ask again as root"),
	    [GUARD_REFUSAL_SEVERAL] = N_("several of your requests are open, and the code is for one of them: `guardctl "
					 "unlocks` lists them; say which with --request NUMBER, or cancel the others. No try "
					 "was used up"),
	    [GUARD_REFUSAL_NOT_APPROVED] = N_("the help desk has not approved it yet, or the approval has not reached "
					      "this machine: try again in a minute, or phone"),
	};

	return sentences[refusal->kind] ? gettext(sentences[refusal->kind]) : guardctl_told(refusal->text);
}

void guardctl_refusal_text(char *ret_text, size_t capacity, const struct guard_refusal *refusal)
{
	const struct guard_unlock_flaw flaw = {.kind = (uint8_t)refusal->number, .group = refusal->group};

	if (refusal->kind == GUARD_REFUSAL_WAIT || refusal->kind == GUARD_REFUSAL_WRONG)
		put_number(ret_text, capacity, refusal);
	else if (refusal->kind == GUARD_REFUSAL_FLAW)
		guardctl_flaw_text(ret_text, capacity, &flaw);
	else if (refusal->kind == GUARD_REFUSAL_OFF)
		snprintf(ret_text, capacity, _("there is no unlock by phone on this machine: %s"),
			 guardctl_told(refusal->text));
	else
		snprintf(ret_text, capacity, "%s", sentence_of(refusal));
}
