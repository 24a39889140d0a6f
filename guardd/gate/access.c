/* SPDX-License-Identifier: MIT
 *
 * gate/access.c - the table of ARCHITECTURE.md "One event", step 3: facts in,
 * kind out.  Pure: must not touch the system.
 */
#include "gate/access.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>

static struct gate_use ask(enum guard_kind kind)
{
	return (struct gate_use){ .ask = true, .kind = (uint8_t)kind };
}

static struct gate_use allow(enum guard_reason reason)
{
	return (struct gate_use){ .kind = GUARD_KIND_OTHER, .reason = (uint8_t)reason };
}

static bool is_loadable(uint8_t format)
{
	return format == GUARD_FORMAT_ELF_EXEC || format == GUARD_FORMAT_ELF_DYN || format == GUARD_FORMAT_ELF_OTHER;
}

static struct gate_use classify_exec(const struct gate_access *access)
{
	if (access->format == GUARD_FORMAT_SHEBANG || access->format == GUARD_FORMAT_TEXT)
		return ask(GUARD_KIND_SCRIPT);
	return ask(GUARD_KIND_EXECUTABLE);
}

/* What an interpreter opens is code by what it was told, not by what the bytes
 * look like at this moment: they may be others by the time it reads them. */
static bool is_script(const struct gate_access *access)
{
	if ((access->scripts & GUARD_SCRIPTS_ARGUMENT) && access->named)
		return true;
	if ((access->scripts & GUARD_SCRIPTS_SUFFIX) && access->suffix)
		return true;
	return (access->scripts & GUARD_SCRIPTS_TEXT) && !access->data && !access->here_document;
}

struct gate_use gate_access_classify(const struct gate_access *access)
{
	if (access->exec)
		return classify_exec(access);
	if (is_loadable(access->format)) {
		if (access->reader && access->ip == GATE_IP_OUTSIDE)
			return allow(GUARD_REASON_READER);
		return ask(GUARD_KIND_LIBRARY);
	}
	if ((access->scripts & GUARD_SCRIPTS_MODULE) &&
	    (access->format == GUARD_FORMAT_ELF_REL || access->module_name))
		return ask(GUARD_KIND_MODULE);
	if (is_script(access))
		return ask(GUARD_KIND_SCRIPT);
	/* Not a library now, but a user could make it one before the loader maps it. */
	if (access->ip == GATE_IP_LOADER && !access->sealed)
		return ask(GUARD_KIND_LIBRARY);
	if ((access->scripts & GUARD_SCRIPTS_TEXT) && access->data)
		return allow(GUARD_REASON_DATA_PATH);
	return allow(GUARD_REASON_NOT_A_PROGRAM);
}

const char *gate_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool gate_name_is_module(const char *path)
{
	return fnmatch("*.ko", path, 0) == 0 || fnmatch("*.ko.[gxz]*", path, 0) == 0;
}

bool gate_name_is_loader(const char *path)
{
	static const char *const patterns[] = { "ld-linux*", "ld-musl*", "ld.so*", "ld-*.so*", "ld64.so*",
						"ld-uClibc*", "libc.musl-*" };
	const char *name = gate_base_name(path);

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

bool gate_call_only_writes(const struct gate_call *call)
{
	const uint64_t mode = call->flags & O_ACCMODE, made = O_CREAT | O_EXCL;

	if (call->kind != GATE_CALL_OPEN || !call->has_flags)
		return false;
	/* What this very call makes is as empty as what it empties. */
	return mode == O_WRONLY ||
	       (mode == O_RDWR && (call->flags & O_TRUNC || (call->flags & made) == made));
}

bool gate_call_may_write(const struct gate_call *call)
{
	return call->kind == GATE_CALL_OPEN && call->has_flags &&
	       ((call->flags & O_ACCMODE) != O_RDONLY || (call->flags & O_TRUNC));
}
