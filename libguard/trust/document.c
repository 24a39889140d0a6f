/* SPDX-License-Identifier: MIT
 *
 * trust/document.c - one metadata file out of bytes: the envelope and the
 * fields that all roles share.  Must not judge: a document that was parsed is
 * well-formed, not believed.
 */
#include "trust/metadata.h"

#include <string.h>

#include "base/text.h"

static const char *const type_names[GUARD_TRUST_TYPE_MAX_] = { "root", "timestamp", "snapshot", "targets" };

const char *guard_trust_type_name(enum guard_trust_type type)
{
	return type < GUARD_TRUST_TYPE_MAX_ ? type_names[type] : "unknown";
}

bool guard_trust_is_top_level(const char *role)
{
	for (size_t i = 0; i < GUARD_TRUST_TYPE_MAX_; i++)
		if (strcmp(role, type_names[i]) == 0)
			return true;
	return false;
}

void guard_trust_document_free(struct guard_trust_document *document)
{
	if (!document)
		return;
	json_decref(document->json);
	free(document);
}

static int load_json(struct guard_trust_document *document, const void *bytes, size_t size,
		     struct guard_trust_report *report)
{
	json_error_t error;

	document->json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
	if (document->json)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return -GUARD_E_NOMEM;
	/* The error's own text quotes the input: it is not passed on. */
	return guard_trust_fail(report, -GUARD_E_SYNTAX, "%s.json is not valid JSON at line %d, column %d",
				document->name, error.line, error.column);
}

static int check_signatures(const struct guard_trust_document *document, struct guard_trust_report *report)
{
	GUARD_AUTO_JSON json_t *seen = json_object();
	size_t i;
	json_t *entry;

	if (!seen)
		return -GUARD_E_NOMEM;
	if (json_array_size(document->signatures) > GUARD_TRUST_SIGNATURES_MAX)
		return guard_trust_fail(report, -GUARD_E_LIMIT, "%s.json has more than %u signatures",
					document->name, GUARD_TRUST_SIGNATURES_MAX);
	json_array_foreach(document->signatures, i, entry) {
		const char *key_id = json_string_value(json_object_get(entry, "keyid"));

		if (!key_id || !json_is_string(json_object_get(entry, "sig")))
			return guard_trust_fail(report, -GUARD_E_FORMAT,
						"%s.json: signature %zu lacks keyid or sig", document->name,
						i + 1);
		if (json_object_get(seen, key_id))
			return guard_trust_fail(report, -GUARD_E_FORMAT,
						"%s.json: signature %zu repeats the keyid of another",
						document->name, i + 1);
		if (json_object_set_new(seen, key_id, json_true()) < 0)
			return -GUARD_E_NOMEM;
	}
	return 0;
}

static int check_envelope(struct guard_trust_document *document, struct guard_trust_report *report)
{
	document->body = json_object_get(document->json, "signed");
	document->signatures = json_object_get(document->json, "signatures");
	if (!json_is_object(document->body) || !json_is_array(document->signatures))
		return guard_trust_fail(
			report, -GUARD_E_FORMAT,
			"%s.json is not signed metadata: it lacks \"signed\" or \"signatures\"",
			document->name);
	return check_signatures(document, report);
}

/* "1", then only numbers and dots: every 1.x is understood. */
static bool is_known_version(const char *version)
{
	return version && strncmp(version, "1.", 2) == 0 && version[2] &&
	       strspn(version, "0123456789.") == strlen(version);
}

static bool parse_expires(int64_t *ret_expires, const char *text)
{
	static const size_t length = sizeof("YYYY-MM-DDTHH:MM:SSZ") - 1;

	return text && strlen(text) == length && text[10] == 'T' && text[length - 1] == 'Z' &&
	       guard_time_parse(ret_expires, text) == 0;
}

static int check_common(struct guard_trust_document *document, struct guard_trust_report *report)
{
	const char *type = json_string_value(json_object_get(document->body, "_type"));
	const json_t *version = json_object_get(document->body, "version");

	if (!type || strcmp(type, guard_trust_type_name(document->type)) != 0)
		return guard_trust_fail(report, -GUARD_E_FORMAT, "%s.json is not metadata of type %s",
					document->name, guard_trust_type_name(document->type));
	if (!is_known_version(json_string_value(json_object_get(document->body, "spec_version"))))
		return guard_trust_fail(report, -GUARD_E_VERSION,
					"%s.json follows a specification other than 1.x", document->name);
	if (!json_is_integer(version) || json_integer_value(version) < 1)
		return guard_trust_fail(report, -GUARD_E_FORMAT, "%s.json has no version above 0",
					document->name);
	document->version = (uint64_t)json_integer_value(version);
	if (!parse_expires(&document->expires, json_string_value(json_object_get(document->body, "expires"))))
		return guard_trust_fail(report, -GUARD_E_FORMAT,
					"%s.json has no expiry of the form YYYY-MM-DDTHH:MM:SSZ",
					document->name);
	return 0;
}

static int fill(struct guard_trust_document *document, const void *bytes, size_t size,
		struct guard_trust_report *report)
{
	int r = load_json(document, bytes, size, report);

	if (r < 0)
		return r;
	r = check_envelope(document, report);
	if (r < 0)
		return r;
	r = check_common(document, report);
	if (r < 0)
		return r;
	return guard_trust_body_check(document, report);
}

int guard_trust_document_parse(struct guard_trust_document **ret_document, enum guard_trust_type type,
			       const char *role, const void *bytes, size_t size,
			       struct guard_trust_report *report)
{
	struct guard_trust_document *document = calloc(1, sizeof(*document));
	int r;

	if (!document)
		return guard_trust_fail(report, -GUARD_E_NOMEM, "memory exhausted");
	document->type = type;
	r = guard_trust_encode_name(document->name, sizeof(document->name), role);
	if (r == 0)
		r = fill(document, bytes, size, report);
	if (r < 0) {
		guard_trust_document_free(document);
		return r == -GUARD_E_NOMEM ? guard_trust_fail(report, r, "memory exhausted") : r;
	}
	*ret_document = document;
	return 0;
}
