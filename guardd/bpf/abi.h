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

#define GUARD_BPF_ABI 7u

#define GUARD_BPF_DIGEST_SIZE 32
#define GUARD_BPF_PATH_SIZE 256
#define GUARD_BPF_NAME_SIZE 16
#define GUARD_BPF_DIGESTS_MAX 1048576u
#define GUARD_BPF_DEVICES_MAX 4096u
#define GUARD_BPF_GRANTS_MAX 16384u
#define GUARD_BPF_RING_SIZE (256u * 1024u)
#define GUARD_BPF_BENEATH_MAX 65536u
#define GUARD_BPF_SHOWN_MAX 16384u

/* What a content may be used as: 1 << enum guard_kind, for those that matter. */
#define GUARD_BPF_EXECUTABLE (1u << 0)
#define GUARD_BPF_LIBRARY (1u << 1)
#define GUARD_BPF_SCRIPT (1u << 2)
#define GUARD_BPF_MODULE (1u << 3)
#define GUARD_BPF_KINDS 0xfu
#define GUARD_BPF_INTERPRETER (1u << 4) /* what it opens may be its script */
#define GUARD_BPF_REMEMBERED 0x1fu /* of these the verdict's word has room */
#define GUARD_BPF_LISTED (1u << 8) /* in guard_digests: the policy names it, whatever it says */

/* The kernel hashes no more: nobody could end whoever waits for it. */
#define GUARD_BPF_HASHED_MAX (1ull << 30)
#define GUARD_BPF_LOADED_MAX (256ull << 20) /* of what lies in memory: it keeps a core busy */
#define GUARD_BPF_TOO_LARGE 1u /* `detail` of a file that was refused so */
#define GUARD_BPF_SERVED 2u    /* the same: its content is what a process says it is */

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
#define GUARD_BPF_CONTAINS (1u << 6)        /* some program is contained */
#define GUARD_BPF_JUDGES_WORDS (1u << 7)    /* of some interpreter the command line is judged */

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
#define GUARD_BPF_DEVICE_BENEATH (1u << 2) /* a covered one lies on it */
#define GUARD_BPF_DEVICE_TRUSTED (1u << 3) /* a FUSE filesystem whose server is believed */

/* Map `guard_shown`: address of the inode of an overlay's file -> that of the inode whose
 * content it showed when it was opened last. */

/* Map `guard_beneath`: address of such an inode -> when its content was let be used as
 * code.  The rest tells it from another that has got its address. */
#define GUARD_BPF_BENEATH_NS 2000000000ull /* from the look to the mapping */
struct guard_bpf_beneath {
	__u64 looked_ns; /* CLOCK_MONOTONIC */
	__u64 inode;
	__u32 device;
	__u32 zero;
};

/* Map `guard_grants`: an allow that holds for one process and a short time. */
struct guard_bpf_grant_key {
	__u64 id; /* of the inode's verdict */
	__u32 process;
	__u32 zero;
};
#define GUARD_BPF_GRANT_NS 60000000000ull /* from the answer to the use */
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

/* ---- containment ----------------------------------------------------------------- */

/* Map `guard_containments`: array.  A slot keeps its name for as long as the maps are
 * there, so that what runs stays in its own under another policy. */
#define GUARD_BPF_CONTAINMENTS_MAX 32u
enum guard_bpf_contain {
	GUARD_BPF_CONTAIN_OFF = 0, /* not in the policy in force */
	GUARD_BPF_CONTAIN_LOG,
	GUARD_BPF_CONTAIN_DENY,
};
struct guard_bpf_containment {
	__u64 name; /* FNV-1a; 0: the slot is free */
	__u32 mode; /* enum guard_bpf_contain */
	__u32 zero;
};

/* Map `guard_contained`: task storage, slot + 1 of who is contained; 0 nobody. */

/* Map `guard_startable`: inode storage, what the policy says of a program. */
struct guard_bpf_startable {
	__u32 round;   /* of marks, as in the configuration */
	__u32 program; /* slot + 1 of the containment that it begins, 0 none */
	__u32 starters; /* mask of the slots that may start it */
	__u32 flags;
};
#define GUARD_BPF_STARTABLE_WORDS (1u << 0) /* it starts with words that were judged alone */

/* ---- words ------------------------------------------------------------------------- */

/* Map `guard_data`: inode storage, a file that is data: it is listed as nothing, and about opens
 * of it the daemon is not asked any more.  The round in which it became that, and flags.  Counts
 * in the round of `guard_data_round` (array of one) alone: in another the daemon is asked again. */
#define GUARD_BPF_DATA_ROUND 0x0fffffffu
#define GUARD_BPF_DATA_SET (1u << 28)
#define GUARD_BPF_DATA_ALONE (1u << 29) /* since then somebody was looked at who had it alone */
#define GUARD_BPF_DATA_NEVER (1u << 30) /* not in this round: an interpreter was refused */

/* Map `guard_interpreters`: inode storage, 1: a program whose opens may be scripts, whatever is
 * known of its content at the moment. */

/* Map `guard_links`: inode storage, of a link by which a script was named: the hash of the last
 * name that it leads to. */

/* Map `guard_scripts`: task storage, what an interpreter must not read of such files: those
 * that it would run.  Inherited at fork, anew with each exec. */
#define GUARD_BPF_SCRIPT_NAMES 8
enum guard_bpf_scripts_mode {
	GUARD_BPF_SCRIPTS_NONE = 0, /* no interpreter */
	GUARD_BPF_SCRIPTS_EVERY,    /* whatever it reads: a shell, or nobody knows its command line */
	GUARD_BPF_SCRIPTS_NAMED,    /* by these names, and by the suffixes of its kind */
};
struct guard_bpf_scripts {
	__u64 names[GUARD_BPF_SCRIPT_NAMES]; /* guard_bpf_name_step() over the last names; 0 none */
	__u32 mode; /* enum guard_bpf_scripts_mode */
	__u32 interpreter; /* hash of what the policy calls it */
	__u64 program;     /* the id of its inode's verdict */
};

/* Map `guard_suffixes`: that hash, and that of a suffix -> 1. */
#define GUARD_BPF_SUFFIXES_MAX 8192u
#define GUARD_BPF_SUFFIX_SIZE 32u /* bytes that are compared */
struct guard_bpf_suffix {
	__u64 suffix;
	__u32 interpreter;
	__u32 zero;
};
/* From its last byte to its first, so that suffixes are met on the way.  FNV-1a. */
#define GUARD_BPF_NAME_BEGIN 0xcbf29ce484222325ull
static inline __u64 guard_bpf_name_step(__u64 hash, unsigned char byte)
{
	return (hash ^ byte) * 0x100000001b3ull;
}

/* Map `guard_words`: thread in an exec -> the command line that the daemon judged, each
 * word with its NUL, as SipHash-2-4 (Aumasson and Bernstein) of steps of 64 bytes, the
 * last filled with zeros, under a key of its own: whoever chooses the words must not be
 * able to choose others of the same hash. */
#define GUARD_BPF_WORDS_MAX 4096u
#define GUARD_BPF_WORDS_SIZE_MAX (128u * 1024u)
#define GUARD_BPF_WORDS_STEP 64
struct guard_bpf_words {
	__u64 key[2];
	__u64 hash;
	__u64 until_ns; /* CLOCK_MONOTONIC */
	__u32 size, count; /* bytes with their NULs, words */
	__u32 round; /* of marks, as in the configuration */
	__u32 zero;
	struct guard_bpf_scripts scripts; /* whose they are; of what it may read, mode 0: nobody says */
};

struct guard_bpf_sip {
	__u64 v[4];
};
static inline __u64 guard_bpf_sip_turn(__u64 value, int bits)
{
	return value << bits | value >> (64 - bits);
}
static inline void guard_bpf_sip_round(struct guard_bpf_sip *sip)
{
	__u64 a = sip->v[0], b = sip->v[1], c = sip->v[2], d = sip->v[3];

	a += b;
	b = guard_bpf_sip_turn(b, 13) ^ a;
	a = guard_bpf_sip_turn(a, 32);
	c += d;
	d = guard_bpf_sip_turn(d, 16) ^ c;
	a += d;
	d = guard_bpf_sip_turn(d, 21) ^ a;
	c += b;
	b = guard_bpf_sip_turn(b, 17) ^ c;
	c = guard_bpf_sip_turn(c, 32);
	sip->v[0] = a;
	sip->v[1] = b;
	sip->v[2] = c;
	sip->v[3] = d;
}
static inline void guard_bpf_sip_begin(struct guard_bpf_sip *sip, const __u64 key[2])
{
	sip->v[0] = key[0] ^ 0x736f6d6570736575ull;
	sip->v[1] = key[1] ^ 0x646f72616e646f6dull;
	sip->v[2] = key[0] ^ 0x6c7967656e657261ull;
	sip->v[3] = key[1] ^ 0x7465646279746573ull;
}
static inline void guard_bpf_sip_word(struct guard_bpf_sip *sip, __u64 word)
{
	sip->v[3] ^= word;
	guard_bpf_sip_round(sip);
	guard_bpf_sip_round(sip);
	sip->v[0] ^= word;
}
static inline void guard_bpf_sip_step(struct guard_bpf_sip *sip, const __u64 words[GUARD_BPF_WORDS_STEP / 8])
{
	for (int i = 0; i < GUARD_BPF_WORDS_STEP / 8; i++)
		guard_bpf_sip_word(sip, words[i]);
}
static inline __u64 guard_bpf_sip_end(struct guard_bpf_sip *sip)
{
	sip->v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		guard_bpf_sip_round(sip);
	return sip->v[0] ^ sip->v[1] ^ sip->v[2] ^ sip->v[3];
}

/* Map `guard_places`: names of files and folders -> mask of the slots that may not
 * write there or below. */
#define GUARD_BPF_PLACE_WORDS 8
#define GUARD_BPF_PLACE_SIZE (GUARD_BPF_PLACE_WORDS * 8) /* of a name, filled with zeros */
#define GUARD_BPF_PLACES_MAX 1024u
#define GUARD_BPF_PLACE_ANYWHERE 0ull /* `before`: in whatever folder */
#define GUARD_BPF_PLACE_FOLDER 1ull   /* `before`: the folder of a place; keeps its name */
struct guard_bpf_place {
	__u64 last, before; /* the name, and that of its folder */
};
/* As FNV-1a, by words.  Two names of one hash are both places. */
static inline __u64 guard_bpf_place_hash(const __u64 words[GUARD_BPF_PLACE_WORDS])
{
	__u64 hash = 0xcbf29ce484222325ull;

	for (int i = 0; i < GUARD_BPF_PLACE_WORDS; i++)
		hash = (hash ^ words[i]) * 0x100000001b3ull;
	return hash;
}

/* Map `guard_objects`: ids of the layer's maps (0 in the high half) and programs (1), of
 * the trees of mounts that the daemon and process 1 live in (2), of the mount of /proc
 * where the gate looks who asks it (3), and the kind of perf events that put breakpoints
 * into programs (4). */
#define GUARD_BPF_OBJECT_MAP 0ull
#define GUARD_BPF_OBJECT_PROGRAM (1ull << 32)
#define GUARD_BPF_OBJECT_MOUNTS (2ull << 32)
#define GUARD_BPF_OBJECT_MOUNT (3ull << 32)
#define GUARD_BPF_OBJECT_PROBES (4ull << 32)

/* Map `guard_lost`: array of numbers of records for which `guard_events` had no room. */
enum guard_bpf_lost {
	GUARD_BPF_LOST = 0,  /* counted by the programs */
	GUARD_BPF_LOST_TOLD, /* of these the gate has made a record of */
	GUARD_BPF_LOST_MAX_,
};

/* Map `guard_events`: ring buffer of records. */
enum guard_bpf_what {
	GUARD_BPF_EXEC = 1, /* no verdict, and not a listed content */
	GUARD_BPF_MAP,
	GUARD_BPF_PROTECT,
	GUARD_BPF_WRITE_IN_USE,
	GUARD_BPF_CONTAINED_START, /* by what is contained */
	GUARD_BPF_READ_UNWATCHED,  /* by an interpreter that is held to files */
	GUARD_BPF_READ_SCRIPT,     /* by an interpreter, what is data to all others */
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
	GUARD_BPF_CONTAINED_WRITE, /* in a place that the containment names */
	GUARD_BPF_CONTAINED_MODE,  /* a file is made executable */
	GUARD_BPF_KERNEL,          /* the kernel beneath the programs */
	GUARD_BPF_WORDS_UNSEEN,    /* nobody judged the command line */
	GUARD_BPF_WORDS_CHANGED,   /* it is another than was judged */
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
	__u32 detail; /* signal, command, pid: what is refused; of a file the above */
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
_Static_assert(sizeof(struct guard_bpf_beneath) == 24, "ABI");
_Static_assert(sizeof(struct guard_bpf_grant_key) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_grant) == 24, "ABI");
_Static_assert(sizeof(struct guard_bpf_containment) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_startable) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_place) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_scripts) == 80, "ABI");
_Static_assert(sizeof(struct guard_bpf_suffix) == 16, "ABI");
_Static_assert(sizeof(struct guard_bpf_words) == 128, "ABI");
_Static_assert(sizeof(struct guard_bpf_event) == 344, "ABI");

#endif
