/* SPDX-License-Identifier: MIT
 *
 * gate/vouchers.c - remembers the signers of contents under one policy, so that
 * a warm file costs no verification.  Never a verdict.  An entry holds for files
 * that carry the same signatures: a copy without them, or with others, has its own.
 */
#include <stdlib.h>
#include <string.h>

#include "gate/signers.h"

#define ENTRIES 8192u
#define KEPT 4u /* signers of one content; one with more is asked for again */

struct entry {
	uint64_t generation; /* 0: empty */
	struct guard_digest digest;
	uint64_t signatures;
	uint8_t carried, count;
	struct guard_signer signers[KEPT];
	int64_t until; /* Unix seconds */
	char reason[GUARD_REASON_MAX];
};
struct gate_vouchers {
	pthread_mutex_t lock;
	struct entry entries[ENTRIES];
};

int gate_vouchers_new(struct gate_vouchers **ret_vouchers)
{
	struct gate_vouchers *vouchers = calloc(1, sizeof(*vouchers));

	if (!vouchers)
		return -GUARD_E_NOMEM;
	pthread_mutex_init(&vouchers->lock, NULL);
	*ret_vouchers = vouchers;
	return 0;
}

static struct entry *entry_of(struct gate_vouchers *vouchers, const struct guard_digest *digest, uint64_t signatures)
{
	uint32_t number;

	memcpy(&number, digest->bytes, sizeof(number));
	return &vouchers->entries[(number ^ signatures) % ENTRIES];
}

bool gate_vouchers_get(struct gate_vouchers *vouchers, struct gate_identity *found, uint8_t carried,
		       uint64_t generation)
{
	struct guard_identity *identity = &found->identity;
	const struct entry *entry = entry_of(vouchers, &identity->digest, found->signatures);
	const int64_t now = gate_realtime_ns() / 1000000000;
	bool known;

	pthread_mutex_lock(&vouchers->lock);
	known = entry->generation == generation && entry->carried == carried && entry->signatures == found->signatures &&
		entry->until >= now && guard_digest_compare(&entry->digest, &identity->digest) == 0;
	if (known) {
		identity->signer_count = entry->count;
		memcpy(identity->signers, entry->signers, entry->count * sizeof(entry->signers[0]));
		memcpy(found->reason, entry->reason, sizeof(found->reason));
		found->signers_until = entry->until;
	}
	pthread_mutex_unlock(&vouchers->lock);
	return known;
}

void gate_vouchers_put(struct gate_vouchers *vouchers, const struct gate_identity *found, uint8_t carried,
		       uint64_t generation)
{
	const struct guard_identity *identity = &found->identity;
	struct entry *entry = entry_of(vouchers, &identity->digest, found->signatures);

	if (identity->signer_count > KEPT)
		return;
	pthread_mutex_lock(&vouchers->lock);
	*entry = (struct entry){ .generation = generation, .digest = identity->digest, .carried = carried,
				 .signatures = found->signatures,
				 .count = identity->signer_count, .until = found->signers_until };
	memcpy(entry->reason, found->reason, sizeof(entry->reason));
	memcpy(entry->signers, identity->signers, identity->signer_count * sizeof(entry->signers[0]));
	pthread_mutex_unlock(&vouchers->lock);
}
