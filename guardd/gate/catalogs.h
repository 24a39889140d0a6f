/* SPDX-License-Identifier: MIT
 *
 * gate/catalogs.h - signed lists of digests (docs/signers.md): loaded with a
 * policy, verified by its keys, immutable from then on.
 */
#ifndef GUARDD_GATE_CATALOGS_H
#define GUARDD_GATE_CATALOGS_H

#include "gate/signers.h"

#define GATE_CATALOGS_MAX 256u		 /* files */
#define GATE_CATALOGS_TOLD 16u		 /* of those left out, so many are named */
#define GATE_CATALOGS_AGAIN 4u		 /* times that an inspector which did not answer is asked again, in all */
#define GATE_CATALOG_SUFFIX ".p7s"
#define GATE_CATALOG_SIZE_MAX (64u << 20) /* bytes of one list */

struct gate_catalogs;
/* gate_catalogs_load: all lists in the configured folder that a key of this policy
 * signed; what does not verify is left out.  Opens files and asks inspectors:
 * never while a policy is held. */
int gate_catalogs_load(struct gate_catalogs **ret_catalogs, struct gate *gate, const struct guard_policy *policy,
		       const struct gate_keys *keys) GUARD_WARN_UNUSED;
void gate_catalogs_free(struct gate_catalogs *catalogs);
/* Tell the record and the status of lists that were left out. */
void gate_catalogs_tell(struct gate *gate, const struct gate_catalogs *catalogs);
/* Add the signers of those lists that have the digest.  Never blocks. */
void gate_catalogs_find(const struct gate_catalogs *catalogs, const struct guard_policy *policy,
			struct gate_identity *identity);

/* The digests of list `number`, sorted; NULL behind the last. */
const struct guard_digest *gate_catalogs_list(const struct gate_catalogs *catalogs, size_t number, size_t *ret_count);
/* gate_catalogs_checksum: over the lists that count and by whom.  Errors: GUARD_E_NOMEM. */
int gate_catalogs_checksum(struct guard_digest *ret_digest, const struct gate_catalogs *catalogs) GUARD_WARN_UNUSED;

/* catalog_read.c: a list and its detached signature, from two files or from one that
 * has the list inside.  `name` is the signature's; `reason` (GUARD_REASON_MAX bytes)
 * gets a sentence on failure.  Asks an inspector. */
struct gate_catalog_files {
	uint8_t *list, *signature;
	size_t list_size, signature_size;
};
int gate_catalog_read(struct gate_catalog_files *ret_files, struct gate *gate, int folder, const char *name,
		      char *reason) GUARD_WARN_UNUSED;
void gate_catalog_files_clear(struct gate_catalog_files *files);

/* catalog_list.c: the digests of a list in sha256sum(1) form, whose signature has
 * verified.  Errors: GUARD_E_SYNTAX at the first line that is none, GUARD_E_NOMEM. */
int gate_catalog_lines(struct guard_digest **ret_digests, size_t *ret_count, const char *text, size_t size) GUARD_WARN_UNUSED;

#endif
