/* SPDX-License-Identifier: MIT
 *
 * compile/signer_keys.c - the files that a signer names: certificate or key, the
 * authority for time stamps, revocation list.  Each goes into the image once.
 */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "identity/certificate.h"
#include "identity/revocation.h"
#include "signer.h"
#include "text.h"

static int report(struct guard_compile *compile, struct compile_place place, const char *hint, const char *sentence)
{
	compile_error(&compile->diagnostics, place, hint, "%s", sentence);
	return -GUARD_E_SYNTAX;
}

static bool is_same(const struct compile_certificate *have, const struct guard_certificate *read)
{
	return have->type == read->type && have->der_size == read->der_size && have->spki_size == read->spki_size &&
	       memcmp(have->key_id, read->key_id, sizeof(have->key_id)) == 0 &&
	       (!read->der_size || memcmp(have->der, read->der, read->der_size) == 0) &&
	       (!read->spki_size || memcmp(have->spki, read->spki, read->spki_size) == 0);
}

static int copy(struct compile_certificate *to, struct guard_compile *compile, const struct guard_certificate *read)
{
	uint8_t *der = compile_arena_alloc(&compile->arena, read->der_size + 1);
	uint8_t *spki = compile_arena_alloc(&compile->arena, read->spki_size + 1);

	if (!der || !spki)
		return -GUARD_E_NOMEM;
	if (read->der_size)
		memcpy(der, read->der, read->der_size);
	if (read->spki_size)
		memcpy(spki, read->spki, read->spki_size);
	*to = (struct compile_certificate){ .type = read->type, .is_ca = read->is_ca, .ima_id = read->ima_id,
					    .der = der, .der_size = read->der_size,
					    .spki = spki, .spki_size = read->spki_size };
	memcpy(to->key_id, read->key_id, sizeof(to->key_id));
	memcpy(to->issuer_id, read->issuer_id, sizeof(to->issuer_id));
	memcpy(to->ski, read->ski, sizeof(to->ski));
	return 0;
}

/* The same content is kept once, whoever names it. */
static int keep(size_t *ret_index, struct guard_compile *compile, const struct guard_certificate *read)
{
	struct compile_certificate *all;
	int r;

	for (size_t i = 0; i < compile->certificate_array.count; i++)
		if (is_same(&compile->certificates[i], read)) {
			*ret_index = i;
			return 0;
		}
	if (compile->certificate_array.count == GUARD_COMPILE_LIST_MAX)
		return -GUARD_E_LIMIT;
	all = compile_grow(&compile->certificate_array, compile->certificates, 1, sizeof(*all));
	if (!all)
		return -GUARD_E_NOMEM;
	compile->certificates = all;
	r = copy(&all[compile->certificate_array.count], compile, read);
	if (r == 0)
		*ret_index = compile->certificate_array.count++;
	return r;
}

/* Read the file that setting `name` names. */
static int read_file(struct guard_certificate *ret_read, struct guard_compile *compile, const struct compile_node *node,
		     const char *name)
{
	const struct compile_node *field = compile_field(node, name);
	struct compile_place place = compile_node_place(field);
	const bool crl = strcmp(name, "crl") == 0;
	struct compile_text text;
	const char *path, *ignored;
	char reason[200];
	int r;

	if (!compile_field_string(&ignored, compile, node, name))
		return -GUARD_E_SYNTAX;
	path = compile_text_relative(&compile->arena, field->file, field->value.string);
	if (!path)
		return -GUARD_E_NOMEM;
	r = compile_text_read(&text, &compile->diagnostics, path, place);
	if (r < 0)
		return r == -GUARD_E_NOMEM ? r : -GUARD_E_SYNTAX;
	compile->files++;
	r = guard_certificate_read(ret_read, text.bytes, text.size, reason, sizeof(reason));
	if (r == -GUARD_E_NOMEM)
		return r;
	if (r < 0) {
		compile_error(&compile->diagnostics, place, "give a certificate, a public key or a CRL file of openssl(1)",
			      "%s: %s", path, reason);
		return -GUARD_E_SYNTAX;
	}
	if ((ret_read->type == GUARD_CERTIFICATE_CRL) == crl)
		return 0;
	guard_certificate_clear(ret_read);
	compile_error(&compile->diagnostics, place, crl ? "make one with `openssl ca -gencrl`" : "name a CRL with `crl`",
		      crl ? "%s is no revocation list" : "%s is a revocation list, not a key", path);
	return -GUARD_E_SYNTAX;
}

static int keep_read(size_t *ret_index, struct guard_compile *compile, const struct compile_node *node,
		     const struct guard_certificate *read)
{
	int r = keep(ret_index, compile, read);

	if (r == -GUARD_E_LIMIT)
		return report(compile, compile_node_place(node),
			      "let one authority issue the certificates and name that one",
			      "the policy names too many keys and certificates");
	return r;
}

static int load_certificate(size_t *ret_index, struct guard_compile *compile, const struct compile_node *node,
			    const char *name)
{
	struct guard_certificate read;
	int r = read_file(&read, compile, node, name);

	if (r < 0)
		return r;
	r = keep_read(ret_index, compile, node, &read);
	guard_certificate_clear(&read);
	return r;
}

/* The list becomes what machines look up: serial numbers, under the key of the
 * certificate beside it, which must have signed it. */
static int load_crl(struct guard_compile *compile, const struct compile_node *node, size_t issuer)
{
	const struct compile_place place = compile_node_place(compile_field(node, "crl"));
	struct guard_revocations revocations;
	struct guard_certificate read;
	char reason[200];
	size_t ignored;
	int r = read_file(&read, compile, node, "crl");

	if (r < 0)
		return r;
	r = guard_revocations_read(&revocations, read.der, read.der_size, compile->certificates[issuer].der,
				   compile->certificates[issuer].der_size, reason, sizeof(reason));
	if (r == 0 && revocations.count > 0) {
		struct guard_certificate list = { .type = GUARD_CERTIFICATE_CRL,
						  .der = revocations.serials[0],
						  .der_size = revocations.count * GUARD_SERIAL_SIZE };

		memcpy(list.key_id, compile->certificates[issuer].key_id, sizeof(list.key_id));
		r = keep_read(&ignored, compile, node, &list);
	} else if (r < 0 && r != -GUARD_E_NOMEM) {
		r = report(compile, place, "give the list of that authority, made with `openssl ca -gencrl`", reason);
	}
	guard_certificate_clear(&read);
	if (r == 0)
		guard_revocations_clear(&revocations);
	return r;
}

static int load_extras(struct guard_compile *compile, const struct compile_node *node, const size_t *issuer)
{
	size_t stamps;
	int r = 0;

	if (compile_field(node, "crl") && (!issuer || !compile->certificates[*issuer].der_size))
		return report(compile, compile_node_place(compile_field(node, "crl")),
			      "add certificate = \"FILE\" with the authority's certificate",
			      "`crl` needs the certificate of the authority that signed it beside it");
	if (compile_field(node, "crl"))
		r = load_crl(compile, node, *issuer);
	if (r == 0 && compile_field(node, "timestamp")) {
		r = load_certificate(&stamps, compile, node, "timestamp");
		if (r == 0)
			compile->certificates[stamps].stamps = true;
	}
	return r;
}

/* ---- fingerprints --------------------------------------------------------------------- */

/* As openssl(1) prints it, with colons or without. */
static int read_fingerprint(struct guard_digest *ret_print, struct guard_compile *compile, const struct compile_node *node)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	size_t count = 0;
	const char *text;

	if (!compile_field_string(&text, compile, node, "fingerprint"))
		return -GUARD_E_SYNTAX;
	for (size_t i = 0; text[i] && count < sizeof(hex); i++)
		if (text[i] != ':')
			hex[count++] = text[i];
	if (guard_digest_parse(ret_print, hex, count) == 0)
		return 0;
	compile_error(&compile->diagnostics, compile_node_place(compile_field(node, "fingerprint")),
		      "give what `openssl x509 -noout -fingerprint -sha256 -in FILE` prints behind the `=`",
		      "`fingerprint` is no SHA-256 of a certificate: \"%.100s\"", text);
	return -GUARD_E_SYNTAX;
}

static int has_fingerprint(const struct compile_certificate *certificate, const struct guard_digest *print)
{
	struct guard_digest own;

	if (certificate->type != GUARD_CERTIFICATE_X509)
		return 0;
	return guard_digest_bytes(&own, certificate->der, certificate->der_size) == 0 && guard_digest_compare(&own, print) == 0;
}

/* The file beside it must be that certificate. */
static int check_fingerprint(struct guard_compile *compile, const struct compile_node *node, size_t index)
{
	struct guard_digest print;
	int r = read_fingerprint(&print, compile, node);

	if (r < 0 || has_fingerprint(&compile->certificates[index], &print))
		return r;
	return report(compile, compile_node_place(compile_field(node, "fingerprint")),
		      "compare it with who gave you the certificate: this may be another",
		      "the certificate in `certificate` has another fingerprint");
}

static int find_fingerprint(size_t *ret_index, struct guard_compile *compile, const struct compile_node *node)
{
	struct guard_digest print;
	int r = read_fingerprint(&print, compile, node);

	for (size_t i = 0; r == 0 && i < compile->certificate_array.count; i++)
		if (has_fingerprint(&compile->certificates[i], &print)) {
			*ret_index = i;
			return 0;
		}
	return r < 0 ? r :
		       report(compile, compile_node_place(compile_field(node, "fingerprint")),
			      "add certificate = \"FILE\": without the certificate no machine can verify anything",
			      "no certificate that the policy names before this has that fingerprint");
}

/* The certificate that the signer names, by its file or by its fingerprint. */
static int load_named(size_t *ret_index, struct guard_compile *compile, const struct compile_node *node)
{
	int r;

	if (!compile_field(node, "certificate"))
		return find_fingerprint(ret_index, compile, node);
	r = load_certificate(ret_index, compile, node, "certificate");
	return r == 0 && compile_field(node, "fingerprint") ? check_fingerprint(compile, node, *ret_index) : r;
}

int compile_load_key(struct compile_signer *signer, struct guard_compile *compile, const struct compile_node *node)
{
	struct guard_digest key;
	const char *text;
	size_t index;
	int r;

	if (compile_field(node, "certificate") || compile_field(node, "fingerprint")) {
		r = load_named(&index, compile, node);
		if (r < 0)
			return r;
		signer->brought = true;
		signer->authority = compile->certificates[index].is_ca;
		memcpy(signer->issuer_id, compile->certificates[index].key_id, sizeof(signer->issuer_id));
		return load_extras(compile, node, &index);
	}
	if (!compile_field_required(&text, compile, node, "key", "<64 hex digits>"))
		return -GUARD_E_SYNTAX;
	if (guard_digest_parse(&key, text, strlen(text)) < 0) {
		compile_error(&compile->diagnostics, compile_node_place(node),
			      "give the SHA-256 of the key's SubjectPublicKeyInfo: 64 hex digits",
			      "`key` is not a key id: \"%.80s\"", text);
		return -GUARD_E_SYNTAX;
	}
	memcpy(signer->issuer_id, key.bytes, sizeof(signer->issuer_id));
	return load_extras(compile, node, NULL);
}
