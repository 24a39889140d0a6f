/* SPDX-License-Identifier: MIT
 *
 * trust/rules.c - what may follow what: the checks of sections 5.3 to 5.6 of
 * the specification, in its order, on documents that are well-formed.  Pure: no
 * file, no network, no clock.
 */
#include "trust/client.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

int guard_trust_check_expiry(const struct guard_trust_document *document, int64_t now,
			     struct guard_trust_report *report)
{
	char text[GUARD_TIME_TEXT_SIZE];

	if (document->expires > now)
		return 0;
	guard_time_format(text, document->expires);
	return guard_trust_fail(
		report, -GUARD_E_EXPIRED,
		"%s.json version %" PRIu64
		" expired at %s; what was accepted before stays, nothing newer is taken until the "
		"repository (or this machine's clock) is put right",
		document->name, document->version, text);
}

int guard_trust_check_bytes(const struct guard_trust_meta *meta, const char *name,
			    const struct guard_trust_blob *blob, struct guard_trust_report *report)
{
	int r;

	if (meta->length != UINT64_MAX && meta->length != blob->size)
		return guard_trust_fail(report, -GUARD_E_CHECKSUM,
					"%s.json has %zu bytes where %" PRIu64
					" were promised; it is not used",
					name, blob->size, meta->length);
	if (meta->hashes.count == 0)
		return 0;
	r = guard_trust_hashes_check(&meta->hashes, blob->bytes, blob->size);
	if (r == -GUARD_E_CHECKSUM)
		return guard_trust_fail(
			report, r, "%s.json does not have the hash that was promised; it is not used", name);
	return r;
}

static int check_signed_by_root(const struct guard_trust_document *document,
				const struct guard_trust_document *root, const char *which,
				struct guard_trust_report *report)
{
	struct guard_trust_role role;

	guard_trust_root_role(&role, root, document->type);
	return guard_trust_document_verify(document, &role, which, report);
}

static int check_version(const struct guard_trust_document *document, uint64_t wanted,
			 struct guard_trust_report *report)
{
	if (document->version == wanted)
		return 0;
	return guard_trust_fail(report, -GUARD_E_CHECKSUM,
				"%s.json says version %" PRIu64 " where version %" PRIu64
				" was promised; it is not used",
				document->name, document->version, wanted);
}

static int fail_rollback(struct guard_trust_report *report, const char *file, const char *about,
			 uint64_t offered, uint64_t trusted)
{
	return guard_trust_fail(report, -GUARD_E_ROLLBACK,
				"%s.json offers version %" PRIu64 " of %s, but version %" PRIu64
				" was accepted before; it is not used",
				file, offered, about, trusted);
}

/* 5.3.4, 5.3.5.  1 when the repository offers what is trusted already. */
int guard_trust_check_root(const struct guard_trust_document *trusted,
			   const struct guard_trust_document *root, struct guard_trust_report *report)
{
	int r = check_signed_by_root(root, trusted, "the trusted root", report);

	if (r < 0)
		return r;
	r = check_signed_by_root(root, root, "the new root itself", report);
	if (r < 0)
		return r;
	if (root->version < trusted->version)
		return fail_rollback(report, root->name, root->name, root->version, trusted->version);
	if (root->version == trusted->version)
		return 1;
	return check_version(root, trusted->version + 1, report);
}

/* 5.4.2 to 5.4.4. */
int guard_trust_check_timestamp(const struct guard_trust_document *root,
				const struct guard_trust_document *trusted,
				const struct guard_trust_document *timestamp, int64_t now,
				struct guard_trust_report *report)
{
	struct guard_trust_meta offered, known;
	int r = check_signed_by_root(timestamp, root, "root", report);

	if (r < 0)
		return r;
	if (trusted) {
		if (timestamp->version < trusted->version)
			return fail_rollback(report, timestamp->name, timestamp->name, timestamp->version,
					     trusted->version);
		if (timestamp->version == trusted->version)
			return 1;
		r = guard_trust_document_meta(&known, trusted, "snapshot");
		if (r == 0)
			r = guard_trust_document_meta(&offered, timestamp, "snapshot");
		if (r < 0)
			return r;
		if (offered.version < known.version)
			return fail_rollback(report, timestamp->name, "snapshot", offered.version,
					     known.version);
	}
	return guard_trust_check_expiry(timestamp, now, report);
}

/* 5.5.5: no targets role goes back, none disappears. */
static int check_listed(const struct guard_trust_document *trusted,
			const struct guard_trust_document *snapshot, struct guard_trust_report *report)
{
	const json_t *known = json_object_get(trusted->body, "meta"),
		     *offered = json_object_get(snapshot->body, "meta");
	const char *file;
	json_t *json;

	json_object_foreach((json_t *)known, file, json) {
		struct guard_trust_meta old_meta, new_meta;
		char name[GUARD_TRUST_NAME_MAX + 1];
		const json_t *now = json_object_get(offered, file);
		int r;

		if (guard_trust_encode_name(name, sizeof(name), file) < 0)
			memcpy(name, "a role", sizeof("a role"));
		if (!now)
			return guard_trust_fail(report, -GUARD_E_ROLLBACK,
						"snapshot.json version %" PRIu64
						" no longer lists %s, which it did before; it is not used",
						snapshot->version, name);
		r = guard_trust_meta_read(&old_meta, json);
		if (r == 0)
			r = guard_trust_meta_read(&new_meta, now);
		if (r < 0)
			return r;
		if (new_meta.version < old_meta.version)
			return fail_rollback(report, snapshot->name, name, new_meta.version,
					     old_meta.version);
	}
	return 0;
}

/* 5.5.3 to 5.5.6; 5.5.2 is guard_trust_check_bytes. */
int guard_trust_check_snapshot(const struct guard_trust_document *root, const struct guard_trust_meta *meta,
			       const struct guard_trust_document *trusted,
			       const struct guard_trust_document *snapshot, int64_t now,
			       struct guard_trust_report *report)
{
	int r = check_signed_by_root(snapshot, root, "root", report);

	if (r < 0)
		return r;
	r = check_version(snapshot, meta->version, report);
	if (r < 0)
		return r;
	if (trusted) {
		r = check_listed(trusted, snapshot, report);
		if (r < 0)
			return r;
	}
	return guard_trust_check_expiry(snapshot, now, report);
}

/* 5.6.3 to 5.6.5, for top-level and delegated targets alike. */
int guard_trust_check_targets(const struct guard_trust_role *role, const char *delegator,
			      const struct guard_trust_meta *meta, const struct guard_trust_document *targets,
			      int64_t now, struct guard_trust_report *report)
{
	int r = guard_trust_document_verify(targets, role, delegator, report);

	if (r < 0)
		return r;
	r = check_version(targets, meta->version, report);
	if (r < 0)
		return r;
	return guard_trust_check_expiry(targets, now, report);
}
