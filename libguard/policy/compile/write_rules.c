/* SPDX-License-Identifier: MIT
 *
 * compile/write_rules.c - the sections RULES, SIGNERS, PREFIXES and ALWAYS.
 */
#include <guard/verdict.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/glob.h"
#include "write.h"

static uint32_t rule_flags(const struct compile_rule *rule)
{
	return (rule->digest_count ? GUARD_RULE_HAS_DIGESTS : 0u) |
	       (rule->signer_count ? GUARD_RULE_HAS_SIGNERS : 0u) |
	       (compile_rule_by_path(rule) ? GUARD_RULE_BY_PATH : 0u) |
	       (rule->unlockable ? GUARD_RULE_UNLOCKABLE : 0u);
}

static uint32_t looks_at(const struct compile_image *image, const struct compile_rule *rule)
{
	const struct compile_conditions *conditions = &rule->conditions;
	bool lapses = rule->group->source->is_exception && image->compile->policy.expires != INT64_MAX;
	uint32_t flags = 0;

	if (rule->paths.count)
		flags |= GUARD_IMAGE_LOOKS_AT_PATH;
	if (conditions->users.count || conditions->groups.count || conditions->parents.count)
		flags |= GUARD_IMAGE_LOOKS_AT_SUBJECT;
	if (conditions->valid_from != INT64_MIN || conditions->valid_until != INT64_MAX || lapses)
		flags |= GUARD_IMAGE_LOOKS_AT_TIME;
	return flags;
}

static uint32_t location(struct compile_image *image, struct compile_place place)
{
	char file[GUARD_COMPILE_STRING_MAX + 1], text[GUARD_COMPILE_STRING_MAX + 32];

	guard_text_escape(file, sizeof(file), place.file, strlen(place.file));
	snprintf(text, sizeof(text), "%s:%u", file, place.line);
	return compile_pool_intern(image, text);
}

static void write_conditions(struct compile_image *image, const struct compile_rule *rule)
{
	struct guard_writer *section = &image->sections[GUARD_SECTION_RULES];
	const struct compile_conditions *conditions = &rule->conditions;

	guard_write_u32(section, compile_strings_value(image, &rule->paths));
	guard_write_u32(section, compile_strings_value(image, &conditions->users));
	guard_write_u32(section, compile_strings_value(image, &conditions->groups));
	guard_write_u32(section, compile_strings_value(image, &conditions->parents));
	guard_write_u32(section, compile_strings_value(image, &conditions->offices));
	guard_write_u32(section, compile_strings_value(image, &conditions->hosts));
	guard_write_i64(section, conditions->valid_from);
	guard_write_i64(section, conditions->valid_until);
}

static void write_rule(struct compile_image *image, const struct compile_rule *rule)
{
	static const uint8_t zero[16];
	struct guard_writer *section = &image->sections[GUARD_SECTION_RULES];
	const struct compile_group *group = rule->group;

	guard_write_u8(section, rule->action);
	guard_write_u8(section, group->source->is_exception);
	guard_write_u8(section, rule->conditions.kinds);
	guard_write_u8(section, rule->conditions.media);
	guard_write_u32(section, rule_flags(rule));
	write_conditions(image, rule);
	guard_write_u32(section, compile_pool_intern(image, group->source->is_exception ? group->source->id :
											     image->compile->policy.id));
	guard_write_u32(section, compile_pool_intern(image, group->name));
	guard_write_u32(section, compile_pool_intern(image, rule->note[0] ? rule->note : group->note));
	guard_write_u32(section, compile_pool_intern(image, rule->url[0] ? rule->url : group->url));
	guard_write_u32(section, location(image, rule->place));
	guard_write_u32(section, compile_strings_value(image, &rule->packages));
	guard_write_u32(section, compile_pool_intern(image, rule->min_version));
	guard_write_u32(section, compile_pool_intern(image, rule->below_version));
	guard_write_bytes(section, zero, sizeof(zero));
	image->flags |= looks_at(image, rule);
}

void compile_write_rules(struct compile_image *image)
{
	for (size_t i = 0; i < image->compile->rule_array.count; i++)
		write_rule(image, &image->compile->rules[i]);
}

/* ---- signers -------------------------------------------------------------------- */

struct signed_rule {
	const struct compile_signer *signer;
	uint32_t rule;
};

static int compare_signers(const struct compile_signer *a, const struct compile_signer *b)
{
	if (a->provider != b->provider)
		return a->provider < b->provider ? -1 : 1;
	return memcmp(a->key_id, b->key_id, sizeof(a->key_id));
}

static int by_signer(const void *a, const void *b)
{
	const struct signed_rule *x = a, *y = b;
	int order = compare_signers(x->signer, y->signer);

	return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static size_t collect_signers(struct signed_rule *found, const struct guard_compile *compile)
{
	size_t count = 0;

	for (uint32_t i = 0; i < compile->rule_array.count; i++)
		for (uint32_t j = 0; j < compile->rules[i].signer_count; j++) {
			if (found)
				found[count] = (struct signed_rule){ &compile->rules[i].signers[j], i };
			count++;
		}
	return count;
}

int compile_write_signers(struct compile_image *image)
{
	struct guard_writer *section = &image->sections[GUARD_SECTION_SIGNERS];
	size_t count = collect_signers(NULL, image->compile);
	GUARD_AUTO_FREE struct signed_rule *found = calloc(count + 1, sizeof(*found));
	GUARD_AUTO_FREE uint32_t *rules = calloc(count + 1, sizeof(*rules));

	if (!found || !rules)
		return -GUARD_E_NOMEM;
	collect_signers(found, image->compile);
	qsort(found, count, sizeof(*found), by_signer);
	for (size_t i = 0, next; i < count; i = next) {
		uint32_t used = 0;

		for (next = i; next < count && compare_signers(found[next].signer, found[i].signer) == 0; next++)
			if (!used || rules[used - 1] != found[next].rule)
				rules[used++] = found[next].rule;
		guard_write_u32(section, found[i].signer->provider);
		guard_write_u32(section, compile_rule_reference(image, rules, used));
		guard_write_bytes(section, found[i].signer->key_id, sizeof(found[i].signer->key_id));
	}
	return 0;
}

/* ---- rules by path ---------------------------------------------------------------- */

struct prefixed_rule {
	uint64_t hash;
	uint32_t length, rule;
};

/* By hash and length alone, as a decision looks them up: should two folders
 * ever collide, their rules share a list, and the patterns tell them apart. */
static int compare_prefixes(const struct prefixed_rule *a, const struct prefixed_rule *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->length > b->length) - (a->length < b->length);
}

static int by_prefix(const void *a, const void *b)
{
	const struct prefixed_rule *x = a, *y = b;
	int order = compare_prefixes(x, y);

	return order ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

/* Needs no digest and no signer: found by its path, or always looked at. */
static bool is_free(const struct compile_rule *rule)
{
	return !rule->digest_count && !rule->signer_count;
}

/* Every pattern that has a literal directory prefix, with its rule. */
static size_t collect_prefixes(struct prefixed_rule *found, const struct guard_compile *compile)
{
	size_t count = 0;

	for (uint32_t i = 0; i < compile->rule_array.count; i++) {
		const struct compile_rule *rule = &compile->rules[i];

		for (uint32_t j = 0; is_free(rule) && j < rule->paths.count; j++) {
			const char *pattern = rule->paths.items[j];
			size_t length = guard_glob_prefix(pattern);

			if (length == 0)
				continue;
			if (found)
				found[count] = (struct prefixed_rule){ guard_text_hash(pattern, length),
								       (uint32_t)length, i };
			count++;
		}
	}
	return count;
}

/* Some pattern has none: the rule is always looked at. */
static bool is_always(const struct compile_rule *rule)
{
	for (uint32_t i = 0; is_free(rule) && i < rule->paths.count; i++)
		if (guard_glob_prefix(rule->paths.items[i]) == 0)
			return true;
	return false;
}

int compile_write_prefixes(struct compile_image *image)
{
	const struct guard_compile *compile = image->compile;
	struct guard_writer *section = &image->sections[GUARD_SECTION_PREFIXES];
	size_t count = collect_prefixes(NULL, compile);
	GUARD_AUTO_FREE struct prefixed_rule *found = calloc(count + 1, sizeof(*found));
	GUARD_AUTO_FREE uint32_t *rules = calloc(count + 1, sizeof(*rules));

	if (!found || !rules)
		return -GUARD_E_NOMEM;
	collect_prefixes(found, compile);
	qsort(found, count, sizeof(*found), by_prefix);
	for (size_t i = 0, next; i < count; i = next) {
		uint32_t used = 0;

		for (next = i; next < count && compare_prefixes(&found[next], &found[i]) == 0; next++)
			if (!used || rules[used - 1] != found[next].rule)
				rules[used++] = found[next].rule;
		guard_write_u64(section, found[i].hash);
		guard_write_u32(section, compile_rule_list(image, rules, used));
		guard_write_u32(section, found[i].length);
	}
	for (uint32_t i = 0; i < compile->rule_array.count; i++)
		if (is_always(&compile->rules[i]))
			guard_write_u32(&image->sections[GUARD_SECTION_ALWAYS], i);
	return 0;
}
