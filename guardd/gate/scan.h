/* SPDX-License-Identifier: MIT
 *
 * gate/scan.h - a bounded cursor over a /proc text.  Once failed it stays so.
 */
#ifndef GUARDD_GATE_SCAN_H
#define GUARDD_GATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate_scan {
	const char *text;
	size_t size, offset;
	bool failed;
};
static inline struct gate_scan gate_scan_begin(const char *text, size_t size)
{
	return (struct gate_scan){ text, size, 0, false };
}
bool gate_scan_end(const struct gate_scan *scan);
char gate_scan_peek(const struct gate_scan *scan);        /* NUL at the end */
void gate_scan_skip(struct gate_scan *scan, char byte);   /* it must be there */
void gate_scan_blanks(struct gate_scan *scan);            /* spaces and tabs */
uint64_t gate_scan_number(struct gate_scan *scan, unsigned base); /* at least one digit */
int64_t gate_scan_signed(struct gate_scan *scan);
uint64_t gate_scan_hex(struct gate_scan *scan);           /* with 0x */
void gate_scan_word(struct gate_scan *scan);              /* over bytes up to a blank or newline */
/* To behind the next newline; false at the end. */
bool gate_scan_line(struct gate_scan *scan);
/* The line at the cursor begins with `key`: go behind it. */
bool gate_scan_key(struct gate_scan *scan, const char *key);

#endif
