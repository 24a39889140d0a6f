/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_image.c - any bytes as a policy image.  Size and checksum are made
 * right, so that the fuzzer reaches what lies behind; what is then taken is
 * asked everything.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image_fixture.h"

static void ask(const struct guard_policy *policy, const struct guard_digest *digest, FILE *out)
{
	static const uint32_t gids[] = { 0, 50, 1000 };
	static const char *const paths[] = { "/usr/bin/ls", "/opt/acme/a/b", "/", "", "/home/x" };

	for (uint8_t i = 0; i < 25; i++) {
		struct guard_identity identity = { .digest = *digest, .kind = i % GUARD_KIND_MAX_, .signer_count = 2 };
		struct guard_subject subject = { 1000, 3, gids, paths[i % 5] };
		struct guard_object object = { &identity, i & 1 ? paths[i / 5] : NULL, paths[i % 5], i & 1,
					       i % GUARD_MEDIUM_MAX_ };
		struct guard_verdict verdict;

		identity.signers[0].provider = GUARD_PROVIDER_PACKAGE;
		identity.signers[0].key_id[0] = 1;
		guard_policy_decide(policy, &verdict, &subject, &object, 1700000000);
		FUZZ_REQUIRE(verdict.action <= GUARD_ALLOW && verdict.reason < GUARD_REASON_MAX_);
		FUZZ_REQUIRE(verdict.valid_until > 1700000000);
		FUZZ_REQUIRE(guard_policy_explain(policy, out, &verdict, &subject, &object) == 0);
	}
}

static void ask_interpreters(const struct guard_policy *policy, const struct guard_digest *digest)
{
	static const char cmdline[] = "python3\0-bW\0ignore\0--long\0x.py";
	struct guard_policy_info info;

	guard_policy_info(policy, &info);
	(void)guard_policy_interpreter_by_path(policy, "/usr/bin/python3");
	(void)guard_policy_interpreter_by_digest(policy, digest);
	(void)guard_policy_is_reader(policy, "/usr/bin/tar");
	(void)guard_policy_name_of(policy, digest);
	for (uint32_t i = 0; i < info.interpreter_count; i++) {
		struct guard_interpreter_info interpreter;
		ptrdiff_t at = guard_policy_interpreter_script_argument(policy, i, cmdline, sizeof(cmdline));

		FUZZ_REQUIRE(at >= GUARD_ARGUMENT_ANY && at < (ptrdiff_t)sizeof(cmdline));
		FUZZ_REQUIRE(guard_policy_interpreter_info(policy, i, &interpreter) == 0);
		(void)guard_policy_interpreter_suffix(policy, i, "/a/b.py");
		(void)guard_policy_interpreter_data(policy, i, "/etc/x");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guard_machine machine = { "osaka", "pc-01", "root:x:0:0\nalice:x:1000:1000:::\n",
						      "root:x:0:\nstaff:x:50:\n" };
	const struct guard_digest digest = fixture_digest_of("ls");
	struct guard_policy *policy = NULL;
	struct guard_image_header header;
	uint8_t *image;
	FILE *out;
	int fd;

	if (size < sizeof(header))
		return 0;
	image = malloc(size);
	memcpy(image, data, size);
	memcpy(&header, image, sizeof(header));
	header.size = size;
	memcpy(image, &header, sizeof(header));
	fixture_sign(image, size);
	fd = fixture_fd(image, size, 0);
	if (guard_policy_open(&policy, fd, &machine) == 0) {
		out = fopen("/dev/null", "we");
		ask(policy, &digest, out);
		ask_interpreters(policy, &digest);
		fclose(out);
		guard_policy_free(policy);
	}
	close(fd);
	free(image);
	return 0;
}
