/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_tuf.c - every parser of libguard/trust.  The first byte chooses:
 * 0 to 3 a metadata file of that type, 4 a key, 5 canonical JSON, 6 a path
 * pattern and a path, 7 names, 8 hashes.
 */
#include "fuzz.h"

#include <string.h>

#include "trust/metadata.h"

static int visit(void *context, const struct guard_trust_role *role)
{
	unsigned *count = context;

	FUZZ_REQUIRE(role->name && role->threshold > 0);
	return ++*count > 1000 ? -GUARD_E_LIMIT : 0;
}

/* What was parsed can be read in every way without a second check. */
static void read_document(const struct guard_trust_document *document, const struct guard_trust_report *report)
{
	static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct guard_trust_role role;
	struct guard_trust_meta meta;
	unsigned count = 0;

	FUZZ_REQUIRE(document->version > 0 && report->text[0] == '\0');
	if (document->type == GUARD_TRUST_ROOT) {
		struct guard_trust_report why;

		for (int type = 0; type < GUARD_TRUST_TYPE_MAX_; type++) {
			guard_trust_root_role(&role, document, type);
			FUZZ_REQUIRE(role.threshold > 0);
			if (guard_trust_document_verify(document, &role, "root", &why) < 0)
				FUZZ_REQUIRE(why.text[0] != '\0');
		}
		guard_trust_root_consistent(document);
	}
	if (document->type == GUARD_TRUST_TIMESTAMP || document->type == GUARD_TRUST_SNAPSHOT)
		FUZZ_REQUIRE(guard_trust_document_meta(&meta, document,
						  document->type == GUARD_TRUST_TIMESTAMP ? "snapshot" : "targets") == 0);
	if (document->type == GUARD_TRUST_TARGETS)
		FUZZ_REQUIRE(guard_trust_delegations_for(document, "some/path", hash, visit, &count) != -GUARD_E_FORMAT);
}

static void try_document(enum guard_trust_type type, const uint8_t *data, size_t size)
{
	struct guard_trust_document *document = NULL;
	struct guard_trust_report report = { "" };
	int r = guard_trust_document_parse(&document, type, guard_trust_type_name(type), data, size, &report);

	FUZZ_REQUIRE((r == 0) == (document != NULL) && (r == 0) == (report.text[0] == '\0'));
	for (const char *at = report.text; *at; at++)
		FUZZ_REQUIRE(*at >= 0x20 && *at < 0x7f);
	if (document)
		read_document(document, &report);
	guard_trust_document_free(document);
}

static void try_key(const json_t *json)
{
	struct guard_trust_key key = { 0 };
	char id[GUARD_TRUST_KEY_ID_SIZE];

	if (guard_trust_key_id(id, json) < 0 || guard_trust_key_parse(&key, id, json) < 0)
		return;
	FUZZ_REQUIRE(guard_trust_key_verify(&key, "message", 7, (const uint8_t *)"signature", 9) == -GUARD_E_SIGNATURE);
	guard_trust_key_clear(&key);
}

/* The canonical form is a fixed point, but for control characters, which it
 * leaves as they are and JSON does not allow. */
static void try_canonical(const json_t *json)
{
	struct guard_writer first, second;
	json_t *again;

	guard_writer_init(&first);
	guard_writer_init(&second);
	if (guard_trust_canonical(&first, json) == 0) {
		again = json_loadb((const char *)first.bytes, first.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		if (again) {
			FUZZ_REQUIRE(guard_trust_canonical(&second, again) == 0);
			FUZZ_REQUIRE(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
		}
		json_decref(again);
	}
	guard_writer_free(&first);
	guard_writer_free(&second);
}

static void try_pattern(const char *text, size_t size)
{
	size_t length = strlen(text);

	FUZZ_REQUIRE(guard_trust_pattern_match("*", text) == (strchr(text, '/') == NULL));
	if (length < size)
		guard_trust_pattern_match(text, &text[length + 1]);
}

static void try_names(const char *text)
{
	char file[GUARD_TRUST_FILE_NAME_SIZE];
	struct guard_writer url;

	if (guard_trust_role_file(file, text, 7) == 0)
		FUZZ_REQUIRE(strchr(file, '/') == NULL && strlen(file) < 256);
	guard_writer_init(&url);
	FUZZ_REQUIRE(guard_trust_target_url(&url, text, "ab") == 0);
	for (size_t i = 0; i + 1 < url.size; i++)
		FUZZ_REQUIRE(url.bytes[i] > 0x20 && url.bytes[i] < 0x7f);
	guard_writer_free(&url);
}

static void try_json(uint8_t what, const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	struct guard_trust_hashes hashes;

	if (json && what == 4)
		try_key(json);
	if (json && what == 5)
		try_canonical(json);
	if (json && what == 8 && guard_trust_hashes_parse(&hashes, json) == 0)
		FUZZ_REQUIRE(hashes.count > 0 && hashes.count <= GUARD_TRUST_HASHES_MAX);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t what = size > 0 ? data[0] % 9 : 0;
	char *text;

	if (size == 0)
		return 0;
	if (what < GUARD_TRUST_TYPE_MAX_) {
		try_document(what, &data[1], size - 1);
		return 0;
	}
	if (what != 6 && what != 7) {
		try_json(what, &data[1], size - 1);
		return 0;
	}
	text = calloc(1, size + 1); /* two NUL bytes behind */
	FUZZ_REQUIRE(text != NULL);
	memcpy(text, &data[1], size - 1);
	if (what == 6)
		try_pattern(text, size - 1);
	else
		try_names(text);
	free(text);
	return 0;
}
