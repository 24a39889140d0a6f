/* SPDX-License-Identifier: MIT
 *
 * policy/verdict.c - the words and sentences for actions, modes, media and
 * reasons.  The words are stored in ledgers: append only.
 */
#include <guard/verdict.h>

#include <string.h>

struct reason_entry {
	const char *name, *text;
};

static const struct reason_entry reasons[GUARD_REASON_MAX_] = {
	[GUARD_REASON_NONE] = { "none", "No verdict was needed." },
	[GUARD_REASON_RULE_ALLOW] = { "listed", "The policy lists it." },
	[GUARD_REASON_RULE_DENY] = { "forbidden", "A rule of the policy forbids it." },
	[GUARD_REASON_EXCEPTION] = { "exception", "An exception for this office lists it." },
	[GUARD_REASON_UNLOCK] = { "unlock", "It is unlocked on this machine for a limited time." },
	[GUARD_REASON_DEFAULT] = { "not-listed", "No rule of the policy lists it." },
	[GUARD_REASON_NOT_A_PROGRAM] = { "not-a-program", "It is plain data and not subject to the list." },
	[GUARD_REASON_READER] = { "reader", "A program that the policy names as a reader reads it as data." },
	[GUARD_REASON_DATA_PATH] = { "data-path", "The policy says that text at this place is data." },
	[GUARD_REASON_WRITER_OPEN] = { "writer-open", "Somebody has the file open for writing." },
	[GUARD_REASON_CHANGED] = { "changed", "The file changed while it was being identified." },
	[GUARD_REASON_TIMEOUT] = { "timeout", "The file could not be identified in time." },
	[GUARD_REASON_TOO_LARGE] = { "too-large", "The file is larger than the configured limit." },
	[GUARD_REASON_UNREADABLE] = { "unreadable", "The file could not be read to identify it." },
	[GUARD_REASON_OVERLOAD] = { "overload", "Too many files were being identified at that moment." },
	[GUARD_REASON_POLICY_EXPIRED] = { "policy-expired",
					  "The policy has expired, and with it the exception that listed it." },
	[GUARD_REASON_OWN] = { "own", "It belongs to the guard daemon itself." },
	[GUARD_REASON_IN_USE] = { "in-use", "A running process uses the file as code; it must not be written now." },
	[GUARD_REASON_INLINE] = { "inline-code", "The policy wants scripts in files: code on an interpreter's command line is refused or recorded." },
	[GUARD_REASON_STANDARD_INPUT] = { "standard-input", "The policy wants scripts in files: code by an interpreter's standard input is refused or recorded." },
	[GUARD_REASON_CONTAINED] = { "contained", "A program that the policy contains, or what it started, did what it may not." },
	[GUARD_REASON_BARRED] = { "barred", "A rule of the policy bars it; the help desk can unlock it for a while." },
	[GUARD_REASON_SERVED] = { "served", "It lies on a FUSE filesystem, where whoever serves it can show another content when it runs." },
	[GUARD_REASON_UNWATCHED] = { "unwatched", "It lies on a filesystem of its user's own or in memory, where nobody sees what an interpreter reads." },
};

const char *guard_reason_name(enum guard_reason reason)
{
	return (unsigned)reason < GUARD_REASON_MAX_ ? reasons[reason].name : "unknown";
}

const char *guard_reason_text(enum guard_reason reason)
{
	return (unsigned)reason < GUARD_REASON_MAX_ ? reasons[reason].text : "The reason is not known to this version.";
}

int guard_reason_parse(enum guard_reason *ret_reason, const char *word)
{
	for (int i = 0; i < GUARD_REASON_MAX_; i++)
		if (strcmp(reasons[i].name, word) == 0) {
			*ret_reason = (enum guard_reason)i;
			return 0;
		}
	return -GUARD_E_NOT_FOUND;
}

const char *guard_action_name(enum guard_action action)
{
	switch (action) {
	case GUARD_DENY:
		return "deny";
	case GUARD_ALLOW:
		return "allow";
	}
	return "unknown";
}

const char *guard_mode_name(enum guard_mode mode)
{
	switch (mode) {
	case GUARD_MODE_AUDIT:
		return "audit";
	case GUARD_MODE_ENFORCE:
		return "enforce";
	}
	return "unknown";
}

const char *guard_medium_name(enum guard_medium medium)
{
	static const char *const names[GUARD_MEDIUM_MAX_] = {
		[GUARD_MEDIUM_FIXED] = "fixed",
		[GUARD_MEDIUM_REMOVABLE] = "removable",
		[GUARD_MEDIUM_NETWORK] = "network",
		[GUARD_MEDIUM_MEMORY] = "memory",
	};

	return (unsigned)medium < GUARD_MEDIUM_MAX_ ? names[medium] : "unknown";
}
