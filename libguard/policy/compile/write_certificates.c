/* SPDX-License-Identifier: MIT
 *
 * compile/write_certificates.c - the sections CERTIFICATES, CERTIFICATE_BYTES and
 * TERMS: what a machine verifies signatures with.
 */
#include "write.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static uint32_t write_bytes(struct compile_image *image, const uint8_t *bytes, size_t size)
{
	struct guard_writer *section = &image->sections[GUARD_SECTION_CERTIFICATE_BYTES];
	size_t offset = section->size;

	if (offset + size > UINT32_MAX)
		image->too_large = true;
	else if (size)
		guard_write_bytes(section, bytes, size);
	return (uint32_t)offset;
}

static void write_certificate(struct compile_image *image, const struct compile_certificate *certificate)
{
	static const uint8_t zero[16];
	struct guard_writer *section = &image->sections[GUARD_SECTION_CERTIFICATES];

	guard_write_bytes(section, certificate->key_id, sizeof(certificate->key_id));
	guard_write_bytes(section, certificate->issuer_id, sizeof(certificate->issuer_id));
	guard_write_bytes(section, certificate->ski, sizeof(certificate->ski));
	guard_write_u32(section, certificate->ima_id);
	guard_write_u32(section, certificate->type);
	guard_write_u32(section, (certificate->is_ca ? GUARD_IMAGE_CERTIFICATE_CA : 0) |
					 (certificate->stamps ? GUARD_IMAGE_CERTIFICATE_STAMPS : 0));
	guard_write_u32(section, write_bytes(image, certificate->der, certificate->der_size));
	guard_write_u32(section, (uint32_t)certificate->der_size);
	guard_write_u32(section, write_bytes(image, certificate->spki, certificate->spki_size));
	guard_write_u32(section, (uint32_t)certificate->spki_size);
	guard_write_bytes(section, zero, sizeof(zero));
}

static int by_id(const void *a, const void *b)
{
	const struct compile_signer *const *left = a, *const *right = b;

	return memcmp((*left)->key_id, (*right)->key_id, sizeof((*left)->key_id));
}

static size_t collect_terms(const struct compile_signer **found, const struct guard_compile *compile)
{
	size_t count = 0;

	for (size_t i = 0; i < compile->rule_array.count; i++)
		for (uint32_t j = 0; j < compile->rules[i].signer_count; j++) {
			const struct compile_signer *signer = &compile->rules[i].signers[j];

			if (!signer->serial && !signer->subject)
				continue;
			if (found)
				found[count] = signer;
			count++;
		}
	return count;
}

static int write_terms(struct compile_image *image)
{
	static const uint8_t zero[8];
	struct guard_writer *section = &image->sections[GUARD_SECTION_TERMS];
	size_t count = collect_terms(NULL, image->compile);
	GUARD_AUTO_FREE const struct compile_signer **found = calloc(count + 1, sizeof(*found));

	if (!found)
		return -GUARD_E_NOMEM;
	collect_terms(found, image->compile);
	qsort(found, count, sizeof(*found), by_id);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && by_id(&found[i - 1], &found[i]) == 0)
			continue;
		guard_write_bytes(section, found[i]->key_id, sizeof(found[i]->key_id));
		guard_write_bytes(section, found[i]->issuer_id, sizeof(found[i]->issuer_id));
		guard_write_u32(section, compile_pool_intern(image, found[i]->serial));
		guard_write_u32(section, compile_pool_intern(image, found[i]->subject));
		guard_write_bytes(section, zero, sizeof(zero));
	}
	return 0;
}

int compile_write_certificates(struct compile_image *image)
{
	const struct guard_compile *compile = image->compile;

	for (size_t i = 0; i < compile->certificate_array.count; i++)
		write_certificate(image, &compile->certificates[i]);
	return write_terms(image);
}
