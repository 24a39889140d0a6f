/* SPDX-License-Identifier: MIT
 *
 * compile/digest_order.c - sorts the digests of all rules: by value, then by
 * rule, then as they were read.  The order is the image's, and what makes the
 * search for repeats cheap.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model.h"

/* Sorting these 16 bytes instead of whole digests keeps a million in cache. */
struct key {
	uint64_t head; /* first eight bytes, most significant first */
	uint32_t index;
};

static uint64_t head_of(const struct guard_digest *digest)
{
	uint64_t head = 0;

	for (size_t i = 0; i < 8; i++)
		head = head << 8 | digest->bytes[i];
	return head;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct compile_digest *digests = context;
	const struct key *x = a, *y = b;
	int order;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	order = memcmp(&digests[x->index].digest, &digests[y->index].digest, sizeof(struct guard_digest));
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Digests are spread evenly: dealt by their first bits, few are left to compare. */
#define DEAL_BITS_MAX 16u
#define DEAL_SIZE 16u /* left in one deal, on average */

static int sort(struct key *sorted, const struct key *keys, size_t count, struct compile_digest *digests)
{
	GUARD_AUTO_FREE size_t *starts = NULL;
	unsigned bits = 1;
	size_t from = 0;

	while (bits < DEAL_BITS_MAX && count > (size_t)DEAL_SIZE << bits)
		bits++;
	starts = calloc(((size_t)1 << bits) + 1, sizeof(*starts));
	if (!starts)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		starts[(keys[i].head >> (64 - bits)) + 1]++;
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < count; i++)
		sorted[starts[keys[i].head >> (64 - bits)]++] = keys[i];
	for (size_t i = 0; i < (size_t)1 << bits; i++) { /* each start is now the next one's */
		qsort_r(&sorted[from], starts[i] - from, sizeof(*sorted), compare, digests);
		from = starts[i];
	}
	return 0;
}

int compile_order_digests(struct guard_compile *compile)
{
	size_t count = compile->digest_array.count;
	GUARD_AUTO_FREE struct key *keys = calloc(count + 1, sizeof(*keys));
	GUARD_AUTO_FREE struct key *sorted = calloc(count + 1, sizeof(*sorted));
	GUARD_AUTO_FREE uint32_t *order = calloc(count + 1, sizeof(*order));

	if (!keys || !sorted || !order)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct key){ head_of(&compile->digests[i].digest), (uint32_t)i };
	if (sort(sorted, keys, count, compile->digests) < 0)
		return -GUARD_E_NOMEM;
	compile->digest_unique = 0;
	for (size_t i = 0; i < count; i++) {
		order[i] = sorted[i].index;
		compile->digest_unique += i == 0 || memcmp(&compile->digests[order[i]].digest,
							   &compile->digests[order[i - 1]].digest,
							   sizeof(struct guard_digest)) != 0;
	}
	compile->digest_order = guard_steal_pointer(&order);
	return 0;
}
