/* SPDX-License-Identifier: MIT
 *
 * trust/targets.c - the metadata of one targets role, top-level or delegated:
 * the stored one when the snapshot still names it, else from the repository;
 * checked by all rules of section 5.6, then stored.
 */
#include "trust/client.h"

#include <string.h>

/* Bytes to a document that passes every rule. */
static int judge(struct guard_trust_document **ret_document, const struct guard_trust *trust,
		 const struct guard_trust_role *role, const char *delegator,
		 const struct guard_trust_meta *meta, const struct guard_trust_blob *blob,
		 struct guard_trust_report *report)
{
	GUARD_AUTO_DOCUMENT struct guard_trust_document *document = NULL;
	char name[GUARD_TRUST_NAME_MAX + 1];
	int r = guard_trust_encode_name(name, sizeof(name), role->name);

	if (r == 0)
		r = guard_trust_check_bytes(meta, name, blob, report);
	if (r == 0)
		r = guard_trust_document_parse(&document, GUARD_TRUST_TARGETS, role->name, blob->bytes,
					       blob->size, report);
	if (r == 0)
		r = guard_trust_check_targets(role, delegator, meta, document, trust->now, report);
	if (r < 0)
		return r;
	*ret_document = guard_steal_pointer(&document);
	return 0;
}

/* 1 when the stored one will do, 0 when it will not. */
static int try_stored(struct guard_trust_document **ret_document, struct guard_trust *trust,
		      const struct guard_trust_role *role, const char *delegator,
		      const struct guard_trust_meta *meta, const char *file)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	int r = guard_trust_store_read(&blob, trust->directory, file, GUARD_TRUST_METADATA_SIZE_MAX);

	if (r == 0)
		r = judge(ret_document, trust, role, delegator, meta, &blob, NULL);
	if (r == 0)
		return 1;
	return r == -GUARD_E_IO || r == -GUARD_E_NOMEM ? r : 0;
}

static int fetch_and_store(struct guard_trust_document **ret_document, struct guard_trust *trust,
			   const struct guard_trust_role *role, const char *delegator,
			   const struct guard_trust_meta *meta, const char *file)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *document = NULL;
	uint64_t limit = 0, version = guard_trust_root_consistent(trust->root) ? meta->version : 0;
	int r = guard_trust_fetch_limit(&limit, meta, GUARD_TRUST_TARGETS_SIZE_MAX, file, &trust->report);

	if (r == 0)
		r = guard_trust_fetch_metadata(&blob, trust, role->name, version, limit);
	if (r == 0)
		r = judge(&document, trust, role, delegator, meta, &blob, &trust->report);
	if (r < 0)
		return r;
	r = guard_trust_store_write(trust->directory, file, blob.bytes, blob.size);
	if (r < 0)
		return guard_trust_fail(&trust->report, r, "%s could not be stored: %s", file,
					strerror(errno));
	*ret_document = guard_steal_pointer(&document);
	return 0;
}

int guard_trust_targets_get(struct guard_trust_document **ret_document, struct guard_trust *trust,
			    const struct guard_trust_role *role, const char *delegator)
{
	struct guard_trust_meta meta;
	char file[GUARD_TRUST_FILE_NAME_SIZE];
	int r = guard_trust_role_file(file, role->name, 0);

	if (r < 0)
		return r;
	r = guard_trust_document_meta(&meta, trust->snapshot, role->name);
	if (r < 0)
		return guard_trust_fail(&trust->report, r,
					"snapshot.json does not list %s, which %s delegates to", file,
					delegator);
	r = try_stored(ret_document, trust, role, delegator, &meta, file);
	if (r != 0)
		return r < 0 ? r : 0;
	return fetch_and_store(ret_document, trust, role, delegator, &meta, file);
}
