/* SPDX-License-Identifier: MIT
 *
 * policy/image.h - the policy image as C structures.  The format itself is
 * docs/policy-image.md; both change together.  Shared by the reader and the
 * writer only.
 */
#ifndef GUARD_POLICY_IMAGE_H
#define GUARD_POLICY_IMAGE_H

#include <stdint.h>

#define GUARD_IMAGE_MAGIC "GUARDPOL"
#define GUARD_IMAGE_VERSION 1u
#define GUARD_IMAGE_HEADER_SIZE 128u
#define GUARD_IMAGE_SECTIONS_MAX 32u
#define GUARD_IMAGE_ALIGN 64u
#define GUARD_IMAGE_CRITICAL 0x80000000u
#define GUARD_IMAGE_LIST 0x80000000u /* in DIGEST_RULES and SIGNERS */
#define GUARD_IMAGE_DIGEST_BITS_MAX 24u

enum guard_image_flags {
	GUARD_IMAGE_LOOKS_AT_PATH = 1u << 0,
	GUARD_IMAGE_LOOKS_AT_SUBJECT = 1u << 1,
	GUARD_IMAGE_LOOKS_AT_TIME = 1u << 2,
};

enum guard_image_section {
	GUARD_SECTION_META = 1,
	GUARD_SECTION_STRINGS,
	GUARD_SECTION_DIGESTS,
	GUARD_SECTION_DIGEST_INDEX,
	GUARD_SECTION_DIGEST_RULES,
	GUARD_SECTION_DIGEST_NAMES,
	GUARD_SECTION_RULE_LISTS,
	GUARD_SECTION_RULES,
	GUARD_SECTION_SIGNERS,
	GUARD_SECTION_VALUES,
	GUARD_SECTION_INTERPRETERS,
	GUARD_SECTION_INTERPRETER_DIGESTS,
	GUARD_SECTION_PREFIXES,
	GUARD_SECTION_ALWAYS,
	GUARD_SECTION_OPENPGP_KEYS,
	GUARD_SECTION_CERTIFICATES,
	GUARD_SECTION_CERTIFICATE_BYTES,
	GUARD_SECTION_TERMS,
	GUARD_SECTION_CONTAINMENTS,
	GUARD_SECTION_MAX_
};

struct guard_image_header {
	char magic[8];
	uint32_t version, header_size;
	uint64_t size;
	uint32_t section_count, flags;
	uint8_t sha256[32];
	uint8_t zero[64];
};
_Static_assert(sizeof(struct guard_image_header) == GUARD_IMAGE_HEADER_SIZE, "header");

struct guard_image_entry {
	uint32_t type, element_size;
	uint64_t offset, size, count;
};
_Static_assert(sizeof(struct guard_image_entry) == 32, "section entry");

struct guard_image_meta {
	uint32_t id, help_phone, help_text, digest_bits;
	uint64_t version;
	int64_t expires;
	uint8_t mode, default_action, running, zero0;
	uint32_t readers;
	uint32_t exception_longest, exception_digests; /* seconds, a rule's digests; 0: default */
	uint8_t exception_kinds, exception_flags;      /* mask, enum guard_image_exception_flags */
	uint8_t unlock_end, zero1;
	uint32_t unlock[5]; /* seconds, by scope; 0: not offered */
	uint32_t maintenance; /* seconds of the longest that headquarters signs; 0: default */
	uint8_t zero[52];
};
_Static_assert(sizeof(struct guard_image_meta) == 128, "meta");

/* What an office's broad exceptions may rest on. */
enum guard_image_exception_flags {
	GUARD_EXCEPTION_SIGNERS = 1u << 0,
	GUARD_EXCEPTION_PATHS = 1u << 1,
};

enum guard_image_rule_flags {
	GUARD_RULE_HAS_DIGESTS = 1u << 0,
	GUARD_RULE_HAS_SIGNERS = 1u << 1,
	GUARD_RULE_BY_PATH = 1u << 2,
	GUARD_RULE_UNLOCKABLE = 1u << 3, /* deny: an unlock beats it */
};

struct guard_image_rule {
	uint8_t action, origin, kinds, media;
	uint32_t flags;
	uint32_t paths, users, groups, parents, offices, hosts;
	int64_t valid_from, valid_until;
	uint32_t source, group, note, url, location;
	uint32_t packages, min_version, below_version; /* narrow what signers vouch for */
	uint8_t zero[16];
};
_Static_assert(sizeof(struct guard_image_rule) == 96, "rule");

struct guard_image_signer {
	uint32_t provider, rules;
	uint8_t key_id[32];
};
_Static_assert(sizeof(struct guard_image_signer) == 40, "signer");

struct guard_image_interpreter {
	uint32_t name, programs, options, suffixes, data, scripts;
	uint8_t inline_code, standard_input;
	uint8_t zero[38];
};
_Static_assert(sizeof(struct guard_image_interpreter) == 64, "interpreter");

struct guard_image_interpreter_digest {
	uint8_t digest[32];
	uint32_t interpreter;
};
_Static_assert(sizeof(struct guard_image_interpreter_digest) == 36, "interpreter digest");

struct guard_image_prefix {
	uint64_t hash;
	uint32_t rules; /* offset into RULE_LISTS */
	uint32_t length;
};
_Static_assert(sizeof(struct guard_image_prefix) == 16, "prefix");

#define GUARD_IMAGE_CERTIFICATE_CA 1u
#define GUARD_IMAGE_CERTIFICATE_STAMPS 2u /* its time stamps count */
struct guard_image_certificate {
	uint8_t key_id[32], issuer_id[32], ski[20];
	uint32_t ima_id, type, flags;
	uint32_t der, der_size, spki, spki_size; /* in CERTIFICATE_BYTES */
	uint8_t zero[16];
};
_Static_assert(sizeof(struct guard_image_certificate) == 128, "certificate");

struct guard_image_term {
	uint8_t id[32], issuer[32];
	uint32_t serial, subject; /* strings, "" any */
	uint8_t zero[8];
};
_Static_assert(sizeof(struct guard_image_term) == 80, "term");

#define GUARD_CONTAINMENTS_MAX 32u
#define GUARD_CONTAINMENT_PLACE_MAX 60u /* bytes of one place */
struct guard_image_containment {
	uint32_t name, programs, may_start, places;
	uint8_t deny;
	uint8_t zero[15];
};
_Static_assert(sizeof(struct guard_image_containment) == 32, "containment");

#endif
