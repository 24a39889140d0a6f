/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_classify.c - pure: can anything run this file, or run
 * something by reading it?  Errs on the side of yes: a file too many is a line
 * in the list, a file too few is a program that stops.
 */
#include <string.h>

#include "scan.h"
#include "scan_presets.h"

bool scan_has_suffix(const char *path, const char *suffix)
{
	size_t length = strlen(path), suffix_length = strlen(suffix);

	return length > suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

static bool is_module(const char *path)
{
	return scan_has_suffix(path, ".ko") || scan_has_suffix(path, ".ko.xz") || scan_has_suffix(path, ".ko.zst") ||
	       scan_has_suffix(path, ".ko.gz");
}

bool scan_is_wanted(enum guard_format format, mode_t mode, const char *path, const struct scan_presets *presets)
{
	switch (format) {
	case GUARD_FORMAT_ELF_EXEC:
	case GUARD_FORMAT_ELF_DYN:
	case GUARD_FORMAT_ELF_REL:
	case GUARD_FORMAT_ELF_OTHER:
	case GUARD_FORMAT_SHEBANG:
	case GUARD_FORMAT_TEXT:
	case GUARD_FORMAT_BYTECODE:
		return true;
	default:
		return (mode & 0111) != 0 || is_module(path) || scan_presets_suffix(presets, path);
	}
}
