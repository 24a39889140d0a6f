/* SPDX-License-Identifier: MIT
 *
 * publish_test.c - the writing side of signed distribution: what is signed
 * verifies with the client's own code, for each kind of key; files are put in
 * place as a whole; fingerprints; and log lines that are none.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "publish/publish.h"
#include "repo/repo_seen.h"
#include "unit.h"

static char folder[] = "/tmp/guard-publish-XXXXXX";

static int say(void *context, char ret_text[PUBLISH_PASSPHRASE_MAX], const char *what, bool verify)
{
	(void)what;
	(void)verify;
	snprintf(ret_text, PUBLISH_PASSPHRASE_MAX, "%s", (const char *)context);
	return 0;
}

static json_t *document(void)
{
	return publish_envelope(publish_body("targets", 3, 1795000000));
}

static void sign_and_check(enum publish_key_type type, const char *path, const char *passphrase)
{
	struct publish_signer signer = { 0 }, again = { 0 };
	GUARD_AUTO_JSON json_t *signed_one = document(), *keys = json_array();

	CU_ASSERT_EQUAL_FATAL(publish_key_new(&signer, type, path, passphrase), 0);
	CU_ASSERT_EQUAL(publish_key_new(&again, type, path, NULL), -GUARD_E_EXISTS);
	if (passphrase)
		CU_ASSERT_EQUAL(publish_key_load(&again, path, say, (void *)"open barley"), -GUARD_E_DENIED);
	CU_ASSERT_EQUAL_FATAL(publish_key_load(&again, path, say, (void *)"open sesame"), 0);
	CU_ASSERT_STRING_EQUAL(signer.id, again.id);
	json_array_append(keys, signer.key);
	CU_ASSERT_EQUAL(publish_signature_count(signed_one, keys), 0);
	CU_ASSERT_EQUAL(publish_sign(signed_one, &again), 0);
	CU_ASSERT_EQUAL(publish_sign(signed_one, &signer), 0);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(signed_one, "signatures")), 1);
	CU_ASSERT_EQUAL(publish_signature_count(signed_one, keys), 1);
	json_object_set_new(json_object_get(signed_one, "signed"), "version", json_integer(4));
	CU_ASSERT_EQUAL(publish_signature_count(signed_one, keys), 0);
	publish_signer_clear(&signer);
	publish_signer_clear(&again);
	unlink(path);
}

static void test_keys(void)
{
	sign_and_check(PUBLISH_ED25519, "ed", "open sesame");
	sign_and_check(PUBLISH_P256, "ec", NULL);
	sign_and_check(PUBLISH_RSA, "rsa", NULL);
}

static void test_unsafe_key(void)
{
	struct publish_signer signer = { 0 };

	CU_ASSERT_EQUAL_FATAL(publish_key_new(&signer, PUBLISH_ED25519, "open", NULL), 0);
	publish_signer_clear(&signer);
	CU_ASSERT_EQUAL(chmod("open", 0640), 0);
	CU_ASSERT_EQUAL(publish_key_load(&signer, "open", say, (void *)""), -GUARD_E_UNSAFE);
	CU_ASSERT_EQUAL(publish_key_load(&signer, "none", say, (void *)""), -GUARD_E_IO);
	CU_ASSERT_EQUAL(truncate("open", 20), 0);
	CU_ASSERT_EQUAL(publish_key_load(&signer, "open", say, (void *)""), -GUARD_E_FORMAT);
	unlink("open");
}

static void test_same(void)
{
	GUARD_AUTO_JSON json_t *a = document(), *b = publish_envelope(publish_body("targets", 9, 1));
	GUARD_AUTO_JSON json_t *c = document();

	json_object_set_new(json_object_get(c, "signed"), "targets", json_object());
	CU_ASSERT_TRUE(publish_same(a, b));
	CU_ASSERT_FALSE(publish_same(a, c));
	CU_ASSERT_EQUAL(publish_version(b), 9);
	CU_ASSERT_EQUAL(publish_expires(a), 1795000000);
	CU_ASSERT_EQUAL(publish_version(NULL), 0);
	CU_ASSERT_EQUAL(publish_expires(NULL), INT64_MIN);
}

/* SHA-256 of {"a":1} begins with 015abd7f5cc57a2dd94b7590f0. */
static void test_fingerprint(void)
{
	GUARD_AUTO_JSON json_t *root = json_pack("{s:{s:i}}", "signed", "a", 1);
	char text[PUBLISH_FINGERPRINT_SIZE];

	CU_ASSERT_EQUAL(publish_fingerprint(text, root), 0);
	CU_ASSERT_STRING_EQUAL(text, "05DB-TZTW-RNX2-VPAB-EP8F");
}

static void test_files(void)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	char text[2000];
	size_t size = 0;

	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(publish_file_put_packed(here, "a/b/c", text, sizeof(text)), 0);
	CU_ASSERT_TRUE(publish_file_is_there(here, "a/b/c", sizeof(text)));
	CU_ASSERT_EQUAL(access("a/b/c.gz", F_OK), 0);
	CU_ASSERT_EQUAL(publish_file_write(here, "a/b/c", "new", 3), 0);
	CU_ASSERT_EQUAL(publish_file_read(&bytes, &size, here, "a/b/c", 2), -GUARD_E_LIMIT);
	CU_ASSERT_EQUAL(publish_file_read(&bytes, &size, here, "a/b/c", 3), 0);
	CU_ASSERT_EQUAL(size, 3);
	CU_ASSERT_NOT_EQUAL(publish_file_write(here, "a/b/c/d", "x", 1), 0);
	CU_ASSERT_EQUAL(publish_file_read(&bytes, &size, here, "a/none", 3), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(system("test -z \"$(find . -name '*.tmp')\" && test \"$(gzip -dc a/b/c.gz | wc -c)\" = 2000 && rm -r a"), 0);
	close(here);
}

static void test_pack_repeats(void)
{
	GUARD_AUTO_FREE uint8_t *a = NULL, *b = NULL;
	size_t a_size = 0, b_size = 0;

	CU_ASSERT_EQUAL(publish_pack(&a, &a_size, "some text, some text", 20), 0);
	CU_ASSERT_EQUAL(publish_pack(&b, &b_size, "some text, some text", 20), 0);
	CU_ASSERT_EQUAL_FATAL(a_size, b_size);
	CU_ASSERT_EQUAL(memcmp(a, b, a_size), 0);
}

/* ---- the check header ------------------------------------------------------------------- */

static void base64url(char *ret_text, const uint8_t *bytes, size_t size)
{
	char text[256];
	size_t at = 0;

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
	for (size_t i = 0; text[i] && text[i] != '='; i++)
		ret_text[at++] = text[i];
	ret_text[at] = '\0';
	for (char *letter = ret_text; *letter; letter++)
		*letter = *letter == '+' ? '-' : *letter == '/' ? '_' : *letter;
}

static void make_line_of(char *ret_line, size_t capacity, const char *host, const char *profile, int64_t offset)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t raw[32], signature[64];
	size_t raw_size = sizeof(raw), size = sizeof(signature);
	char key[64], sign[128], text[700], when[64];
	time_t now = 1795000000;
	struct tm tm;

	EVP_PKEY_get_raw_public_key(pkey, raw, &raw_size);
	base64url(key, raw, raw_size);
	snprintf(text, sizeof(text), "guard-check-1\nguard/1 k=%s h=%s o=osaka p=%s v=7.12.3.0 m=enforce s=ok t=%lld",
		 key, host, profile, (long long)now);
	EVP_DigestSignInit(context, NULL, NULL, NULL, pkey);
	EVP_DigestSign(context, signature, &size, (const uint8_t *)text, strlen(text));
	base64url(sign, signature, size);
	now += offset;
	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	snprintf(ret_line, capacity, "192.0.2.1 - - [%s] \"GET /metadata/timestamp.json HTTP/1.1\" 200 471 \"-\" \"%s x=%s\"\n",
		 when, strchr(text, '\n') + 1, sign);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
}

static void make_line(char *ret_line, size_t capacity, const char *host, int64_t offset)
{
	make_line_of(ret_line, capacity, host, "desktop", offset);
}

static void test_seen(void)
{
	char line[2048], *host;
	struct seen_check check;
	GUARD_AUTO_JSON json_t *machines = json_object();

	make_line(line, sizeof(line), "pc-01", 3);
	CU_ASSERT_EQUAL_FATAL(seen_parse(&check, line), SEEN_GOOD);
	CU_ASSERT_STRING_EQUAL(check.host, "pc-01");
	CU_ASSERT_STRING_EQUAL(check.office, "osaka");
	CU_ASSERT_EQUAL(check.snapshot, 7);
	CU_ASSERT_EQUAL(check.policy, 12);
	CU_ASSERT_EQUAL(check.deny, 0);
	seen_note(machines, &check);
	seen_note(machines, &check);
	CU_ASSERT_EQUAL(json_object_size(machines), 1);
	make_line_of(line, sizeof(line), "pc-02", "", 0); /* waits for its first policy */
	CU_ASSERT_EQUAL(seen_parse(&check, line), SEEN_GOOD);
	CU_ASSERT_STRING_EQUAL(check.profile, "");
	make_line(line, sizeof(line), "pc-01", 3);
	host = strstr(line, "pc-01");
	CU_ASSERT_PTR_NOT_NULL_FATAL(host);
	host[0] = 'q';
	CU_ASSERT_EQUAL(seen_parse(&check, line), SEEN_FORGED);
	make_line(line, sizeof(line), "pc-01", 3600); /* played again an hour later */
	CU_ASSERT_EQUAL(seen_parse(&check, line), SEEN_FORGED);
	make_line(line, sizeof(line), "pc\x1b[2J", 0); /* signed, and yet not for a terminal */
	CU_ASSERT_EQUAL(seen_parse(&check, line), SEEN_FORGED);
}

static void test_seen_bad(void)
{
	static const char *const lines[] = { "", "\n", "GET / curl/8", "[x] \"guard/1 k=\"", "guard/1 k= h= x=",
					     "guard/1 k=a h=b o=c p=d v=1.2.3 m=e s=f t=1 x=",
					     "guard/1 k=a h=b o=c p=d v=99999999999999999999.2.3.4 m=e s=f t=1 x=AA" };
	char line[2048];
	struct seen_check check;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CU_ASSERT_NOT_EQUAL(seen_parse(&check, lines[i]), SEEN_GOOD);
	make_line(line, sizeof(line), "pc-01", 0);
	for (size_t length = strlen(line) - 4; length > 0; length--) {
		line[length] = '\0';
		CU_ASSERT_NOT_EQUAL(seen_parse(&check, line), SEEN_GOOD);
	}
}

static void test_set_up(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
}

static void test_clean_up(void)
{
	CU_ASSERT_EQUAL(chdir("/"), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static CU_TestInfo tests[] = { { "set up", test_set_up },
			       { "keys", test_keys },
			       { "a key that others read", test_unsafe_key },
			       { "what documents say", test_same },
			       { "fingerprint", test_fingerprint },
			       { "files", test_files },
			       { "packing repeats", test_pack_repeats },
			       { "a check in a log", test_seen },
			       { "log lines that are none", test_seen_bad },
			       { "clean up", test_clean_up },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("publish", tests)
