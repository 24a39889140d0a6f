/* SPDX-License-Identifier: MIT
 *
 * compile/signer.c - the list `signers` of a rule: whose signature counts, with
 * the certificate, key and revocation list files that it names.  Owns what such
 * a file must hold; whether a signature is good is found out on the machine.
 */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "policy/keys.h"
#include "signer.h"

#define SERIAL_MAX 40u /* hex digits: RFC 5280 allows 20 bytes */

static int report(struct guard_compile *compile, struct compile_place place, const char *hint, const char *sentence)
{
	compile_error(&compile->diagnostics, place, hint, "%s", sentence);
	return -GUARD_E_SYNTAX;
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

/* What only certificates have that another one issued. */
static int check_conditions(const struct compile_signer *signer, struct guard_compile *compile,
			    const struct compile_node *node)
{
	const struct compile_place place = compile_node_place(node);
	const bool asks = signer->serial || signer->subject || compile_field(node, "crl") || compile_field(node, "timestamp");

	if (!asks)
		return 0;
	if (signer->provider != GUARD_PROVIDER_CATALOG && signer->provider != GUARD_PROVIDER_APPENDED)
		return report(compile, place, "use them with \"catalog\" or \"appended\"",
			      "`serial`, `subject`, `crl` and `timestamp` are about certificates that a signature carries");
	if (signer->brought && !signer->authority)
		return report(compile, place,
			      "name the certificate of the authority that issued it; or take these settings out",
			      "`serial`, `subject`, `crl` and `timestamp` are about certificates that an authority issued, "
			      "and this one is none");
	return 0;
}

static int load_signer(struct compile_signer *ret_signer, struct guard_compile *compile,
		       const struct compile_node *node)
{
	static const char *const names[] = { "provider", "key", "key_file", "certificate", "fingerprint", "crl", "timestamp", "serial", "subject" };
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
	if (compile_field(node, "key") && compile_field(node, "fingerprint"))
		return report(compile, place, "give one: the key's id, or the certificate's fingerprint",
			      "`key` and `fingerprint` are two names for one thing");
	r = compile_load_key(&signer, compile, node);
	if (r == 0)
		r = load_serial(&signer, compile, node);
	if (r == 0)
		r = load_subject(&signer, compile, node);
	if (r == 0)
		r = check_conditions(&signer, compile, node);
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

	if (!list)
		return 0;
	if (!list->count && rule->digest_count) {
		compile_error(&compile->diagnostics, compile_node_place(list), "take it out, or name a signer",
			      "`signers` is empty");
		return 0;
	}
	if (!list->count)
		return 0; /* the rule lists nothing: said of the rule as a whole */
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
