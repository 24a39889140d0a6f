/* SPDX-License-Identifier: MIT
 *
 * policy/explain.c - say in plain sentences why a verdict came out, what was
 * compared, and what to do next.  For people: not called on the way of an
 * event.  Every byte that comes from the system or a policy is escaped.
 */
#include "policy/near_miss.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "identity/openpgp.h"

static void put(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	guard_text_put_escaped(out, text);
	fputs(after, out);
}

static const char *object_path(const struct guard_object *object)
{
	if (object->path)
		return object->path;
	return object->claimed_path ? object->claimed_path : "a file whose path is not known";
}

static void put_headline(FILE *out, const struct guard_verdict *verdict, const struct guard_object *object)
{
	const char *word = "Allowed: ";

	if (verdict->action == GUARD_DENY)
		word = verdict->mode == GUARD_MODE_ENFORCE ? "Denied: " :
							     "Would be denied (audit mode, so it runs): ";
	put(out, word, object_path(object), "\n");
}

static void put_rule(const struct guard_policy *policy, FILE *out, uint32_t rule)
{
	struct guard_rule_info info;

	if (guard_policy_rule_info(policy, rule, &info) < 0)
		return;
	put(out, "  Rule: group \"", info.group, "\"");
	put(out, info.is_exception ? " of the exception \"" : " of the policy \"", info.source, "\"");
	put(out, ", written at ", info.location, ".\n");
	if (*info.note)
		put(out, "  Note: ", info.note, "\n");
	if (*info.url)
		put(out, "  Comes from: ", info.url, "\n");
}

static void put_why(const struct guard_policy *policy, FILE *out, const struct guard_verdict *verdict)
{
	char until[GUARD_TIME_TEXT_SIZE];

	fprintf(out, "  Why: %s\n", guard_reason_text((enum guard_reason)verdict->reason));
	if (verdict->reason == GUARD_REASON_DEFAULT)
		fprintf(out, "  What no rule lists, this policy %s.\n",
			verdict->action == GUARD_DENY ? "denies" : "allows");
	if (verdict->rule != GUARD_NO_RULE)
		put_rule(policy, out, verdict->rule);
	if (verdict->depends & GUARD_DEPENDS_TIME && verdict->valid_until != INT64_MAX) {
		guard_time_format(until, verdict->valid_until);
		fprintf(out, "  This holds until %s.\n", until);
	}
}

static void put_key(FILE *out, uint8_t provider, const uint8_t *key_id)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	struct guard_digest id;

	memcpy(id.bytes, key_id, sizeof(id.bytes));
	if (provider == GUARD_PROVIDER_PACKAGE)
		guard_openpgp_key_id_format(hex, key_id);
	else
		guard_digest_format(hex, &id);
	fputs(hex, out);
}

/* A rule that is narrowed to some of what an authority issued has an id of its own. */
static bool put_narrowed(const struct guard_policy *policy, FILE *out, const struct guard_signer *signer)
{
	for (; policy; policy = policy->next)
		for (size_t i = 0; i < policy->term_count; i++) {
			const struct guard_image_term *term = &policy->terms[i];

			if (memcmp(term->id, signer->key_id, sizeof(term->id)) != 0)
				continue;
			if (guard_policy_string(policy, term->serial)[0])
				put(out, ", serial number ", guard_policy_string(policy, term->serial), "");
			if (guard_policy_string(policy, term->subject)[0])
				put(out, ", ", guard_policy_string(policy, term->subject), "");
			fputs(", issued by the key ", out);
			put_key(out, signer->provider, term->issuer);
			return true;
		}
	return false;
}

static void put_signers(const struct guard_policy *policy, FILE *out, const struct guard_identity *identity)
{
	for (size_t i = 0; i < identity->signer_count && i < GUARD_SIGNERS_MAX; i++) {
		const struct guard_signer *signer = &identity->signers[i];

		fprintf(out, "  Vouched for by: %s", guard_provider_name((enum guard_provider)signer->provider));
		if (signer->name)
			put(out, " ", signer->name, "");
		if (signer->version)
			put(out, " ", signer->version, "");
		if (!put_narrowed(policy, out, signer)) {
			fputs(", key ", out);
			put_key(out, signer->provider, signer->key_id);
		}
		fputs(".\n", out);
	}
}

static void put_file(const struct guard_policy *policy, FILE *out, const struct guard_object *object)
{
	const struct guard_identity *identity = object->identity;
	const char *name = guard_policy_name_of(policy, &identity->digest);
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, &identity->digest);
	fprintf(out, "  File: %s, %llu bytes, on a %s medium, SHA-256 %s.\n",
		guard_kind_name((enum guard_kind)identity->kind), (unsigned long long)identity->size,
		guard_medium_name((enum guard_medium)object->medium), hex);
	if (name)
		put(out, "  The policy knows this content as ", name, ".\n");
	put_signers(policy, out, identity);
	if (!object->path)
		fputs("  Its path could not be verified, so that no rule can allow it by path.\n", out);
}

static void put_subject(FILE *out, const struct guard_subject *subject)
{
	if (!subject)
		return;
	if (!subject->program) {
		fprintf(out, "  Started or opened by user id %u, by a program whose path could not be verified.\n",
			subject->uid);
		return;
	}
	fprintf(out, "  Started or opened by user id %u, by ", subject->uid);
	put(out, "", subject->program, ".\n");
}

static void put_near_miss(const struct guard_policy *policy, FILE *out, const struct guard_near_miss *miss)
{
	static const char *const sentences[] = {
		[GUARD_CONDITION_MACHINE] = "it is for other offices or machines than this one",
		[GUARD_CONDITION_KIND] = "it is for another kind of file",
		[GUARD_CONDITION_MEDIUM] = "it is for another medium than the one this file lies on",
		[GUARD_CONDITION_USER] = "it is for other users",
		[GUARD_CONDITION_GROUP] = "it is for members of other groups",
		[GUARD_CONDITION_PARENT] = "it is for files started or opened by other programs",
		[GUARD_CONDITION_PATH] = "it is for files at another place",
		[GUARD_CONDITION_UNPROTECTED] = "its place counts only while nobody but root can write there, and others "
						"can",
	};
	const struct guard_bound_rule *rule = &policy->bound[miss->rule];
	char from[GUARD_TIME_TEXT_SIZE], until[GUARD_TIME_TEXT_SIZE];

	if (miss->condition == GUARD_CONDITION_TIME) {
		guard_time_format(from, rule->valid_from);
		guard_time_format(until, rule->valid_until);
		fprintf(out, "  A rule comes close, but its time is from %s until %s.\n", from, until);
	} else {
		fprintf(out, "  A rule comes close, but %s.\n", sentences[miss->condition]);
	}
	put_rule(policy, out, miss->rule);
}

static void put_near_misses(const struct guard_policy *policy, FILE *out, const struct guard_subject *subject,
			    const struct guard_object *object)
{
	struct guard_near_miss misses[GUARD_NEAR_MISSES_MAX];
	size_t count = guard_policy_near_misses(policy, misses, subject, object);
	const char *path = object_path(object);

	for (size_t i = 0; i < count; i++)
		put_near_miss(policy, out, &misses[i]);
	/* The parts of a set by turns: each has a table of its own. */
	for (const struct guard_policy *part = policy->next; part && count == 0; part = part->next) {
		count = guard_policy_near_misses(part, misses, subject, object);
		for (size_t i = 0; i < count; i++)
			put_near_miss(part, out, &misses[i]);
	}
	if (count == 0 && guard_policy_lists_name(policy, path, &object->identity->digest))
		put(out, "  The policy lists other content under the name ", path,
		    ": the file was updated or changed since.\n");
}

static void put_next_step(const struct guard_policy *policy, FILE *out, const struct guard_verdict *verdict)
{
	const char *phone = guard_policy_string(policy, policy->meta->help_phone);
	const char *text = guard_policy_string(policy, policy->meta->help_text);

	switch (verdict->reason) {
	case GUARD_REASON_WRITER_OPEN:
	case GUARD_REASON_CHANGED:
		fputs("  What to do: wait until whatever writes the file has closed it, then try again.\n", out);
		break;
	case GUARD_REASON_TIMEOUT:
	case GUARD_REASON_OVERLOAD:
		fputs("  What to do: try again in a moment.\n", out);
		break;
	case GUARD_REASON_SERVED:
	case GUARD_REASON_UNWATCHED:
		fputs("  What to do: copy it to a disk of this machine and start it from there.\n", out);
		break;
	case GUARD_REASON_INLINE:
	case GUARD_REASON_STANDARD_INPUT:
		fputs("  What to do: put the code into a file and ask for that file to be listed.\n", out);
		break;
	case GUARD_REASON_BARRED:
		fputs("  What to do: run a copy that the policy lists, from where it was installed; or ask the help desk to "
		      "unlock this file.\n", out);
		break;
	case GUARD_REASON_RULE_DENY:
		fputs("  What to do: use another program; this one is forbidden on purpose.\n", out);
		break;
	default:
		fputs("  What to do: if you need it for your work, ask for it to be listed and give the SHA-256 above.\n",
		      out);
	}
	if (*phone)
		put(out, "  Help desk: ", phone, "");
	if (*phone && *text)
		put(out, ", ", text, "");
	if (*phone)
		fputs("\n", out);
	else if (*text)
		put(out, "  Help: ", text, "\n");
}

int guard_policy_explain(const struct guard_policy *policy, FILE *out, const struct guard_verdict *verdict,
			 const struct guard_subject *subject, const struct guard_object *object)
{
	put_headline(out, verdict, object);
	put_why(policy, out, verdict);
	put_file(policy, out, object);
	put_subject(out, subject);
	if (verdict->reason == GUARD_REASON_DEFAULT && verdict->action == GUARD_DENY)
		put_near_misses(policy, out, subject, object);
	if (verdict->action == GUARD_DENY)
		put_next_step(policy, out, verdict);
	return ferror(out) ? -GUARD_E_IO : 0;
}
