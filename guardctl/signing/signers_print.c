/* SPDX-License-Identifier: MIT
 *
 * signing/signers_print.c - what was found about a file, for people and programs.
 */
#include "signers.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "i18n.h"
#include "identity/openpgp.h"
#include "output.h"

static const char *const states[] = { "good", "unknown", "bad", "refused", "unreadable" };
static const char *const schemes[] = { "", "RSA", "ECDSA" };

static void format_key(char ret_hex[GUARD_DIGEST_HEX_SIZE], const struct signers_one *one)
{
	struct guard_digest id;

	memcpy(id.bytes, one->key, sizeof(id.bytes));
	if (one->provider == GUARD_PROVIDER_PACKAGE)
		guard_openpgp_key_id_format(ret_hex, one->key);
	else
		guard_digest_format(ret_hex, &id);
}

static void print_one(const struct signers_one *one)
{
	char hex[GUARD_DIGEST_HEX_SIZE], when[GUARD_TIME_TEXT_SIZE];

	printf("  %s: %s", guard_provider_name((enum guard_provider)one->provider), states[one->state]);
	if (one->where[0]) {
		fputs(", ", stdout);
		guardctl_put_escaped(one->where);
	}
	if (one->scheme)
		printf(", %s with %s", schemes[one->scheme], guard_hash_name((enum guard_hash)one->hash));
	if (one->subject[0]) {
		fputs(", by ", stdout);
		guardctl_put_escaped(one->subject);
	}
	if (one->has_key) {
		format_key(hex, one);
		printf("%s%s", one->subject[0] ? ", issued by the key " : ", key ", hex);
	}
	if (one->signed_at) {
		guard_time_format(when, one->signed_at);
		printf(", stamped %s", when);
	}
	if (one->reason[0]) {
		fputs(": ", stdout);
		guardctl_put_escaped(one->reason);
	}
	putchar('\n');
}

void signers_print_all(const struct signers_found *found)
{
	for (size_t i = 0; i < found->count; i++)
		print_one(&found->all[i]);
	if (found->count == 0)
		puts(_("  nobody has signed it"));
}

void signers_print(const char *path, const struct signers_found *found)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, &found->digest);
	guardctl_put_escaped(path);
	printf("\n  SHA-256 %s\n", hex);
	signers_print_all(found);
}

static json_t *one_json(const struct signers_one *one)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	format_key(hex, one);
	json_object_set_new(object, "provider", json_string(guard_provider_name((enum guard_provider)one->provider)));
	json_object_set_new(object, "state", json_string(states[one->state]));
	json_object_set_new(object, "scheme", json_string(schemes[one->scheme]));
	json_object_set_new(object, "hash", json_string(guard_hash_name((enum guard_hash)one->hash)));
	json_object_set_new(object, "key", one->has_key ? json_string(hex) : json_null());
	json_object_set_new(object, "subject", guardctl_json_text(one->subject));
	json_object_set_new(object, "where", guardctl_json_text(one->where));
	json_object_set_new(object, "stamped", one->signed_at ? guardctl_json_time(one->signed_at) : json_null());
	json_object_set_new(object, "reason", guardctl_json_text(one->reason));
	return object;
}

json_t *signers_json_all(const struct signers_found *found)
{
	json_t *all = json_array();

	for (size_t i = 0; i < found->count; i++)
		json_array_append_new(all, one_json(&found->all[i]));
	return all;
}

json_t *signers_json(const char *path, const struct signers_found *found)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	guard_digest_format(hex, &found->digest);
	json_object_set_new(object, "file", guardctl_json_text(path));
	json_object_set_new(object, "sha256", json_string(hex));
	json_object_set_new(object, "signatures", signers_json_all(found));
	return object;
}
