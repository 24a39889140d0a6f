/* SPDX-License-Identifier: MIT
 *
 * gate/details.c - remembers what an inspector said of a certificate, by the bytes of the
 * certificate, its key, and which key signed it: one vendor signs many files with the
 * same.  A key of the policy has signed these bytes before any inspector sees them, and
 * whatever was said of them holds for them alone.  Nothing that went wrong is remembered, and no verdict.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "gate/signers.h"

#define ENTRIES 32u
#define PROOFS 128u

struct entry {
	struct guard_digest tbs;
	uint8_t *reply; /* NULL: empty */
	size_t size;
	struct guard_digest spki;
	struct guard_public_key *key; /* of the certificate; NULL: none that is taken */
};
struct gate_details {
	pthread_mutex_t lock;
	unsigned next, next_proof;
	struct entry entries[ENTRIES];
	struct guard_digest proofs[PROOFS]; /* of links and the keys that signed them; all zero: empty */
};

int gate_details_new(struct gate_details **ret_details)
{
	struct gate_details *details = calloc(1, sizeof(*details));

	if (!details)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&details->lock, NULL);
	*ret_details = details;
	return 0;
}

static bool recall(struct gate_details *details, uint8_t *reply, size_t *ret_size, const struct guard_digest *tbs)
{
	bool known = false;

	pthread_mutex_lock(&details->lock);
	for (unsigned i = 0; i < ENTRIES && !known; i++) {
		const struct entry *entry = &details->entries[i];

		known = entry->reply && guard_digest_compare(&entry->tbs, tbs) == 0;
		if (known) {
			memcpy(reply, entry->reply, entry->size);
			*ret_size = entry->size;
		}
	}
	pthread_mutex_unlock(&details->lock);
	return known;
}

static void remember(struct gate_details *details, const struct guard_digest *tbs, const uint8_t *reply, size_t size)
{
	GUARD_AUTO_FREE struct guard_certificate_detail *detail = malloc(sizeof(*detail));
	struct entry *entry, made = { .tbs = *tbs, .size = size };

	if (!detail || guard_certificate_detail_decode(detail, reply, size) < 0 ||
	    guard_digest_bytes(&made.spki, detail->spki, detail->spki_size) < 0)
		return;
	made.reply = malloc(size);
	if (!made.reply)
		return;
	memcpy(made.reply, reply, size);
	if (guard_public_key_load(&made.key, detail->spki, detail->spki_size) < 0)
		made.key = NULL;
	pthread_mutex_lock(&details->lock);
	entry = &details->entries[details->next++ % ENTRIES];
	free(entry->reply);
	guard_public_key_free(entry->key);
	*entry = made;
	pthread_mutex_unlock(&details->lock);
}

static int name_proof(struct guard_digest *ret_about, const struct guard_link *link, const uint8_t *key_id)
{
	uint8_t bytes[2 + GUARD_DIGEST_SIZE + 2 * sizeof(uint32_t) + GUARD_TBS_MAX + GUARD_SIGNATURE_MAX];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_write_u8(&writer, link->scheme);
	guard_write_u8(&writer, link->hash);
	guard_write_bytes(&writer, key_id, GUARD_DIGEST_SIZE);
	guard_write_blob(&writer, link->tbs, link->tbs_size);
	guard_write_blob(&writer, link->signature, link->signature_size);
	return writer.failed ? -GUARD_E_LIMIT : guard_digest_bytes(ret_about, bytes, writer.size);
}

static bool is_proven(struct gate_details *details, const struct guard_digest *about)
{
	bool known = false;

	pthread_mutex_lock(&details->lock);
	for (unsigned i = 0; i < PROOFS && !known; i++)
		known = guard_digest_compare(&details->proofs[i], about) == 0;
	pthread_mutex_unlock(&details->lock);
	return known;
}

int gate_details_verify(struct gate_details *details, const struct guard_link *link, const struct guard_public_key *key,
			const uint8_t *key_id)
{
	struct guard_digest about;
	int r = name_proof(&about, link, key_id);

	if (r < 0 || is_proven(details, &about))
		return r;
	r = guard_link_verify(link, key);
	if (r < 0)
		return r;
	pthread_mutex_lock(&details->lock);
	details->proofs[details->next_proof++ % PROOFS] = about;
	pthread_mutex_unlock(&details->lock);
	return 0;
}

int gate_details_key(struct gate_details *details, struct guard_public_key **ret_key, const void *spki, size_t size)
{
	struct guard_digest digest;
	int r = guard_digest_bytes(&digest, spki, size);
	bool known = false;

	if (r < 0)
		return r;
	pthread_mutex_lock(&details->lock);
	for (unsigned i = 0; i < ENTRIES && !known; i++) {
		const struct entry *entry = &details->entries[i];

		known = entry->key && guard_digest_compare(&entry->spki, &digest) == 0;
		if (known)
			r = guard_public_key_share(ret_key, entry->key);
	}
	pthread_mutex_unlock(&details->lock);
	return known ? r : guard_public_key_load(ret_key, spki, size);
}

int gate_details_ask(struct gate *gate, uint8_t *reply, size_t *ret_size, const void *tbs, size_t size)
{
	struct guard_digest digest;
	int r = guard_digest_bytes(&digest, tbs, size);

	if (r < 0)
		return r;
	if (recall(gate->details, reply, ret_size, &digest))
		return 0;
	r = gate_inspect_raw(gate, reply, ret_size, GUARD_INSPECT_CERTIFICATE, tbs, size);
	if (r == 0)
		remember(gate->details, &digest, reply, *ret_size);
	return r;
}
