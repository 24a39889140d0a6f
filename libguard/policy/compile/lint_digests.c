/* SPDX-License-Identifier: MIT
 *
 * compile/lint_digests.c - digests that are listed twice, or allowed in one
 * place and denied in another.  One sentence per rule, however many digests.
 */
#include <guard/verdict.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model.h"

/* What was found for one rule. */
struct finding {
	uint32_t repeats, denied;
	const struct compile_digest *repeat, *repeat_of; /* the first of them */
	const struct compile_digest *allowed, *denied_by;
};

static const char *short_name(char ret_text[200], const struct compile_digest *digest)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, &digest->digest);
	snprintf(ret_text, 200, "%.12s... %.160s", hex, digest->name ? digest->name : "(no name)");
	return ret_text;
}

/* Two files of equal content are listed twice for the sake of the reader; the
 * same file twice is a slip. */
static bool same_name(const struct compile_digest *a, const struct compile_digest *b)
{
	return !a->name || !b->name || strcmp(a->name, b->name) == 0;
}

static bool rule_covers(const struct compile_rule *wide, const struct compile_rule *narrow)
{
	bool paths = !wide->paths.count || wide == narrow ||
		     (wide->paths.count == narrow->paths.count && wide->paths.items == narrow->paths.items);

	/* What an unlock may open is not yet denied for good. */
	if (wide->unlockable && !narrow->unlockable && narrow->action == GUARD_DENY)
		return false;
	return paths && compile_conditions_cover(&wide->conditions, &narrow->conditions);
}

static void look_at(struct finding *findings, const struct guard_compile *compile,
		    const struct compile_digest *first, const struct compile_digest *digest)
{
	const struct compile_rule *wide = &compile->rules[first->rule], *narrow = &compile->rules[digest->rule];
	struct finding *finding = &findings[digest->rule];

	if (!rule_covers(wide, narrow))
		return;
	if (wide->action == narrow->action && same_name(first, digest)) {
		if (finding->repeats++)
			return;
		finding->repeat = digest;
		finding->repeat_of = first;
	} else if (wide->action == GUARD_DENY && narrow->action == GUARD_ALLOW) {
		if (finding->denied++)
			return;
		finding->allowed = digest;
		finding->denied_by = first;
	}
}

/* The first that is denied, for good if one is. */
static const struct compile_digest *first_denied(const struct guard_compile *compile, size_t from, size_t to)
{
	const struct compile_digest *found = NULL;

	for (size_t i = from; i < to; i++) {
		const struct compile_digest *digest = &compile->digests[compile->digest_order[i]];
		const struct compile_rule *rule = &compile->rules[digest->rule];

		if (rule->action != GUARD_DENY)
			continue;
		if (!rule->unlockable)
			return digest;
		if (!found)
			found = digest;
	}
	return found;
}

/* Equal digests: each is compared with the first and with the first that is
 * denied. */
static void look_at_run(struct finding *findings, const struct guard_compile *compile, size_t from, size_t to)
{
	const struct compile_digest *first = &compile->digests[compile->digest_order[from]];
	const struct compile_digest *deny = first_denied(compile, from, to);

	for (size_t i = from; i < to; i++) {
		const struct compile_digest *digest = &compile->digests[compile->digest_order[i]];

		if (deny && deny != digest)
			look_at(findings, compile, deny, digest);
		if (first != digest && first != deny)
			look_at(findings, compile, first, digest);
	}
}

static void report(struct guard_compile *compile, const struct finding *finding)
{
	char text[200], more[64] = "";

	if (finding->repeats > 1)
		snprintf(more, sizeof(more), " (and %u more of this rule)", finding->repeats - 1);
	if (finding->repeats)
		compile_warning(&compile->diagnostics,
				(struct compile_place){ finding->repeat->file, finding->repeat->line },
				"take one of them out", "%s is listed already at %s:%u%s",
				short_name(text, finding->repeat), finding->repeat_of->file,
				finding->repeat_of->line, more);
	more[0] = '\0';
	if (finding->denied > 1)
		snprintf(more, sizeof(more), " (and %u more of this rule)", finding->denied - 1);
	if (finding->denied)
		compile_warning(&compile->diagnostics,
				(struct compile_place){ finding->allowed->file, finding->allowed->line },
				"take it out here, or there", "%s has no effect: it is denied at %s:%u%s",
				short_name(text, finding->allowed), finding->denied_by->file,
				finding->denied_by->line, more);
}

/* ---- interpreters -------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
	const struct compile_interpreter_digest *const *x = a, *const *y = b;
	int order = memcmp(&(*x)->digest, &(*y)->digest, sizeof((*x)->digest));

	return order ? order : (*x > *y) - (*x < *y);
}

int compile_lint_interpreters(struct guard_compile *compile)
{
	size_t count = compile->interpreter_digest_array.count;
	GUARD_AUTO_FREE const struct compile_interpreter_digest **sorted =
		calloc(count + 1, sizeof(struct compile_interpreter_digest *));

	if (!sorted)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &compile->interpreter_digests[i];
	qsort(sorted, count, sizeof(sorted[0]), by_digest);
	for (size_t i = 1; i < count; i++)
		if (memcmp(&sorted[i]->digest, &sorted[i - 1]->digest, sizeof(sorted[i]->digest)) == 0 &&
		    sorted[i]->interpreter != sorted[i - 1]->interpreter)
			compile_error(&compile->diagnostics, sorted[i]->place, "one program is one interpreter",
				      "this program is listed for the interpreter \"%.80s\" at %s:%u already",
				      compile->interpreters[sorted[i - 1]->interpreter].name, sorted[i - 1]->place.file,
				      sorted[i - 1]->place.line);
	return 0;
}

/* ---- rules ---------------------------------------------------------------------- */

int compile_lint_digests(struct guard_compile *compile)
{
	GUARD_AUTO_FREE struct finding *findings = NULL;
	size_t count = compile->digest_array.count;

	if (compile->digest_unique == count)
		return 0;
	findings = calloc(compile->rule_array.count, sizeof(*findings));
	if (!findings)
		return -GUARD_E_NOMEM;
	for (size_t i = 0, next; i < count; i = next) {
		const struct guard_digest *digest = &compile->digests[compile->digest_order[i]].digest;

		for (next = i + 1; next < count; next++)
			if (memcmp(digest, &compile->digests[compile->digest_order[next]].digest, sizeof(*digest)) != 0)
				break;
		if (next - i > 1)
			look_at_run(findings, compile, i, next);
	}
	for (size_t i = 0; i < compile->rule_array.count; i++)
		report(compile, &findings[i]);
	return 0;
}
