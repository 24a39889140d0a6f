/* SPDX-License-Identifier: MIT
 *
 * compile/signer.c - the list `signers` of a rule: whose signature counts, with
 * the certificate, key and revocation list files that it names.  Owns what such
 * a file must hold; whether a signature is good is found out on the machine.
 */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "identity/certificate.h"
#include "policy/keys.h"
#include "signer.h"
#include "text.h"

#define SERIAL_MAX 40u /* hex digits: RFC 5280 allows 20 bytes */

static int report(struct guard_compile *compile, struct compile_place place, const char *hint, const char *sentence)
{
	compile_error(&compile->diagnostics, place, hint, "%s", sentence);
	return -GUARD_E_SYNTAX;
}

/* The same content is kept once, whoever names it. */
static int keep(struct guard_compile *compile, const struct guard_certificate *read)
{
	struct compile_certificate *all;
	uint8_t *der, *spki;

	for (size_t i = 0; i < compile->certificate_array.count; i++) {
		const struct compile_certificate *have = &compile->certificates[i];

		if (have->type == read->type && have->der_size == read->der_size && have->spki_size == read->spki_size &&
		    (!read->der_size || memcmp(have->der, read->der, read->der_size) == 0) &&
		    (!read->spki_size || memcmp(have->spki, read->spki, read->spki_size) == 0))
			return 0;
	}
	if (compile->certificate_array.count == GUARD_COMPILE_LIST_MAX)
		return -GUARD_E_LIMIT;
	all = compile_grow(&compile->certificate_array, compile->certificates, 1, sizeof(*all));
	der = compile_arena_alloc(&compile->arena, read->der_size + 1);
	spki = compile_arena_alloc(&compile->arena, read->spki_size + 1);
	if (all)
		compile->certificates = all;
	if (!all || !der || !spki)
		return -GUARD_E_NOMEM;
	if (read->der_size)
		memcpy(der, read->der, read->der_size);
	if (read->spki_size)
		memcpy(spki, read->spki, read->spki_size);
	all = &all[compile->certificate_array.count++];
	*all = (struct compile_certificate){ .type = read->type, .is_ca = read->is_ca, .ima_id = read->ima_id,
					     .der = der, .der_size = read->der_size,
					     .spki = spki, .spki_size = read->spki_size };
	memcpy(all->key_id, read->key_id, sizeof(all->key_id));
	memcpy(all->issuer_id, read->issuer_id, sizeof(all->issuer_id));
	memcpy(all->ski, read->ski, sizeof(all->ski));
	return 0;
}

/* Read the file that setting `name` names; its key's id goes to `ret_key_id`. */
static int load_file(uint8_t ret_key_id[GUARD_KEY_ID_SIZE], struct guard_compile *compile,
		     const struct compile_node *node, const char *name, bool crl)
{
	const struct compile_node *field = compile_field(node, name);
	struct compile_place place = compile_node_place(field);
	struct guard_certificate read;
	struct compile_text text;
	const char *path;
	char reason[200];
	int r;

	path = compile_text_relative(&compile->arena, field->file, field->value.string);
	if (!path)
		return -GUARD_E_NOMEM;
	r = compile_text_read(&text, &compile->diagnostics, path, place);
	if (r < 0)
		return r == -GUARD_E_NOMEM ? r : -GUARD_E_SYNTAX;
	compile->files++;
	r = guard_certificate_read(&read, text.bytes, text.size, reason, sizeof(reason));
	if (r == -GUARD_E_NOMEM)
		return r;
	if (r < 0) {
		compile_error(&compile->diagnostics, place, "give a certificate, a public key or a CRL file of openssl(1)",
			      "%s: %s", path, reason);
		return -GUARD_E_SYNTAX;
	}
	if ((read.type == GUARD_CERTIFICATE_CRL) != crl) {
		guard_certificate_clear(&read);
		compile_error(&compile->diagnostics, place, crl ? "make one with `openssl ca -gencrl`" : "name a CRL with `crl`",
			      crl ? "%s is no revocation list" : "%s is a revocation list, not a key", path);
		return -GUARD_E_SYNTAX;
	}
	memcpy(ret_key_id, read.key_id, GUARD_KEY_ID_SIZE);
	r = keep(compile, &read);
	guard_certificate_clear(&read);
	if (r == -GUARD_E_LIMIT)
		return report(compile, place, "let one authority issue the certificates and name that one",
			      "the policy names too many keys and certificates");
	return r;
}

/* By `certificate`, which brings the key along, or by `key` alone. */
static int load_key(struct compile_signer *signer, struct guard_compile *compile, const struct compile_node *node)
{
	const char *text;
	struct guard_digest key;
	uint8_t ignored[GUARD_KEY_ID_SIZE];
	int r;

	if (compile_field(node, "certificate")) {
		if (!compile_field_string(&text, compile, node, "certificate"))
			return -GUARD_E_SYNTAX;
		signer->brought = true;
		r = load_file(signer->issuer_id, compile, node, "certificate", false);
	} else {
		if (!compile_field_required(&text, compile, node, "key", "<64 hex digits>"))
			return -GUARD_E_SYNTAX;
		if (guard_digest_parse(&key, text, strlen(text)) < 0) {
			compile_error(&compile->diagnostics, compile_node_place(node),
				      "give the SHA-256 of the key's SubjectPublicKeyInfo: 64 hex digits",
				      "`key` is not a key id: \"%.80s\"", text);
			return -GUARD_E_SYNTAX;
		}
		memcpy(signer->issuer_id, key.bytes, sizeof(signer->issuer_id));
		r = 0;
	}
	if (r == 0 && compile_field(node, "crl"))
		r = compile_field_string(&text, compile, node, "crl") ? load_file(ignored, compile, node, "crl", true) :
									 -GUARD_E_SYNTAX;
	return r;
}

/* Lower case, without leading zeros and without the colons of openssl(1). */
static int load_serial(struct compile_signer *signer, struct guard_compile *compile, const struct compile_node *node)
{
	char plain[SERIAL_MAX + 1];
	const char *text;
	size_t length = 0;

	if (!compile_field(node, "serial"))
		return 0;
	if (!compile_field_string(&text, compile, node, "serial"))
		return -GUARD_E_SYNTAX;
	for (; *text; text++) {
		const char *digit = *text == ':' ? NULL : strchr("0123456789abcdef0123456789ABCDEF", *text);

		if (*text == ':' || (length == 0 && *text == '0'))
			continue;
		if (!digit || length == SERIAL_MAX)
			return report(compile, compile_node_place(node), "as `openssl x509 -noout -serial` prints it",
				      "`serial` must be hex digits, at most 40");
		plain[length++] = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text);
	}
	if (length == 0)
		plain[length++] = '0';
	signer->serial = compile_arena_copy(&compile->arena, plain, length);
	return signer->serial ? 0 : -GUARD_E_NOMEM;
}

static int load_subject(struct compile_signer *signer, struct guard_compile *compile, const struct compile_node *node)
{
	const char *text;

	if (!compile_field(node, "subject"))
		return 0;
	if (!compile_field_string(&text, compile, node, "subject"))
		return -GUARD_E_SYNTAX;
	if (!strchr(text, '=') || text[0] == '=')
		return report(compile, compile_node_place(node), "for example subject = \"O=Acme K.K.\";",
			      "`subject` must be one attribute: NAME=VALUE");
	signer->subject = text;
	return 0;
}

/* A rule finds its signers by one id each.  With conditions on the certificate
 * the id stands for key and conditions together. */
static int set_id(struct compile_signer *signer)
{
	memcpy(signer->key_id, signer->issuer_id, sizeof(signer->key_id));
	if (!signer->serial && !signer->subject)
		return 0;
	return guard_policy_term_id(signer->key_id, signer->issuer_id, signer->serial, signer->subject);
}

static int load_signer(struct compile_signer *ret_signer, struct guard_compile *compile,
		       const struct compile_node *node)
{
	static const char *const names[] = { "provider", "key", "key_file", "certificate", "crl", "serial", "subject" };
	struct compile_place place = compile_node_place(node);
	struct compile_signer signer = { .place = place };
	enum guard_provider provider;
	const char *text;
	int r;

	if (node->type != COMPILE_GROUP) {
		compile_error(&compile->diagnostics, place,
			      "write ( { provider = \"package\"; key = \"<64 hex digits>\"; } )",
			      "a signer must be a group { }, not %s", compile_type_name(node->type));
		return -GUARD_E_SYNTAX;
	}
	compile_fields_check(compile, node, "a signer", names, COMPILE_COUNT(names));
	if (!compile_field_required(&text, compile, node, "provider", "package"))
		return -GUARD_E_SYNTAX;
	if (guard_provider_parse(&provider, text) < 0 || provider == GUARD_PROVIDER_NONE) {
		compile_error(&compile->diagnostics, place, "one of \"ima\", \"catalog\", \"appended\", \"package\"",
			      "unknown provider \"%.60s\"", text);
		return -GUARD_E_SYNTAX;
	}
	signer.provider = (uint32_t)provider;
	if (provider == GUARD_PROVIDER_PACKAGE) {
		*ret_signer = signer;
		return compile_load_package_key(ret_signer, compile, node);
	}
	if (compile_field(node, "key_file"))
		return report(compile, place, "give the certificate or public key as `certificate`",
			      "`key_file` is for the provider \"package\"");
	if (compile_field(node, "crl") || compile_field(node, "serial") || compile_field(node, "subject"))
		return report(compile, place, "name the certificate that signs as `certificate`; deny one by a deny rule that names it",
			      "certificates that another one issued are not followed by this version");
	r = load_key(&signer, compile, node);
	if (r == 0)
		r = load_serial(&signer, compile, node);
	if (r == 0)
		r = load_subject(&signer, compile, node);
	if (r == 0 && (signer.serial || signer.subject) && provider != GUARD_PROVIDER_CATALOG &&
	    provider != GUARD_PROVIDER_APPENDED)
		r = report(compile, place, "use them with \"catalog\" or \"appended\"",
			   "`serial` and `subject` are about certificates that a signature carries");
	if (r == 0)
		r = set_id(&signer);
	if (r == 0)
		*ret_signer = signer;
	return r;
}

int compile_load_signers(struct compile_rule *rule, struct guard_compile *compile, const struct compile_node *node)
{
	const struct compile_node *list = compile_field_typed(compile, node, "signers", COMPILE_LIST);
	struct compile_signer *signers;

	if (!list || !list->count)
		return 0;
	if (list->count > GUARD_COMPILE_LIST_MAX) {
		compile_error(&compile->diagnostics, compile_node_place(list), "split the rule",
			      "`signers` has more than %u entries", GUARD_COMPILE_LIST_MAX);
		return 0;
	}
	signers = compile_arena_alloc(&compile->arena, list->count * sizeof(*signers));
	if (!signers)
		return -GUARD_E_NOMEM;
	for (const struct compile_node *element = list->value.first; element; element = element->next) {
		int r = load_signer(&signers[rule->signer_count], compile, element);

		if (r == -GUARD_E_NOMEM)
			return r;
		rule->signer_count += r == 0;
	}
	rule->signers = signers;
	return 0;
}

/* A key id alone says whose signature counts; to verify one, the machine needs
 * the key itself.  Package keys lie in keyrings. */
void compile_lint_signers(struct guard_compile *compile)
{
	for (size_t i = 0; i < compile->rule_array.count; i++) {
		const struct compile_rule *rule = &compile->rules[i];

		for (uint32_t j = 0; j < rule->signer_count; j++) {
			const struct compile_signer *signer = &rule->signers[j];
			bool known = signer->brought || signer->provider == GUARD_PROVIDER_PACKAGE;

			for (size_t k = 0; !known && k < compile->certificate_array.count; k++)
				known = memcmp(compile->certificates[k].key_id, signer->issuer_id, GUARD_KEY_ID_SIZE) == 0;
			if (!known)
				compile_error(&compile->diagnostics, signer->place,
					      "give certificate = \"FILE\" here or in another rule",
					      "the key itself is nowhere in the policy: no machine could verify its signatures");
		}
	}
}
