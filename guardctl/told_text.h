/* SPDX-License-Identifier: MIT
 *
 * guardctl/told_text.h - sentences that come in English from the daemon and the
 * library, which know no user's language, said in the user's.  A sentence is
 * looked up as it is, or matched against the formats of told_formats_*.c: what
 * stands in the places of their conversions is carried over.  What is not known
 * stays as it was.
 */
#ifndef GUARDCTL_TOLD_TEXT_H
#define GUARDCTL_TOLD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TOLD_TEXT_SIZE 8192u
#define TOLD_CAPTURES_MAX 8u
#define TOLD_STEPS_MAX 100000u /* of one match; a sentence that takes more stays English */

/* One line of text, safe for a terminal.  The result lives until the next call. */
const char *guardctl_told(const char *english);
/* One line from the daemon: escaped and told. */
void guardctl_put_told(FILE *out, const char *text);
/* Several lines from the daemon: each escaped and told. */
void guardctl_put_told_lines(FILE *out, const char *text);

/* Pure: `text` as said by `format`, said by `translated` (which may name its
 * arguments by number, "%2$s").  `word` translates what stood at a %s.  The number
 * of fixed bytes of the format, or 0 when the text is not of that format. */
size_t told_text_match(char *ret_text, size_t capacity, const char *text, const char *format, const char *translated,
		       const char *(*word)(const char *));

/* Sentences and formats by who says them; NULL at the end. */
extern const char *const told_formats_access[];
extern const char *const told_formats_daemon[];
extern const char *const told_formats_policy[];
#endif
