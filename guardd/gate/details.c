/* SPDX-License-Identifier: MIT
 *
 * gate/details.c - remembers what an inspector said of a certificate, by the bytes of the
 * certificate: one vendor signs many files with the same.  A key of the policy has signed
 * these bytes before any inspector sees them, and whatever was said of them holds for
 * them alone.  Nothing that went wrong is remembered, and no verdict.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "gate/signers.h"

#define ENTRIES 32u

struct entry {
	struct guard_digest tbs;
	uint8_t *reply; /* NULL: empty */
	size_t size;
};
struct gate_details {
	pthread_mutex_t lock;
	unsigned next;
	struct entry entries[ENTRIES];
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
	uint8_t *copy;
	struct entry *entry;

	if (!detail || guard_certificate_detail_decode(detail, reply, size) < 0)
		return;
	copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, reply, size);
	pthread_mutex_lock(&details->lock);
	entry = &details->entries[details->next++ % ENTRIES];
	free(entry->reply);
	*entry = (struct entry){ .tbs = *tbs, .reply = copy, .size = size };
	pthread_mutex_unlock(&details->lock);
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
