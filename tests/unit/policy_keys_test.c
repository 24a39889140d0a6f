/* SPDX-License-Identifier: MIT
 *
 * unit/policy_keys_test.c - the keys that a policy brings along: under a key id
 * lies that key and no other, whoever wrote the image.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "identity/certificate.h"
#include "policy/compile/compile.h"
#include "policy/image.h"
#include "policy/keys.h"

static uint8_t *bytes;
static size_t size;

static void build(void)
{
	static const char *const paths[] = { "policy/examples/hq.conf", "policy/examples/tokyo.conf" };
	const struct guard_compile_options options = { .now = 1795000000, .need_policy = true };
	struct guard_compile *compile;

	CU_ASSERT_EQUAL_FATAL(chdir(TEST_SOURCE_DIR), 0);
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&compile, paths, 2, &options), 0);
	CU_ASSERT_EQUAL_FATAL(guard_compile_image(&bytes, &size, compile), 0);
	guard_compile_free(compile);
}

/* Open the image as it is now, under a checksum that fits. */
static int open_now(struct guard_policy **ret_policy)
{
	struct guard_digest checksum;
	int fd = memfd_create("image", MFD_CLOEXEC), r;

	CU_ASSERT_EQUAL_FATAL(guard_digest_bytes(&checksum, &bytes[GUARD_IMAGE_HEADER_SIZE], size - GUARD_IMAGE_HEADER_SIZE), 0);
	memcpy(&bytes[32], checksum.bytes, sizeof(checksum.bytes));
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	r = guard_policy_open(ret_policy, fd, NULL);
	close(fd);
	return r;
}

static uint8_t *section(uint32_t type)
{
	const struct guard_image_header *header = (const void *)bytes;
	const struct guard_image_entry *entries = (const void *)&bytes[GUARD_IMAGE_HEADER_SIZE];

	for (uint32_t i = 0; i < header->section_count; i++)
		if ((entries[i].type & ~GUARD_IMAGE_CRITICAL) == type)
			return &bytes[entries[i].offset];
	CU_FAIL_FATAL("the image lacks a section");
	return NULL;
}

static void refused(uint8_t *byte)
{
	struct guard_policy *policy = NULL;

	*byte ^= 1;
	CU_ASSERT_EQUAL(open_now(&policy), -GUARD_E_FORMAT);
	*byte ^= 1;
}

static void a_key_id_belongs_to_its_key(void)
{
	struct guard_image_certificate *record;
	struct guard_policy *policy = NULL;
	struct guard_policy_key key;

	build();
	record = (void *)section(GUARD_SECTION_CERTIFICATES);
	refused(&record->key_id[7]);
	refused(&section(GUARD_SECTION_CERTIFICATE_BYTES)[record->spki + 40]);
	refused((uint8_t *)&record->spki_size);
	refused((uint8_t *)&record->spki + 3);
	refused((uint8_t *)&record->der_size + 3);
	CU_ASSERT_EQUAL_FATAL(open_now(&policy), 0);
	CU_ASSERT_EQUAL_FATAL(guard_policy_key_count(policy), 1);
	guard_policy_key(policy, &key, 0);
	CU_ASSERT_EQUAL(key.type, GUARD_CERTIFICATE_X509);
	CU_ASSERT_TRUE(guard_policy_names_key(policy, GUARD_PROVIDER_CATALOG, key.key_id));
	CU_ASSERT_FALSE(guard_policy_names_key(policy, GUARD_PROVIDER_IMA, key.key_id));
	CU_ASSERT_TRUE(guard_policy_providers(policy) & 1u << GUARD_PROVIDER_CATALOG);
	guard_policy_free(policy);
	free(bytes);
}

static CU_TestInfo tests[] = {
	{ "a key id belongs to its key", a_key_id_belongs_to_its_key },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/keys", tests)
