/* SPDX-License-Identifier: MIT
 *
 * gate/procparse.c - parsers of the texts in /proc that describe a caller.
 * Pure.  The kernel writes them, but a process name in them may be any bytes.
 */
#include "gate/access.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

#include "base/buffer.h"
#include "gate/scan.h"

#define AUXV_TYPE_MAX 1024u

int gate_call_parse(struct gate_call *ret_call, const char *text, size_t size)
{
	struct gate_scan scan = gate_scan_begin(text, size);
	struct gate_call call = { .kind = GATE_CALL_UNKNOWN };
	uint64_t arguments[6] = { 0 };
	int64_t number;

	if (gate_scan_key(&scan, "running"))
		return -GUARD_E_BUSY;
	number = gate_scan_signed(&scan);
	for (size_t i = 0; number >= 0 && i < 6; i++) {
		gate_scan_blanks(&scan);
		arguments[i] = gate_scan_hex(&scan);
	}
	gate_scan_blanks(&scan);
	gate_scan_hex(&scan); /* the stack pointer */
	gate_scan_blanks(&scan);
	call.ip = gate_scan_hex(&scan);
	if (scan.failed)
		return -GUARD_E_SYNTAX;
	if (number < 0)
		call.ip = 0;
	else
		gate_call_interpret(&call, number, arguments);
	*ret_call = call;
	return 0;
}

static void parse_groups(struct gate_status *status, struct gate_scan *scan)
{
	for (;;) {
		gate_scan_blanks(scan);
		if (gate_scan_end(scan) || gate_scan_peek(scan) == '\n' || scan->failed)
			return;
		uint64_t gid = gate_scan_number(scan, 10);
		if (status->gid_count < GUARD_GROUPS_MAX)
			status->gids[status->gid_count] = (uint32_t)gid;
		if (status->gid_count <= GUARD_GROUPS_MAX)
			status->gid_count++; /* one above: there are more */
	}
}

static uint64_t number_field(struct gate_scan *scan)
{
	gate_scan_blanks(scan);
	return gate_scan_number(scan, 10);
}

int gate_status_parse(struct gate_status *ret_status, const char *text, size_t size)
{
	struct gate_scan scan = gate_scan_begin(text, size);
	struct gate_status status = { .uid = UINT32_MAX };
	unsigned seen = 0;

	/* The name in the first line is escaped by the kernel: no newline in it. */
	do {
		if (gate_scan_key(&scan, "Tgid:")) {
			status.tgid = (int32_t)(number_field(&scan) & INT32_MAX);
			seen |= 1;
		} else if (gate_scan_key(&scan, "PPid:")) {
			status.ppid = (int32_t)(number_field(&scan) & INT32_MAX);
			seen |= 2;
		} else if (gate_scan_key(&scan, "Uid:")) {
			status.uid = (uint32_t)number_field(&scan);
			seen |= 4;
		} else if (gate_scan_key(&scan, "Gid:")) {
			status.gids[0] = (uint32_t)number_field(&scan);
			status.gid_count = 1;
			seen |= 8;
		} else if (gate_scan_key(&scan, "Groups:")) {
			parse_groups(&status, &scan);
			break;
		}
	} while (!scan.failed && gate_scan_line(&scan));
	if (scan.failed || seen != 15)
		return -GUARD_E_SYNTAX;
	*ret_status = status;
	return 0;
}

static int find_base(uint64_t *ret_base, const void *auxv, size_t size, bool wide)
{
	struct guard_reader reader;

	guard_reader_init(&reader, auxv, size);
	for (;;) {
		uint64_t type = wide ? guard_read_u64(&reader) : guard_read_u32(&reader);
		uint64_t value = wide ? guard_read_u64(&reader) : guard_read_u32(&reader);
		if (reader.failed)
			return -GUARD_E_SYNTAX;
		if (type > AUXV_TYPE_MAX)
			return -GUARD_E_FORMAT; /* types are small: read with the wrong width */
		if (type == AT_BASE)
			*ret_base = value;
		if (type == AT_BASE || type == AT_NULL)
			return 0;
	}
}

int gate_auxv_parse_base(uint64_t *ret_base, const void *auxv, size_t size)
{
	uint64_t base = 0;
	bool wide = sizeof(void *) == 8;
	int r = find_base(&base, auxv, size, wide);

	if (r == -GUARD_E_FORMAT && wide) { /* a program of 32 bits */
		base = 0;
		r = find_base(&base, auxv, size, false);
	}
	if (r == 0)
		*ret_base = base;
	return r;
}

int gate_mapping_parse(struct gate_mapping *ret_mapping, const char *line)
{
	struct gate_scan scan = gate_scan_begin(line, strlen(line));
	struct gate_mapping mapping = { 0 };

	mapping.start = gate_scan_number(&scan, 16);
	gate_scan_skip(&scan, '-');
	mapping.end = gate_scan_number(&scan, 16);
	gate_scan_blanks(&scan);
	mapping.executable = scan.size - scan.offset > 2 && scan.text[scan.offset + 2] == 'x';
	gate_scan_word(&scan);
	gate_scan_blanks(&scan);
	gate_scan_number(&scan, 16);
	gate_scan_blanks(&scan);
	mapping.major = (uint32_t)gate_scan_number(&scan, 16);
	gate_scan_skip(&scan, ':');
	mapping.minor = (uint32_t)gate_scan_number(&scan, 16);
	gate_scan_blanks(&scan);
	mapping.inode = gate_scan_number(&scan, 10);
	gate_scan_blanks(&scan);
	if (scan.failed)
		return -GUARD_E_SYNTAX;
	mapping.path = &line[scan.offset];
	*ret_mapping = mapping;
	return 0;
}
