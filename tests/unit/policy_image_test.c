/* SPDX-License-Identifier: MIT
 *
 * unit/policy_image_test.c - an image is taken whole and well-formed, or
 * refused.  Every bit of a small image that has everything is flipped, with
 * and without a fresh checksum; what is still taken must be safe to ask.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image_fixture.h"
#include "policy/policy.h"

static struct guard_writer image; /* of fixture_everything */
static const struct guard_machine machine = {
	.office = "osaka",
	.host = "pc-01",
	.passwd = "root:x:0:0::/:/bin/sh\nalice:x:1001:1001::/:/bin/sh\n",
	.group = "root:x:0:\nstaff:x:50:alice\n",
};

static int open_bytes(struct guard_policy **ret_policy, const void *bytes, size_t size, int sealed)
{
	int fd = fixture_fd(bytes, size, sealed);
	int r = guard_policy_open(ret_policy, fd, &machine);

	close(fd);
	return r;
}

static struct guard_image_entry *section(uint8_t *bytes, uint32_t type)
{
	struct guard_image_entry *entries = (void *)&bytes[GUARD_IMAGE_HEADER_SIZE];

	return &entries[type - 1]; /* the fixture writes them in this order */
}

static void *content(uint8_t *bytes, uint32_t type)
{
	return &bytes[section(bytes, type)->offset];
}

/* Ask everything there is; nothing may crash, whatever the policy says. */
static void ask_everything(const struct guard_policy *policy)
{
	static const char *const paths[] = { "/opt/acme/x", "/home/me/x", "/x", "/usr/bin/python3.11", NULL };
	static const char *const names[] = { "ls", "cat", "rm", "nothing" };
	uint32_t gids[] = { 50 };
	struct guard_policy_info info;

	guard_policy_info(policy, &info);
	for (size_t i = 0; i < 5 * 4; i++) {
		struct guard_identity identity = { .digest = fixture_digest_of(names[i % 4]), .signer_count = 1 };
		struct guard_subject subject = { 1001, 1, gids, "/usr/bin/apt" };
		struct guard_object object = { &identity, paths[i / 4], "/home/x", 1, 0 };
		struct guard_verdict verdict;
		struct guard_rule_info rule;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		identity.kind = (uint8_t)(i % GUARD_KIND_MAX_);
		identity.signers[0] = (struct guard_signer){ .provider = GUARD_PROVIDER_PACKAGE, .key_id = { 1 } };
		guard_policy_decide(policy, &verdict, &subject, &object, 1700000000);
		CU_ASSERT_TRUE(verdict.action <= GUARD_ALLOW && verdict.reason < GUARD_REASON_MAX_);
		if (verdict.rule != GUARD_NO_RULE)
			CU_ASSERT_EQUAL(guard_policy_rule_info(policy, verdict.rule, &rule), 0);
		CU_ASSERT_EQUAL(guard_policy_explain(policy, out, &verdict, &subject, &object), 0);
		fclose(out);
		free(text);
	}
	for (uint32_t i = 0; i <= info.interpreter_count; i++) {
		(void)guard_policy_interpreter_suffix(policy, i, "/a/x.py");
		(void)guard_policy_interpreter_data(policy, i, "/etc/x");
		(void)guard_policy_interpreter_script_argument(policy, i, "a\0-W\0x\0y", 9);
	}
	(void)guard_policy_interpreter_by_path(policy, "/usr/bin/bash");
	(void)guard_policy_is_reader(policy, "/usr/bin/cp");
}

static void the_whole_image_is_taken(void)
{
	struct guard_policy *policy = NULL;
	struct guard_policy_info info;

	for (int sealed = 0; sealed <= 1; sealed++) {
		CU_ASSERT_EQUAL_FATAL(open_bytes(&policy, image.bytes, image.size, sealed), 0);
		guard_policy_info(policy, &info);
		CU_ASSERT_STRING_EQUAL(info.id, "test");
		CU_ASSERT_EQUAL(info.version, 7);
		CU_ASSERT_EQUAL(info.digest_count, 3);
		CU_ASSERT_EQUAL(info.rule_count, 4);
		CU_ASSERT_EQUAL(info.interpreter_count, 2);
		CU_ASSERT_STRING_EQUAL(info.help_phone, "03-1234-5678");
		ask_everything(policy);
		guard_policy_free(policy);
	}
	guard_policy_free(NULL);
}

static void every_truncation_is_refused(void)
{
	struct guard_policy *policy = NULL;

	for (size_t size = 0; size < image.size; size += size < 600 ? 1 : 61)
		CU_ASSERT_TRUE(open_bytes(&policy, image.bytes, size, 1) < 0);
	CU_ASSERT_PTR_NULL(policy);
}

static void added_bytes_are_refused(void)
{
	uint8_t *longer = calloc(1, image.size + 64);
	struct guard_policy *policy = NULL;

	memcpy(longer, image.bytes, image.size);
	CU_ASSERT_EQUAL(open_bytes(&policy, longer, image.size + 1, 1), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(open_bytes(&policy, longer, image.size + 64, 1), -GUARD_E_FORMAT);
	free(longer);
}

static void every_flipped_bit_fails_the_checksum(void)
{
	struct guard_policy *policy = NULL;
	const size_t flags = 28;

	for (size_t bit = 0; bit < image.size * 8; bit += bit < GUARD_IMAGE_HEADER_SIZE * 8 ? 1 : 7) {
		int r;

		if (bit / 8 >= flags && bit / 8 < flags + 4)
			continue; /* outside of the checksum: see the next test */
		image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = open_bytes(&policy, image.bytes, image.size, 1);
		CU_ASSERT_TRUE(r < 0);
		if (bit / 8 >= GUARD_IMAGE_HEADER_SIZE)
			CU_ASSERT_EQUAL(r, -GUARD_E_CHECKSUM);
		image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CU_ASSERT_PTR_NULL(policy);
}

/* The real exercise of the structural checks: the checksum is right again. */
static void flipped_bits_never_harm(void)
{
	size_t taken = 0, refused = 0;

	for (size_t bit = 0; bit < image.size * 8; bit++) {
		struct guard_policy *policy = NULL;

		image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		fixture_sign(image.bytes, image.size);
		if (open_bytes(&policy, image.bytes, image.size, 1) == 0) {
			taken++;
			ask_everything(policy);
			guard_policy_free(policy);
		} else {
			refused++;
			CU_ASSERT_PTR_NULL(policy);
		}
		image.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	fixture_sign(image.bytes, image.size);
	CU_ASSERT_TRUE(taken > 0 && refused > taken);
}

/* One change of a field, and the error that must come. */
static void refused_with(int error, uint8_t *bytes, size_t size)
{
	struct guard_policy *policy = NULL;

	fixture_sign(bytes, size);
	CU_ASSERT_EQUAL(open_bytes(&policy, bytes, size, 1), -error);
	guard_policy_free(policy);
}

#define CHANGED(error, change)                               \
	do {                                                 \
		uint8_t *bytes = malloc(image.size);         \
		memcpy(bytes, image.bytes, image.size);      \
		change;                                      \
		refused_with(error, bytes, image.size);      \
		free(bytes);                                 \
	} while (0)
#define HEADER ((struct guard_image_header *)(void *)bytes)
#define META ((struct guard_image_meta *)content(bytes, GUARD_SECTION_META))
#define RULE(i) (&((struct guard_image_rule *)content(bytes, GUARD_SECTION_RULES))[i])
#define NUMBERS(type) ((uint32_t *)content(bytes, type))
#define SECTION(type) section(bytes, type)

static void header_fields_are_checked(void)
{
	CHANGED(GUARD_E_FORMAT, HEADER->magic[0] ^= 1);
	CHANGED(GUARD_E_VERSION, HEADER->version = 2);
	CHANGED(GUARD_E_FORMAT, HEADER->version = 0);
	CHANGED(GUARD_E_FORMAT, HEADER->header_size = 64);
	CHANGED(GUARD_E_FORMAT, HEADER->size--);
	CHANGED(GUARD_E_FORMAT, HEADER->size = UINT64_MAX);
	CHANGED(GUARD_E_FORMAT, HEADER->section_count = 33);
	CHANGED(GUARD_E_FORMAT, HEADER->section_count = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, HEADER->section_count = 13); /* what is left out is not zero */
	CHANGED(GUARD_E_FORMAT, HEADER->flags |= 8);
	CHANGED(GUARD_E_FORMAT, HEADER->flags &= ~(uint32_t)GUARD_IMAGE_LOOKS_AT_PATH);
	CHANGED(GUARD_E_FORMAT, HEADER->flags &= ~(uint32_t)GUARD_IMAGE_LOOKS_AT_SUBJECT);
	CHANGED(GUARD_E_FORMAT, HEADER->flags &= ~(uint32_t)GUARD_IMAGE_LOOKS_AT_TIME);
	CHANGED(GUARD_E_FORMAT, HEADER->zero[63] = 1);
}

static void section_fields_are_checked(void)
{
	for (uint32_t type = 1; type <= GUARD_SECTION_ALWAYS; type++) {
		CHANGED(GUARD_E_FORMAT, SECTION(type)->element_size = 0);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->element_size++);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->offset += 1);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->offset = 0);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->offset = image.size + 64);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->offset = UINT64_MAX - 63);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->size = UINT64_MAX);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->size += SECTION(type)->element_size);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->count++);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->count = UINT64_MAX);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->count += image.size; /* in itself right, but too much */
			SECTION(type)->size += image.size * SECTION(type)->element_size);
		CHANGED(GUARD_E_VERSION, SECTION(type)->type = 0x80000063);
		CHANGED(GUARD_E_FORMAT, SECTION(type)->type = type == 1 ? 2 : 1); /* twice */
	}
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_META)->type = 99);
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_RULES)->type = 99);
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_DIGEST_RULES)->type = 99);
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_DIGEST_INDEX)->type = 99);
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_ALWAYS)->type = 99); /* a rule nobody finds */
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_PREFIXES)->type = 99);
}

static void sections_do_not_overlap(void)
{
	/* Of an unknown section nothing else could be wrong. */
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_DIGEST_NAMES)->type = 99;
		memset(content(bytes, GUARD_SECTION_DIGEST_NAMES), 0, SECTION(GUARD_SECTION_DIGEST_NAMES)->size);
		SECTION(GUARD_SECTION_DIGEST_NAMES)->offset = SECTION(GUARD_SECTION_DIGEST_RULES)->offset);
	/* Bytes that belong to no section must be zero. */
	CHANGED(GUARD_E_FORMAT, SECTION(GUARD_SECTION_DIGEST_NAMES)->type = 99;
		SECTION(GUARD_SECTION_DIGEST_NAMES)->size = SECTION(GUARD_SECTION_DIGEST_NAMES)->count = 0);
}

static void meta_fields_are_checked(void)
{
	CHANGED(GUARD_E_FORMAT, META->id = 0);
	CHANGED(GUARD_E_FORMAT, META->id = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, META->help_phone = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, META->help_text = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, META->digest_bits = 25);
	CHANGED(GUARD_E_FORMAT, META->digest_bits++);
	CHANGED(GUARD_E_FORMAT, META->mode = 2);
	CHANGED(GUARD_E_FORMAT, META->default_action = 2);
	CHANGED(GUARD_E_FORMAT, META->running = 2);
	CHANGED(GUARD_E_FORMAT, META->zero0 = 1);
	CHANGED(GUARD_E_FORMAT, META->readers++);
	CHANGED(GUARD_E_FORMAT, META->readers = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, META->zero[sizeof(META->zero) - 1] = 1);
}

static void rule_fields_are_checked(void)
{
	CHANGED(GUARD_E_FORMAT, RULE(0)->action = 2);
	CHANGED(GUARD_E_FORMAT, RULE(0)->origin = 2);
	CHANGED(GUARD_E_FORMAT, RULE(0)->kinds = 1 << GUARD_KIND_MAX_);
	CHANGED(GUARD_E_FORMAT, RULE(0)->media = 1 << GUARD_MEDIUM_MAX_);
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags |= GUARD_RULE_UNLOCKABLE);   /* an allow rule */
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags |= 16);
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags = 0);                        /* would allow everything */
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags = GUARD_RULE_BY_PATH);       /* without a path */
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags |= GUARD_RULE_BY_PATH);
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags = GUARD_RULE_HAS_DIGESTS);   /* a signer leads to it */
	CHANGED(GUARD_E_FORMAT, RULE(0)->flags = GUARD_RULE_HAS_SIGNERS);   /* a digest leads to it */
	CHANGED(GUARD_E_FORMAT, RULE(2)->flags = 0);                        /* allows by path, unprotected */
	CHANGED(GUARD_E_FORMAT, RULE(2)->flags = GUARD_RULE_HAS_DIGESTS);   /* a prefix leads to it */
	CHANGED(GUARD_E_FORMAT, RULE(2)->paths = 0);
	CHANGED(GUARD_E_FORMAT, RULE(2)->paths = RULE(1)->users);           /* not patterns */
	CHANGED(GUARD_E_FORMAT, RULE(2)->paths = RULE(3)->paths);           /* not where the tables lead */
	CHANGED(GUARD_E_FORMAT, RULE(1)->users++);
	CHANGED(GUARD_E_FORMAT, RULE(1)->users = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->groups++);
	CHANGED(GUARD_E_FORMAT, RULE(1)->parents = RULE(1)->offices);
	CHANGED(GUARD_E_FORMAT, RULE(1)->offices++);
	CHANGED(GUARD_E_FORMAT, RULE(1)->hosts = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->source = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->group = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->note = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->url = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(1)->location = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, RULE(3)->zero[15] = 1);
}

static void strings_and_lists_are_checked(void)
{
	CHANGED(GUARD_E_FORMAT, memset(content(bytes, GUARD_SECTION_STRINGS), 'x', 1));
	CHANGED(GUARD_E_FORMAT, ((char *)content(bytes, GUARD_SECTION_STRINGS))[SECTION(GUARD_SECTION_STRINGS)->size - 1] =
					'x');
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_VALUES)[0] = 1);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_VALUES)[1] = 0);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_VALUES)[1] = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_VALUES)[2] = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_RULE_LISTS)[0] = 0);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_RULE_LISTS)[0] = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_RULE_LISTS)[1] = 4);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_RULE_LISTS)[2] = NUMBERS(GUARD_SECTION_RULE_LISTS)[1]);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_ALWAYS)[0] = 0);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_ALWAYS)[0] = GUARD_IMAGE_LIST);
	CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_ALWAYS)[0] = 2);
}

static void digest_tables_are_checked(void)
{
	struct guard_digest *digests;
	struct guard_digest swap;

	CHANGED(GUARD_E_FORMAT, digests = content(bytes, GUARD_SECTION_DIGESTS); swap = digests[0];
		digests[0] = digests[1]; digests[1] = swap);
	CHANGED(GUARD_E_FORMAT, digests = content(bytes, GUARD_SECTION_DIGESTS); digests[0] = digests[1]);
	for (size_t i = 0; i < 3; i++) {
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_INDEX)[i]++);
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_INDEX)[i] = UINT32_MAX);
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_RULES)[i] = 4);
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_RULES)[i] = 2); /* has no digests */
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_RULES)[i] = UINT32_MAX);
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_RULES)[i] = GUARD_IMAGE_LIST | 1);
		CHANGED(GUARD_E_FORMAT, NUMBERS(GUARD_SECTION_DIGEST_NAMES)[i] = UINT32_MAX);
	}
}

#define SIGNER(i) (&((struct guard_image_signer *)content(bytes, GUARD_SECTION_SIGNERS))[i])
#define INTERPRETER(i) (&((struct guard_image_interpreter *)content(bytes, GUARD_SECTION_INTERPRETERS))[i])
#define DIGEST(i) (&((struct guard_image_interpreter_digest *)content(bytes, GUARD_SECTION_INTERPRETER_DIGESTS))[i])
#define PREFIX(i) (&((struct guard_image_prefix *)content(bytes, GUARD_SECTION_PREFIXES))[i])

static void small_tables_are_checked(void)
{
	CHANGED(GUARD_E_FORMAT, SIGNER(0)->provider = 0);
	CHANGED(GUARD_E_FORMAT, SIGNER(0)->provider = GUARD_PROVIDER_MAX_);
	CHANGED(GUARD_E_FORMAT, *SIGNER(0) = *SIGNER(1));
	CHANGED(GUARD_E_FORMAT, SIGNER(0)->rules = 1); /* has no signers */
	CHANGED(GUARD_E_FORMAT, SIGNER(0)->rules = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->name = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->options = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->options = RULE(1)->note); /* "a note" */
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->programs++);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->suffixes++);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(1)->data = INTERPRETER(0)->suffixes);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->scripts = 16);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->inline_code = 3);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->standard_input = 3);
	CHANGED(GUARD_E_FORMAT, INTERPRETER(0)->zero[37] = 1);
	CHANGED(GUARD_E_FORMAT, DIGEST(0)->interpreter = 2);
	CHANGED(GUARD_E_FORMAT, memcpy(DIGEST(0), DIGEST(1), 32));
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->hash ^= 1);
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->length++);
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->length = 0);
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->rules++);
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->rules |= GUARD_IMAGE_LIST);
	CHANGED(GUARD_E_FORMAT, PREFIX(0)->rules = UINT32_MAX);
	CHANGED(GUARD_E_FORMAT, *PREFIX(0) = *PREFIX(1));
}

static void unknown_sections_are_passed_over(void)
{
	struct guard_policy *policy = NULL;
	uint8_t *bytes = malloc(image.size);

	memcpy(bytes, image.bytes, image.size);
	SECTION(GUARD_SECTION_DIGEST_NAMES)->type = 99;
	fixture_sign(bytes, image.size);
	CU_ASSERT_EQUAL_FATAL(open_bytes(&policy, bytes, image.size, 1), 0);
	ask_everything(policy);
	guard_policy_free(policy);
	free(bytes);
}

static void a_file_that_changes_later_does_no_harm(void)
{
	struct guard_policy *policy = NULL;
	int fd = fixture_fd(image.bytes, image.size, 0);

	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &machine), 0);
	CU_ASSERT_EQUAL(pwrite(fd, "xxxxxxxx", 8, 300), 8);
	CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
	ask_everything(policy); /* a mapping of the file would raise SIGBUS */
	guard_policy_free(policy);
	close(fd);
}

static void other_things_than_files_are_refused(void)
{
	struct guard_policy *policy = NULL;
	int fds[2], directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int large = memfd_create("large", MFD_CLOEXEC);

	CU_ASSERT_EQUAL(pipe2(fds, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL(guard_policy_open(&policy, fds[0], NULL), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_policy_open(&policy, directory, NULL), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_policy_open(&policy, null, NULL), -GUARD_E_FORMAT);
	CU_ASSERT_EQUAL(guard_policy_open(&policy, -1, NULL), -GUARD_E_IO);
	CU_ASSERT_EQUAL(ftruncate(large, (off_t)GUARD_POLICY_IMAGE_MAX + 1), 0);
	CU_ASSERT_EQUAL(guard_policy_open(&policy, large, NULL), -GUARD_E_LIMIT);
	CU_ASSERT_PTR_NULL(policy);
	close(fds[0]);
	close(fds[1]);
	close(directory);
	close(null);
	close(large);
}

static void an_image_of_nothing_denies_everything(void)
{
	struct image_fixture fixture;
	struct guard_policy *policy;
	struct guard_identity identity = { .digest = fixture_digest_of("x"), .kind = GUARD_KIND_EXECUTABLE };
	struct guard_object object = { .identity = &identity };
	struct guard_verdict verdict;

	fixture_init(&fixture);
	policy = fixture_open(&fixture, NULL);
	guard_policy_decide(policy, &verdict, NULL, &object, 0);
	CU_ASSERT_EQUAL(verdict.action, GUARD_DENY);
	CU_ASSERT_EQUAL(verdict.reason, GUARD_REASON_DEFAULT);
	CU_ASSERT_EQUAL(verdict.depends, 0);
	CU_ASSERT_PTR_NULL(guard_policy_name_of(policy, &identity.digest));
	guard_policy_free(policy);
	fixture_free(&fixture);
}

static CU_TestInfo tests[] = {
	{ "every truncation is refused", every_truncation_is_refused },
	{ "added bytes are refused", added_bytes_are_refused },
	{ "every flipped bit fails the checksum", every_flipped_bit_fails_the_checksum },
	{ "header fields are checked", header_fields_are_checked },
	{ "section fields are checked", section_fields_are_checked },
	{ "sections do not overlap", sections_do_not_overlap },
	{ "meta fields are checked", meta_fields_are_checked },
	{ "rule fields are checked", rule_fields_are_checked },
	{ "strings and lists are checked", strings_and_lists_are_checked },
	{ "digest tables are checked", digest_tables_are_checked },
	{ "small tables are checked", small_tables_are_checked },
	{ "flipped bits never harm", flipped_bits_never_harm },
	{ "other things than files are refused", other_things_than_files_are_refused },
	{ "unknown sections are passed over", unknown_sections_are_passed_over },
	{ "a file that changes later does no harm", a_file_that_changes_later_does_no_harm },
	{ "an image of nothing denies everything", an_image_of_nothing_denies_everything },
	{ "the whole image is taken", the_whole_image_is_taken },
	CU_TEST_INFO_NULL,
};

static int make_image(void)
{
	struct image_fixture fixture;

	fixture_everything(&fixture);
	fixture_finish(&fixture, &image);
	fixture_free(&fixture);
	return 0;
}

static int free_image(void)
{
	guard_writer_free(&image);
	return 0;
}

UNIT_MAIN_WITH("policy/image", make_image, free_image, tests)
