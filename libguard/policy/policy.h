/* SPDX-License-Identifier: MIT
 *
 * policy/policy.h - a policy in memory, shared by the files of this room only.
 * The views point into the image and are valid because image_check.c looked at
 * every bound, index and order once; nothing behind it checks again.
 */
#ifndef GUARD_POLICY_POLICY_H
#define GUARD_POLICY_POLICY_H

#include <stdbool.h>

#include <guard/policy.h>

#include "policy/image.h"
#include "policy/set.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the image is read in place and is little-endian");

#define GUARD_POLICY_RULES_MAX (1u << 20)
#define GUARD_POLICY_INTERPRETERS_MAX 4096u
#define GUARD_NO_ID UINT32_MAX            /* (uid_t)-1 is nobody's */

/* Strength of a rule: the strongest that matches decides. */
enum guard_class {
	GUARD_CLASS_NONE = 0, /* not for this machine */
	GUARD_CLASS_ALLOW,
	GUARD_CLASS_EXCEPTION,
	GUARD_CLASS_BARRED, /* deny, unless it is unlocked */
	GUARD_CLASS_DENY,
	GUARD_CLASS_MAX_
};

/* A rule as it applies to this machine; what a decision touches. */
struct guard_bound_rule {
	int64_t valid_from, valid_until;          /* [from, until) */
	uint32_t paths, parents, users, groups;   /* VALUES offsets, 0: any */
	uint8_t class_;                           /* enum guard_class */
	uint8_t kinds, media;                     /* masks, never 0 */
	uint8_t depends;                          /* mask of enum guard_depends: its conditions */
	uint8_t by_path;                          /* its path alone is what allows */
	uint8_t narrows_signers;                  /* packages.c has a say */
};

struct guard_policy {
	const uint8_t *bytes; /* the mapped image */
	size_t size;
	const struct guard_image_header *header;
	const struct guard_image_meta *meta;
	const char *strings;
	size_t strings_size;
	const struct guard_digest *digests;
	const uint32_t *digest_index, *digest_rules, *digest_names;
	size_t digest_count, digest_index_count;
	uint32_t digest_bits;
	const uint32_t *rule_lists, *values, *always;
	size_t rule_list_count, value_count, always_count;
	const struct guard_image_rule *rules;
	size_t rule_count;
	const struct guard_image_signer *signers;
	size_t signer_count;
	const struct guard_image_interpreter *interpreters;
	size_t interpreter_count;
	const struct guard_image_interpreter_digest *interpreter_digests;
	size_t interpreter_digest_count;
	const struct guard_image_prefix *prefixes;
	size_t prefix_count;
	const uint8_t *openpgp_keys; /* OpenPGP public keys, one behind the other; checked by who uses them */
	size_t openpgp_keys_size;
	const struct guard_image_certificate *certificates;
	size_t certificate_count;
	const uint8_t *certificate_bytes;
	size_t certificate_bytes_size;
	const struct guard_image_term *terms;
	size_t term_count;
	const struct guard_image_containment *containments;
	size_t containment_count;

	/* Made by bind.c for this machine. */
	struct guard_bound_rule *bound;  /* one per rule */
	uint32_t *uids, *gids;           /* VALUES with names turned into ids; NULL when no rule asks */
	/* By action and medium: kinds for which some rule is found by a prefix of
	 * the path only, so that another name of the file could lead to it. */
	uint8_t path_kinds[2][GUARD_MEDIUM_MAX_];
	bool needs_path;                 /* some rule for this machine looks at paths */

	/* Of a set (set.h): the first image is the policy, the others follow it. */
	struct guard_policy *next;
	const struct guard_policy *head; /* the first; itself when it stands alone */
	struct guard_set_part part;      /* what this image may do */
	uint32_t rule_base;              /* of this image's rules in verdicts */
	struct guard_exception_limits limits; /* the head's, for exceptions */
	uint32_t *rule_digests;          /* exceptions: digests of each rule */
	uint32_t passed_over;            /* rules that break a bound */
	uint64_t snapshot;               /* the head's: the set's facts, 0 without a set */
	int64_t made, fresh_until;
};

/* One image in a file. */
struct guard_image_range {
	uint64_t offset, size;
};

/* Several rules, wherever they stand in the image. */
struct guard_rule_list {
	const uint32_t *rules;
	uint32_t count;
};

/* image_map.c: the bytes of `fd`, where nobody can change them any more, and
 * checked against the checksum. */
int guard_image_map(const uint8_t **ret_bytes, int fd, struct guard_image_range range) GUARD_WARN_UNUSED;
int guard_image_file_size(uint64_t *ret_size, int fd) GUARD_WARN_UNUSED;
void guard_image_unmap(const uint8_t *bytes, size_t size);

/* image_sections.c: header and section table; fills in the views. */
int guard_image_sections(struct guard_policy *policy) GUARD_WARN_UNUSED;

/* image_check.c: every record of every section. */
int guard_image_check(const struct guard_policy *policy) GUARD_WARN_UNUSED;

/* set_open.c: the parts of a set.  0: the file is a set, `ret_parts` (freed by
 * the caller) has them; -GUARD_E_NOT_FOUND: it is no set. */
int guard_set_parts(struct guard_set_header *ret_header, struct guard_set_part **ret_parts,
		    int fd) GUARD_WARN_UNUSED;

/* exception.c */
int guard_policy_count_digests(struct guard_policy *policy) GUARD_WARN_UNUSED;
bool guard_policy_exception_holds(const struct guard_policy *policy, size_t index);

/* info.c: one checksum over all images of a set and what each of them may do. */
int guard_policy_checksum(struct guard_digest *ret_checksum, const struct guard_policy *policy) GUARD_WARN_UNUSED;

/* bind.c */
int guard_policy_bind(struct guard_policy *policy, const struct guard_machine *machine) GUARD_WARN_UNUSED;

/* lookup.c */
/* The digest at `index` < info.digest_count, over all images of a set. */
const struct guard_digest *guard_policy_digest_at(const struct guard_policy *policy, uint64_t index);
bool guard_policy_find_digest(const struct guard_policy *policy, size_t *ret_index, const struct guard_digest *digest);
void guard_policy_rules_of_digest(const struct guard_policy *policy, struct guard_rule_list *ret_list,
				  const struct guard_digest *digest);
void guard_policy_rules_of_signer(const struct guard_policy *policy, struct guard_rule_list *ret_list,
				  const struct guard_signer *signer);
void guard_policy_rules_of_prefix(const struct guard_policy *policy, struct guard_rule_list *ret_list, uint64_t hash,
				  size_t length);
bool guard_policy_any_pattern(const struct guard_policy *policy, uint32_t list, const char *text);

/* interpreter.c: what a command line of this interpreter (below interpreter_count)
 * makes it run; policy/cmdline.h. */
struct guard_command;
void guard_policy_interpreter_command(const struct guard_policy *policy, struct guard_command *ret_command,
				      uint32_t interpreter, const char *cmdline, size_t size);

/* containment.c.  Paths are verified ones, and NULL when there is none. */
#define GUARD_NO_CONTAINMENT UINT32_MAX
struct guard_containment_info {
	const char *name;     /* owned by the policy */
	uint32_t place_count;
	uint8_t deny;         /* 0: record only */
};
/* The first containment that names the program, or GUARD_NO_CONTAINMENT. */
uint32_t guard_policy_containment_of(const struct guard_policy *policy, const char *program_path);
/* Its own programs count as named. */
bool guard_policy_containment_may_start(const struct guard_policy *policy, uint32_t containment, const char *path);
int guard_policy_containment_info(const struct guard_policy *policy, uint32_t containment,
				  struct guard_containment_info *ret_info) GUARD_WARN_UNUSED;
/* `index` < place_count. */
const char *guard_policy_containment_place(const struct guard_policy *policy, uint32_t containment, uint32_t index);

/* packages.c: does the rule take what this signer vouches for? */
bool guard_policy_takes_signer(const struct guard_policy *policy, uint32_t rule, const struct guard_signer *signer);

/* conditions.c: which of a rule's conditions do not hold. */
enum guard_condition {
	GUARD_CONDITION_NONE = 0, /* all hold */
	GUARD_CONDITION_MACHINE,
	GUARD_CONDITION_KIND,
	GUARD_CONDITION_MEDIUM,
	GUARD_CONDITION_TIME,
	GUARD_CONDITION_USER,
	GUARD_CONDITION_GROUP,
	GUARD_CONDITION_PARENT,
	GUARD_CONDITION_PATH,
	GUARD_CONDITION_UNPROTECTED, /* the path matches but others may write there */
};
/* The first condition on machine, kind and medium that fails. */
static inline enum guard_condition guard_policy_static_condition(const struct guard_bound_rule *rule,
								 const struct guard_object *object)
{
	if (rule->class_ == GUARD_CLASS_NONE)
		return GUARD_CONDITION_MACHINE;
	if (object->identity->kind >= GUARD_KIND_MAX_ || !(rule->kinds >> object->identity->kind & 1))
		return GUARD_CONDITION_KIND;
	if (object->medium >= GUARD_MEDIUM_MAX_ || !(rule->media >> object->medium & 1))
		return GUARD_CONDITION_MEDIUM;
	return GUARD_CONDITION_NONE;
}
/* The first other one; `now` NULL leaves the time out. */
enum guard_condition guard_policy_failing_condition(const struct guard_policy *policy,
						    const struct guard_bound_rule *rule,
						    const struct guard_subject *subject,
						    const struct guard_object *object, const int64_t *now);
/* Of its `paths` alone: PATH when nothing else could make it match. */
enum guard_condition guard_policy_path_condition(const struct guard_policy *policy, const struct guard_bound_rule *rule,
						 const struct guard_object *object);

static inline const char *guard_policy_string(const struct guard_policy *policy, uint32_t offset)
{
	return &policy->strings[offset];
}

/* Entries of the VALUES list at `list`; 0 is the empty list. */
static inline uint32_t guard_policy_list_count(const struct guard_policy *policy, uint32_t list)
{
	return policy->values[list];
}
static inline uint32_t guard_policy_list_entry(const struct guard_policy *policy, uint32_t list, uint32_t i)
{
	return policy->values[list + 1 + i];
}
#endif
