/* SPDX-License-Identifier: MIT
 *
 * gate/script_name.c - is a file the one that an interpreter was told to run?
 *
 * Three witnesses, one is enough: the inode that the argument names now; the
 * name by which the interpreter asked for the file, which lies in its own
 * memory and which no rename or symlink changes; the name the file has now.
 */
#include "gate/gate.h"

#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "gate/patience.h"

#define CMDLINE_MAX (128u << 10)
#define ARGUMENTS_MAX 256u /* words looked up as files when any may be the script */

static char *read_cmdline(size_t *ret_size, int32_t tid)
{
	char path[64];
	GUARD_AUTO_FREE char *text = malloc(CMDLINE_MAX + 1);
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", tid);
	GUARD_AUTO_CLOSE int fd = open(path, GATE_OPEN);
	if (fd < 0 || !text)
		return NULL;
	while (size < CMDLINE_MAX) {
		ssize_t got = read(fd, &text[size], CMDLINE_MAX - size);
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	text[size] = '\0';
	*ret_size = size;
	return guard_steal_pointer(&text);
}

static int open_base(int32_t tid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, what);
	return open(path, O_PATH | O_CLOEXEC);
}

/* The argument as the caller would resolve it.  An absolute name, and absolute
 * symlinks on the way, start at the caller's root. */
static bool argument_is_inode(int32_t tid, const char *argument, const struct gate_key *key)
{
	uint64_t resolve = argument[0] == '/' ? RESOLVE_IN_ROOT : 0;
	struct gate_file file;
	GUARD_AUTO_CLOSE int base = open_base(tid, argument[0] == '/' ? "root" : "cwd");
	GUARD_AUTO_CLOSE int fd = -1;

	if (base < 0)
		return false;
	fd = gate_patience_open(base, argument, 0, resolve);
	return fd >= 0 && gate_file_stat(&file, fd) == 0 && gate_key_same_inode(&file.key, key);
}

static bool same_base(const char *a, const char *b)
{
	const char *name = gate_base_name(a);

	return name[0] != '\0' && strcmp(name, gate_base_name(b)) == 0;
}

static bool is_own_root(struct gate *gate, int32_t tid)
{
	char path[64];
	struct gate_file root;

	snprintf(path, sizeof(path), "/proc/%d/root", tid);
	return gate_file_stat_at(&root, AT_FDCWD, path, 0) == 0 &&
	       gate_key_same_inode(&root.key, &gate->root.key);
}

/* false: the program was classed under another policy, nothing is known. */
static bool find_argument(ptrdiff_t *ret_at, struct gate *gate, const struct gate_program *program,
			  const char *cmdline, size_t size)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool known = policy->generation == program->generation;

	if (known)
		*ret_at = guard_policy_interpreter_script_argument(policy->policy, program->interpreter, cmdline,
								   size);
	gate_policy_release(gate);
	return known;
}

static bool argument_names_file(const struct gate_event *event, const char *argument, const char *requested,
				const char *claimed_path)
{
	return same_base(argument, requested) || (claimed_path && same_base(argument, claimed_path)) ||
	       argument_is_inode(event->tid, argument, &event->file.key);
}

/* Options that the policy does not explain: every word may be the script, also
 * the end of one, as in `-fFILE`. */
static bool any_names_file(const struct gate_event *event, const char *cmdline, size_t size, const char *requested,
			   const char *claimed_path)
{
	const char *name = gate_base_name(requested);
	unsigned looked_at = 0;

	for (size_t at = strlen(cmdline) + 1; at < size; at += strlen(&cmdline[at]) + 1) {
		if (++looked_at > ARGUMENTS_MAX)
			return true;
		if (argument_names_file(event, &cmdline[at], requested, claimed_path) ||
		    (*name && guard_text_ends_with(&cmdline[at], name)))
			return true;
	}
	return false;
}

bool gate_names_script(struct gate *gate, const struct gate_event *event, const struct gate_program *program,
		       const char *requested, const char *claimed_path)
{
	size_t size = 0;
	GUARD_AUTO_FREE char *cmdline = read_cmdline(&size, event->tid);
	ptrdiff_t at;

	/* Longer than is looked at: the script could stand behind the cut. */
	if (!cmdline || size >= CMDLINE_MAX || !find_argument(&at, gate, program, cmdline, size))
		return true;
	/* The loader's own words stand before the interpreter's. */
	if (program->loader)
		at = GUARD_ARGUMENT_ANY;
	if (at == GUARD_ARGUMENT_ANY)
		return any_names_file(event, cmdline, size, requested, claimed_path) || !is_own_root(gate, event->tid);
	if (at < 0 || (size_t)at >= size)
		return false;
	/* In another root symlinks mean other things: then nothing is proven. */
	return argument_names_file(event, &cmdline[at], requested, claimed_path) || !is_own_root(gate, event->tid);
}
