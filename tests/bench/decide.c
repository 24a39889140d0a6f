/* SPDX-License-Identifier: MIT
 *
 * bench/decide.c - what a decision costs: opens an image of N digests
 * (1,000,000 unless given) and asks for listed and unlisted ones in random
 * order.  `decide N QUESTIONS FILE` writes the image to FILE, and the next time
 * only reads it from there: so `valgrind --tool=callgrind
 * --toggle-collect=guard_policy_decide` need not make it; with 0 QUESTIONS any
 * image of digests is opened.  Exits with 1 when a limit of the design is missed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "image_fixture.h"

#define DIGESTS 1000000u
#define QUESTIONS 1000000u
#define PARTS 50u
#define RULES 3000u /* as many as Debian packages on a desktop */
#define MAX_NS_PER_DECISION 200.0
#define MAX_MS_TO_OPEN 100.0

/* Of this process, so that others on the machine count little. */
static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* A digest that is random enough and made at no cost (splitmix64). */
static struct guard_digest digest_number(uint64_t number)
{
	struct guard_digest digest;

	for (size_t i = 0; i < GUARD_DIGEST_SIZE / 8; i++) {
		uint64_t word = number * 4 + i + UINT64_C(0x9E3779B97F4A7C15);

		word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
		word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
		word ^= word >> 31;
		memcpy(&digest.bytes[i * 8], &word, 8);
	}
	return digest;
}

/* The sealed copy of an image that lies in a file. */
static int load_image(const char *path)
{
	FILE *file = fopen(path, "rb");
	long size;
	void *bytes;
	int fd;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0)
		abort();
	rewind(file);
	bytes = malloc((size_t)size);
	if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size)
		abort();
	fclose(file);
	fd = fixture_fd(bytes, (size_t)size, 1);
	free(bytes);
	return fd;
}

static void save_image(const char *path, const struct guard_writer *image)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(image->bytes, 1, image->size, file) != image->size || fclose(file) != 0)
		abort();
}

static int make_image(unsigned count, const char *path)
{
	struct image_fixture fixture;
	struct guard_writer image;
	int fd;

	fixture_init(&fixture);
	for (unsigned i = 0; i < RULES; i++) {
		struct guard_image_rule rule = fixture_allow(&fixture, "package");

		rule.flags = GUARD_RULE_HAS_DIGESTS;
		fixture_rule(&fixture, rule);
	}
	for (unsigned i = 0; i < count; i++) {
		struct guard_digest digest = digest_number(i);

		fixture_digest(&fixture, &digest, i % RULES, NULL);
	}
	fixture_finish(&fixture, &image);
	printf("image: %.1f MB for %u digests\n", (double)image.size / 1e6, count);
	if (path)
		save_image(path, &image);
	fd = fixture_fd(image.bytes, image.size, 1);
	guard_writer_free(&image);
	fixture_free(&fixture);
	return fd;
}

/* Best of five: what the machine can do, not what else it was doing. */
static double time_open(struct guard_policy **ret_policy, int fd)
{
	double best = 1e9;

	for (int i = 0; i < 5; i++) {
		double start = now();

		guard_policy_free(*ret_policy);
		*ret_policy = NULL;
		if (guard_policy_open(ret_policy, fd, NULL) < 0)
			abort();
		if (now() - start < best)
			best = now() - start;
	}
	return best * 1e3;
}

/* The questions: random digests; every `unlisted`-th is not in the image (0:
 * all are). */
static struct guard_digest *make_questions(unsigned count, unsigned questions, unsigned unlisted)
{
	struct guard_digest *digests = calloc(questions, sizeof(*digests));

	if (!digests)
		abort();
	for (unsigned i = 0; i < questions; i++) {
		uint64_t number = i * UINT64_C(2654435761) % count;

		digests[i] = digest_number(unlisted && i % unlisted == 0 ? number + count : number);
	}
	return digests;
}

static double ask(const struct guard_policy *policy, const struct guard_digest *digests, unsigned count,
		  unsigned unlisted)
{
	struct guard_identity identity = { .kind = GUARD_KIND_EXECUTABLE };
	unsigned wrong = 0;
	double start = now();

	for (unsigned i = 0; i < count; i++) {
		struct guard_object object = { .identity = &identity, .path = "/usr/bin/program" };
		struct guard_subject subject = { .uid = 1000, .program = "/usr/bin/bash" };
		struct guard_verdict verdict;
		bool listed = !(unlisted && i % unlisted == 0);

		identity.digest = digests[i];
		guard_policy_decide(policy, &verdict, &subject, &object, 1700000000);
		wrong += (verdict.action == GUARD_ALLOW) != listed;
	}
	if (wrong)
		abort();
	return (now() - start) * 1e9 / count;
}

static int by_number(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* Nanoseconds per decision: prints the median and the best of PARTS and returns
 * the best, because a neighbour on the same core empties the caches. */
static double time_decide(const struct guard_policy *policy, const char *what, unsigned count, unsigned questions,
			  unsigned unlisted)
{
	struct guard_digest *digests = make_questions(count, questions, unlisted);
	double parts[PARTS];

	for (unsigned i = 0; i < PARTS; i++) {
		unsigned size = questions / PARTS / 2 * 2;

		parts[i] = ask(policy, &digests[(size_t)i * size], size, unlisted);
	}
	qsort(parts, PARTS, sizeof(parts[0]), by_number);
	free(digests);
	printf("%s: median %.0f ns, best %.0f ns per decision\n", what, parts[PARTS / 2], parts[0]);
	return parts[0];
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : DIGESTS;
	unsigned questions = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : QUESTIONS;
	const char *file = argc > 3 ? argv[3] : NULL;
	struct guard_policy *policy = NULL;
	double open_ms, listed, mixed;
	int fd;

	if (count == 0 || (questions < PARTS * 2 && questions > 0)) {
		fprintf(stderr, "usage: decide [DIGESTS [QUESTIONS [FILE]]]\n");
		return 2;
	}
	fd = file && access(file, R_OK) == 0 ? load_image(file) : make_image(count, file);
	open_ms = time_open(&policy, fd);
	printf("open: %.1f ms\n", open_ms);
	if (questions == 0)
		return 0;
	listed = time_decide(policy, "listed", count, questions, 0);
	mixed = time_decide(policy, "half unlisted", count, questions, 2);
	guard_policy_free(policy);
	close(fd);
	return listed > MAX_NS_PER_DECISION || mixed > MAX_NS_PER_DECISION || open_ms > MAX_MS_TO_OPEN;
}
