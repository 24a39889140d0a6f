/* SPDX-License-Identifier: MIT OR GPL-2.0-only
 *
 * bpf/sha256.h - SHA-256 (FIPS 180-4), block by block, for what the kernel has in memory
 * and in no file: it offers programs no hash for that.  Compiled on both sides, so that
 * it can be tested; the daemon itself hashes by guard/identity.h.  No tables and no
 * branches by content: all of it is unrolled.
 */
#ifndef GUARDD_BPF_SHA256_H
#define GUARDD_BPF_SHA256_H

#include <linux/types.h>

#define GUARD_BPF_SHA256_BLOCK 64
#define GUARD_BPF_SHA256_WORDS (GUARD_BPF_SHA256_BLOCK / 4)

/* Of one message.  All of it in memory, and kept there: with more than a few of them at
 * once in registers a program in the kernel has not the stack for the rest. */
struct guard_bpf_sha256 {
	__u32 state[8]; /* in the end the digest, as words */
	__u32 v[8];     /* the working variables */
	__u32 w[GUARD_BPF_SHA256_WORDS]; /* the bytes of the next block; spent by a step */
};

/* How many blocks a message of `size` bytes has, with its end. */
static inline __u64 guard_bpf_sha256_blocks(__u64 size)
{
	return (size + 8) / GUARD_BPF_SHA256_BLOCK + 1;
}

static inline void guard_bpf_sha256_begin(struct guard_bpf_sha256 *sha)
{
	sha->state[0] = 0x6a09e667;
	sha->state[1] = 0xbb67ae85;
	sha->state[2] = 0x3c6ef372;
	sha->state[3] = 0xa54ff53a;
	sha->state[4] = 0x510e527f;
	sha->state[5] = 0x9b05688c;
	sha->state[6] = 0x1f83d9ab;
	sha->state[7] = 0x5be0cd19;
}

#define GUARD_SHA_KEEP() __asm__ volatile("" ::: "memory")
#define GUARD_SHA_TURN(x, bits) ((x) >> (bits) | (x) << (32 - (bits)))

/* `at` of 0 to 15, a constant: what the standard calls a is v[-at], b the next, ... */
static inline __attribute__((always_inline)) void guard_bpf_sha256_round(struct guard_bpf_sha256 *sha, unsigned at,
									 __u32 constant)
{
	const unsigned first = 16 - at;
	__u32 e = sha->v[(first + 4) & 7], t = sha->v[(first + 7) & 7] + constant + sha->w[at];

	t += GUARD_SHA_TURN(e, 6) ^ GUARD_SHA_TURN(e, 11) ^ GUARD_SHA_TURN(e, 25);
	t += (e & sha->v[(first + 5) & 7]) ^ (~e & sha->v[(first + 6) & 7]);
	sha->v[(first + 3) & 7] += t;

	__u32 a = sha->v[first & 7], b = sha->v[(first + 1) & 7], c = sha->v[(first + 2) & 7];

	t += GUARD_SHA_TURN(a, 2) ^ GUARD_SHA_TURN(a, 13) ^ GUARD_SHA_TURN(a, 22);
	sha->v[(first + 7) & 7] = t + ((a & b) ^ (a & c) ^ (b & c));
	GUARD_SHA_KEEP();
}

#define GUARD_SHA_FOUR(sha, at, k0, k1, k2, k3)                \
	do {                                                   \
		guard_bpf_sha256_round(sha, (at), k0);         \
		guard_bpf_sha256_round(sha, (at) + 1, k1);     \
		guard_bpf_sha256_round(sha, (at) + 2, k2);     \
		guard_bpf_sha256_round(sha, (at) + 3, k3);     \
	} while (0)

/* The words of the next sixteen rounds. */
static inline __attribute__((always_inline)) void guard_bpf_sha256_spread(struct guard_bpf_sha256 *sha)
{
#pragma GCC unroll 16
	for (int i = 0; i < GUARD_BPF_SHA256_WORDS; i++) {
		__u32 before = sha->w[(i + 1) & 15], late = sha->w[(i + 14) & 15];

		sha->w[i] += (GUARD_SHA_TURN(before, 7) ^ GUARD_SHA_TURN(before, 18) ^ before >> 3) + sha->w[(i + 9) & 15] +
			     (GUARD_SHA_TURN(late, 17) ^ GUARD_SHA_TURN(late, 19) ^ late >> 10);
		GUARD_SHA_KEEP();
	}
}

static inline __attribute__((always_inline)) void guard_bpf_sha256_block(struct guard_bpf_sha256 *sha)
{
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		sha->v[i] = sha->state[i];
	GUARD_SHA_KEEP();
	GUARD_SHA_FOUR(sha, 0, 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5);
	GUARD_SHA_FOUR(sha, 4, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5);
	GUARD_SHA_FOUR(sha, 8, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3);
	GUARD_SHA_FOUR(sha, 12, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174);
	guard_bpf_sha256_spread(sha);
	GUARD_SHA_FOUR(sha, 0, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc);
	GUARD_SHA_FOUR(sha, 4, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da);
	GUARD_SHA_FOUR(sha, 8, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7);
	GUARD_SHA_FOUR(sha, 12, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967);
	guard_bpf_sha256_spread(sha);
	GUARD_SHA_FOUR(sha, 0, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13);
	GUARD_SHA_FOUR(sha, 4, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85);
	GUARD_SHA_FOUR(sha, 8, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3);
	GUARD_SHA_FOUR(sha, 12, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070);
	guard_bpf_sha256_spread(sha);
	GUARD_SHA_FOUR(sha, 0, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5);
	GUARD_SHA_FOUR(sha, 4, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3);
	GUARD_SHA_FOUR(sha, 8, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208);
	GUARD_SHA_FOUR(sha, 12, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2);
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		sha->state[i] += sha->v[i];
	GUARD_SHA_KEEP();
}

/* The block at `at` (a multiple of 64) of a message of `size` bytes: in `w` its bytes as
 * they came, zeros where there are none. */
static inline __attribute__((always_inline)) void guard_bpf_sha256_step(struct guard_bpf_sha256 *sha, __u64 at, __u64 size)
{
	const __u64 left = size - at; /* far beyond a block, where the message has ended before it */

#pragma GCC unroll 16
	for (int i = 0; i < GUARD_BPF_SHA256_WORDS; i++) {
		__u32 word = __builtin_bswap32(sha->w[i]);

		if (left / 4 == (__u64)i)
			word |= 0x80000000u >> (8 * (left % 4));
		sha->w[i] = word;
		GUARD_SHA_KEEP();
	}
	if (at + GUARD_BPF_SHA256_BLOCK >= size + 9) {
		sha->w[14] = (__u32)(size >> 29);
		sha->w[15] = (__u32)(size << 3);
	}
	guard_bpf_sha256_block(sha);
}

#endif
