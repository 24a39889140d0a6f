/* SPDX-License-Identifier: MIT
 *
 * compile/describe.c - lists the programs of an image and puts its rules into
 * words.  Reads the checked image only.
 */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "identity/certificate.h"
#include "identity/openpgp.h"
#include "policy/glob.h"
#include "policy/policy.h"

static struct guard_rule_list rules_of(const struct guard_policy *policy, size_t digest)
{
	struct guard_rule_list list;

	guard_policy_rules_of_digest(policy, &list, &policy->digests[digest]);
	return list;
}

size_t guard_policy_listed_count(const struct guard_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->digest_count; i++)
		count += rules_of(policy, i).count;
	return count;
}

void guard_policy_listed(struct guard_listed *ret_listed, const struct guard_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->digest_count; i++) {
		struct guard_rule_list list = rules_of(policy, i);
		const char *name = policy->digest_names ? guard_policy_string(policy, policy->digest_names[i]) : "";

		for (uint32_t j = 0; j < list.count; j++)
			ret_listed[count++] = (struct guard_listed){ policy->digests[i], name, list.rules[j] };
	}
}

/* ---- words --------------------------------------------------------------------- */

static void put_list(FILE *out, const struct guard_policy *policy, const char *what, uint32_t list)
{
	uint32_t count = guard_policy_list_count(policy, list);

	for (uint32_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? ", " : what, guard_policy_string(policy, guard_policy_list_entry(policy, list, i)));
}

static void put_mask(FILE *out, const char *what, uint8_t mask, bool media)
{
	const char *before = what;

	for (unsigned i = 0; i < 8; i++) {
		if (!(mask >> i & 1))
			continue;
		fprintf(out, "%s%s", before,
			media ? guard_medium_name((enum guard_medium)i) : guard_kind_name((enum guard_kind)i));
		before = ", ";
	}
}

static void put_signers(FILE *out, const struct guard_policy *policy, uint32_t rule)
{
	const char *before = " signed by ";

	for (size_t i = 0; i < policy->signer_count; i++) {
		struct guard_signer signer = { .provider = (uint8_t)policy->signers[i].provider };
		struct guard_digest key;
		struct guard_rule_list list;
		char hex[GUARD_DIGEST_HEX_SIZE];

		memcpy(signer.key_id, policy->signers[i].key_id, sizeof(signer.key_id));
		memcpy(key.bytes, policy->signers[i].key_id, sizeof(key.bytes));
		guard_policy_rules_of_signer(policy, &list, &signer);
		for (uint32_t j = 0; j < list.count; j++) {
			if (list.rules[j] != rule)
				continue;
			if (signer.provider == GUARD_PROVIDER_PACKAGE)
				guard_openpgp_key_id_format(hex, signer.key_id);
			else
				guard_digest_format(hex, &key);
			fprintf(out, "%s%s %s", before, guard_provider_name((enum guard_provider)signer.provider), hex);
			before = ", ";
		}
	}
}

static void put_time(FILE *out, const struct guard_image_rule *rule)
{
	char text[GUARD_TIME_TEXT_SIZE];

	if (rule->valid_from != INT64_MIN) {
		guard_time_format(text, rule->valid_from);
		fprintf(out, ", from %s", text);
	}
	if (rule->valid_until != INT64_MAX) {
		guard_time_format(text, rule->valid_until);
		fprintf(out, ", until %s", text);
	}
}

char *guard_policy_rule_words(const struct guard_policy *policy, uint32_t index)
{
	const struct guard_image_rule *rule = &policy->rules[index];
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s%s", guard_action_name((enum guard_action)rule->action), rule->origin ? " (exception)" : "");
	if (rule->flags & GUARD_RULE_UNLOCKABLE)
		fputs(" unless unlocked", out);
	if (rule->flags & GUARD_RULE_HAS_DIGESTS)
		fputs(" listed content", out);
	if (rule->flags & GUARD_RULE_HAS_SIGNERS)
		put_signers(out, policy, index);
	put_list(out, policy, ", of packages ", rule->packages);
	if (rule->min_version)
		fprintf(out, ", version %s or later", guard_policy_string(policy, rule->min_version));
	if (rule->below_version)
		fprintf(out, ", earlier than version %s", guard_policy_string(policy, rule->below_version));
	put_list(out, policy, " in ", rule->paths);
	put_mask(out, ", of kind ", rule->kinds, false);
	put_mask(out, ", on media ", rule->media, true);
	put_list(out, policy, ", for users ", rule->users);
	put_list(out, policy, ", for groups ", rule->groups);
	put_list(out, policy, ", started by ", rule->parents);
	put_list(out, policy, ", in offices ", rule->offices);
	put_list(out, policy, ", on hosts ", rule->hosts);
	put_time(out, rule);
	if (fclose(out) == 0)
		return words;
	free(words);
	return NULL;
}

char *guard_policy_interpreter_words(const struct guard_policy *policy, uint32_t index)
{
	static const char *const scripts[] = { "argument", "text", "suffix", "module" };
	static const char *const inlines[] = { "allow", "log", "deny" };
	const struct guard_image_interpreter *interpreter = &policy->interpreters[index];
	char *words = NULL;
	size_t size = 0, contents = 0;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	fputs(guard_policy_string(policy, interpreter->name), out);
	put_list(out, policy, ": programs ", interpreter->programs);
	for (unsigned i = 0; i < 4; i++)
		if (interpreter->scripts >> i & 1)
			fprintf(out, ", scripts by %s", scripts[i]);
	put_list(out, policy, ", suffixes ", interpreter->suffixes);
	put_list(out, policy, ", data in ", interpreter->data);
	for (size_t i = 0; i < policy->interpreter_digest_count; i++)
		contents += policy->interpreter_digests[i].interpreter == index;
	if (contents)
		fprintf(out, ", programs by content: %zu", contents);
	fprintf(out, ", options \"%s\", inline %s, standard input %s",
		guard_policy_string(policy, interpreter->options), inlines[interpreter->inline_code % 3],
		inlines[interpreter->standard_input % 3]);
	if (fclose(out) == 0)
		return words;
	free(words);
	return NULL;
}

char *guard_policy_containment_words(const struct guard_policy *policy, uint32_t containment, const char **ret_name)
{
	const struct guard_image_containment *record;
	char *words = NULL;
	size_t size = 0;
	FILE *out = containment < policy->containment_count ? open_memstream(&words, &size) : NULL;

	if (!out)
		return NULL;
	record = &policy->containments[containment];
	fprintf(out, "%s: %s", guard_policy_string(policy, record->name), record->deny ? "deny" : "log");
	put_list(out, policy, ", programs ", record->programs);
	put_list(out, policy, ", may start ", record->may_start);
	put_list(out, policy, ", may not write ", record->places);
	*ret_name = guard_policy_string(policy, record->name);
	if (fclose(out) == 0)
		return words;
	free(words);
	return NULL;
}

char *guard_policy_certificate_words(const struct guard_policy *policy, size_t certificate)
{
	static const char *const types[GUARD_CERTIFICATE_MAX_] = { "", "key", "certificate with the key",
								   "revocation list by the key" };
	const struct guard_image_certificate *record;
	struct guard_digest key, content;
	char hex[GUARD_DIGEST_HEX_SIZE], of[GUARD_DIGEST_HEX_SIZE], *words = NULL;

	if (certificate >= policy->certificate_count)
		return NULL;
	record = &policy->certificates[certificate];
	if (guard_digest_bytes(&content, &policy->certificate_bytes[record->der], record->der_size) < 0)
		return NULL;
	memcpy(key.bytes, record->key_id, sizeof(key.bytes));
	guard_digest_format(hex, &key);
	guard_digest_format(of, &content);
	if (asprintf(&words, "%s %s%s%s%.12s%s", types[record->type % GUARD_CERTIFICATE_MAX_], hex,
		     record->flags & GUARD_IMAGE_CERTIFICATE_STAMPS ? ", for time stamps" : "",
		     record->der_size ? ", content " : "", record->der_size ? of : "",
		     record->flags & GUARD_IMAGE_CERTIFICATE_CA ? ", an authority" : "") < 0)
		return NULL;
	return words;
}

bool guard_policy_asks_signers(const struct guard_policy *policy, enum guard_provider provider)
{
	for (size_t i = 0; i < policy->signer_count; i++)
		if (provider == GUARD_PROVIDER_NONE || policy->signers[i].provider == (uint32_t)provider)
			return true;
	return false;
}

/* Rule in the upper half of `at`, pattern in the lower. */
bool guard_policy_next_folder(const struct guard_policy *policy, char *ret_folder, size_t size, uint64_t *at)
{
	uint32_t rule = (uint32_t)(*at >> 32), pattern = (uint32_t)*at;

	for (; rule < policy->rule_count; rule++, pattern = 0) {
		const struct guard_image_rule *record = &policy->rules[rule];
		const char *text;

		if (record->action != GUARD_ALLOW || !(record->flags & GUARD_RULE_BY_PATH) ||
		    pattern >= guard_policy_list_count(policy, record->paths))
			continue;
		text = guard_policy_string(policy, guard_policy_list_entry(policy, record->paths, pattern));
		snprintf(ret_folder, size, "/%.*s", (int)(guard_glob_prefix(text) ? guard_glob_prefix(text) - 1 : 0), &text[1]);
		*at = (uint64_t)rule << 32 | (pattern + 1);
		return true;
	}
	return false;
}

const char *guard_policy_reader(const struct guard_policy *policy, uint32_t index)
{
	if (index >= guard_policy_list_count(policy, policy->meta->readers))
		return NULL;
	return guard_policy_string(policy, guard_policy_list_entry(policy, policy->meta->readers, index));
}
