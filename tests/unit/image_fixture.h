/* SPDX-License-Identifier: MIT
 *
 * unit/image_fixture.h - build small (or large) policy images in memory, for
 * tests, fuzzing seeds and benchmarks.  Independent of the compiler, so that
 * the reader is tested against the format and not against the writer.  Any
 * failure ends the program: a test without its image says nothing.
 */
#ifndef GUARD_TESTS_IMAGE_FIXTURE_H
#define GUARD_TESTS_IMAGE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include <guard/policy.h>

#include "base/buffer.h"
#include "policy/image.h"

struct fixture_digest {
	struct guard_digest digest;
	uint32_t rule, name;
};

struct image_fixture {
	struct guard_image_meta meta;
	struct guard_writer strings, values, rules, interpreters;
	struct fixture_digest *digests, *interpreter_digests;
	size_t digest_count, digest_capacity, interpreter_digest_count;
	struct guard_image_signer *signers;
	size_t signer_count;
	uint32_t rule_count, interpreter_count;
};

void fixture_init(struct image_fixture *fixture);
void fixture_free(struct image_fixture *fixture);
uint32_t fixture_string(struct image_fixture *fixture, const char *text);
/* A VALUES list of the words in `words`, separated by single spaces. */
uint32_t fixture_list(struct image_fixture *fixture, const char *words);
/* A rule that allows, without conditions or limits in time; fill in more. */
struct guard_image_rule fixture_allow(struct image_fixture *fixture, const char *group);
/* Add it; flags bit 2 is set for rules without digests and signers.  Returns
 * its index. */
uint32_t fixture_rule(struct image_fixture *fixture, struct guard_image_rule rule);
void fixture_digest(struct image_fixture *fixture, const struct guard_digest *digest, uint32_t rule, const char *name);
void fixture_signer(struct image_fixture *fixture, const struct guard_signer *signer, uint32_t rule);
uint32_t fixture_interpreter(struct image_fixture *fixture, struct guard_image_interpreter interpreter);
void fixture_interpreter_digest(struct image_fixture *fixture, const struct guard_digest *digest, uint32_t interpreter);

/* The image's bytes; freed by guard_writer_free. */
void fixture_finish(struct image_fixture *fixture, struct guard_writer *ret_image);
/* Compute the checksum of changed bytes again. */
void fixture_sign(uint8_t *image, size_t size);
/* A memfd with these bytes, sealed or not. */
int fixture_fd(const void *image, size_t size, int sealed);
/* Finish and open; NULL machine allowed. */
struct guard_policy *fixture_open(struct image_fixture *fixture, const struct guard_machine *machine);
/* SHA-256 of a text, as a digest to work with. */
struct guard_digest fixture_digest_of(const char *text);

/* An image with every section and every sort of rule. */
void fixture_everything(struct image_fixture *fixture);
#endif
