/* SPDX-License-Identifier: MIT
 *
 * signer_package - the pure parts of the package provider: the order of
 * versions, key files, the attribution table.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity/attribution.h"
#include "identity/openpgp.h"
#include "identity/version.h"

/* ---- versions ------------------------------------------------------------------ */

static void test_versions_in_order(void)
{
	static const char *const rising[] = {
		"0~~", "0~~a", "0~", "0", "0.1", "1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1.1", "1.0-2", "1.0-10",
		"1.0a-1", "1.0+dfsg-1", "1.2.3-1~deb12u1", "1.2.3-1", "1.2.3-1+deb12u2", "1.2.3-1+deb12u10", "1.10-1",
		"2", "1:0.1", "1:1-1", "2:0~", "10:0",
	};

	for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++)
		for (size_t j = 0; j < sizeof(rising) / sizeof(rising[0]); j++) {
			int order = guard_version_compare(rising[i], rising[j]);

			CU_ASSERT((order > 0) - (order < 0) == (i > j) - (i < j));
		}
	CU_ASSERT(guard_version_compare("1.0-0", "1.0") == 0);
	CU_ASSERT(guard_version_compare("0:1.01-1", "1.1-1") == 0);
	CU_ASSERT(guard_version_compare("1.00000000000000000000000000000001", "1.2") < 0);
	CU_ASSERT(guard_version_compare("99999999999999999999999999999999", "100000000000000000000000000000000") < 0);
}

static void test_versions_valid(void)
{
	CU_ASSERT(guard_version_is_valid("1:9.2p1-2+deb12u3"));
	CU_ASSERT(guard_version_is_valid("2.36-9+deb12u10~bpo1"));
	CU_ASSERT(!guard_version_is_valid(""));
	CU_ASSERT(!guard_version_is_valid("latest"));
	CU_ASSERT(!guard_version_is_valid(":1"));
	CU_ASSERT(!guard_version_is_valid("a:1"));
	CU_ASSERT(!guard_version_is_valid("1 2"));
	CU_ASSERT(!guard_version_is_valid("-1"));
}

/* ---- keys ------------------------------------------------------------------------ */

/* Two version 4 keys as gpg writes them, cut down to a packet or two each; the
 * fingerprints are the hashes of the packets themselves. */
static const uint8_t two_keys[] = {
	0x98, 0x06, 4, 1, 2, 3, 4, 1,          /* old format, public key */
	0xb4, 0x02, 'a', 'b',                  /* user id */
	0xc6, 0x07, 4, 9, 9, 9, 9, 22, 0,      /* new format, public key */
	0xce, 0x01, 4,                         /* subkey */
};

static void test_keys_walk(void)
{
	struct guard_openpgp_key first, second, none;
	struct guard_reader reader;

	guard_reader_init(&reader, two_keys, sizeof(two_keys));
	CU_ASSERT_EQUAL(guard_openpgp_next(&first, &reader), 0);
	CU_ASSERT(first.offset == 0 && first.size == 12);
	CU_ASSERT_EQUAL(guard_openpgp_next(&second, &reader), 0);
	CU_ASSERT(second.offset == 12 && second.size == sizeof(two_keys) - 12);
	CU_ASSERT(memcmp(first.key_id, second.key_id, GUARD_KEY_ID_SIZE) != 0);
	CU_ASSERT_EQUAL(guard_openpgp_next(&none, &reader), -GUARD_E_NOT_FOUND);
}

static void test_keys_cut(void)
{
	for (size_t size = 1; size < sizeof(two_keys); size++) {
		struct guard_openpgp_key key;
		struct guard_reader reader;
		int r;

		guard_reader_init(&reader, two_keys, size);
		while ((r = guard_openpgp_next(&key, &reader)) == 0)
			CU_ASSERT(key.offset + key.size <= size);
		CU_ASSERT(r == -GUARD_E_FORMAT || r == -GUARD_E_NOT_FOUND);
	}
}

static void test_keys_refused(void)
{
	static const uint8_t subkey_first[] = { 0xce, 0x01, 4 }, version3[] = { 0x98, 0x02, 3, 0 },
			     partial[] = { 0xc6, 0xe1, 4, 4 }, indefinite[] = { 0x9b, 4 }, text[] = "hello";
	static const struct {
		const uint8_t *bytes;
		size_t size;
		int error;
	} cases[] = {
		{ subkey_first, sizeof(subkey_first), -GUARD_E_FORMAT },
		{ version3, sizeof(version3), -GUARD_E_UNSUPPORTED },
		{ partial, sizeof(partial), -GUARD_E_UNSUPPORTED },
		{ indefinite, sizeof(indefinite), -GUARD_E_UNSUPPORTED },
		{ text, sizeof(text), -GUARD_E_FORMAT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guard_openpgp_key key;
		struct guard_reader reader;

		guard_reader_init(&reader, cases[i].bytes, cases[i].size);
		CU_ASSERT_EQUAL(guard_openpgp_next(&key, &reader), cases[i].error);
	}
}

static void test_keys_armour(void)
{
	static const char armoured[] = "a note in front\n-----BEGIN PGP PUBLIC KEY BLOCK-----\r\nVersion: x\n\n"
				       "mAYEAQIDBAG0\r\nAmFi\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
	static const char *const bad[] = { "", "no armour", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n",
					   "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nA=AA\n-----END PGP PUBLIC KEY "
					   "BLOCK-----\n",
					   "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n<b>x\n-----END PGP PUBLIC KEY "
					   "BLOCK-----\n" };
	uint8_t *bytes = NULL;
	size_t size = 0;

	CU_ASSERT_EQUAL(guard_openpgp_binary(&bytes, &size, armoured, sizeof(armoured) - 1), 0);
	CU_ASSERT(size == 12 && memcmp(bytes, two_keys, 12) == 0);
	free(bytes);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(guard_openpgp_binary(&bytes, &size, bad[i], strlen(bad[i])), -GUARD_E_FORMAT);
}

static void test_key_ids(void)
{
	static const char v4[] = "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8";
	uint8_t id[GUARD_KEY_ID_SIZE];
	char text[GUARD_DIGEST_HEX_SIZE];

	CU_ASSERT_EQUAL(guard_openpgp_key_id_parse(id, v4, strlen(v4)), 0);
	guard_openpgp_key_id_format(text, id);
	CU_ASSERT(strcasecmp(text, v4) == 0);
	CU_ASSERT_EQUAL(guard_openpgp_key_id_parse(id, v4, strlen(v4) - 1), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(guard_openpgp_key_id_parse(id, "zz", 2), -GUARD_E_SYNTAX);
}

/* ---- the table --------------------------------------------------------------------- */

static struct guard_digest digest_of(unsigned number)
{
	struct guard_digest digest;

	CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&digest, &number, sizeof(number)), 0);
	return digest;
}

static int sealed(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("table", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	CU_ASSERT_EQUAL_FATAL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), 0);
	return fd;
}

static int open_bytes(struct guard_attribution **ret_table, const uint8_t *bytes, size_t size)
{
	int fd = sealed(bytes, size), r = guard_attribution_open(ret_table, fd);

	close(fd);
	return r;
}

static void begin(struct guard_attribution_builder *builder, const char *name, const char *version, unsigned deb,
		  unsigned key)
{
	const struct guard_attribution_new_package package = {
		.name = name, .version = version, .architecture = "amd64", .deb = digest_of(deb),
		.keys = { digest_of(key) }, .key_count = 1,
	};

	CU_ASSERT_EQUAL_FATAL(guard_attribution_begin_package(builder, &package), 0);
}

static void add(struct guard_attribution_builder *builder, unsigned from, unsigned until)
{
	for (unsigned i = from; i < until; i++) {
		struct guard_digest digest = digest_of(i);

		CU_ASSERT_EQUAL_FATAL(guard_attribution_add_digest(builder, &digest), 0);
	}
}

static struct guard_attribution *finish(struct guard_attribution_builder *builder)
{
	struct guard_attribution *table = NULL;
	uint8_t *bytes = NULL;
	size_t size = 0;

	CU_ASSERT_EQUAL_FATAL(guard_attribution_build(&bytes, &size, builder), 0);
	guard_attribution_builder_free(builder);
	CU_ASSERT_EQUAL_FATAL(open_bytes(&table, bytes, size), 0);
	free(bytes);
	return table;
}

static struct guard_attribution *small_table(void)
{
	struct guard_attribution_builder *builder = NULL;
	struct guard_digest key = digest_of(900);

	CU_ASSERT_EQUAL_FATAL(guard_attribution_builder_new(&builder, NULL), 0);
	begin(builder, "hello", "2.10-3", 500, 900);
	add(builder, 1, 20);
	begin(builder, "other", "1.0", 501, 901);
	add(builder, 10, 30);
	CU_ASSERT_EQUAL(guard_attribution_note_release(builder, &key, "Debian/stable", 1000), 0);
	CU_ASSERT_EQUAL(guard_attribution_note_release(builder, &key, "Debian/stable", 900), 0);
	return finish(builder);
}

static size_t signers_of(const struct guard_attribution *table, struct guard_signer *ret_signers, unsigned number)
{
	struct guard_digest digest = digest_of(number);

	return guard_attribution_signers(table, ret_signers, GUARD_SIGNERS_MAX, &digest);
}

static void test_table_lookup(void)
{
	struct guard_attribution *table = small_table();
	struct guard_signer signers[GUARD_SIGNERS_MAX];
	struct guard_digest key = digest_of(900), deb = digest_of(500), other = digest_of(901);

	CU_ASSERT_EQUAL(signers_of(table, signers, 0), 0);
	CU_ASSERT_EQUAL(signers_of(table, signers, 30), 0);
	CU_ASSERT_EQUAL_FATAL(signers_of(table, signers, 1), 1);
	CU_ASSERT_EQUAL(signers[0].provider, GUARD_PROVIDER_PACKAGE);
	CU_ASSERT(memcmp(signers[0].key_id, key.bytes, GUARD_KEY_ID_SIZE) == 0);
	CU_ASSERT_STRING_EQUAL(signers[0].name, "hello");
	CU_ASSERT_STRING_EQUAL(signers[0].version, "2.10-3");
	CU_ASSERT_EQUAL(signers_of(table, signers, 15), 2);
	CU_ASSERT(guard_attribution_has_package(table, &deb, &key, 1));
	CU_ASSERT(!guard_attribution_has_package(table, &deb, &other, 1));
	CU_ASSERT_EQUAL(guard_attribution_release_date(table, &key, "Debian/stable"), 1000);
	CU_ASSERT_EQUAL(guard_attribution_release_date(table, &key, "Debian/testing"), INT64_MIN);
	CU_ASSERT_EQUAL(guard_attribution_signers(NULL, signers, 1, &key), 0);
	guard_attribution_free(table);
}

/* The newest versions stay, what they replace goes, nothing of others is lost. */
static void test_table_upgrades(void)
{
	struct guard_attribution *table = small_table();
	struct guard_signer signers[GUARD_SIGNERS_MAX];

	for (unsigned i = 0; i < 3; i++) {
		struct guard_attribution_builder *builder = NULL;
		struct guard_attribution *next;
		char version[32];

		snprintf(version, sizeof(version), "2.%u", 11 + i);
		CU_ASSERT_EQUAL_FATAL(guard_attribution_builder_new(&builder, table), 0);
		begin(builder, "hello", version, 600 + i, 900);
		add(builder, 100 * (i + 1), 100 * (i + 1) + 5);
		next = finish(builder);
		guard_attribution_free(table);
		table = next;
		CU_ASSERT_EQUAL(signers_of(table, signers, 1), i < 2 ? 1 : 0);
	}
	CU_ASSERT_EQUAL(signers_of(table, signers, 15), 1);
	CU_ASSERT_STRING_EQUAL(signers[0].name, "other");
	CU_ASSERT_EQUAL(signers_of(table, signers, 304), 1);
	CU_ASSERT_STRING_EQUAL(signers[0].version, "2.13");
	guard_attribution_free(table);
}

static void test_table_taken_back(void)
{
	struct guard_attribution_builder *builder = NULL;
	struct guard_attribution *table;
	struct guard_signer signers[GUARD_SIGNERS_MAX];

	CU_ASSERT_EQUAL_FATAL(guard_attribution_builder_new(&builder, NULL), 0);
	begin(builder, "a", "1", 1, 900);
	add(builder, 1, 5);
	begin(builder, "b", "1", 2, 900);
	add(builder, 5, 9);
	guard_attribution_drop_package(builder);
	table = finish(builder);
	CU_ASSERT_EQUAL(signers_of(table, signers, 4), 1);
	CU_ASSERT_EQUAL(signers_of(table, signers, 5), 0);
	guard_attribution_free(table);
}

/* As many digests as fit; one more is refused, and what was there stays. */
static void test_table_of_a_million(void)
{
	const unsigned packages = 256, each = GUARD_ATTRIBUTION_DIGESTS_MAX / packages;
	struct guard_attribution_builder *builder = NULL;
	struct guard_attribution *table;
	struct guard_signer signers[GUARD_SIGNERS_MAX];
	struct guard_digest digest = { { 0 } };
	uint8_t *bytes = NULL;
	size_t size = 0;

	CU_ASSERT_EQUAL_FATAL(guard_attribution_builder_new(&builder, NULL), 0);
	for (unsigned i = 0; i < packages; i++) {
		char name[32];

		snprintf(name, sizeof(name), "package-%u", i);
		begin(builder, name, "1", 5000 + i, 900);
		for (unsigned j = 0; j < each; j++) {
			const unsigned number = (i * each + j) * 2654435761u; /* in no order, none twice */

			memcpy(digest.bytes, &number, sizeof(number));
			CU_ASSERT_EQUAL_FATAL(guard_attribution_add_digest(builder, &digest), 0);
		}
	}
	table = finish(builder);
	CU_ASSERT_EQUAL(table->header->digest_count, GUARD_ATTRIBUTION_DIGESTS_MAX);
	CU_ASSERT(table->size < GUARD_ATTRIBUTION_SIZE_MAX);
	printf("(%zu MiB) ", table->size >> 20);
	CU_ASSERT_EQUAL_FATAL(guard_attribution_signers(table, signers, GUARD_SIGNERS_MAX, &digest), 1);
	CU_ASSERT_STRING_EQUAL(signers[0].name, "package-255");
	CU_ASSERT_EQUAL_FATAL(guard_attribution_builder_new(&builder, table), 0);
	begin(builder, "more", "1", 4000, 900);
	digest.bytes[31] = 1;
	if (guard_attribution_add_digest(builder, &digest) == 0)
		CU_ASSERT_EQUAL(guard_attribution_build(&bytes, &size, builder), -GUARD_E_LIMIT);
	guard_attribution_builder_free(builder);
	guard_attribution_free(table);
}

/* One flipped bit anywhere, one byte less, one more: refused. */
static void test_table_damaged(void)
{
	struct guard_attribution *good = small_table(), *bad = NULL;
	size_t size = good->size;
	uint8_t *bytes = malloc(size + 1);
	int fd;

	memcpy(bytes, good->bytes, size);
	bytes[size] = 0;
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		CU_ASSERT(open_bytes(&bad, bytes, size) < 0);
		bytes[i] ^= 0x10;
	}
	for (size_t cut = 0; cut < size; cut += 13)
		CU_ASSERT(open_bytes(&bad, bytes, cut) < 0);
	CU_ASSERT(open_bytes(&bad, bytes, size + 1) < 0);
	fd = memfd_create("open", MFD_CLOEXEC);
	CU_ASSERT_EQUAL(write(fd, bytes, size), (ssize_t)size);
	CU_ASSERT_EQUAL(guard_attribution_open(&bad, fd), -GUARD_E_UNSAFE);
	close(fd);
	free(bytes);
	guard_attribution_free(good);
}

/* A right checksum over wrong records: every reference is looked at. */
static void test_table_lies(void)
{
	struct guard_attribution *good = small_table(), *bad = NULL;
	size_t size = good->size, refused = 0;
	uint8_t *bytes = malloc(size);

	for (size_t i = GUARD_ATTRIBUTION_HEADER_SIZE; i < size; i++) {
		struct guard_attribution_header header;
		struct guard_digest sum;
		int r;

		memcpy(bytes, good->bytes, size);
		bytes[i] ^= 0xff;
		CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&sum, &bytes[sizeof(header)], size - sizeof(header)), 0);
		memcpy(&header, bytes, sizeof(header));
		memcpy(header.sha256, sum.bytes, sizeof(header.sha256));
		memcpy(bytes, &header, sizeof(header));
		r = open_bytes(&bad, bytes, size);
		refused += r < 0;
		if (r == 0) {
			struct guard_signer signers[GUARD_SIGNERS_MAX];

			for (unsigned j = 0; j < 32; j++)
				CU_ASSERT(signers_of(bad, signers, j) <= GUARD_SIGNERS_MAX);
			guard_attribution_free(bad);
		}
	}
	CU_ASSERT(refused > 100);
	free(bytes);
	guard_attribution_free(good);
}

static CU_TestInfo tests[] = {
	{ "versions: dpkg's order", test_versions_in_order },
	{ "versions: what can be one", test_versions_valid },
	{ "keys: two in a file", test_keys_walk },
	{ "keys: cut anywhere", test_keys_cut },
	{ "keys: refused", test_keys_refused },
	{ "keys: armour", test_keys_armour },
	{ "keys: fingerprints", test_key_ids },
	{ "table: lookup", test_table_lookup },
	{ "table: upgrades", test_table_upgrades },
	{ "table: a package taken back", test_table_taken_back },
	{ "a table of a million digests", test_table_of_a_million },
	{ "table: damaged", test_table_damaged },
	{ "table: lies", test_table_lies },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("signer_package", tests)
