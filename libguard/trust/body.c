/* SPDX-License-Identifier: MIT
 *
 * trust/body.c - the part of a metadata file that depends on its type, checked
 * through and through, so that later readers need no second thought.
 */
#include "trust/metadata.h"

#include <string.h>

static int fail(const struct guard_trust_document *document, struct guard_trust_report *report,
		const char *what)
{
	return guard_trust_fail(report, -GUARD_E_FORMAT, "%s.json: %s", document->name, what);
}

int guard_trust_role_read(struct guard_trust_role *ret_role, const json_t *json, const json_t *keys)
{
	const json_t *key_ids = json_object_get(json, "keyids"),
		     *threshold = json_object_get(json, "threshold");
	GUARD_AUTO_JSON json_t *seen = json_object();
	size_t i;
	json_t *key_id;

	if (!seen)
		return -GUARD_E_NOMEM;
	if (!json_is_array(key_ids) || !json_is_integer(threshold) || json_integer_value(threshold) < 1)
		return -GUARD_E_FORMAT;
	json_array_foreach((json_t *)key_ids, i, key_id) {
		const char *text = json_string_value(key_id);

		if (!text || json_object_get(seen, text))
			return -GUARD_E_FORMAT;
		if (json_object_set_new(seen, text, json_true()) < 0)
			return -GUARD_E_NOMEM;
	}
	*ret_role = (struct guard_trust_role){
		.keys = keys,
		.key_ids = key_ids,
		.threshold = (uint64_t)json_integer_value(threshold),
	};
	return 0;
}

static bool is_keys(const json_t *keys)
{
	const char *key_id;
	json_t *key;

	if (!json_is_object(keys))
		return false;
	json_object_foreach((json_t *)keys, key_id, key) {
		if (!json_is_object(key))
			return false;
	}
	return true;
}

static int check_root(const struct guard_trust_document *root, struct guard_trust_report *report)
{
	const json_t *keys = json_object_get(root->body, "keys"),
		     *roles = json_object_get(root->body, "roles");
	const json_t *consistent = json_object_get(root->body, "consistent_snapshot");

	if (!is_keys(keys))
		return fail(root, report, "\"keys\" is not an object of keys");
	if (consistent && !json_is_boolean(consistent))
		return fail(root, report, "\"consistent_snapshot\" is neither true nor false");
	for (int type = 0; type < GUARD_TRUST_TYPE_MAX_; type++) {
		struct guard_trust_role role;
		int r = guard_trust_role_read(&role, json_object_get(roles, guard_trust_type_name(type)),
					      keys);

		if (r == -GUARD_E_FORMAT)
			return guard_trust_fail(
				report, r, "%s.json: role %s needs distinct keyids and a threshold above 0",
				root->name, guard_trust_type_name(type));
		if (r < 0)
			return r;
	}
	return 0;
}

void guard_trust_root_role(struct guard_trust_role *ret_role, const struct guard_trust_document *root,
			   enum guard_trust_type type)
{
	const char *name = guard_trust_type_name(type);
	const json_t *json = json_object_get(json_object_get(root->body, "roles"), name);

	*ret_role = (struct guard_trust_role){
		.name = name,
		.keys = json_object_get(root->body, "keys"),
		.key_ids = json_object_get(json, "keyids"),
		.threshold = (uint64_t)json_integer_value(json_object_get(json, "threshold")),
	};
}

bool guard_trust_root_consistent(const struct guard_trust_document *root)
{
	return json_is_true(json_object_get(root->body, "consistent_snapshot"));
}

int guard_trust_meta_read(struct guard_trust_meta *ret_meta, const json_t *json)
{
	const json_t *version = json_object_get(json, "version"), *length = json_object_get(json, "length");
	const json_t *hashes = json_object_get(json, "hashes");
	struct guard_trust_meta meta = { .length = UINT64_MAX };
	int r;

	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return -GUARD_E_FORMAT;
	meta.version = (uint64_t)json_integer_value(version);
	if (length) {
		if (!json_is_integer(length) || json_integer_value(length) < 0)
			return -GUARD_E_FORMAT;
		meta.length = (uint64_t)json_integer_value(length);
	}
	if (hashes) {
		r = guard_trust_hashes_parse(&meta.hashes, hashes);
		if (r < 0)
			return r;
	}
	*ret_meta = meta;
	return 0;
}

static int check_meta(const struct guard_trust_document *document, struct guard_trust_report *report)
{
	const json_t *files = json_object_get(document->body, "meta");
	const char *name;
	json_t *file;

	if (!json_is_object(files))
		return fail(document, report, "\"meta\" is not an object");
	json_object_foreach((json_t *)files, name, file) {
		struct guard_trust_meta meta;
		int r = guard_trust_meta_read(&meta, file);

		if (r < 0)
			return guard_trust_fail(
				report, r, "%s.json: an entry of \"meta\" has a bad version, length or hash",
				document->name);
	}
	if (!json_object_get(files,
			     document->type == GUARD_TRUST_TIMESTAMP ? "snapshot.json" : "targets.json"))
		return fail(document, report, "\"meta\" does not list the file it is there for");
	if (document->type == GUARD_TRUST_TIMESTAMP && json_object_size(files) != 1)
		return fail(document, report, "\"meta\" lists more than snapshot.json");
	return 0;
}

int guard_trust_document_meta(struct guard_trust_meta *ret_meta, const struct guard_trust_document *document,
			      const char *role)
{
	struct guard_writer name;
	const json_t *file = NULL;
	bool failed;

	guard_writer_init(&name);
	guard_write_bytes(&name, role, strlen(role));
	guard_write_bytes(&name, ".json", sizeof(".json"));
	failed = name.failed;
	if (!failed)
		file = json_object_get(json_object_get(document->body, "meta"), (const char *)name.bytes);
	guard_writer_free(&name);
	if (failed)
		return -GUARD_E_NOMEM;
	return file ? guard_trust_meta_read(ret_meta, file) : -GUARD_E_NOT_FOUND;
}

static int check_target(const struct guard_trust_document *targets, const json_t *target,
			struct guard_trust_report *report)
{
	const json_t *length = json_object_get(target, "length"), *custom = json_object_get(target, "custom");
	struct guard_trust_hashes hashes;
	int r;

	if (!json_is_integer(length) || json_integer_value(length) < 0)
		return fail(targets, report, "a target has no length");
	if (custom && !json_is_object(custom))
		return fail(targets, report, "a target's \"custom\" is not an object");
	r = guard_trust_hashes_parse(&hashes, json_object_get(target, "hashes"));
	if (r < 0)
		return guard_trust_fail(report, r, "%s.json: a target has no usable hash (sha256 or sha512)",
					targets->name);
	return 0;
}

static int check_targets(const struct guard_trust_document *targets, struct guard_trust_report *report)
{
	const json_t *list = json_object_get(targets->body, "targets");
	const json_t *delegations = json_object_get(targets->body, "delegations");
	const char *path;
	json_t *target;

	if (!json_is_object(list))
		return fail(targets, report, "\"targets\" is not an object");
	json_object_foreach((json_t *)list, path, target) {
		int r = check_target(targets, target, report);

		if (r < 0)
			return r;
	}
	if (!delegations)
		return 0;
	if (!json_is_object(delegations) || !is_keys(json_object_get(delegations, "keys")))
		return fail(targets, report, "\"delegations\" has no keys");
	return guard_trust_delegations_check(targets, delegations, report);
}

int guard_trust_body_check(const struct guard_trust_document *document, struct guard_trust_report *report)
{
	switch (document->type) {
	case GUARD_TRUST_ROOT:
		return check_root(document, report);
	case GUARD_TRUST_TIMESTAMP:
	case GUARD_TRUST_SNAPSHOT:
		return check_meta(document, report);
	case GUARD_TRUST_TARGETS:
		return check_targets(document, report);
	case GUARD_TRUST_TYPE_MAX_:
	default:
		return -GUARD_E_USAGE;
	}
}
