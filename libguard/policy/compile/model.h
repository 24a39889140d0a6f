/* SPDX-License-Identifier: MIT
 *
 * compile/model.h - what the sources say, in memory: filled by the loaders,
 * looked at by the lint, written by the image writer.  Everything it points at
 * lives in its arena.
 */
#ifndef GUARD_COMPILE_MODEL_H
#define GUARD_COMPILE_MODEL_H

#include <guard/policy.h>

#include "compile.h"
#include "diagnostic.h"

struct compile_strings {
	const char **items;
	uint32_t count; /* 0: any */
};

/* One source file given to the build. */
struct compile_source {
	struct compile_place place; /* of its header, or of the file */
	const char *id;             /* NULL: a fragment, belongs to the policy */
	const char *office;         /* exceptions only */
	bool is_exception;
	int64_t from, expires;      /* exceptions only */
};

struct compile_policy {
	bool given;
	struct compile_place place;
	const char *id, *help_phone, *help_text;
	uint64_t version;
	int64_t expires; /* INT64_MAX: never */
	uint8_t mode, default_action, running;
	struct guard_exception_limits limits; /* 0: not given */
	uint32_t unlock_seconds[GUARD_POLICY_UNLOCK_SCOPES]; /* 0: not offered */
	uint32_t maintenance_longest; /* seconds; 0: the default */
	uint8_t unlock_end;
};

/* What narrows a rule; a group of rules has the same. */
struct compile_conditions {
	uint8_t kinds, media; /* masks, 0: any */
	struct compile_strings users, groups, parents, offices, hosts;
	int64_t valid_from, valid_until;
};

struct compile_group {
	struct compile_place place;
	const char *name, *note, *url;
	struct compile_strings paths;
	struct compile_conditions conditions;
	struct compile_source *source;
};

struct compile_signer {
	struct compile_place place;
	uint32_t provider; /* enum guard_provider */
	uint8_t key_id[GUARD_KEY_ID_SIZE];    /* by which rules find it: of the key, or of key and conditions */
	uint8_t issuer_id[GUARD_KEY_ID_SIZE]; /* of the key */
	const char *serial, *subject;         /* conditions on a carried certificate, NULL: any */
	bool brought;                         /* the key itself came with it, */
	bool authority;                       /* and may issue certificates */
};

/* A key, certificate or revocation list that goes into the image; as struct
 * guard_certificate (identity/certificate.h); a list as sorted serial numbers in
 * `der`, under its issuer's key. */
struct compile_certificate {
	uint8_t type;
	bool is_ca, stamps;
	uint8_t key_id[GUARD_KEY_ID_SIZE], issuer_id[32], ski[20];
	uint32_t ima_id;
	const uint8_t *der, *spki;
	size_t der_size, spki_size;
};

struct compile_rule {
	struct compile_place place;
	const struct compile_group *group;
	uint8_t action; /* enum guard_action */
	bool unlockable;
	struct compile_strings paths;
	struct compile_conditions conditions;
	const char *note, *url; /* "" when not given */
	const struct compile_signer *signers;
	uint32_t signer_count;
	struct compile_strings packages;           /* narrow the signers */
	const char *min_version, *below_version;   /* "" when not given */
	uint32_t digest_first, digest_count; /* in guard_compile.digests, as loaded */
	bool impossible;        /* can never match: not written */
};

/* One line of a list of digests. */
struct compile_digest {
	struct guard_digest digest;
	uint32_t rule;
	uint32_t line;
	const char *file;
	const char *name; /* or NULL */
};

struct compile_interpreter_digest {
	struct guard_digest digest;
	uint32_t interpreter;
	struct compile_place place;
};

struct compile_interpreter {
	struct compile_place place;
	const char *name, *options;
	struct compile_strings programs, suffixes, data;
	uint8_t scripts, inline_code, standard_input;
};

struct compile_containment {
	struct compile_place place;
	const char *name;
	struct compile_strings programs, may_start, places;
	uint8_t deny;
};

/* Growing arrays. */
struct compile_array {
	size_t count, capacity;
};

struct guard_compile {
	struct compile_arena arena;
	struct compile_diagnostics diagnostics;
	struct guard_compile_options options;
	struct compile_policy policy;
	size_t files, group_count, exception_count;

	struct compile_rule *rules;
	struct compile_array rule_array;
	struct compile_digest *digests;
	struct compile_array digest_array;
	struct compile_interpreter *interpreters;
	struct compile_array interpreter_array;
	struct compile_interpreter *refinements; /* of interpreters that another source describes */
	struct compile_array refinement_array;
	struct compile_containment *containments;
	struct compile_array containment_array;
	struct compile_interpreter_digest *interpreter_digests;
	struct compile_array interpreter_digest_array;
	const char **readers;
	struct compile_array reader_array;
	struct compile_certificate *certificates;
	struct compile_array certificate_array;

	uint8_t *openpgp_keys; /* key material that signers brought, each key once */
	size_t openpgp_keys_size;

	/* Digests by value, then by order of loading; made once by the lint. */
	uint32_t *digest_order;
	size_t digest_unique;
};

/* compile_grow: make room for `more` elements; the new array or NULL. */
void *compile_grow(struct compile_array *array, void *items, size_t more, size_t element) GUARD_WARN_UNUSED;

/* ---- loaders: 0, or -GUARD_E_NOMEM; all else is reported -------------------- */

struct compile_node;
/* source.c */
int compile_load_source(struct guard_compile *compile, const char *path) GUARD_WARN_UNUSED;
/* unlock.c: the block `unlock` of a policy. */
void compile_load_unlock(struct guard_compile *compile, const struct compile_node *policy);
/* The same of `maintenance`. */
void compile_load_maintenance(struct guard_compile *compile, const struct compile_node *policy);
/* header.c */
int compile_load_policy(struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
int compile_load_exception(struct guard_compile *compile, struct compile_source *source,
			   const struct compile_node *node) GUARD_WARN_UNUSED;
/* rule.c */
int compile_load_groups(struct guard_compile *compile, struct compile_source *source,
			const struct compile_node *node) GUARD_WARN_UNUSED;
/* group_names.c: groups of one name in one block `groups`. */
int compile_check_group_names(struct guard_compile *compile, const struct compile_node *groups) GUARD_WARN_UNUSED;
/* limits.c */
void compile_load_limits(struct guard_compile *compile, const struct compile_node *policy);
/* conditions.c */
void compile_load_kinds(uint8_t *ret_mask, struct guard_compile *compile, const struct compile_node *node);
int compile_load_conditions(struct compile_conditions *conditions, struct guard_compile *compile,
			    const struct compile_node *node) GUARD_WARN_UNUSED;
int compile_narrow(struct compile_rule *rule, struct guard_compile *compile,
		   const struct compile_group *group) GUARD_WARN_UNUSED;
/* interpreter.c */
int compile_load_interpreters(struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
struct compile_interpreter *compile_find_interpreter(struct guard_compile *compile, const char *name);
/* refine.c: what an interpreter may run without a file. */
bool compile_is_refinement(const struct compile_node *node);
int compile_load_refinement(struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
void compile_load_inline(struct compile_interpreter *interpreter, struct guard_compile *compile,
			 const struct compile_node *node);
/* Of two sources the stricter holds. */
void compile_tighten(struct compile_interpreter *into, const struct compile_interpreter *other);
void compile_apply_refinements(struct guard_compile *compile); /* when all sources are loaded */
int compile_load_readers(struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
/* containment.c */
int compile_load_containments(struct guard_compile *compile, const struct compile_node *node) GUARD_WARN_UNUSED;
/* packages.c */
struct compile_signer;
int compile_load_package_key(struct compile_signer *signer, struct guard_compile *compile,
			     const struct compile_node *node) GUARD_WARN_UNUSED;
int compile_load_packages(struct compile_rule *rule, struct guard_compile *compile,
			  const struct compile_node *node) GUARD_WARN_UNUSED;
/* digest_list.c */
struct compile_digest_line {
	struct guard_digest digest;
	const char *name; /* or NULL */
};
bool compile_digest_line(struct compile_digest_line *ret_line, struct guard_compile *compile, const char *text,
			 size_t length, struct compile_place place);
int compile_load_digests(struct guard_compile *compile, uint32_t rule, const struct compile_node *array) GUARD_WARN_UNUSED;
int compile_load_digest_file(struct guard_compile *compile, uint32_t rule, const struct compile_node *name) GUARD_WARN_UNUSED;
/* digest_order.c */
int compile_order_digests(struct guard_compile *compile) GUARD_WARN_UNUSED;

/* ---- lint -------------------------------------------------------------------- */

int compile_lint(struct guard_compile *compile) GUARD_WARN_UNUSED;
/* lint_rules.c, lint_digests.c: rules without effect; lint_paths.c: paths that users can write;
 * lint_inline.c: interpreters that may not run what they are told; lint_lockout.c: programs
 * without which a machine does not work. */
void compile_lint_inline(struct guard_compile *compile);
void compile_lint_validity(struct guard_compile *compile);
int compile_lint_coverage(struct guard_compile *compile) GUARD_WARN_UNUSED;
int compile_lint_digests(struct guard_compile *compile) GUARD_WARN_UNUSED;
int compile_lint_interpreters(struct guard_compile *compile) GUARD_WARN_UNUSED;
void compile_lint_paths(struct guard_compile *compile);
void compile_lint_reader(struct guard_compile *compile, struct compile_place place, const char *pattern);
int compile_lint_lockout(struct guard_compile *compile) GUARD_WARN_UNUSED;

/* true when `wide` holds wherever `narrow` does. */
bool compile_conditions_cover(const struct compile_conditions *wide, const struct compile_conditions *narrow);

static inline bool compile_rule_by_path(const struct compile_rule *rule)
{
	return rule->paths.count && !rule->digest_count && !rule->signer_count;
}

#endif
