/* SPDX-License-Identifier: MIT
 *
 * trust/local.c - what was accepted before, read back.  It is checked again by
 * the root that is trusted now: what that root no longer vouches for does not
 * count.  Expiry is not looked at here.
 */
#include "trust/client.h"

int guard_trust_local_root(struct guard_trust_document **ret_root, struct guard_trust *trust)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *root = NULL;
	struct guard_trust_role role;
	int r = guard_trust_store_read(&blob, trust->directory, "root.json", GUARD_TRUST_ROOT_SIZE_MAX);

	if (r == -GUARD_E_NOT_FOUND)
		return guard_trust_fail(&trust->report, r,
					"there is no trusted root.json yet; enrol this machine first");
	if (r < 0)
		return guard_trust_fail(&trust->report, r, "the trusted root.json cannot be read: %s",
					guard_error_text(r));
	r = guard_trust_document_parse(&root, GUARD_TRUST_ROOT, "root", blob.bytes, blob.size,
				       &trust->report);
	if (r < 0)
		return r;
	guard_trust_root_role(&role, root, GUARD_TRUST_ROOT);
	r = guard_trust_document_verify(root, &role, "root itself", &trust->report);
	if (r < 0)
		return r;
	*ret_root = guard_steal_pointer(&root);
	return 0;
}

/* Damage is as good as absence: the next refresh replaces the file. */
static int absent_unless_fatal(int code)
{
	return code == -GUARD_E_IO || code == -GUARD_E_NOMEM ? code : -GUARD_E_NOT_FOUND;
}

int guard_trust_local_document(struct guard_trust_document **ret_document, struct guard_trust_blob *ret_blob,
			       struct guard_trust *trust, enum guard_trust_type type)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *document = NULL;
	const char *name = guard_trust_type_name(type);
	char file[GUARD_TRUST_FILE_NAME_SIZE];
	struct guard_trust_role role;
	int r = guard_trust_role_file(file, name, 0);

	if (r == 0)
		r = guard_trust_store_read(&blob, trust->directory, file, GUARD_TRUST_METADATA_SIZE_MAX);
	if (r == 0)
		r = guard_trust_document_parse(&document, type, name, blob.bytes, blob.size, NULL);
	if (r == 0) {
		guard_trust_root_role(&role, trust->root, type);
		r = guard_trust_document_verify(document, &role, "root", NULL);
	}
	if (r < 0)
		return absent_unless_fatal(r);
	*ret_document = guard_steal_pointer(&document);
	if (!ret_blob)
		return 0;
	ret_blob->size = blob.size;
	ret_blob->bytes = guard_steal_pointer(&blob.bytes);
	return 0;
}
