/* SPDX-License-Identifier: MIT
 *
 * jail/syscalls.c - which system calls each role may make.  docs/processes.md
 * says why.  A call that is in no line ends the process that makes it.
 */
#include <linux/bpf.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "jail/jail.h"

#define K JAIL_ROLE(GUARDD_ROLE_KEEPER)
#define G JAIL_ROLE(GUARDD_ROLE_GATE)
#define R JAIL_ROLE(GUARDD_ROLE_RECORD)
#define C JAIL_ROLE(GUARDD_ROLE_CONTROL)
#define L JAIL_ROLE(GUARDD_ROLE_LOADER)
#define U JAIL_ROLE(GUARDD_ROLE_UNLOCK)
#define S JAIL_ROLE(GUARDD_ROLE_SYNC)
#define T JAIL_ROLE(GUARDD_ROLE_TRUST)
#define I JAIL_ROLE(GUARDD_ROLE_INSPECT)
#define P JAIL_ROLE(GUARDD_ROLE_INSPECTOR) /* parses: what it does not need to compute and to answer is missing */
#define A JAIL_ROLE(GUARDD_ROLE_PACKAGE)
#define ALL (K | G | R | C | L | U | S | T | I | A)
#define ALL_P (ALL | P)

#define CALL(name, roles) { SCMP_SYS(name), roles, JAIL_ALWAYS, 0, 0 }
#define CALL_IF(name, roles, condition, argument, value) { SCMP_SYS(name), roles, condition, argument, value }

const struct jail_call jail_calls[] = {
	/* Memory: nothing that becomes executable. */
	CALL_IF(mmap, ALL_P, JAIL_BITS_CLEAR, 2, PROT_EXEC),
	CALL_IF(mprotect, ALL_P, JAIL_BITS_CLEAR, 2, PROT_EXEC),
	CALL(munmap, ALL_P), CALL(mremap, ALL_P), CALL(madvise, ALL_P), CALL(brk, ALL_P),

	/* The C library: locks, signals, time, end. */
	CALL(futex, ALL_P), CALL(set_robust_list, ALL), CALL(rseq, ALL), CALL(membarrier, ALL),
	CALL(rt_sigaction, ALL), CALL(rt_sigprocmask, ALL), CALL(rt_sigreturn, ALL), CALL(sigaltstack, ALL),
	CALL(restart_syscall, ALL), CALL(tgkill, ALL),
	CALL(clock_gettime, ALL_P), CALL(clock_getres, ALL), CALL(gettimeofday, ALL_P), CALL(time, ALL_P),
	CALL(clock_nanosleep, ALL), CALL(nanosleep, ALL), CALL(sched_yield, ALL), CALL(sched_getaffinity, ALL),
	CALL(getpid, ALL_P), CALL(gettid, ALL), CALL(getppid, ALL), CALL(getrandom, ALL_P), CALL(uname, ALL),
	CALL(getuid, ALL), CALL(geteuid, ALL), CALL(getgid, ALL), CALL(getegid, ALL), CALL(sysinfo, ALL),
	CALL_IF(prlimit64, ALL, JAIL_EQUAL, 0, 0 /* its own */),
	CALL(exit, ALL_P), CALL(exit_group, ALL_P),
	CALL_IF(prctl, ALL, JAIL_EQUAL, 0, PR_SET_NAME),
	CALL_IF(prctl, ALL, JAIL_EQUAL, 0, PR_GET_NAME),
	CALL_IF(prctl, ALL, JAIL_EQUAL, 0, PR_SET_PDEATHSIG),
	CALL_IF(prctl, ALL, JAIL_EQUAL, 0, 0x53564d41 /* PR_SET_VMA: names of anonymous memory */),

	/* Descriptors that are there. */
	CALL(pread64, ALL), CALL(preadv2, G), CALL(lseek, ALL), CALL(fstat, ALL), CALL(newfstatat, ALL), CALL(statx, ALL),
	CALL(read, ALL), CALL(write, ALL_P), CALL(readv, ALL), CALL(writev, ALL), CALL(close, ALL_P),
	CALL(fcntl, ALL), CALL(poll, ALL), CALL(ppoll, ALL),
	CALL_IF(ioctl, ALL, JAIL_EQUAL, 1, TCGETS),

	/* Messages between the processes and to their clients. */
	CALL(sendmsg, ALL), CALL(recvmsg, ALL), CALL(sendto, ALL_P), CALL(recvfrom, ALL), CALL(shutdown, ALL),
	CALL(getsockopt, ALL), CALL(setsockopt, ALL),
	CALL(accept4, G | C),

	/* Names in the file system: the gate and the loader to read any, the recorder
	 * its ledger. */
	CALL(openat, G | R | L | U | S | T | A), CALL(openat2, G), CALL(open, G | R | L | S),
	CALL(readlink, G | R | L | S), CALL(readlinkat, G | R | L), CALL(stat, G | R | L | S), CALL(lstat, G | R | L),
	CALL(access, G | R | L | S), CALL(faccessat, G | R | L), CALL(faccessat2, G | R | L),
	CALL(getdents64, G | R | T), CALL(statfs, G | R), CALL(fstatfs, G | R), CALL(fadvise64, G | R),
	CALL(getcwd, R | L),

	/* The recorder writes its ledger; loader, unlock and trust what the machine remembers. */
	CALL(fsync, R | L | U | T), CALL(unlinkat, R | L | U | T), CALL(renameat, R | L | U | T),
	CALL(renameat2, R | L | U), CALL(pwrite64, R | T | L), CALL(fdatasync, R), CALL(ftruncate, R | T),
	CALL(fallocate, R), CALL(unlink, R), CALL(flock, R | U | T), CALL(mkdirat, T), CALL(fchmod, R), CALL(fchown, R),
	CALL(memfd_create, L | T), CALL(sendfile, L), CALL(linkat, L) /* a second name for the last good policy */,
	CALL_IF(socket, R, JAIL_EQUAL, 0, AF_UNIX), /* the journal */
	CALL(connect, R | S),

	/* The network: addresses, names (asked for in a thread), the machine's own
	 * interfaces. */
	CALL_IF(socket, S, JAIL_EQUAL, 0, AF_INET), CALL_IF(socket, S, JAIL_EQUAL, 0, AF_INET6),
	CALL_IF(socket, S, JAIL_EQUAL, 0, AF_NETLINK), CALL_IF(socket, S, JAIL_EQUAL, 0, AF_UNIX),
	CALL(bind, S), CALL(getsockname, S), CALL(getpeername, S), CALL(sendmmsg, S), CALL(recvmmsg, S),
	CALL_IF(socketpair, S, JAIL_EQUAL, 0, AF_UNIX), CALL_IF(ioctl, S, JAIL_EQUAL, 1, FIONBIO),
	CALL_IF(ioctl, S, JAIL_EQUAL, 1, FIONREAD), CALL(pipe2, S), CALL(eventfd2, S),

	/* guard-package before it shuts itself in further (package/filter.c): its own
	 * program and gpgv, with their libraries. */
	CALL(mmap, A), CALL(mprotect, A), CALL(execve, A), CALL(clone, A), CALL(vfork, A), CALL(wait4, A), CALL(waitid, A),
	CALL(kill, A), CALL(pipe2, A), CALL(memfd_create, A), CALL(prctl, A), CALL(seccomp, A), CALL(dup, A),
	CALL(dup2, A), CALL(dup3, A), CALL(close_range, A), CALL(setrlimit, A), CALL(getrlimit, A), CALL(getrusage, A),
	CALL(landlock_create_ruleset, A), CALL(landlock_add_rule, A), CALL(landlock_restrict_self, A),
	CALL(arch_prctl, A), CALL(set_tid_address, A), CALL(readlink, A), CALL(readlinkat, A), CALL(access, A),
	CALL(faccessat, A), CALL(faccessat2, A), CALL(open, A), CALL(stat, A), CALL(lstat, A), CALL(getdents64, A),
	CALL(umask, A), CALL(getcwd, A), CALL(ftruncate, A), CALL(statfs, A), CALL(fstatfs, A), CALL(fadvise64, A),

	/* The gate: threads, marks, ending a process that the policy does not allow. */
	CALL_IF(clone, G | S, JAIL_BITS_SET, 0, CLONE_THREAD),
	CALL_IF(clone3, ALL, JAIL_PRETEND, 0, 0), /* its flags cannot be seen: the C library takes clone */
	CALL(fanotify_mark, G), CALL(pidfd_open, G), CALL(pidfd_send_signal, G),
	/* Values of the kernel layer's maps: look, write, remove, go through. */
	CALL_IF(bpf, G, JAIL_EQUAL, 0, BPF_MAP_LOOKUP_ELEM), CALL_IF(bpf, G, JAIL_EQUAL, 0, BPF_MAP_UPDATE_ELEM),
	CALL_IF(bpf, G, JAIL_EQUAL, 0, BPF_MAP_DELETE_ELEM), CALL_IF(bpf, G, JAIL_EQUAL, 0, BPF_MAP_GET_NEXT_KEY),
	/* The name that a blocked caller asked for. */
	CALL(process_vm_readv, G), CALL(umount2, G),
	/* The signature that lies beside a file; an answer for it alone. */
	CALL(fgetxattr, G), CALL_IF(socketpair, G, JAIL_EQUAL, 0, AF_UNIX),

	/* Inspect starts inspectors, which limit themselves, and ends those that take too long;
	 * an inspector gets its one request. */
	CALL(clone, I), CALL(wait4, I), CALL(waitid, I), CALL(kill, I), CALL(setrlimit, I), CALL(seccomp, I),
	CALL_IF(recvmsg, P, JAIL_EQUAL, 0, GUARDD_INSPECTOR_REQUESTS),

	/* The keeper alone: children and their jails, signals, policies, sockets,
	 * its own next version with the loader's and the C library's beginnings. */
	CALL(clone, K), CALL(wait4, K), CALL(waitid, K), CALL(kill, K), CALL(signalfd4, K),
	CALL(execve, K), CALL(setresuid, K), CALL(setresgid, K), CALL(setgroups, K), CALL(capget, K), CALL(capset, K),
	CALL(prctl, K), CALL(seccomp, K), CALL(landlock_create_ruleset, K), CALL(landlock_add_rule, K),
	CALL(landlock_restrict_self, K), CALL(close_range, K), CALL(dup, K), CALL(dup2, K),
	CALL(dup3, K), CALL(fanotify_init, K), CALL(socketpair, K), CALL(bind, K), CALL(listen, K), CALL(mkdir, K),
	CALL(mkdirat, K), CALL(fchmodat, K), CALL(fchownat, K), CALL(umask, K), CALL(chdir, K),
	CALL(setrlimit, K), CALL(getrlimit, K), CALL(mmap, K), CALL(mprotect, K), CALL(ioctl, K), CALL(socket, K),
	CALL(arch_prctl, K), CALL(set_tid_address, K), CALL(rename, K), CALL(getsockname, K), CALL(getpeername, K),
	CALL(pipe2, K), CALL(eventfd2, K), CALL(epoll_create1, K), CALL(epoll_ctl, K), CALL(epoll_wait, K),
	CALL(timerfd_create, K), CALL(timerfd_settime, K),
	CALL(bpf, K), CALL(rmdir, K), /* its next version brings the kernel layer up again */
};
const size_t jail_call_count = sizeof(jail_calls) / sizeof(jail_calls[0]);
