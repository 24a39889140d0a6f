/* SPDX-License-Identifier: MIT
 *
 * package/filter.c - the system calls of the later stages, each list shorter than
 * the one before (docs/signers-package.md).  Opening a file is answered with
 * EACCES, for libraries try; all else that is not listed ends the process.
 */
#include "package/package.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>

/* What unpacking takes. */
static const int archive_calls[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(close), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
	SCMP_SYS(sysinfo), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit), SCMP_SYS(exit_group),
};
/* What following the links takes besides. */
static const int link_calls[] = {
	SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(fcntl), SCMP_SYS(memfd_create),
	SCMP_SYS(pipe2), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(close_range), SCMP_SYS(prctl), SCMP_SYS(seccomp), SCMP_SYS(prlimit64), SCMP_SYS(setrlimit),
	SCMP_SYS(clone), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(ftruncate),
	SCMP_SYS(getppid), SCMP_SYS(clock_nanosleep),
};
static const int refused_calls[] = { SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(access), SCMP_SYS(faccessat),
				     SCMP_SYS(faccessat2), SCMP_SYS(stat), SCMP_SYS(readlink), SCMP_SYS(readlinkat) };

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (calls[i] >= 0)
			r = seccomp_rule_add(filter, action, calls[i], 0);
	return r;
}

static int fill(scmp_filter_ctx filter, enum package_stage stage)
{
	const struct scmp_arg_cmp no_code = SCMP_CMP(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int r = add_all(filter, SCMP_ACT_ALLOW, archive_calls, sizeof(archive_calls) / sizeof(archive_calls[0]));

	if (r == 0)
		r = add_all(filter, SCMP_ACT_ERRNO(EACCES), refused_calls, sizeof(refused_calls) / sizeof(refused_calls[0]));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
	if (r == 0 && stage == PACKAGE_STAGE_LINKS)
		r = add_all(filter, SCMP_ACT_ALLOW, link_calls, sizeof(link_calls) / sizeof(link_calls[0]));
	if (r == 0 && stage == PACKAGE_STAGE_LINKS)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

int package_stage_enter(enum package_stage stage)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -ENOMEM;

	if (r == 0)
		r = fill(filter, stage);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? -GUARD_E_UNSUPPORTED : 0;
}
