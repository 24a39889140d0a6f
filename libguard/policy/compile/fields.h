/* SPDX-License-Identifier: MIT
 *
 * compile/fields.h - settings of one { } by name and type.  What is wrong is
 * reported; `true` means that the setting is there and good.
 */
#ifndef GUARD_COMPILE_FIELDS_H
#define GUARD_COMPILE_FIELDS_H

#include "model.h"
#include "syntax.h"

#define COMPILE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Report every setting of `group` that is not among `names`; `what` is the
 * group in words ("a rule"). */
void compile_fields_check(struct guard_compile *compile, const struct compile_node *group, const char *what,
			  const char *const *names, size_t count);

/* The setting, or NULL. */
const struct compile_node *compile_field(const struct compile_node *group, const char *name);
/* The same of one type; another type is reported. */
const struct compile_node *compile_field_typed(struct guard_compile *compile, const struct compile_node *group,
					       const char *name, enum compile_type type);

/* One line of text, UTF-8, 1 to GUARD_COMPILE_STRING_MAX bytes. */
bool compile_string_check(struct guard_compile *compile, const struct compile_node *node);
bool compile_field_string(const char **ret_string, struct guard_compile *compile,
			  const struct compile_node *group, const char *name);
/* The same, but it must be there. */
bool compile_field_required(const char **ret_string, struct guard_compile *compile,
			    const struct compile_node *group, const char *name, const char *example);
bool compile_field_time(int64_t *ret_seconds, struct guard_compile *compile, const struct compile_node *group,
			const char *name);
/* The index of the word among `words`. */
bool compile_field_word(uint8_t *ret_index, struct guard_compile *compile, const struct compile_node *group,
			const char *name, const char *const *words, size_t count);
/* A list of words as a mask of their indexes. */
bool compile_field_mask(uint8_t *ret_mask, struct guard_compile *compile, const struct compile_node *group,
			const char *name, const char *const *words, size_t count);

/* A list of strings.  0 (none or reported: unchanged), or -GUARD_E_NOMEM. */
int compile_field_strings(struct compile_strings *strings, struct guard_compile *compile,
			  const struct compile_node *group, const char *name) GUARD_WARN_UNUSED;
/* A list of path patterns. */
int compile_field_patterns(struct compile_strings *strings, struct guard_compile *compile,
			   const struct compile_node *group, const char *name) GUARD_WARN_UNUSED;

/* A name for an id, group or office: letters, digits, . _ - and no more. */
bool compile_name_check(struct guard_compile *compile, struct compile_place place, const char *what,
			const char *name);

#endif
