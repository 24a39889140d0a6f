/* SPDX-License-Identifier: MIT
 *
 * package/gpgv_status.c - what gpgv's status lines mean.  One good signature by a
 * key of the keyring is enough; one bad one spoils all.  Pure.
 *
 * Of a signature beside its data, PLAINTEXT would say that gpgv verified something in
 * it and not the data, and class 01 (text) that line ends are not covered: neither counts.
 */
#include "package/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/openpgp.h"

#define PREFIX "[GNUPG:] "
#define WORDS_MAX 16u

struct words {
	char word[WORDS_MAX][96];
	unsigned count;
};

static void split(struct words *ret_words, const char *line, size_t length)
{
	ret_words->count = 0;
	for (size_t at = 0; at < length && ret_words->count < WORDS_MAX;) {
		size_t end = at;

		while (end < length && line[end] != ' ')
			end++;
		if (!package_word(ret_words->word[ret_words->count], sizeof(ret_words->word[0]), &line[at], end - at))
			return;
		ret_words->count++;
		at = end + 1;
	}
}

/* RFC 9580, 9.5: SHA-256, 384, 512, SHA3-256, SHA3-512. */
static bool is_strong(const char *algorithm)
{
	static const char *const strong[] = { "8", "9", "10", "12", "14" };

	for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++)
		if (strcmp(strong[i], algorithm) == 0)
			return true;
	return false;
}

static void add_key(struct package_signed *signed_by, const char *fingerprint)
{
	struct guard_digest key;

	if (signed_by->key_count == GUARD_ATTRIBUTION_PACKAGE_KEYS ||
	    guard_openpgp_key_id_parse(key.bytes, fingerprint, strlen(fingerprint)) < 0)
		return;
	for (size_t i = 0; i < signed_by->key_count; i++)
		if (guard_digest_compare(&signed_by->keys[i], &key) == 0)
			return;
	signed_by->keys[signed_by->key_count++] = key;
}

/* VALIDSIG fpr date timestamp expires version reserved key-algorithm
 * digest-algorithm class [primary-fpr], behind the GOODSIG of the same one. */
static void take_valid(struct package_signed *signed_by, const struct words *words, enum package_frame frame)
{
	if (words->count < 10 || !is_strong(words->word[8]))
		return;
	if (frame == PACKAGE_DETACHED && strcmp(words->word[9], "00") != 0)
		return;
	add_key(signed_by, words->count > 10 ? words->word[10] : words->word[1]);
}

int package_gpgv_status(struct package_signed *signed_by, const char *text, size_t size, enum package_frame frame,
			char *ret_problem, size_t problem_size)
{
	struct package_lines lines = { text, size, 0 };
	const char *line, *reason = "no key that the policy names has signed it";
	bool good = false, bad = false;
	unsigned plain = 0;
	size_t length;

	signed_by->key_count = 0;
	while (package_line(&lines, &line, &length)) {
		struct words words;

		if (length < sizeof(PREFIX) - 1 || memcmp(line, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		split(&words, &line[sizeof(PREFIX) - 1], length - sizeof(PREFIX) + 1);
		if (words.count == 0)
			continue;
		if (strcmp(words.word[0], "NEWSIG") == 0)
			good = false;
		plain += strcmp(words.word[0], "PLAINTEXT") == 0;
		bad |= strcmp(words.word[0], "BADSIG") == 0;
		if (strcmp(words.word[0], "EXPKEYSIG") == 0 || strcmp(words.word[0], "EXPSIG") == 0)
			reason = "the key or the signature has expired";
		if (strcmp(words.word[0], "REVKEYSIG") == 0)
			reason = "the key was revoked";
		good |= strcmp(words.word[0], "GOODSIG") == 0;
		if (good && strcmp(words.word[0], "VALIDSIG") == 0)
			take_valid(signed_by, &words, frame);
	}
	if (bad)
		reason = "it was changed after it was signed";
	if (!bad && plain == (frame == PACKAGE_CLEARSIGNED) && signed_by->key_count > 0)
		return 0;
	snprintf(ret_problem, problem_size, "%s", reason);
	return -GUARD_E_SIGNATURE;
}
