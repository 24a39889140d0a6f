/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_head.c - the comment at the top of a scan's policy source: what
 * it lists, and by name everything that it could not or did not take.
 */
#include <string.h>

#include "scan.h"

#define SCAN_NOTES_SHOWN 100000u /* lines of comment for one reason */

const char *scan_note_text(enum scan_note_kind kind)
{
	static const char *const texts[SCAN_NOTE_MAX_] = {
		[SCAN_NOTE_UNREADABLE] = N_("could not be read"),
		[SCAN_NOTE_CHANGED] = N_("changed or went away while they were read"),
		[SCAN_NOTE_SPECIAL] = N_("are no regular files (devices, sockets, FIFOs)"),
		[SCAN_NOTE_PSEUDO] = N_("are kernel pseudo filesystems"),
		[SCAN_NOTE_OTHER_FS] = N_("are other filesystems, left out by --one-file-system"),
		[SCAN_NOTE_EXCLUDED] = N_("were left out by --exclude"),
	};

	return texts[kind];
}

static void write_notes(FILE *out, const struct scan *scan, enum scan_note_kind kind)
{
	size_t shown = 0;

	if (scan->note_counts[kind] == 0)
		return;
	fprintf(out, "#\n# NOT in this list: %zu that %s:\n", scan->note_counts[kind], scan_note_text(kind));
	for (size_t i = 0; i < scan->note_count && shown < SCAN_NOTES_SHOWN; i++) {
		const struct scan_note *note = &scan->notes[i];
		if (note->kind != kind)
			continue;
		fputs("#   ", out);
		scan_put_string(out, note->path);
		if (note->system_error)
			fprintf(out, ": %s", strerror(note->system_error));
		fputc('\n', out);
		shown++;
	}
}

void scan_write_head(FILE *out, const struct scan *scan)
{
	size_t listed = 0, data = 0, by_signer = 0;

	for (size_t i = 0; i < scan->file_count; i++) {
		listed += scan->files[i].state == SCAN_LISTED || scan->files[i].state == SCAN_EMPTY;
		data += scan->files[i].state == SCAN_DATA;
		by_signer += scan->files[i].state == SCAN_SIGNED;
	}
	fputs("# Policy source made by `guardctl scan`: it allows what was there.\n"
	      "# Read it, take out what has no business on the machine, then\n"
	      "#   guardctl policy build THIS_FILE --output IMAGE\n"
	      "#\n# Scanned:\n",
	      out);
	for (size_t i = 0; i < scan->options->directory_count; i++) {
		fputs("#   ", out);
		scan_put_string(out, scan->options->directories[i]);
		fputc('\n', out);
	}
	fprintf(out, "# Listed: %zu files that can run or be run by something.\n", listed);
	if (scan->options->by_signer)
		fprintf(out, "# Allowed by %zu signers, so not listed: %zu files.\n", scan->signer_count, by_signer);
	if (data)
		fprintf(out, "# Left out: %zu files of plain binary data (--all lists them too).\n", data);
	if (scan->symlinks)
		fprintf(out, "# Not followed: %zu symbolic links.\n", scan->symlinks);
	for (unsigned kind = 0; kind < SCAN_NOTE_MAX_; kind++)
		write_notes(out, scan, (enum scan_note_kind)kind);
	fputc('\n', out);
}
