/* SPDX-License-Identifier: MIT
 *
 * unit/trust_document.c - metadata that is not well-formed is refused with a
 * sentence, whatever is wrong with it; what is well-formed is read right.
 */
#include "unit.h"

#include <string.h>

#include "trust_fixture.h"

static int parse_json(enum guard_trust_type type, const json_t *document, struct guard_trust_report *report)
{
	struct guard_trust_document *parsed = NULL;
	char *bytes = json_dumps(document, 0);
	int r = guard_trust_document_parse(&parsed, type, guard_trust_type_name(type), bytes, strlen(bytes), report);

	CU_ASSERT((r == 0) == (parsed != NULL));
	guard_trust_document_free(parsed);
	free(bytes);
	return r;
}

/* Put `value` (JSON text, NULL to remove) at the dotted `path` of the role's
 * body and parse. */
static int spoil(enum guard_trust_type type, const char *path, const char *value)
{
	struct fixture fixture;
	struct guard_trust_report report = { "" };
	GUARD_AUTO_JSON json_t *document = NULL;
	json_t *at;
	char copy[128], *rest = copy, *key;
	int r;

	fixture_open(&fixture);
	fixture_delegate(&fixture, "targets", "a", "*", false, 9);
	fixture_target(&fixture, "targets", "file", "content");
	at = fixture_body(&fixture, guard_trust_type_name(type));
	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strsep(&rest, "|"); rest; key = strsep(&rest, "|"))
		at = json_is_array(at) ? json_array_get(at, 0) : json_object_get(at, key);
	if (value)
		json_object_set_new(at, key, json_loads(value, JSON_DECODE_ANY, NULL));
	else
		json_object_del(at, key);
	document = json_pack("{s[]sO}", "signatures", "signed", fixture_body(&fixture, guard_trust_type_name(type)));
	r = parse_json(type, document, &report);
	CU_ASSERT((r == 0) == (report.text[0] == '\0'));
	fixture_close(&fixture);
	return r;
}

struct spoiled {
	enum guard_trust_type type;
	const char *path, *value;
	int wanted;
};

static void check_table(const struct spoiled *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r = spoil(table[i].type, table[i].path, table[i].value);

		if (r != table[i].wanted)
			fprintf(stderr, "%s = %s: %s\n", table[i].path, table[i].value, guard_error_name(r));
		CU_ASSERT_EQUAL(r, table[i].wanted);
	}
}
#define CHECK_TABLE(table) check_table(table, sizeof(table) / sizeof((table)[0]))

static void test_common(void)
{
	static const struct spoiled table[] = {
		{ GUARD_TRUST_TIMESTAMP, "_type", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "_type", "\"snapshot\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "_type", "7", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "spec_version", NULL, -GUARD_E_VERSION },
		{ GUARD_TRUST_TIMESTAMP, "spec_version", "\"2.0.0\"", -GUARD_E_VERSION },
		{ GUARD_TRUST_TIMESTAMP, "spec_version", "\"1.\"", -GUARD_E_VERSION },
		{ GUARD_TRUST_TIMESTAMP, "spec_version", "\"10.0\"", -GUARD_E_VERSION },
		{ GUARD_TRUST_TIMESTAMP, "spec_version", "\"1.0.99\"", 0 },
		{ GUARD_TRUST_TIMESTAMP, "version", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "version", "0", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "version", "-1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "version", "1.0", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "version", "\"1\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "version", "9223372036854775807", 0 },
		{ GUARD_TRUST_TIMESTAMP, "expires", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "\"never\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "\"2030-02-30T00:00:00Z\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "\"2030-01-01T00:00:00+00:00\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "\"2030-01-01 00:00:00Z\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "\"2030-01-01T00:00:00Z \"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "expires", "1893456000", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "x-unknown", "{\"a\":[1]}", 0 },
	};

	CHECK_TABLE(table);
}

static void test_root(void)
{
	static const struct spoiled table[] = {
		{ GUARD_TRUST_ROOT, "keys", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "keys", "[]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "keys|x", "7", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "keys|x", "{\"keytype\":\"unknown\"}", 0 },
		{ GUARD_TRUST_ROOT, "roles", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|timestamp", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|snapshot", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|targets", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|mirrors", "{\"keyids\":[],\"threshold\":1}", 0 },
		{ GUARD_TRUST_ROOT, "roles|root|threshold", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|threshold", "0", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|threshold", "-1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|threshold", "\"1\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|keyids", "\"abc\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|keyids", "[1]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|keyids", "[\"a\",\"b\",\"a\"]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "roles|root|keyids", "[\"a\",\"b\"]", 0 },
		{ GUARD_TRUST_ROOT, "consistent_snapshot", "1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_ROOT, "consistent_snapshot", NULL, 0 },
	};

	CHECK_TABLE(table);
}

static void test_meta(void)
{
	static const struct spoiled table[] = {
		{ GUARD_TRUST_TIMESTAMP, "meta", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "meta", "[]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "meta|snapshot.json", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TIMESTAMP, "meta|targets.json", "{\"version\":1}", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json", "1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|version", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|version", "0", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|length", "-1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|length", "\"9\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|length", "9", 0 },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|hashes", "[]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_SNAPSHOT, "meta|targets.json|hashes", "{\"md5\":\"00\"}", -GUARD_E_UNSUPPORTED },
		{ GUARD_TRUST_SNAPSHOT, "meta|other.json", "{\"version\":-3}", -GUARD_E_FORMAT },
	};

	CHECK_TABLE(table);
}

static void test_targets(void)
{
	static const struct spoiled table[] = {
		{ GUARD_TRUST_TARGETS, "targets", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets", "[]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file", "7", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|length", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|length", "-1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|hashes", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|hashes", "{}", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|hashes", "{\"md5\":\"00\"}", -GUARD_E_UNSUPPORTED },
		{ GUARD_TRUST_TARGETS, "targets|file|custom", "7", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "targets|file|custom", "{\"a\":1}", 0 },
		{ GUARD_TRUST_TARGETS, "delegations", "[]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations", NULL, 0 },
		{ GUARD_TRUST_TARGETS, "delegations|keys", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles", "{}", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|succinct_roles", "{}", -GUARD_E_FORMAT },
	};

	CHECK_TABLE(table);
}

static void test_delegated_roles(void)
{
	static const struct spoiled table[] = {
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|name", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|name", "\"\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|name", "\"root\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|name", "\"targets\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|name", "\"../../root\"", 0 },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|threshold", "0", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|keyids", NULL, -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|terminating", "1", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|terminating", NULL, 0 },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|paths", "\"*\"", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|paths", "[1]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|paths", NULL, 0 },
		{ GUARD_TRUST_TARGETS, "delegations|roles|0|path_hash_prefixes", "[\"a\"]", -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations|roles",
		  "[{\"name\":\"a\",\"keyids\":[],\"threshold\":1},{\"name\":\"a\",\"keyids\":[],\"threshold\":1}]",
		  -GUARD_E_FORMAT },
	};

	CHECK_TABLE(table);
}

static void test_bins(void)
{
#define BINS(bits, prefix) \
	"{\"keys\":{},\"succinct_roles\":{\"keyids\":[],\"threshold\":1,\"bit_length\":" bits ",\"name_prefix\":" prefix "}}"
	static const struct spoiled table[] = {
		{ GUARD_TRUST_TARGETS, "delegations", BINS("0", "\"bin\""), -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations", BINS("33", "\"bin\""), -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations", BINS("\"8\"", "\"bin\""), -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations", BINS("8", "7"), -GUARD_E_FORMAT },
		{ GUARD_TRUST_TARGETS, "delegations", BINS("32", "\"bin\""), 0 },
	};

	CHECK_TABLE(table);
}

static int parse_text(const char *text, struct guard_trust_report *report)
{
	struct guard_trust_document *document = NULL;
	int r = guard_trust_document_parse(&document, GUARD_TRUST_ROOT, "root", text, strlen(text), report);

	guard_trust_document_free(document);
	return r;
}

static void test_envelope(void)
{
	struct guard_trust_report report;

	CU_ASSERT_EQUAL(parse_text("", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(parse_text("nonsense", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{},\"signed\":{}}", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(parse_text("{} {}", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(parse_text("{\"a\":\"\\u0000\"}", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(parse_text("[]", &report), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{}}", &report), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{},\"signatures\":{}}", &report), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{},\"signatures\":[{}]}", &report), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{},\"signatures\":[{\"keyid\":\"a\"}]}", &report), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(parse_text("{\"signed\":{},\"signatures\":[{\"keyid\":\"a\",\"sig\":\"\"},"
				   "{\"keyid\":\"a\",\"sig\":\"\"}]}", &report), -GUARD_E_FORMAT);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.text, "signature 2"));
	/* What is wrong is named by its place; the input is never quoted. */
	CU_ASSERT_EQUAL(parse_text("{\n\"\x1b[2J", &report), -GUARD_E_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(report.text, "line 2"));
	CU_ASSERT_PTR_NULL(strchr(report.text, '\x1b'));
}

static void test_many_signatures(void)
{
	GUARD_AUTO_JSON json_t *document = json_pack("{s[]s{}}", "signatures", "signed");
	struct guard_trust_report report;

	for (unsigned i = 0; i <= GUARD_TRUST_SIGNATURES_MAX; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%u", i);
		json_array_append_new(json_object_get(document, "signatures"), json_pack("{ssss}", "keyid", id, "sig", ""));
	}
	CU_ASSERT_EQUAL(parse_json(GUARD_TRUST_ROOT, document, &report), -GUARD_E_LIMIT);
}

static CU_TestInfo tests[] = {
	{ "envelope", test_envelope },
	{ "too many signatures", test_many_signatures },
	{ "fields of all roles", test_common },
	{ "root", test_root },
	{ "timestamp and snapshot", test_meta },
	{ "targets", test_targets },
	{ "delegated roles", test_delegated_roles },
	{ "succinct hash bins", test_bins },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust documents", tests)
