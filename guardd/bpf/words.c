/* SPDX-License-Identifier: MIT
 *
 * bpf/words.c - tells the programs which command line was judged: a hash of it, under
 * a key that nobody knows beforehand.  Must not look at what the words say.
 */
#include "bpf/layer.h"

#include <string.h>
#include <sys/random.h>

#include "bpf/values.h"

static void hash(struct guard_bpf_words *judged, const char *words, size_t size)
{
	struct guard_bpf_sip sip;

	guard_bpf_sip_begin(&sip, judged->key);
	for (size_t at = 0; at < size; at += GUARD_BPF_WORDS_STEP) {
		__u64 step[GUARD_BPF_WORDS_STEP / sizeof(__u64)] = { 0 };

		memcpy(step, &words[at], size - at < sizeof(step) ? size - at : sizeof(step));
		guard_bpf_sip_step(&sip, step);
	}
	judged->hash = guard_bpf_sip_end(&sip);
	for (size_t i = 0; i < size; i++)
		judged->count += words[i] == '\0';
}

int guardd_bpf_words_put(const struct guardd_bpf *layer, int32_t thread, uint32_t round, const char *words, size_t size,
			 int64_t until_ns)
{
	const uint32_t key = (uint32_t)thread;
	struct guard_bpf_words judged = { .until_ns = (uint64_t)until_ns, .size = size ? (uint32_t)size : 1u, .round = round };

	if (size > GUARD_BPF_WORDS_SIZE_MAX)
		return -GUARD_E_LIMIT;
	if (getrandom(judged.key, sizeof(judged.key), 0) != sizeof(judged.key))
		return -GUARD_E_IO;
	hash(&judged, size ? words : "", judged.size);
	return guardd_bpf_put(layer->words, &key, &judged);
}
