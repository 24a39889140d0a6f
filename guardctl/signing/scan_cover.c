/* SPDX-License-Identifier: MIT
 *
 * signing/scan_cover.c - pure: of those who vouch for files the few that cover them
 * all.  Always the one next who covers the most of what is left, which is at most
 * a logarithm away from the best (set cover) and the best for the few signers that
 * a machine has.
 */
#include "scan_signers.h"

#include <string.h>

uint64_t scan_cover_bit(struct scan_cover *cover, enum guard_provider provider, const uint8_t *key_id)
{
	struct scan_signer *candidate;

	for (size_t i = 0; i < cover->count; i++)
		if (cover->candidates[i].provider == provider &&
		    memcmp(cover->candidates[i].key_id, key_id, GUARD_KEY_ID_SIZE) == 0)
			return UINT64_C(1) << i;
	if (cover->count == SCAN_SIGNERS_MAX)
		return 0;
	candidate = &cover->candidates[cover->count++];
	candidate->provider = (uint8_t)provider;
	memcpy(candidate->key_id, key_id, GUARD_KEY_ID_SIZE);
	return UINT64_C(1) << (cover->count - 1);
}

static bool is_open(const struct scan_cover *cover, size_t file)
{
	return cover->scan->files[file].state == SCAN_LISTED && cover->masks[file];
}

/* The candidate with the most files that are not covered yet; `count` of it. */
static size_t greatest(const struct scan_cover *cover, size_t *ret_count)
{
	size_t counts[SCAN_SIGNERS_MAX] = { 0 }, best = 0;

	for (size_t i = 0; i < cover->scan->file_count; i++)
		for (size_t c = 0; is_open(cover, i) && c < cover->count; c++)
			counts[c] += cover->masks[i] >> c & 1;
	for (size_t c = 1; c < cover->count; c++)
		if (counts[c] > counts[best])
			best = c;
	*ret_count = counts[best];
	return best;
}

void scan_cover_choose(struct scan_cover *cover)
{
	struct scan *scan = cover->scan;
	size_t files, best;

	for (best = greatest(cover, &files); files > 0; best = greatest(cover, &files)) {
		struct scan_signer *chosen = &scan->signers[scan->signer_count++];

		*chosen = cover->candidates[best];
		chosen->files = files;
		for (size_t i = 0; i < scan->file_count; i++)
			if (scan->files[i].state == SCAN_LISTED && cover->masks[i] >> best & 1)
				scan->files[i].state = SCAN_SIGNED;
	}
}
