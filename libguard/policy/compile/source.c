/* SPDX-License-Identifier: MIT
 *
 * compile/source.c - one source file: which of the top-level blocks it has and
 * hence what it is: a policy, an exception, or a fragment of the policy.
 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"

static int load_common(struct guard_compile *compile, struct compile_source *source,
		       const struct compile_node *root)
{
	const struct compile_node *groups = compile_field_typed(compile, root, "groups", COMPILE_LIST);
	const struct compile_node *interpreters = compile_field_typed(compile, root, "interpreters", COMPILE_LIST);
	const struct compile_node *readers = compile_field(root, "readers");
	const struct compile_node *containment = compile_field_typed(compile, root, "containment", COMPILE_LIST);
	int r = 0;

	if (source->is_exception && (interpreters || readers)) {
		compile_error(&compile->diagnostics, compile_node_place(interpreters ? interpreters : readers),
			      "ask for it in the policy of headquarters",
			      "an exception cannot name interpreters or readers: that would loosen the policy for everybody");
		return 0;
	}
	if (source->is_exception && containment) {
		compile_error(&compile->diagnostics, compile_node_place(containment), "ask for it in the policy of headquarters",
			      "an exception cannot contain programs: that holds for everybody");
		return 0;
	}
	if (groups)
		r = compile_load_groups(compile, source, groups);
	if (r == 0 && interpreters)
		r = compile_load_interpreters(compile, interpreters);
	if (r == 0 && readers)
		r = compile_load_readers(compile, root);
	if (r == 0 && containment)
		r = compile_load_containments(compile, containment);
	return r;
}

static int load_root(struct guard_compile *compile, struct compile_source *source,
		     const struct compile_node *root)
{
	static const char *const names[] = { "policy", "exception", "groups", "interpreters", "readers",
					     "containment" };
	const struct compile_node *policy, *exception;
	int r = 0;

	compile_fields_check(compile, root, "a policy source", names, COMPILE_COUNT(names));
	policy = compile_field_typed(compile, root, "policy", COMPILE_GROUP);
	exception = compile_field_typed(compile, root, "exception", COMPILE_GROUP);
	if (policy && exception) {
		compile_error(&compile->diagnostics, compile_node_place(exception), "make two files of it",
			      "a file is either a policy or an exception");
		return 0;
	}
	if (policy)
		r = compile_load_policy(compile, policy);
	if (exception)
		r = compile_load_exception(compile, source, exception);
	return r < 0 ? r : load_common(compile, source, root);
}

int compile_load_source(struct guard_compile *compile, const char *path)
{
	struct compile_source *source = compile_arena_alloc(&compile->arena, sizeof(*source));
	const char *name = compile_arena_copy(&compile->arena, path, strlen(path));
	struct compile_node *root = NULL;
	int r;

	if (!source || !name)
		return -GUARD_E_NOMEM;
	source->place = (struct compile_place){ name, 0 };
	source->expires = INT64_MAX;
	r = compile_syntax_read(&root, &compile->diagnostics, name, &compile->files);
	if (r < 0)
		return r == -GUARD_E_NOMEM ? r : 0;
	return load_root(compile, source, root);
}

void *compile_grow(struct compile_array *array, void *items, size_t more, size_t element)
{
	size_t capacity = array->capacity ? array->capacity : 64;
	void *grown;

	if (items && array->capacity - array->count >= more)
		return items;
	while (capacity - array->count < more)
		capacity *= 2;
	grown = reallocarray(items, capacity, element);
	if (grown)
		array->capacity = capacity;
	return grown;
}
