/* SPDX-License-Identifier: MIT
 *
 * guardctl/output.h - how verbs print events, times and JSON.
 */
#ifndef GUARDCTL_OUTPUT_H
#define GUARDCTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "wire/wire.h"

/* A text, and spaces up to that many columns of a terminal (wcwidth(3)). */
void guardctl_put_padded(FILE *out, const char *text, size_t columns);
bool guardctl_colours(void); /* standard output is a terminal */

#define GUARDCTL_USER_SIZE 64u
/* The user's name, or the number in decimal. */
void guardctl_user_name(char ret_name[GUARDCTL_USER_SIZE], uint32_t uid);

#define GUARDCTL_TIME_SIZE 64u
void guardctl_local_time(char ret_text[GUARDCTL_TIME_SIZE], int64_t seconds); /* "2027-03-31 12:00:00" */

/* event_text.c: one line. */
void guardctl_print_event(FILE *out, const struct guard_event *event, bool colours);

/* event_json.c.  NULL when memory is exhausted. */
json_t *guardctl_event_json(const struct guard_event *event);
/* A string value; bytes that are not UTF-8 become U+FFFD. */
json_t *guardctl_json_text(const char *bytes);
/* Set `key`, and `key`_hex with the exact bytes when they are not UTF-8. */
void guardctl_json_set_bytes(json_t *object, const char *key, const char *bytes);
json_t *guardctl_json_time(int64_t seconds); /* RFC 3339; null for "never" */
/* One line on standard output; frees `value`.  Returns an exit code. */
int guardctl_print_json(json_t *value);

/* json_lines.c: each line of a file that `writer` (a command) wrote, an object;
 * stops when `take` does not return GUARDCTL_DONE.  Returns an exit code; what is
 * wrong with the file has been said. */
typedef int (*guardctl_json_take)(void *context, const json_t *object);
int guardctl_json_lines(const char *path, const char *writer, guardctl_json_take take, void *context);
#endif
