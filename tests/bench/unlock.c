/* SPDX-License-Identifier: MIT
 *
 * bench/unlock.c - what one who has a machine's disk pays for a guess, and what a
 * machine pays for one answer.  `bench_unlock VERIFIERS [SECONDS]` opens a real
 * verifier set (guardctl helpdesk verifiers), guesses at its first slot on every
 * core for SECONDS (5 unless given) as fast as scrypt lets it, and reckons from
 * the rate how long the code space takes.  `--number VERIFIERS` prints a request
 * number that the machine might make.  Answers nothing.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "unlock/unlock.h"

#define SECONDS 5.0
#define THREADS_MAX 64
#define YEAR (365.25 * 86400)
#define CARD 30000.0 /* guesses a second at N = 2^12, r = 8: supposed of a graphics card */

struct guessing {
	const struct guard_unlock_set *set;
	double end;
	_Atomic uint64_t guesses;
	_Atomic bool found;
};

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *guess(void *context)
{
	struct guessing *guessing = context;
	const struct unlock_slot *slot = &guessing->set->slots[0];
	uint8_t verifier[UNLOCK_SECRET_SIZE];
	uint64_t code;

	while (now(CLOCK_MONOTONIC) < guessing->end) {
		if (RAND_bytes((uint8_t *)&code, sizeof(code)) != 1 ||
		    guard_unlock_stretch(verifier, code % UNLOCK_ANSWER_LIMIT, slot->salt, &guessing->set->cost) < 0)
			return NULL;
		if (memcmp(verifier, slot->verifier, sizeof(verifier)) == 0)
			atomic_store(&guessing->found, true);
		atomic_fetch_add(&guessing->guesses, 1);
	}
	return NULL;
}

static unsigned guess_on_all_cores(struct guessing *guessing, double seconds)
{
	pthread_t threads[THREADS_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores, count = 0;

	guessing->end = now(CLOCK_MONOTONIC) + seconds;
	while (count < wanted && pthread_create(&threads[count], NULL, guess, guessing) == 0)
		count++;
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return count;
}

static int make_number(struct guard_unlock_number *ret_number, const struct guard_unlock_set *set)
{
	const struct guard_digest none = {{0}};
	const struct unlock_asked asked = {"nobody", &none, set->epoch, 0, set->slots[0].scope, set->slots[0].slot};

	return guard_unlock_number_make(ret_number, set->mask, &asked);
}

/* One wrong answer, as the machine evaluates it. */
static double verify_once(const struct guard_unlock_set *set)
{
	const struct guard_unlock_answer answer = {1};
	struct guard_unlock_number number;
	double begin = now(CLOCK_PROCESS_CPUTIME_ID);

	if (make_number(&number, set) < 0 || guard_unlock_verify(set, &number, &answer) != -GUARD_E_SIGNATURE)
		return -1;
	return now(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static int print_number(const struct guard_unlock_set *set)
{
	char text[GUARD_UNLOCK_TEXT_SIZE];
	struct guard_unlock_number number;

	if (make_number(&number, set) < 0)
		return 1;
	guard_unlock_number_format(text, &number);
	puts(text);
	return 0;
}

/* By the processor's time, so that others on the machine count little. */
static void print(const struct guessing *guessing, double core_seconds, unsigned threads)
{
	const struct guard_unlock_set *set = guessing->set;
	const double rate = (double)guessing->guesses / core_seconds * threads, half = (double)UNLOCK_ANSWER_LIMIT / 2;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("machine %s, epoch %u: scrypt N = 2^%u, r = %u, p = %u, %.0f MiB for each guess\n", set->machine, set->epoch,
	       set->cost.log2_n, set->cost.r, set->cost.p, 128.0 * (1u << set->cost.log2_n) * set->cost.r / (1 << 20));
	printf("one answer verified in %.0f ms of processor; the most memory that this program had: %ld MiB\n", verify_once(set) * 1e3,
	       usage.ru_maxrss / 1024);
	printf("guesses: %.0f a second on %u cores, %.1f ms each on a core\n", rate, threads, threads / rate * 1e3);
	printf("half of the 10^16 codes of one slot: %.0f years here, %.0f core years, %.0f years of a card with %.0f a second\n",
	       half / rate / YEAR, half / rate / YEAR * threads, half / CARD / YEAR, CARD);
	if (atomic_load(&guessing->found))
		puts("a guess was right: buy a lottery ticket, and issue new verifiers");
}

static struct guard_unlock_set *open_set(const char *path)
{
	static uint8_t bytes[GUARD_UNLOCK_SET_SIZE_MAX];
	struct guard_unlock_set *set = NULL;
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (file)
		fclose(file);
	return size && guard_unlock_set_open(&set, bytes, size) == 0 ? set : NULL;
}

int main(int argc, char **argv)
{
	bool number = argc == 3 && strcmp(argv[1], "--number") == 0;
	struct guard_unlock_set *set = argc > 1 ? open_set(argv[number ? 2 : 1]) : NULL;
	double seconds = argc > 2 && !number ? strtod(argv[2], NULL) : SECONDS;
	struct guessing guessing = {.set = set};
	unsigned threads;
	int code = 0;

	if (!set || seconds <= 0) {
		fputs("usage: bench_unlock VERIFIERS [SECONDS]\n       bench_unlock --number VERIFIERS\n", stderr);
		return 2;
	}
	if (number) {
		code = print_number(set);
	} else {
		double begin = now(CLOCK_PROCESS_CPUTIME_ID);

		threads = guess_on_all_cores(&guessing, seconds);
		code = threads && guessing.guesses ? 0 : 1;
		if (code == 0)
			print(&guessing, now(CLOCK_PROCESS_CPUTIME_ID) - begin, threads);
	}
	guard_unlock_set_free(set);
	return code;
}
