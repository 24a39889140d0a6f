/* SPDX-License-Identifier: MIT
 *
 * identity/names.c - the words for kinds, formats and providers.  Append only:
 * they are written in policies and ledgers.
 */
#include <guard/identity.h>

#include <string.h>

static const char *const kinds[GUARD_KIND_MAX_] = {
	[GUARD_KIND_OTHER] = "other",   [GUARD_KIND_EXECUTABLE] = "executable", [GUARD_KIND_LIBRARY] = "library",
	[GUARD_KIND_SCRIPT] = "script", [GUARD_KIND_MODULE] = "module",
};

static const char *const formats[GUARD_FORMAT_MAX_] = {
	[GUARD_FORMAT_EMPTY] = "empty",         [GUARD_FORMAT_ELF_EXEC] = "elf-exec",
	[GUARD_FORMAT_ELF_DYN] = "elf-dyn",     [GUARD_FORMAT_ELF_REL] = "elf-rel",
	[GUARD_FORMAT_ELF_OTHER] = "elf-other", [GUARD_FORMAT_SHEBANG] = "shebang",
	[GUARD_FORMAT_TEXT] = "text",           [GUARD_FORMAT_BYTECODE] = "bytecode",
	[GUARD_FORMAT_BINARY] = "binary",
};

static const char *const providers[GUARD_PROVIDER_MAX_] = {
	[GUARD_PROVIDER_NONE] = "none",       [GUARD_PROVIDER_IMA] = "ima",
	[GUARD_PROVIDER_CATALOG] = "catalog", [GUARD_PROVIDER_APPENDED] = "appended",
	[GUARD_PROVIDER_PACKAGE] = "package",
};

/* Index of `word` in `words`, or -GUARD_E_NOT_FOUND. */
static int find(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -GUARD_E_NOT_FOUND;
}

const char *guard_kind_name(enum guard_kind kind)
{
	return (unsigned)kind < GUARD_KIND_MAX_ ? kinds[kind] : "unknown";
}

const char *guard_format_name(enum guard_format format)
{
	return (unsigned)format < GUARD_FORMAT_MAX_ ? formats[format] : "unknown";
}

const char *guard_provider_name(enum guard_provider provider)
{
	return (unsigned)provider < GUARD_PROVIDER_MAX_ ? providers[provider] : "unknown";
}

int guard_kind_parse(enum guard_kind *ret_kind, const char *word)
{
	int r = find(kinds, GUARD_KIND_MAX_, word);

	if (r < 0)
		return r;
	*ret_kind = (enum guard_kind)r;
	return 0;
}

int guard_provider_parse(enum guard_provider *ret_provider, const char *word)
{
	int r = find(providers, GUARD_PROVIDER_MAX_, word);

	if (r <= 0) /* "none" is a state, not a provider to ask for */
		return -GUARD_E_NOT_FOUND;
	*ret_provider = (enum guard_provider)r;
	return 0;
}
