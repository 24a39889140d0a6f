/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/protect.bpf.h - the hooks that keep root's hands off the daemon.  They do
 * nothing unless the configuration asks for it (GUARD_BPF_SELF).
 */
#ifndef GUARDD_BPF_PROTECT_H
#define GUARDD_BPF_PROTECT_H

#include "memory.bpf.h"

#define SIGNAL_PROBE 0
#define SIGNAL_HUP 1   /* read the policy again */
#define SIGNAL_TRAP 5
#define SIGNAL_CONT 18

/* ---- processes ------------------------------------------------------------------- */

SEC("lsm/task_alloc")
int BPF_PROG(guard_fork, struct task_struct *child, unsigned long flags)
{
	if (by_own())
		bpf_task_storage_get(&guard_tasks, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	inherit_exemption(bpf_get_current_task_btf(), child);
	return 0;
}

/* The files beneath /proc/PID of the daemon's processes are the daemon's: what is
 * written there changes the process (oom_score_adj, timerslack_ns, clear_refs). */
SEC("lsm/task_to_inode")
int BPF_PROG(guard_proc, struct task_struct *task, struct inode *inode)
{
	__u32 mine = GUARD_BPF_OWN;

	if (is_own_task(task))
		bpf_inode_storage_get(&guard_own, inode, &mine, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* The service manager's last act, as process 1 and by its own program. */
static __always_inline bool is_shutdown(void)
{
	struct name name = {};

	if (bpf_get_current_pid_tgid() >> 32 != 1 || bpf_get_current_comm(name.text, 16) < 0)
		return false;
	return IS(&name, "systemd-shutdow");
}

SEC("lsm/task_kill")
int BPF_PROG(guard_kill, struct task_struct *target, struct kernel_siginfo *info, int signal)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || !is_own_task(target) || signal == SIGNAL_PROBE || signal == SIGNAL_HUP ||
	    signal == SIGNAL_CONT || is_shutdown())
		return 0;
	return refuse_act(config, GUARD_BPF_SIGNAL, signal);
}

/* What descriptors send (F_SETOWN, F_SETSIG) asks for no permission to signal.  Who
 * arranged it is not who acts now, so all of it; the daemon ignores what its own leases
 * send. */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(guard_sigio, struct task_struct *target, struct fown_struct *owner, int signal)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || !(config->flags & GUARD_BPF_SELF) || !is_own_task(target))
		return 0;
	return signal ? refuse_act(config, GUARD_BPF_SIGNAL, signal) : refusal(config);
}

static __always_inline int refuse_task(struct task_struct *target, __u32 what)
{
	const struct guard_bpf_config *config = guarded();

	return config && is_own_task(target) ? refuse_act(config, what, target->tgid) : 0;
}

SEC("lsm/task_setrlimit")
int BPF_PROG(guard_limit, struct task_struct *target, unsigned int resource, struct rlimit *limit)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(guard_scheduler, struct task_struct *target)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

SEC("lsm/task_setnice")
int BPF_PROG(guard_nice, struct task_struct *target, int nice)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

SEC("lsm/task_setioprio")
int BPF_PROG(guard_disk_priority, struct task_struct *target, int priority)
{
	return refuse_task(target, GUARD_BPF_SIGNAL);
}

/* ---- other processes' memory: the daemon's always, everybody's unless debugging is let -- */

#define PTRACE_MODE_ATTACH 2

SEC("lsm/ptrace_access_check")
int BPF_PROG(guard_trace, struct task_struct *target, unsigned int mode)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || by_own())
		return 0;
	if ((config->flags & GUARD_BPF_SELF) && is_own_task(target)) {
		/* Everybody's tools look who is there; the journal does for each line,
		 * also for the line that a record would make. */
		if (!(mode & PTRACE_MODE_ATTACH))
			return refusal(config);
		return refuse_act(config, GUARD_BPF_TRACE, target->tgid);
	}
	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	/* Process 1 may end everybody at a shutdown (is_shutdown): nobody puts on its face. */
	if ((config->flags & GUARD_BPF_SELF) && target->tgid == 1)
		return refuse_act(config, GUARD_BPF_TRACE, target->tgid);
	if ((config->flags & GUARD_BPF_ALL_FILESYSTEMS) && !(config->flags & GUARD_BPF_DEBUGGING))
		return refuse_act(config, GUARD_BPF_TRACE, target->tgid);
	return 0;
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(guard_traceme, struct task_struct *parent)
{
	const struct guard_bpf_config *config = config_now();

	if (!config || !(config->flags & GUARD_BPF_ALL_FILESYSTEMS) || (config->flags & GUARD_BPF_DEBUGGING))
		return 0;
	return refuse_act(config, GUARD_BPF_TRACE, parent->tgid);
}

/* A breakpoint in a program's file stands in the memory of all who run it, also where it is
 * half of another instruction, and its counter adds to their data. */
SEC("lsm/perf_event_open")
int BPF_PROG(guard_perf_event, struct perf_event_attr *wanted)
{
	const struct guard_bpf_config *config = config_now();
	__u64 key = GUARD_BPF_OBJECT_PROBES | wanted->type;

	/* Each event sends whom it watches a signal, and nobody asks whether it may. */
	if (config && (config->flags & GUARD_BPF_SELF) && !by_own() && BPF_CORE_READ_BITFIELD(wanted, sigtrap))
		return refuse_act(config, GUARD_BPF_SIGNAL, SIGNAL_TRAP);
	if (!config || !lets_no_probes(config) || !bpf_map_lookup_elem(&guard_objects, &key))
		return 0;
	return refuse_act(config, GUARD_BPF_TRACE, wanted->type);
}

#define PR_SET_MM 35
#define PR_SET_MM_EXE_FILE 13
#define PR_SET_MM_MAP 14
#define MAP_EXE_FD 100 /* its place in struct prctl_mm_map */

/* Would it say that it is another program?  By that the daemon tells readers, interpreters
 * and parents.  Root in a user namespace of his own may; whether he would is not looked at
 * in his memory, which another thread of his could change. */
static __always_inline bool passes_for_another(unsigned long what, unsigned long argument)
{
	__u32 program = 0;

	if (what == PR_SET_MM_EXE_FILE)
		return true;
	if (what != PR_SET_MM_MAP)
		return false;
	if (BPF_CORE_READ(bpf_get_current_task_btf(), cred, user_ns, level) > 0)
		return true;
	return bpf_copy_from_user(&program, sizeof(program), (const void *)(argument + MAP_EXE_FD)) || program != (__u32)-1;
}

SEC("lsm.s/task_prctl")
int BPF_PROG(guard_prctl, int option, unsigned long what, unsigned long argument)
{
	const struct guard_bpf_config *config;

	if (option != PR_SET_MM)
		return 0;
	config = config_now();
	if (!config || !(config->flags & GUARD_BPF_ALL_FILESYSTEMS) || (config->flags & GUARD_BPF_DEBUGGING) ||
	    !passes_for_another(what, argument))
		return 0;
	return refuse_act(config, GUARD_BPF_TRACE, (__u32)what);
}

/* ---- kernel objects ------------------------------------------------------------------- */

static __always_inline bool is_own_object(__u64 key)
{
	return bpf_map_lookup_elem(&guard_objects, &key) != NULL;
}

SEC("lsm/bpf_map")
int BPF_PROG(guard_bpf_map, struct bpf_map *map, unsigned int mode)
{
	const struct guard_bpf_config *config = guarded();

	return config && is_own_object(GUARD_BPF_OBJECT_MAP | map->id) ?
		       refuse_act(config, GUARD_BPF_BPF, map->id) :
		       0;
}

SEC("lsm/bpf_prog")
int BPF_PROG(guard_bpf_prog, struct bpf_prog *prog)
{
	const struct guard_bpf_config *config = guarded();
	__u32 id = prog->aux->id;

	return config && is_own_object(GUARD_BPF_OBJECT_PROGRAM | id) ? refuse_act(config, GUARD_BPF_BPF, id) : 0;
}

/* Programs that look into the kernel or change what it does. */
static __always_inline bool is_intrusive(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_STRUCT_OPS:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_SYSCALL:
		return true;
	default:
		return false;
	}
}

/* The number of the program that the link at this descriptor holds in place; 0: none. */
static __always_inline __u32 program_of_link(__u32 descriptor)
{
	struct fdtable *table = BPF_CORE_READ(bpf_get_current_task_btf(), files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = NULL;
	struct bpf_link *link = NULL;

	if (descriptor >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), &files[descriptor]) < 0)
		return 0;
	link = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(link, prog, aux, id);
}

/* The kernel has no such wish for links like ours; whoever has it is told of. */
static __always_inline int check_link(const struct guard_bpf_config *config, union bpf_attr *attributes)
{
	__u32 descriptor = 0, id;

	if (bpf_probe_read_kernel(&descriptor, sizeof(descriptor), attributes) < 0)
		return 0;
	id = program_of_link(descriptor);
	return id && is_own_object(GUARD_BPF_OBJECT_PROGRAM | id) ? refuse_act(config, GUARD_BPF_BPF, id) : 0;
}

SEC("lsm/bpf")
int BPF_PROG(guard_bpf_call, int command, union bpf_attr *attributes, unsigned int size)
{
	const struct guard_bpf_config *config = guarded();
	__u32 type = 0;

	if (!config)
		return 0;
	if (command == BPF_LINK_DETACH || command == BPF_LINK_UPDATE)
		return check_link(config, attributes);
	if (command != BPF_PROG_LOAD)
		return 0;
	if (bpf_probe_read_kernel(&type, sizeof(type), attributes) == 0 && !is_intrusive(type))
		return 0;
	return refuse_act(config, GUARD_BPF_BPF, type);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* The kernel asks before it lets root write to itself: memory and ports, registers,
 * tables of the firmware, debugging.  Its own lockdown says no to the same.  Modules
 * and a next kernel are decided by content, and to sleep is no attack. */
SEC("lsm/locked_down")
int BPF_PROG(guard_lockdown, int reason)
{
	const struct guard_bpf_config *config = guarded();

	if (!config || reason <= 0 || reason >= KERNEL_VALUE(lockdown_reason, LOCKDOWN_INTEGRITY_MAX) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_MODULE_SIGNATURE) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_KEXEC) ||
	    reason == KERNEL_VALUE(lockdown_reason, LOCKDOWN_HIBERNATION))
		return 0;
	return refuse_act(config, GUARD_BPF_KERNEL, reason);
}

#endif
