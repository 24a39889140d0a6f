/* SPDX-License-Identifier: MIT
 *
 * gate/syscalls_x86.c - system call numbers of x86-64, x32 and i386.
 * /proc/TID/syscall does not say which of them it shows, but a caller that is
 * blocked in opening a file is in one of these, and no number means an open in
 * one table and an exec in another.
 */
#include "gate/access.h"

#include <fcntl.h>

#define X32_BIT 0x40000000

static void set_open(struct gate_call *call, uint64_t name, uint64_t flags)
{
	call->kind = GATE_CALL_OPEN;
	call->name = name;
	call->flags = flags;
	call->has_flags = true;
}

static void set_exec(struct gate_call *call, uint64_t folder, uint64_t name, uint64_t words, bool narrow)
{
	call->kind = GATE_CALL_EXEC;
	call->folder = (int32_t)folder;
	call->name = name;
	call->words = words;
	call->narrow = narrow;
}

void gate_call_interpret(struct gate_call *call, int64_t number, const uint64_t arguments[6])
{
	switch (number & ~(int64_t)X32_BIT) {
	case 2: /* open */
	case 5: /* open, i386 */
		set_open(call, arguments[0], arguments[1]);
		break;
	case 257: /* openat */
	case 295: /* openat, i386 */
		set_open(call, arguments[1], arguments[2]);
		break;
	case 437: /* openat2: its flags lie in memory that may have changed */
		call->kind = GATE_CALL_OPEN;
		call->name = arguments[1];
		break;
	case 304: /* open_by_handle_at */
	case 342: /* open_by_handle_at, i386 */
		set_open(call, 0, arguments[2]);
		break;
	case 85: /* creat */
	case 8: /* creat, i386 */
		set_open(call, arguments[0], 01001); /* O_WRONLY | O_TRUNC */
		break;
	case 59: /* execve */
		set_exec(call, (uint64_t)AT_FDCWD, arguments[0], arguments[1], false);
		break;
	case 322: /* execveat */
		set_exec(call, arguments[0], arguments[1], arguments[2], false);
		break;
	case 520: /* execve, x32 */
	case 11:  /* execve, i386 */
		set_exec(call, (uint64_t)AT_FDCWD, arguments[0], arguments[1], true);
		break;
	case 545: /* execveat, x32 */
	case 358: /* execveat, i386 */
		set_exec(call, arguments[0], arguments[1], arguments[2], true);
		break;
	default:
		break;
	}
}
