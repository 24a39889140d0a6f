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

int guardd_bpf_words_put(const struct guardd_bpf *layer, int32_t thread, int fd, const struct guardd_bpf_judged *judged)
{
	const uint32_t key = (uint32_t)thread;
	struct guard_bpf_words words = { .until_ns = (uint64_t)judged->until_ns,
					 .size = judged->size ? (uint32_t)judged->size : 1u,
					 .round = judged->round,
					 .scripts = judged->scripts };
	uint64_t program;
	int r;

	if (judged->size > GUARD_BPF_WORDS_SIZE_MAX)
		return -GUARD_E_LIMIT;
	r = guardd_bpf_inode_id(layer, fd, &program);
	if (r < 0)
		return r;
	words.scripts.program = program;
	if (getrandom(words.key, sizeof(words.key), 0) != sizeof(words.key))
		return -GUARD_E_IO;
	hash(&words, judged->size ? judged->words : "", words.size);
	return guardd_bpf_put(layer->words, &key, &words);
}
