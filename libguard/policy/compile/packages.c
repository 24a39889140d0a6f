/* SPDX-License-Identifier: MIT
 *
 * compile/packages.c - what the package provider adds to a rule: the key of a
 * repository with its material, names and versions (docs/signers-package.md).
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fields.h"
#include "identity/openpgp.h"
#include "identity/version.h"
#include "policy/glob.h"
#include "text.h"

/* ---- keys ------------------------------------------------------------------------ */

static bool has_material(const struct guard_compile *compile, const uint8_t *key_id)
{
	struct guard_openpgp_key key;
	struct guard_reader reader;

	guard_reader_init(&reader, compile->openpgp_keys, compile->openpgp_keys_size);
	while (guard_openpgp_next(&key, &reader) == 0)
		if (memcmp(key.key_id, key_id, sizeof(key.key_id)) == 0)
			return true;
	return false;
}

static int append(struct guard_compile *compile, const uint8_t *bytes, size_t size)
{
	uint8_t *grown = realloc(compile->openpgp_keys, compile->openpgp_keys_size + size);

	if (!grown)
		return -GUARD_E_NOMEM;
	memcpy(&grown[compile->openpgp_keys_size], bytes, size);
	compile->openpgp_keys = grown;
	compile->openpgp_keys_size += size;
	return 0;
}

/* Machines would attribute nothing by it any more; what was attributed before stays so. */
static int refuse_revoked(struct guard_compile *compile, const char *path, struct compile_place place)
{
	compile_error(&compile->diagnostics, place,
		      "take it out of the rule: what it vouched for is not allowed by it then",
		      "%s: the owner of this key has revoked it", path);
	return -GUARD_E_SYNTAX;
}

/* Put the key that is named into the image's material. */
static int take_key(struct guard_compile *compile, const uint8_t *key_id, const uint8_t *bytes, size_t size,
		    const char *path, struct compile_place place)
{
	struct guard_openpgp_key key;
	struct guard_reader reader;
	char held[GUARD_DIGEST_HEX_SIZE] = "none";
	int r;

	guard_reader_init(&reader, bytes, size);
	while ((r = guard_openpgp_next(&key, &reader)) == 0) {
		if (memcmp(key.key_id, key_id, sizeof(key.key_id)) == 0 && key.revoked)
			return refuse_revoked(compile, path, place);
		if (memcmp(key.key_id, key_id, sizeof(key.key_id)) == 0)
			return has_material(compile, key_id) ? 0 : append(compile, &bytes[key.offset], key.size);
		guard_openpgp_key_id_format(held, key.key_id);
	}
	if (r != -GUARD_E_NOT_FOUND)
		compile_error(&compile->diagnostics, place, "export it with `gpg --export FINGERPRINT`",
			      "%s is not a file of OpenPGP public keys", path);
	else
		compile_error(&compile->diagnostics, place,
			      "name the primary key: `gpg --show-keys FILE` prints its fingerprint below `pub`",
			      "%s has no such primary key; the last that it has is %s", path, held);
	return -GUARD_E_SYNTAX;
}

static int load_key_file(struct compile_signer *signer, struct guard_compile *compile,
			 const struct compile_node *node, const char *name)
{
	const struct compile_node *field = compile_field(node, "key_file");
	struct compile_place place = compile_node_place(field);
	const char *path = compile_text_relative(&compile->arena, field->file, name);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	struct compile_text text;
	size_t size = 0;
	int r;

	if (!path)
		return -GUARD_E_NOMEM;
	r = compile_text_read(&text, &compile->diagnostics, path, place);
	if (r < 0)
		return r;
	r = guard_openpgp_binary(&bytes, &size, text.bytes, text.size);
	if (r == -GUARD_E_NOMEM)
		return r;
	if (r < 0) {
		compile_error(&compile->diagnostics, place, "export it with `gpg --export FINGERPRINT`",
			      "%s is not a file of OpenPGP public keys", path);
		return -GUARD_E_SYNTAX;
	}
	return take_key(compile, signer->key_id, bytes, size, path, place);
}

int compile_load_package_key(struct compile_signer *signer, struct guard_compile *compile,
			     const struct compile_node *node)
{
	struct compile_place place = compile_node_place(node);
	const char *text;

	if (!compile_field_required(&text, compile, node, "key", "<fingerprint>"))
		return -GUARD_E_SYNTAX;
	if (guard_openpgp_key_id_parse(signer->key_id, text, strlen(text)) < 0) {
		compile_error(&compile->diagnostics, place,
			      "give the fingerprint of the repository's primary OpenPGP key: 40 hex digits (64 for "
			      "version 6), without spaces",
			      "`key` is not a fingerprint: \"%.80s\"", text);
		return -GUARD_E_SYNTAX;
	}
	if (compile_field_string(&text, compile, node, "key_file"))
		return load_key_file(signer, compile, node, text);
	if (!compile_field(node, "key_file") && !has_material(compile, signer->key_id))
		compile_warning(&compile->diagnostics, place, "add key_file = \"FILE\"; with the public key",
				"without the key itself no machine can verify what it signed: the rule matches nothing");
	return 0;
}

/* ---- names and versions ------------------------------------------------------------ */

static void load_version(const char **version, struct guard_compile *compile, const struct compile_node *node,
			 const char *name)
{
	const char *text;

	if (!compile_field_string(&text, compile, node, name))
		return;
	*version = text;
	if (!guard_version_is_valid(text))
		compile_error(&compile->diagnostics, compile_node_place(compile_field(node, name)),
			      "write it as `dpkg -l` prints it, such as \"1:9.2p1-2+deb12u3\"",
			      "`%s` is not a version of a package: \"%.80s\"", name, text);
}

int compile_load_packages(struct compile_rule *rule, struct guard_compile *compile, const struct compile_node *node)
{
	int r = compile_field_strings(&rule->packages, compile, node, "packages");

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < rule->packages.count; i++)
		if (!guard_glob_is_valid(rule->packages.items[i]))
			compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "packages")),
				      "close the `[`, or quote it with a backslash",
				      "the pattern \"%.200s\" is malformed", rule->packages.items[i]);
	load_version(&rule->min_version, compile, node, "min_version");
	load_version(&rule->below_version, compile, node, "below_version");
	if (!(rule->packages.count || rule->min_version[0] || rule->below_version[0]))
		return 0;
	for (uint32_t i = 0; i < rule->signer_count; i++)
		if (rule->signers[i].provider == GUARD_PROVIDER_PACKAGE)
			return 0;
	if (!compile_field(node, "signers"))
		compile_error(&compile->diagnostics, rule->place, "add signers = ( { provider = \"package\"; ... } );",
			      "`packages`, `min_version` and `below_version` narrow signers, and this rule has none");
	else
		compile_error(&compile->diagnostics, rule->place, "take them out, or add a signer of that provider",
			      "`packages`, `min_version` and `below_version` are for the provider \"package\"");
	return 0;
}
