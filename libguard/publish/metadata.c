/* SPDX-License-Identifier: MIT
 *
 * publish/metadata.c - the parts of which metadata is put together, and what
 * can be read off a document.  Decides nothing about content.
 */
#include "publish/publish.h"

#include <string.h>

#include "base/text.h"

#define SPEC_VERSION "1.0.31"

json_t *publish_envelope(json_t *body)
{
	return json_pack("{s:[], s:o}", "signatures", "signed", body);
}

json_t *publish_body(const char *type, uint64_t version, int64_t expires)
{
	char text[GUARD_TIME_TEXT_SIZE];

	guard_time_format(text, expires);
	return json_pack("{s:s, s:s, s:I, s:s}", "_type", type, "spec_version", SPEC_VERSION, "version",
			 (json_int_t)version, "expires", text);
}

json_t *publish_role(json_t *keys, const json_t *key_objects, uint64_t threshold)
{
	json_t *ids = json_array(), *key;
	size_t i;

	json_array_foreach((json_t *)key_objects, i, key) {
		char id[GUARD_TRUST_KEY_ID_SIZE];

		if (guard_trust_key_id(id, key) < 0 || json_object_set(keys, id, key) < 0 ||
		    json_array_append_new(ids, json_string(id)) < 0) {
			json_decref(ids);
			return NULL;
		}
	}
	return json_pack("{s:o, s:I}", "keyids", ids, "threshold", (json_int_t)threshold);
}

json_t *publish_target(const uint8_t *bytes, size_t size)
{
	uint8_t digest[32];
	char hex[65];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return NULL;
	guard_trust_hex_encode(hex, digest, sizeof(digest));
	return json_pack("{s:I, s:{s:s}}", "length", (json_int_t)size, "hashes", "sha256", hex);
}

/* 1 when the key has signed the canonical bytes. */
static size_t has_signed(const json_t *document, const struct guard_writer *message, const json_t *key)
{
	char id[GUARD_TRUST_KEY_ID_SIZE];
	struct guard_trust_key parsed = { 0 };
	size_t i, found = 0;
	json_t *entry;

	if (guard_trust_key_id(id, key) < 0 || guard_trust_key_parse(&parsed, id, key) < 0)
		return 0;
	json_array_foreach(json_object_get(document, "signatures"), i, entry) {
		const char *key_id = json_string_value(json_object_get(entry, "keyid"));
		const json_t *hex = json_object_get(entry, "sig");
		uint8_t signature[GUARD_TRUST_SIGNATURE_SIZE_MAX];
		ptrdiff_t size;

		if (!key_id || strcmp(key_id, id) != 0 || !json_is_string(hex))
			continue;
		size = guard_trust_hex_decode(signature, sizeof(signature), json_string_value(hex),
					      json_string_length(hex));
		if (size > 0 && guard_trust_key_verify(&parsed, message->bytes, message->size, signature,
						       (size_t)size) == 0)
			found = 1;
	}
	guard_trust_key_clear(&parsed);
	return found;
}

size_t publish_signature_count(const json_t *document, const json_t *key_objects)
{
	struct guard_writer message;
	size_t i, count = 0;
	json_t *key;

	guard_writer_init(&message);
	if (document && guard_trust_canonical(&message, json_object_get(document, "signed")) == 0)
		json_array_foreach((json_t *)key_objects, i, key)
			count += has_signed(document, &message, key);
	guard_writer_free(&message);
	return count;
}

uint64_t publish_version(const json_t *document)
{
	return (uint64_t)json_integer_value(json_object_get(json_object_get(document, "signed"), "version"));
}

int64_t publish_expires(const json_t *document)
{
	const char *text = json_string_value(json_object_get(json_object_get(document, "signed"), "expires"));
	int64_t seconds = INT64_MIN;

	if (!text || guard_time_parse(&seconds, text) < 0)
		return INT64_MIN;
	return seconds;
}

static json_t *timeless(const json_t *document)
{
	json_t *body = json_copy(json_object_get(document, "signed"));

	json_object_del(body, "version");
	json_object_del(body, "expires");
	json_object_del(body, "spec_version");
	return body;
}

bool publish_same(const json_t *a, const json_t *b)
{
	GUARD_AUTO_JSON json_t *left = timeless(a), *right = timeless(b);

	return left && right && json_equal(left, right);
}

/* Not the canonical form: that one leaves line breaks inside strings as they are,
 * which a JSON reader refuses. */
int publish_bytes(uint8_t **ret_bytes, size_t *ret_size, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	if (!text)
		return -GUARD_E_NOMEM;
	*ret_size = strlen(text);
	*ret_bytes = (uint8_t *)text;
	return 0;
}
