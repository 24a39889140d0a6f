/* SPDX-License-Identifier: MIT
 *
 * gate/syscalls_generic.c - system call numbers of this architecture alone.  A
 * caller of another personality stays GATE_CALL_UNKNOWN: it gets no exemption.
 */
#include "gate/access.h"

#include <fcntl.h>
#include <sys/syscall.h>

void gate_call_interpret(struct gate_call *call, int64_t number, const uint64_t arguments[6])
{
	switch (number) {
	case SYS_openat:
		call->kind = GATE_CALL_OPEN;
		call->name = arguments[1];
		call->flags = arguments[2];
		call->has_flags = true;
		break;
	case SYS_openat2: /* its flags lie in memory that may have changed */
		call->kind = GATE_CALL_OPEN;
		call->name = arguments[1];
		break;
	case SYS_open_by_handle_at:
		call->kind = GATE_CALL_OPEN;
		call->flags = arguments[2];
		call->has_flags = true;
		break;
	case SYS_execve:
		call->kind = GATE_CALL_EXEC;
		call->folder = AT_FDCWD;
		call->name = arguments[0];
		call->words = arguments[1];
		break;
	case SYS_execveat:
		call->kind = GATE_CALL_EXEC;
		call->folder = (int32_t)arguments[0];
		call->name = arguments[1];
		call->words = arguments[2];
		break;
	default:
		break;
	}
}
