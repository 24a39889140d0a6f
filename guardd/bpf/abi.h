/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/abi.h - what the programs in the kernel and the daemon say to each other:
 * the values of the maps and the records of the ring.  Compiled on both sides;
 * must hold nothing but fixed-width fields.  Written down in
 * docs/kernel-layer.md; a change here is a new GUARD_BPF_ABI.
 */
#ifndef GUARDD_BPF_ABI_H
#define GUARDD_BPF_ABI_H

#include <linux/types.h>

#define GUARD_BPF_ABI 3u

#define GUARD_BPF_DIGEST_SIZE 32
#define GUARD_BPF_PATH_SIZE 256
#define GUARD_BPF_NAME_SIZE 16
#define GUARD_BPF_DIGESTS_MAX 1048576u
#define GUARD_BPF_DEVICES_MAX 4096u
#define GUARD_BPF_GRANTS_MAX 16384u
#define GUARD_BPF_RING_SIZE (256u * 1024u)

/* What a content may be used as: 1 << enum guard_kind, for those that matter. */
#define GUARD_BPF_EXECUTABLE (1u << 0)
#define GUARD_BPF_LIBRARY (1u << 1)
#define GUARD_BPF_SCRIPT (1u << 2)
#define GUARD_BPF_MODULE (1u << 3)
#define GUARD_BPF_KINDS 0xfu
#define GUARD_BPF_LISTED (1u << 8) /* in guard_digests: the policy names it, whatever it says */

enum guard_bpf_state {
	GUARD_BPF_OFF = 0,     /* programs are attached and look at nothing */
	GUARD_BPF_AUDIT = 1,   /* record what would be refused */
	GUARD_BPF_ENFORCE = 2, /* refuse */
};

#define GUARD_BPF_ALL_FILESYSTEMS (1u << 0) /* also those in no table, and memfd */
#define GUARD_BPF_DEFAULT_ALLOW (1u << 2)   /* the policy allows what it does not list */
#define GUARD_BPF_DEBUGGING (1u << 3)       /* let programs look into and write into each other */
#define GUARD_BPF_SELF (1u << 1)            /* protect the daemon against root */
#define GUARD_BPF_MEMORY_LOG (1u << 4)      /* record memory that is made executable */
#define GUARD_BPF_MEMORY_DENY (1u << 5)     /* and refuse it */

/* Map `guard_config`: array of one. */
struct guard_bpf_config {
	__u32 abi;        /* GUARD_BPF_ABI */
	__u32 state;      /* enum guard_bpf_state */
	__u32 generation; /* of verdicts and contents, never 0 in force */
	__u32 flags;
	__u32 next;       /* in force as well: what is being put in; never given out twice */
	__u32 exemptions; /* the round of marks in `guard_own` that counts */
	__u8 contents[GUARD_BPF_DIGEST_SIZE]; /* of what `generation` was made; zeros: not whole */
	__u64 maintenance_ns; /* CLOCK_BOOTTIME: until then root may act upon the daemon */
};

/* Map `guard_verdicts`: inode storage.  One word, changed atomically:
 * sequence << 32 | generation << 8 | flags | kinds. */
#define GUARD_BPF_MAPPED (1u << 7) /* has been mapped as code */
#define GUARD_BPF_GENERATION_MASK 0xffffffu
struct guard_bpf_verdict {
	__u64 word;
	__u64 id; /* of this inode while it is in memory, for grants; 0 none */
};

/* Map `guard_digests`: content that anybody may use at any time.  In two
 * generations: while the next is put in, that in force stays whole. */
struct guard_bpf_digest {
	__u8 bytes[GUARD_BPF_DIGEST_SIZE];
};
struct guard_bpf_listed {
	__u32 generation[2];
	__u32 kinds[2];
};

/* Map `guard_devices`: the kernel's device number -> flags. */
#define GUARD_BPF_DEVICE_COVERED (1u << 0)
#define GUARD_BPF_DEVICE_STEADY (1u << 1) /* a verdict may stay on its inodes */

/* Map `guard_grants`: an allow that holds for one process and a short time. */
struct guard_bpf_grant_key {
	__u64 id; /* of the inode's verdict */
	__u32 process;
	__u32 zero;
};
struct guard_bpf_grant {
	__u64 until_ns; /* CLOCK_MONOTONIC */
	__u64 word;     /* of the inode's verdict when it was given: sequence alone */
	__u32 generation;
	__u32 kinds;
};

/* Map `guard_own`: inode storage, what belongs to the daemon: flags.  A file on
 * the way to it is an ancestor: it stays where it is. */
#define GUARD_BPF_OWN (1u << 0)      /* the file, or the folder with all in it */
#define GUARD_BPF_ANCESTOR (1u << 1)
#define GUARD_BPF_EXEMPT (1u << 2)   /* a program that may make memory executable, in the round above */
#define GUARD_BPF_ROUND_SHIFT 8

/* Map `guard_objects`: ids of the layer's maps (0 in the high half) and programs (1). */
#define GUARD_BPF_OBJECT_MAP 0ull
#define GUARD_BPF_OBJECT_PROGRAM (1ull << 32)

/* Map `guard_events`: ring buffer of records. */
enum guard_bpf_what {
	GUARD_BPF_EXEC = 1, /* no verdict, and not a listed content */
	GUARD_BPF_MAP,
	GUARD_BPF_PROTECT,
	GUARD_BPF_WRITE_IN_USE,
	GUARD_BPF_WHAT_FILES_, /* below: about files; above: against the daemon itself */
	GUARD_BPF_SIGNAL,
	GUARD_BPF_TRACE,
	GUARD_BPF_MEMORY,
	GUARD_BPF_BPF,
	GUARD_BPF_FILE,
	GUARD_BPF_MOUNT,
	GUARD_BPF_MODULE_LOAD,
	GUARD_BPF_KEXEC,
	GUARD_BPF_DEVICE,
	GUARD_BPF_CODE_MEMORY,
	GUARD_BPF_WHAT_MAX_
};
enum guard_bpf_outcome {
	GUARD_BPF_WOULD_REFUSE = 0,
	GUARD_BPF_REFUSED = 1,
	GUARD_BPF_LET = 2, /* in a maintenance */
};
struct guard_bpf_event {
	__u32 what;    /* enum guard_bpf_what */
	__u32 refused; /* enum guard_bpf_outcome */
	__u32 process, user;
	__u32 device;
	__u32 detail; /* signal, command, pid: what is refused */
	__u64 inode;
	__u8 digest[GUARD_BPF_DIGEST_SIZE];
	__u32 has_digest;
	__u32 padding;
	char name[GUARD_BPF_NAME_SIZE]; /* of the acting thread */
	char path[GUARD_BPF_PATH_SIZE]; /* of the file, "" unknown */
};

_Static_assert(sizeof(struct guard_bpf_config) == 64, "ABI");
_Static_assert(sizeof(struct guard_bpf_verdict) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_listed) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_grant_key) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_grant) == 24, "ABI");
_Static_assert(sizeof(struct guard_bpf_event) == 344, "ABI");

#endif
