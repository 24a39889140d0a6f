/* SPDX-License-Identifier: MIT
 *
 * repo/keys_merge.c - `keys merge`: signatures that were made on copies of a
 * document, each by somebody else on a stick of his own, into one.  Whether they
 * hold is looked at where they are used.
 */
#include "keys.h"

#include <fcntl.h>
#include <string.h>

#include "base/text.h"

static const char *key_of(const json_t *signature)
{
	return json_string_value(json_object_get(signature, "keyid"));
}

static bool has_key(const json_t *document, const char *id)
{
	size_t i;
	json_t *signature;

	json_array_foreach(json_object_get(document, "signatures"), i, signature) {
		if (key_of(signature) && strcmp(key_of(signature), id) == 0)
			return true;
	}
	return false;
}

static bool merge_one(json_t *document, const char *path, size_t *added)
{
	GUARD_AUTO_JSON json_t *copy = NULL;
	size_t i;
	json_t *signature;

	if (!keys_read_document(&copy, path))
		return false;
	if (!json_equal(json_object_get(document, "signed"), json_object_get(copy, "signed"))) {
		guardctl_error("%s is no copy of the same document: it says something else, or is of another day; nothing "
			       "was merged",
			       path);
		return false;
	}
	json_array_foreach(json_object_get(copy, "signatures"), i, signature) {
		if (!key_of(signature) || has_key(document, key_of(signature)))
			continue;
		json_array_append(json_object_get(document, "signatures"), signature);
		*added += 1;
	}
	return true;
}

int keys_merge(const struct repo_options *options)
{
	const char *path = options->operands[0];
	GUARD_AUTO_JSON json_t *document = NULL;
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0, added = 0;

	if (options->operand_count < 2) {
		guardctl_error("`keys merge` needs the document, and the signed copies of it");
		return GUARDCTL_USAGE;
	}
	if (!keys_read_document(&document, path))
		return GUARDCTL_REFUSED;
	for (size_t i = 1; i < options->operand_count; i++)
		if (!merge_one(document, options->operands[i], &added))
			return GUARDCTL_REFUSED;
	if (publish_bytes(&bytes, &size, document) < 0 || publish_file_write(AT_FDCWD, path, bytes, size) < 0) {
		guardctl_error("%s was not written: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	printf(_("%s has %zu more signature%s\n"), path, added, added == 1 ? "" : "s");
	return GUARDCTL_DONE;
}
