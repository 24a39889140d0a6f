/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/memory.bpf.h - code that lies in no file: memory that is mapped executable
 * or made so, and file mappings that may be written and run.  Off, recorded or
 * refused, as the configuration says, but for the programs that it names.
 */
#ifndef GUARDD_BPF_MEMORY_H
#define GUARDD_BPF_MEMORY_H

#include "self.bpf.h"

/* The image has changed: what the new one may.  Its children inherit (guard_fork). */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(guard_image, struct linux_binprm *bprm)
{
	const struct guard_bpf_config *config = config_now();
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 flags = config ? own_flags(bprm->file->f_inode) : 0;
	__u32 *exempt;

	if (config && (flags & GUARD_BPF_EXEMPT) && flags >> GUARD_BPF_ROUND_SHIFT >= config->exemptions) {
		exempt = bpf_task_storage_get(&guard_exempt, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
		if (exempt)
			*exempt = 1;
		return 0;
	}
	exempt = bpf_task_storage_get(&guard_exempt, task, NULL, 0);
	if (exempt)
		*exempt = 0;
	return 0;
}

static __always_inline bool is_exempt(struct task_struct *task)
{
	const __u32 *exempt = bpf_task_storage_get(&guard_exempt, task, NULL, 0);

	return exempt && *exempt;
}

static __always_inline void inherit_exemption(struct task_struct *parent, struct task_struct *child)
{
	__u32 *exempt;

	if (!is_exempt(parent))
		return;
	exempt = bpf_task_storage_get(&guard_exempt, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (exempt)
		*exempt = 1;
}

static __always_inline int check_memory(const struct guard_bpf_config *config)
{
	struct guard_bpf_event *event;
	bool refuses = (config->flags & GUARD_BPF_MEMORY_DENY) && config->state == GUARD_BPF_ENFORCE;

	if (!(config->flags & (GUARD_BPF_MEMORY_LOG | GUARD_BPF_MEMORY_DENY)) ||
	    is_exempt(bpf_get_current_task_btf()))
		return 0;
	event = event_begin(config, GUARD_BPF_CODE_MEMORY);
	if (event) {
		event->refused = refuses;
		bpf_ringbuf_submit(event, 0);
	}
	return answer(refuses);
}

/* Who answers the page faults of a mapping can fill it with what no file holds, where
 * it is executable already. */
SEC("lsm/inode_init_security_anon")
int BPF_PROG(guard_faults, struct inode *inode, const struct qstr *called)
{
	const struct guard_bpf_config *config = config_now();
	struct name name = {};

	if (!config || !(config->flags & (GUARD_BPF_MEMORY_LOG | GUARD_BPF_MEMORY_DENY)))
		return 0;
	bpf_probe_read_kernel_str(name.text, sizeof(name.text), called->name);
	return IS(&name, "[userfaultfd]") ? check_memory(config) : 0;
}

#endif
