/* SPDX-License-Identifier: MIT
 *
 * repo/repo_seen_parse.c - one log line: find the header, check its form, its
 * signature and its time.
 */
#include "repo_seen.h"

#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/text.h"

#define START "guard/1 k="
#define DOMAIN "guard-check-1\n"

/* base64url without padding (RFC 4648, section 5); the size or -1. */
static ptrdiff_t decode(uint8_t *ret_bytes, size_t capacity, const char *text, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned held = 0;
	size_t size = 0;

	for (size_t i = 0; i < length; i++) {
		const char *found = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!found)
			return -1;
		bits = bits << 6 | (uint32_t)(found - alphabet);
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (size == capacity)
			return -1;
		ret_bytes[size++] = (uint8_t)(bits >> held);
	}
	return (ptrdiff_t)size;
}

static bool is_signed(const char *header, size_t signed_length, const char *key, const char *signature)
{
	char message[sizeof(DOMAIN) + SEEN_HEADER_MAX];
	uint8_t public[32], bytes[64];
	EVP_PKEY *pkey;
	EVP_MD_CTX *context;
	bool good = false;

	if (decode(public, sizeof(public), key, strlen(key)) != 32 ||
	    decode(bytes, sizeof(bytes), signature, strlen(signature)) != 64)
		return false;
	memcpy(message, DOMAIN, strlen(DOMAIN));
	memcpy(&message[strlen(DOMAIN)], header, signed_length);
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, sizeof(public));
	context = EVP_MD_CTX_new();
	if (pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1)
		good = EVP_DigestVerify(context, bytes, sizeof(bytes), (const uint8_t *)message,
					strlen(DOMAIN) + signed_length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	return good;
}

/* The value of ` N=`, which may be empty (the profile of a machine that waits for
 * its first policy); false when it is not there or too long. */
static bool field(char *ret_value, size_t capacity, const char *header, char name)
{
	const char start[] = { ' ', name, '=', '\0' };
	const char *found = strstr(header, start);
	size_t length = found ? strcspn(&found[3], " ") : 0;

	if (!found || length >= capacity)
		return false;
	memcpy(ret_value, &found[3], length);
	ret_value[length] = '\0';
	return true;
}

static bool number(uint64_t *ret_value, const char **text)
{
	size_t length = strspn(*text, "0123456789");

	if (guard_text_parse_u64(ret_value, *text, length, INT64_MAX) < 0)
		return false;
	*text = &(*text)[length];
	if (**text == '.')
		*text = &(*text)[1];
	return true;
}

static bool parse_versions(struct seen_check *check, const char *header)
{
	char versions[96];
	const char *at = versions;

	return field(versions, sizeof(versions), header, 'v') && number(&check->snapshot, &at) &&
	       number(&check->policy, &at) && number(&check->exceptions, &at) && number(&check->deny, &at) && !*at;
}

/* Nothing but what the format has: it goes to a terminal. */
static bool is_plain(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-%") == strlen(text);
}

static bool parse_fields(struct seen_check *check, const char *header)
{
	char time_text[24];
	uint64_t seconds;

	if (!field(check->key, sizeof(check->key), header, 'k') || !field(check->host, sizeof(check->host), header, 'h') ||
	    !field(check->office, sizeof(check->office), header, 'o') ||
	    !field(check->profile, sizeof(check->profile), header, 'p') ||
	    !field(check->mode, sizeof(check->mode), header, 'm') ||
	    !field(check->state, sizeof(check->state), header, 's') ||
	    !field(time_text, sizeof(time_text), header, 't') || !parse_versions(check, header) ||
	    guard_text_parse_u64(&seconds, time_text, strlen(time_text), INT64_MAX) < 0)
		return false;
	check->time = (int64_t)seconds;
	return is_plain(check->host) && is_plain(check->office) && is_plain(check->profile) && is_plain(check->mode) &&
	       is_plain(check->state);
}

/* "[22/Nov/2026:02:35:23 +0000]", the second a line has. */
static bool log_time(int64_t *ret_seconds, const char *line)
{
	const char *bracket = strchr(line, '[');
	struct tm tm = { 0 };
	const char *end = bracket ? strptime(&bracket[1], "%d/%b/%Y:%H:%M:%S %z", &tm) : NULL;
	long offset;

	if (!end || *end != ']')
		return false;
	offset = tm.tm_gmtoff; /* timegm(3) resets it */
	*ret_seconds = (int64_t)timegm(&tm) - offset;
	return true;
}

enum seen_result seen_parse(struct seen_check *ret_check, const char *line)
{
	const char *found = strstr(line, START), *mark;
	struct seen_check check = { 0 };
	char header[SEEN_HEADER_MAX + 1], signature[96];
	size_t length = found ? strcspn(found, "\"\n") : 0;
	int64_t logged;

	if (!found || length > SEEN_HEADER_MAX)
		return SEEN_OTHER;
	memcpy(header, found, length);
	header[length] = '\0';
	mark = strstr(header, " x=");
	if (!mark || !field(signature, sizeof(signature), header, 'x') || !parse_fields(&check, header) ||
	    !is_signed(header, (size_t)(mark - header), check.key, signature))
		return SEEN_FORGED;
	if (!log_time(&logged, line) || logged - check.time > SEEN_SKEW || check.time - logged > SEEN_SKEW)
		return SEEN_FORGED;
	*ret_check = check;
	return SEEN_GOOD;
}

void seen_note(json_t *machines, const struct seen_check *check)
{
	const json_t *row = json_object_get(machines, check->key);

	if (row && json_integer_value(json_object_get(row, "time")) > check->time)
		return;
	json_object_set_new(machines, check->key,
			    json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:I}", "id", check->key, "host",
				      check->host, "office", check->office, "profile", check->profile, "snapshot",
				      (json_int_t)check->snapshot, "policy", (json_int_t)check->policy, "exceptions",
				      (json_int_t)check->exceptions, "deny", (json_int_t)check->deny, "mode", check->mode,
				      "state", check->state, "time", (json_int_t)check->time));
}
