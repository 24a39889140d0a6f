/* SPDX-License-Identifier: MIT
 *
 * guardctl/policy_diff_parts.c - how two policies differ in all but programs and
 * rules: header, bounds, unlocks, interpreters, readers, containments, keys.
 */
#include <guard/unlock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "output.h"
#include "policy/compile/describe.h"
#include "policy_diff.h"

/* One line of what is not a program. */
static void say(struct policy_diff *diff, const char *change, const char *what, const char *old, const char *new)
{
	diff->count++;
	if (diff->changes) {
		json_array_append_new(diff->changes,
				      json_pack("{s:s, s:s, s:o, s:o}", "change", change, "what", what, "old",
						old ? guardctl_json_text(old) : json_null(), "new",
						new ? guardctl_json_text(new) : json_null()));
		return;
	}
	printf("%s: %s: ", change, what);
	guard_text_put_escaped(stdout, old ? old : new);
	if (old && new) {
		fputs(" -> ", stdout);
		guard_text_put_escaped(stdout, new);
	}
	fputc('\n', stdout);
}

static void compare_words(struct policy_diff *diff, const char *what, const char *old, const char *new)
{
	if (strcmp(old, new) != 0)
		say(diff, "changed", what, old[0] ? old : "(none)", new[0] ? new : "(none)");
}

/* "" for what is not offered. */
static void span_words(char ret_text[32], uint32_t seconds)
{
	const bool hours = seconds % 3600 == 0, minutes = seconds % 60 == 0;

	ret_text[0] = '\0';
	if (seconds)
		snprintf(ret_text, 32, "%" PRIu32 "%s", hours ? seconds / 3600 : minutes ? seconds / 60 : seconds,
			 hours ? "h" : minutes ? "m" : "s");
}

/* What the help desk may open, and what headquarters signs. */
static void compare_unlocks(struct policy_diff *diff, const struct guard_policy_info *old,
			    const struct guard_policy_info *new)
{
	char a[32], b[32], what[64];

	for (unsigned i = 0; i < GUARD_POLICY_UNLOCK_SCOPES; i++) {
		span_words(a, old->unlock_seconds[i]);
		span_words(b, new->unlock_seconds[i]);
		snprintf(what, sizeof(what), "unlock %s", guard_unlock_scope_name(i + 1));
		compare_words(diff, what, a, b);
	}
	compare_words(diff, "at the end of an unlock", old->unlock_end ? "record" : "end",
		      new->unlock_end ? "record" : "end");
	span_words(a, old->maintenance_longest);
	span_words(b, new->maintenance_longest);
	compare_words(diff, "longest maintenance", a, b);
}

static void limits_words(char *ret_text, size_t size, const struct guard_policy *policy)
{
	struct guard_exception_limits limits;
	char kinds[96] = "";

	guard_policy_exception_limits(policy, &limits);
	for (unsigned i = 0; i < GUARD_KIND_MAX_; i++)
		if (limits.kinds >> i & 1)
			snprintf(&kinds[strlen(kinds)], sizeof(kinds) - strlen(kinds), "%s%s", kinds[0] ? ", " : "",
				 guard_kind_name((enum guard_kind)i));
	snprintf(ret_text, size, "%" PRIu32 " days, %" PRIu32 " digests, %s%s%s", limits.longest / 86400, limits.digests,
		 kinds, limits.signers ? ", signers" : "", limits.paths ? ", paths" : "");
}

static void compare_limits(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	char a[256], b[256];

	limits_words(a, sizeof(a), old);
	limits_words(b, sizeof(b), new);
	compare_words(diff, "bounds on exceptions", a, b);
}

static void compare_headers(struct policy_diff *diff, const struct guard_policy_info *old,
			    const struct guard_policy_info *new)
{
	char a[GUARD_TIME_TEXT_SIZE], b[GUARD_TIME_TEXT_SIZE];

	compare_words(diff, "policy id", old->id, new->id);
	snprintf(a, sizeof(a), "%" PRIu64, old->version);
	snprintf(b, sizeof(b), "%" PRIu64, new->version);
	compare_words(diff, "version", a, b);
	compare_words(diff, "mode", guard_mode_name((enum guard_mode)old->mode),
		      guard_mode_name((enum guard_mode)new->mode));
	compare_words(diff, "default", guard_action_name((enum guard_action)old->default_action),
		      guard_action_name((enum guard_action)new->default_action));
	guard_time_format(a, old->expires);
	guard_time_format(b, new->expires);
	compare_words(diff, "expires", a, b);
	compare_words(diff, "running programs", old->running ? "end" : "record", new->running ? "end" : "record");
	compare_words(diff, "help phone", old->help_phone, new->help_phone);
	compare_words(diff, "help text", old->help_text, new->help_text);
	compare_unlocks(diff, old, new);
}

/* The interpreter of that name, in words, or NULL. */
static char *find_interpreter(const struct guard_policy *policy, const char *name)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(policy, i, &info) == 0; i++)
		if (strcmp(info.name, name) == 0)
			return guard_policy_interpreter_words(policy, i);
	return NULL;
}

static void compare_interpreters(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(old, i, &info) == 0; i++) {
		GUARD_AUTO_FREE char *before = guard_policy_interpreter_words(old, i);
		GUARD_AUTO_FREE char *after = find_interpreter(new, info.name);

		if (before && !after)
			say(diff, "removed", "interpreter", info.name, NULL);
		else if (before && after && strcmp(before, after) != 0)
			say(diff, "changed", "interpreter", before, after);
	}
	for (uint32_t i = 0; guard_policy_interpreter_info(new, i, &info) == 0; i++) {
		GUARD_AUTO_FREE char *before = find_interpreter(old, info.name);

		if (!before)
			say(diff, "added", "interpreter", NULL, info.name);
	}
}

static bool has_reader(const struct guard_policy *policy, const char *reader)
{
	const char *other;

	for (uint32_t i = 0; (other = guard_policy_reader(policy, i)) != NULL; i++)
		if (strcmp(other, reader) == 0)
			return true;
	return false;
}

static void compare_readers(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	const char *reader;

	for (uint32_t i = 0; (reader = guard_policy_reader(old, i)) != NULL; i++)
		if (!has_reader(new, reader))
			say(diff, "removed", "reader", reader, NULL);
	for (uint32_t i = 0; (reader = guard_policy_reader(new, i)) != NULL; i++)
		if (!has_reader(old, reader))
			say(diff, "added", "reader", NULL, reader);
}

/* Those of one policy against the other's: changed ones are named once. */
static void compare_containments_to(struct policy_diff *diff, const struct guard_policy *these,
				    const struct guard_policy *others, bool new)
{
	const char *name, *other;

	for (uint32_t i = 0;; i++) {
		GUARD_AUTO_FREE char *words = guard_policy_containment_words(these, i, &name);
		bool found = false;

		if (!words)
			return;
		for (uint32_t j = 0; !found; j++) {
			GUARD_AUTO_FREE char *before = guard_policy_containment_words(others, j, &other);

			if (!before)
				break;
			found = strcmp(name, other) == 0;
			if (found && new && strcmp(before, words) != 0)
				say(diff, "changed", "containment", before, words);
		}
		if (!found)
			say(diff, new ? "added" : "removed", "containment", new ? NULL : name, new ? words : NULL);
	}
}

static void compare_containments(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	compare_containments_to(diff, old, new, false);
	compare_containments_to(diff, new, old, true);
}

/* ---- keys and revocation lists ------------------------------------------------------------ */

static bool has_certificate(const struct guard_policy *policy, const char *words)
{
	bool found = false;

	for (size_t i = 0; !found; i++) {
		GUARD_AUTO_FREE char *other = guard_policy_certificate_words(policy, i);

		if (!other)
			return false;
		found = strcmp(other, words) == 0;
	}
	return found;
}

/* Of those of one policy, what the other has not. */
static void compare_certificates_to(struct policy_diff *diff, const struct guard_policy *these,
				    const struct guard_policy *others, bool new)
{
	for (size_t i = 0;; i++) {
		GUARD_AUTO_FREE char *words = guard_policy_certificate_words(these, i);

		if (!words)
			return;
		if (!has_certificate(others, words))
			say(diff, new ? "added" : "removed", "key", new ? NULL : words, new ? words : NULL);
	}
}

void policy_diff_parts(struct policy_diff *diff, const struct guard_policy *old, const struct guard_policy *new)
{
	struct guard_policy_info old_info, new_info;

	guard_policy_info(old, &old_info);
	guard_policy_info(new, &new_info);
	compare_headers(diff, &old_info, &new_info);
	compare_limits(diff, old, new);
	compare_interpreters(diff, old, new);
	compare_readers(diff, old, new);
	compare_containments(diff, old, new);
	compare_certificates_to(diff, old, new, false);
	compare_certificates_to(diff, new, old, true);
}
