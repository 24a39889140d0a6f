/* SPDX-License-Identifier: MIT
 *
 * base/error.c - the one table that gives each error code its name and its
 * sentence.  Must not know any other room, log or allocate.
 */
#include <guard/error.h>

struct error_entry {
	const char *name, *text;
};

#define ENTRY(code, sentence) [code] = { #code, sentence }
static const struct error_entry table[GUARD_E_MAX_] = {
	[0] = { "GUARD_OK", "Nothing went wrong." },
	ENTRY(GUARD_E_INTERNAL, "A fault in guard itself; please report it."),
	ENTRY(GUARD_E_NOMEM, "The memory is exhausted."),
	ENTRY(GUARD_E_IO, "A system call failed."),
	ENTRY(GUARD_E_USAGE, "The arguments cannot be used together or are out of range."),
	ENTRY(GUARD_E_SYNTAX, "The text could not be understood."),
	ENTRY(GUARD_E_FORMAT, "The file or message is malformed."),
	ENTRY(GUARD_E_VERSION, "It was made for a newer version of guard."),
	ENTRY(GUARD_E_CHECKSUM, "The content does not match its checksum."),
	ENTRY(GUARD_E_LIMIT, "It is larger than the limit allows."),
	ENTRY(GUARD_E_NOT_FOUND, "There is no such thing."),
	ENTRY(GUARD_E_EXISTS, "It is there already."),
	ENTRY(GUARD_E_UNSAFE, "It has the wrong owner or can be written by others."),
	ENTRY(GUARD_E_EXPIRED, "Its validity has ended."),
	ENTRY(GUARD_E_ROLLBACK, "It is older than what was accepted before."),
	ENTRY(GUARD_E_SIGNATURE, "A signature does not verify."),
	ENTRY(GUARD_E_UNSUPPORTED, "The kernel or this build of guard lacks what is needed."),
	ENTRY(GUARD_E_BUSY, "It is in use; try again."),
	ENTRY(GUARD_E_TIMEOUT, "It took longer than the deadline allows."),
	ENTRY(GUARD_E_CHANGED, "The file changed while it was read."),
	ENTRY(GUARD_E_DENIED, "It was refused."),
	ENTRY(GUARD_E_UNREACHABLE, "The daemon does not answer."),
};

static const struct error_entry *find(int code)
{
	static const struct error_entry unknown = { "GUARD_E_UNKNOWN", "An unknown error." };

	if (code < 0 && code > -GUARD_E_MAX_)
		code = -code;
	if (code < 0 || code >= GUARD_E_MAX_ || !table[code].name)
		return &unknown;
	return &table[code];
}

const char *guard_error_name(int code)
{
	return find(code)->name;
}

const char *guard_error_text(int code)
{
	return find(code)->text;
}
