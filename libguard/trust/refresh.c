/* SPDX-License-Identifier: MIT
 *
 * trust/refresh.c - the client workflow, sections 5.2 to 5.6.6: in which order
 * files are asked for, judged and stored.  What may be accepted is decided in
 * rules.c; nothing becomes trusted in memory before it is on the disk.
 */
#include "trust/client.h"

#include <string.h>

static int store(struct guard_trust *trust, const char *file, const struct guard_trust_blob *blob)
{
	int r = guard_trust_store_write(trust->directory, file, blob->bytes, blob->size);

	if (r < 0)
		return guard_trust_fail(&trust->report, r, "%s could not be stored: %s", file,
					strerror(errno));
	return 0;
}

static void replace(struct guard_trust_document **slot, struct guard_trust_document **document)
{
	guard_trust_document_free(*slot);
	*slot = guard_steal_pointer(document);
}

/* ---- 5.3: root ----------------------------------------------------------------- */

/* One step from version N to N + 1.  1 when there is no further one. */
static int update_root_once(struct guard_trust *trust)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *root = NULL;
	int r = guard_trust_fetch_metadata(&blob, trust, "root", trust->root->version + 1,
					   GUARD_TRUST_ROOT_SIZE_MAX);

	if (r == -GUARD_E_NOT_FOUND)
		return 1;
	if (r == 0)
		r = guard_trust_document_parse(&root, GUARD_TRUST_ROOT, "root", blob.bytes, blob.size,
					       &trust->report);
	if (r == 0)
		r = guard_trust_check_root(trust->root, root, &trust->report);
	if (r != 0)
		return r;
	if (guard_trust_rotates(trust->root, root)) {
		r = guard_trust_rotation_begin(trust->directory, trust->root->version, root->version);
		if (r < 0)
			return guard_trust_fail(&trust->report, r, "the state folder cannot be written: %s",
						strerror(errno));
	}
	r = store(trust, "root.json", &blob);
	if (r < 0)
		return r;
	replace(&trust->root, &root);
	return 0;
}

static int update_root(struct guard_trust *trust)
{
	int r = 0;

	for (unsigned step = 0; r == 0 && step < GUARD_TRUST_ROOT_STEPS_MAX; step++)
		r = update_root_once(trust);
	if (r < 0)
		return r;
	r = guard_trust_check_expiry(trust->root, trust->now, &trust->report);
	if (r < 0)
		return r;
	r = guard_trust_rotation_finish(trust->directory, trust->root->version);
	if (r < 0)
		return guard_trust_fail(&trust->report, r, "the state folder cannot be written: %s",
					strerror(errno));
	return 0;
}

/* ---- 5.4: timestamp -------------------------------------------------------------- */

static int update_timestamp(struct guard_trust *trust)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *timestamp = NULL;
	int r = guard_trust_local_document(&trust->timestamp, NULL, trust, GUARD_TRUST_TIMESTAMP);

	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		return r;
	r = guard_trust_fetch_metadata(&blob, trust, "timestamp", 0, GUARD_TRUST_TIMESTAMP_SIZE_MAX);
	if (r == 0)
		r = guard_trust_document_parse(&timestamp, GUARD_TRUST_TIMESTAMP, "timestamp", blob.bytes,
					       blob.size, &trust->report);
	if (r == 0)
		r = guard_trust_check_timestamp(trust->root, trust->timestamp, timestamp, trust->now,
						&trust->report);
	/* The version that is trusted already: the rest of an update that was
	 * cut short is caught up with, but only while that version is fresh. */
	if (r == 1)
		return guard_trust_check_expiry(trust->timestamp, trust->now, &trust->report);
	if (r == 0)
		r = store(trust, "timestamp.json", &blob);
	if (r < 0)
		return r;
	replace(&trust->timestamp, &timestamp);
	return 0;
}

/* ---- 5.5: snapshot --------------------------------------------------------------- */

/* The stored snapshot is the one that timestamp names. */
static bool is_current(const struct guard_trust *trust, const struct guard_trust_meta *meta,
		       const struct guard_trust_blob *blob)
{
	return trust->snapshot && trust->snapshot->version == meta->version &&
	       guard_trust_check_bytes(meta, "snapshot", blob, NULL) == 0 &&
	       guard_trust_check_expiry(trust->snapshot, trust->now, NULL) == 0;
}

static int fetch_snapshot(struct guard_trust *trust, const struct guard_trust_meta *meta)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	GUARD_AUTO_DOCUMENT struct guard_trust_document *snapshot = NULL;
	uint64_t limit = 0, version = guard_trust_root_consistent(trust->root) ? meta->version : 0;
	int r = guard_trust_fetch_limit(&limit, meta, GUARD_TRUST_SNAPSHOT_SIZE_MAX, "snapshot.json",
					&trust->report);

	if (r == 0)
		r = guard_trust_fetch_metadata(&blob, trust, "snapshot", version, limit);
	if (r == 0)
		r = guard_trust_check_bytes(meta, "snapshot", &blob, &trust->report);
	if (r == 0)
		r = guard_trust_document_parse(&snapshot, GUARD_TRUST_SNAPSHOT, "snapshot", blob.bytes,
					       blob.size, &trust->report);
	if (r == 0)
		r = guard_trust_check_snapshot(trust->root, meta, trust->snapshot, snapshot, trust->now,
					       &trust->report);
	if (r == 0)
		r = store(trust, "snapshot.json", &blob);
	if (r < 0)
		return r;
	replace(&trust->snapshot, &snapshot);
	return 0;
}

static int update_snapshot(struct guard_trust *trust)
{
	GUARD_AUTO_BLOB struct guard_trust_blob stored = { 0 };
	struct guard_trust_meta meta;
	int r = guard_trust_document_meta(&meta, trust->timestamp, "snapshot");

	if (r < 0)
		return r;
	r = guard_trust_local_document(&trust->snapshot, &stored, trust, GUARD_TRUST_SNAPSHOT);
	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		return r;
	return is_current(trust, &meta, &stored) ? 0 : fetch_snapshot(trust, &meta);
}

/* ---- 5.6: top-level targets --------------------------------------------------------- */

static int update_targets(struct guard_trust *trust)
{
	struct guard_trust_role role;

	guard_trust_root_role(&role, trust->root, GUARD_TRUST_TARGETS);
	return guard_trust_targets_get(&trust->targets, trust, &role, "root");
}

static void forget(struct guard_trust *trust)
{
	guard_trust_document_free(trust->root);
	guard_trust_document_free(trust->timestamp);
	guard_trust_document_free(trust->snapshot);
	guard_trust_document_free(trust->targets);
	trust->root = trust->timestamp = trust->snapshot = trust->targets = NULL;
	trust->fresh = false;
}

static int refresh(struct guard_trust *trust)
{
	int r = guard_trust_local_root(&trust->root, trust);

	if (r == 0)
		r = update_root(trust);
	if (r == 0)
		r = update_timestamp(trust);
	if (r == 0)
		r = update_snapshot(trust);
	if (r == 0)
		r = update_targets(trust);
	return r;
}

int guard_trust_refresh(struct guard_trust *trust, int64_t now)
{
	int r;

	forget(trust);
	trust->now = now;
	trust->refreshes++;
	trust->report.text[0] = '\0';
	r = refresh(trust);
	trust->fresh = r == 0;
	return guard_trust_finish(trust, r);
}

int guard_trust_load(struct guard_trust *trust)
{
	static const enum guard_trust_type types[] = { GUARD_TRUST_TIMESTAMP, GUARD_TRUST_SNAPSHOT,
						       GUARD_TRUST_TARGETS };
	struct guard_trust_document **const slots[] = { &trust->timestamp, &trust->snapshot,
							&trust->targets };
	int r;

	forget(trust);
	trust->report.text[0] = '\0';
	r = guard_trust_local_root(&trust->root, trust);
	for (size_t i = 0; r == 0 && i < sizeof(types) / sizeof(types[0]); i++) {
		r = guard_trust_local_document(slots[i], NULL, trust, types[i]);
		if (r == -GUARD_E_NOT_FOUND)
			r = 0;
	}
	return guard_trust_finish(trust, r);
}
