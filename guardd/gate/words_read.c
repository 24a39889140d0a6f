/* SPDX-License-Identifier: MIT
 *
 * gate/words_read.c - the argument vector of a caller that is blocked in an exec.
 * Copies bytes; must not look at what they say.
 */
#include "gate/words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"

#define PAGE 4096u
#define POINTERS 128u /* read at once */

struct words {
	char *bytes;
	size_t size;
	uint32_t count;
};

/* Up to the end of the page; 0: nothing is there. */
static size_t read_memory(void *target, size_t size, int32_t tid, uint64_t address)
{
	size_t step = PAGE - (size_t)(address % PAGE);
	struct iovec local = { target, size < step ? size : step };
	struct iovec remote = { (void *)(uintptr_t)address, local.iov_len };
	ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

static int copy_word(struct words *words, int32_t tid, uint64_t address)
{
	for (;;) {
		size_t left = GATE_WORDS_SIZE_MAX - words->size, got;
		const char *end;

		if (left == 0)
			return -GUARD_E_LIMIT;
		got = read_memory(&words->bytes[words->size], left, tid, address);
		if (got == 0)
			return -GUARD_E_NOT_FOUND;
		end = memchr(&words->bytes[words->size], '\0', got);
		if (end) {
			words->size = (size_t)(end - words->bytes) + 1;
			return 0;
		}
		words->size += got;
		address += got;
	}
}

/* The addresses from `at` on, as far as they lie in one page. */
static size_t read_addresses(uint64_t *addresses, int32_t tid, uint64_t at, bool narrow)
{
	const size_t each = narrow ? sizeof(uint32_t) : sizeof(uint64_t);
	unsigned char raw[POINTERS * sizeof(uint64_t)];
	size_t got = read_memory(raw, POINTERS * each, tid, at) / each;

	for (size_t i = 0; i < got; i++) {
		uint32_t low = 0;

		if (narrow) {
			memcpy(&low, &raw[i * each], sizeof(low));
			addresses[i] = low;
		} else {
			memcpy(&addresses[i], &raw[i * each], sizeof(addresses[i]));
		}
	}
	return got;
}

static int copy_words(struct words *words, int32_t tid, const struct gate_call *call)
{
	uint64_t addresses[POINTERS], at = call->words;
	int r = 0;

	while (r == 0) {
		size_t count = read_addresses(addresses, tid, at, call->narrow);

		if (count == 0)
			return -GUARD_E_NOT_FOUND;
		for (size_t i = 0; i < count && r == 0; i++) {
			if (addresses[i] == 0)
				return 0;
			r = words->count++ < GATE_WORDS_MAX ? copy_word(words, tid, addresses[i]) : -GUARD_E_LIMIT;
		}
		at += count * (call->narrow ? sizeof(uint32_t) : sizeof(uint64_t));
	}
	return r;
}

int gate_words_read(char **ret_words, size_t *ret_size, int32_t tid, const struct gate_call *call)
{
	GUARD_AUTO_FREE char *bytes = malloc(GATE_WORDS_SIZE_MAX);
	struct words words = { .bytes = bytes };
	int r;

	if (!bytes)
		return -GUARD_E_NOMEM;
	/* No vector at all: the kernel makes one empty word of it. */
	r = call->words ? copy_words(&words, tid, call) : 0;
	if (r < 0)
		return r;
	*ret_size = words.size;
	*ret_words = guard_steal_pointer(&bytes);
	return 0;
}
