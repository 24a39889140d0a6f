/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_summary.c - what a scan did, on standard error: for the person
 * who typed it, or as one JSON object.
 */
#include <string.h>

#include "identity/openpgp.h"
#include "scan.h"
#include "scan_dpkg.h"

#define SCAN_PROBLEMS_SHOWN 20u

struct totals {
	size_t listed, data, packaged, by_signer;
	uint64_t bytes;
};

static struct totals count(const struct scan *scan)
{
	struct totals totals = { 0 };

	for (size_t i = 0; i < scan->file_count; i++) {
		const struct scan_file *file = &scan->files[i];
		totals.data += file->state == SCAN_DATA;
		totals.by_signer += file->state == SCAN_SIGNED;
		if (file->state != SCAN_LISTED && file->state != SCAN_EMPTY)
			continue;
		totals.listed++;
		totals.packaged += file->package != SCAN_NO_PACKAGE;
		totals.bytes += file->size;
	}
	return totals;
}

static void print_problems(const struct scan *scan, enum scan_note_kind kind)
{
	size_t shown = 0;

	for (size_t i = 0; i < scan->note_count && shown < SCAN_PROBLEMS_SHOWN; i++) {
		if (scan->notes[i].kind != kind)
			continue;
		fputs(_("scan:   "), stderr);
		scan_put_string(stderr, scan->notes[i].path);
		if (scan->notes[i].system_error)
			fprintf(stderr, ": %s", strerror(scan->notes[i].system_error));
		fputc('\n', stderr);
		shown++;
	}
	if (scan->note_counts[kind] > shown)
		fprintf(stderr, _("scan:   and %zu more, all named at the top of the policy source\n"),
			scan->note_counts[kind] - shown);
}

static void print_json(const struct scan *scan, const struct totals *totals, double seconds)
{
	static const char *const keys[SCAN_NOTE_MAX_] = {
		"unreadable", "changed", "special", "pseudo_filesystems", "other_filesystems", "excluded"
	};

	fprintf(stderr, "{\"listed\":%zu,\"listed_bytes\":%llu,\"from_packages\":%zu,\"data_left_out\":%zu", totals->listed,
		(unsigned long long)totals->bytes, totals->packaged, totals->data);
	for (unsigned kind = 0; kind < SCAN_NOTE_MAX_; kind++)
		fprintf(stderr, ",\"%s\":%zu", keys[kind], scan->note_counts[kind]);
	if (scan->options->by_signer)
		fprintf(stderr, ",\"signers\":%zu,\"by_signer\":%zu", scan->signer_count, totals->by_signer);
	fprintf(stderr, ",\"symbolic_links\":%zu,\"seconds\":%.3f}\n", scan->symlinks, seconds);
}

static void print_signers(const struct scan *scan, const struct totals *totals)
{
	if (!scan->options->by_signer)
		return;
	fprintf(stderr, _("scan: %zu files need no list: rules for %zu signers allow them\n"), totals->by_signer,
		scan->signer_count);
	for (size_t i = 0; i < scan->signer_count; i++) {
		const struct scan_signer *signer = &scan->signers[i];
		char key[GUARD_DIGEST_HEX_SIZE];

		if (signer->file)
			continue;
		guard_openpgp_key_id_format(key, signer->key_id);
		fprintf(stderr, _("scan: no file with the repository key %s is in /usr/share/keyrings, /etc/apt/keyrings "
				  "or /etc/apt/trusted.gpg.d: name it as key_file in the policy source\n"), key);
	}
}

void scan_print_summary(const struct scan *scan, const struct scan_dpkg *dpkg, double seconds)
{
	struct totals totals = count(scan);

	if (scan->options->json) {
		print_json(scan, &totals, seconds);
		return;
	}
	fprintf(stderr, _("scan: %zu files listed (%.1f MiB), %zu of them from %zu known Debian packages, in %.1f s\n"),
		totals.listed, (double)totals.bytes / 1048576.0, totals.packaged, dpkg->package_count, seconds);
	print_signers(scan, &totals);
	if (totals.data)
		fprintf(stderr, _("scan: %zu files of plain binary data left out (--all lists them)\n"), totals.data);
	if (scan->symlinks)
		fprintf(stderr, _("scan: %zu symbolic links not followed\n"), scan->symlinks);
	for (unsigned kind = 0; kind < SCAN_NOTE_MAX_; kind++) {
		if (scan->note_counts[kind] == 0)
			continue;
		fprintf(stderr, _("scan: %zu %s\n"), scan->note_counts[kind], _(scan_note_text((enum scan_note_kind)kind)));
		if (kind <= SCAN_NOTE_CHANGED || kind == SCAN_NOTE_PSEUDO || kind == SCAN_NOTE_OTHER_FS)
			print_problems(scan, (enum scan_note_kind)kind);
	}
}
