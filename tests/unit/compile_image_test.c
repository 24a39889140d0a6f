/* SPDX-License-Identifier: MIT
 *
 * compile_image_test.c - what good sources become: the same bytes every time,
 * an image that the reader takes and that says what the sources said;
 * exceptions narrowed and capped; saving as a whole or not at all.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guard/policy.h>

#include "policy/compile/compile.h"
#include "policy/compile/describe.h"
#include "policy/policy.h"
#include "unit.h"

#define NOW INT64_C(1795000000)
#define D1 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define D2 "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"

static char folder[] = "/tmp/guard-image-XXXXXX";

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
}

static struct guard_compile *compile(const char *const *paths, size_t count)
{
	struct guard_compile_options options = { .now = NOW, .need_policy = true };
	struct guard_compile *result = NULL;

	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&result, paths, count, &options), 0);
	for (size_t i = 0; guard_compile_error_count(result) && i < guard_compile_diagnostic_count(result); i++)
		fprintf(stderr, "%s:%u: %s\n", guard_compile_diagnostic(result, i)->file,
			guard_compile_diagnostic(result, i)->line, guard_compile_diagnostic(result, i)->message);
	CU_ASSERT_EQUAL_FATAL(guard_compile_error_count(result), 0);
	return result;
}

static void image(uint8_t **bytes, size_t *size, const char *const *paths, size_t count)
{
	struct guard_compile *result = compile(paths, count);

	CU_ASSERT_EQUAL_FATAL(guard_compile_image(bytes, size, result), 0);
	guard_compile_free(result);
}

static struct guard_policy *open_policy(const char *const *paths, size_t count, const char *office)
{
	struct guard_machine machine = { office, "pc-01", "alice:x:1000:1000::/:/bin/sh\n", "" };
	struct guard_policy *policy = NULL;
	int fd = memfd_create("policy", MFD_CLOEXEC);
	uint8_t *bytes;
	size_t size;

	image(&bytes, &size, paths, count);
	CU_ASSERT_EQUAL_FATAL(write(fd, bytes, size), (ssize_t)size);
	CU_ASSERT_EQUAL_FATAL(guard_policy_open(&policy, fd, &machine), 0);
	close(fd);
	free(bytes);
	return policy;
}

static struct guard_verdict ask(const struct guard_policy *policy, const char *hex, int64_t now)
{
	struct guard_identity identity = { .kind = GUARD_KIND_EXECUTABLE };
	struct guard_subject subject = { .uid = 0 };
	struct guard_object object = { .identity = &identity };
	struct guard_verdict verdict;

	CU_ASSERT_EQUAL_FATAL(guard_digest_parse(&identity.digest, hex, strlen(hex)), 0);
	guard_policy_decide(policy, &verdict, &subject, &object, now);
	return verdict;
}

static void write_policy(void)
{
	write_file("policy.conf",
		   "policy = { id = \"hq\"; version = 7; mode = \"enforce\"; expires = \"2090-01-01T00:00:00Z\";\n"
		   "  running = \"end\"; help = { phone = \"03-1\"; text = \"desk\"; }; };\n"
		   "@include \"part.conf\"\n");
	write_file("part.conf", "groups = (\n"
				"  { name = \"g\"; note = \"n\"; url = \"u\"; rules = (\n"
				"    { sha256_files = [ \"list.sha256\" ]; note = \"own\"; },\n"
				"    { sha256 = [ \"" D2 "\" ]; valid_until = \"2089-01-01T00:00:00+09:00\"; } ); } );\n");
	write_file("list.sha256", "\\" D1 "  /a\\\\b\\nc\n# nothing\n\n" D2 " */usr/bin/\xff\n");
}

static void test_contents(void)
{
	static const char *const paths[] = { "policy.conf" };
	struct guard_policy *policy = open_policy(paths, 1, NULL);
	struct guard_policy_info info;
	struct guard_rule_info rule;
	struct guard_digest digest;

	guard_policy_info(policy, &info);
	CU_ASSERT_STRING_EQUAL(info.id, "hq");
	CU_ASSERT_EQUAL(info.version, 7);
	CU_ASSERT_EQUAL(info.mode, GUARD_MODE_ENFORCE);
	CU_ASSERT_EQUAL(info.expires, INT64_C(3786912000));
	CU_ASSERT_EQUAL(info.running, 1);
	CU_ASSERT_EQUAL(info.digest_count, 2);
	CU_ASSERT_EQUAL(info.rule_count, 2);
	CU_ASSERT_STRING_EQUAL(info.help_phone, "03-1");
	CU_ASSERT_EQUAL_FATAL(guard_policy_rule_info(policy, 0, &rule), 0);
	CU_ASSERT_STRING_EQUAL(rule.location, "part.conf:3");
	CU_ASSERT_STRING_EQUAL(rule.group, "g");
	CU_ASSERT_STRING_EQUAL(rule.note, "own");
	CU_ASSERT_STRING_EQUAL(rule.url, "u");
	CU_ASSERT_STRING_EQUAL(rule.source, "hq");
	CU_ASSERT_EQUAL(guard_digest_parse(&digest, D1, 64), 0);
	CU_ASSERT_STRING_EQUAL(guard_policy_name_of(policy, &digest), "/a\\\\b\\nc");
	CU_ASSERT_EQUAL(guard_digest_parse(&digest, D2, 64), 0);
	CU_ASSERT_STRING_EQUAL(guard_policy_name_of(policy, &digest), "/usr/bin/\\377");
	CU_ASSERT_EQUAL(ask(policy, D2, NOW).rule, 0);
	CU_ASSERT_EQUAL(guard_policy_listed_count(policy), 3);
	guard_policy_free(policy);
}

static void test_same_bytes(void)
{
	static const char *const here[] = { "policy.conf" };
	uint8_t *first, *second, *third;
	size_t first_size, second_size, third_size;

	image(&first, &first_size, here, 1);
	image(&second, &second_size, here, 1);
	CU_ASSERT_EQUAL_FATAL(first_size, second_size);
	CU_ASSERT_EQUAL(memcmp(first, second, first_size), 0);
	/* Another folder with the same files under the same names. */
	CU_ASSERT_EQUAL_FATAL(mkdir("other", 0755), 0);
	CU_ASSERT_EQUAL_FATAL(chdir("other"), 0);
	write_policy();
	image(&third, &third_size, here, 1);
	CU_ASSERT_EQUAL_FATAL(first_size, third_size);
	CU_ASSERT_EQUAL(memcmp(first, third, first_size), 0);
	unlink("policy.conf");
	unlink("part.conf");
	unlink("list.sha256");
	CU_ASSERT_EQUAL_FATAL(chdir(".."), 0);
	CU_ASSERT_EQUAL(rmdir("other"), 0);
	free(first);
	free(second);
	free(third);
}

/* Reaches its office alone, not after its end, and not beyond a deny rule. */
static void test_exception(void)
{
	static const char *const paths[] = { "empty.conf", "exception.conf" };
	struct guard_policy *osaka, *tokyo;
	struct guard_rule_info rule;

	write_file("empty.conf", "policy = { id = \"hq\"; version = 1; };\n"
				 "groups = ( { name = \"d\"; rules = ( { action = \"deny\"; sha256 = [ \"" D2
				 "\" ]; } ); } );\n");
	write_file("exception.conf",
		   "exception = { id = \"x\"; version = 1; office = \"osaka\"; expires = \"2027-01-01T00:00:00Z\"; };\n"
		   "groups = ( { name = \"g\"; rules = ( { sha256 = [ \"" D1
		   "\" ]; valid_until = \"2028-01-01T00:00:00Z\"; offices = [ \"tokyo\", \"osaka\" ]; } ); },\n"
		   "  { name = \"h\"; rules = ( { sha256 = [ \"" D2 "\" ]; valid_until = \"2026-12-01T00:00:00Z\"; } ); } );\n");
	osaka = open_policy(paths, 2, "osaka");
	tokyo = open_policy(paths, 2, "tokyo");
	CU_ASSERT_EQUAL(ask(osaka, D1, NOW).reason, GUARD_REASON_EXCEPTION);
	CU_ASSERT_EQUAL(ask(osaka, D1, NOW).valid_until, INT64_C(1798761600)); /* 2027 */
	CU_ASSERT_EQUAL(ask(osaka, D1, INT64_C(1798761600)).action, GUARD_DENY);
	CU_ASSERT_EQUAL(ask(tokyo, D1, NOW).reason, GUARD_REASON_DEFAULT);
	CU_ASSERT_EQUAL(ask(osaka, D2, NOW).reason, GUARD_REASON_RULE_DENY);
	CU_ASSERT_EQUAL(guard_policy_rule_info(osaka, 1, &rule), 0);
	CU_ASSERT_STRING_EQUAL(rule.source, "x");
	CU_ASSERT_EQUAL(rule.is_exception, 1);
	guard_policy_free(osaka);
	guard_policy_free(tokyo);
	unlink("empty.conf");
	unlink("exception.conf");
}

static void test_interpreters(void)
{
	static const char *const paths[] = { "a.conf", "b.conf" };
	struct guard_policy *policy;
	struct guard_policy_info info;
	struct guard_digest digest;

	/* One interpreter in two sources, as a preset and a scan bring it. */
	write_file("a.conf", "policy = { id = \"hq\"; version = 1; };\n"
			     "interpreters = ( { name = \"p\"; programs = [ \"/usr/bin/p*\" ]; scripts = [ \"argument\", \"suffix\" ];\n"
			     "  suffixes = [ \".p\" ]; options = \"ab:\"; inline = \"log\"; } );\nreaders = [ \"/usr/bin/cp\" ];\n");
	write_file("b.conf", "interpreters = ( { name = \"q\"; sha256 = [ \"" D1 "\" ]; scripts = [ \"text\" ]; },\n"
			     "  { name = \"p\"; programs = [ \"/opt/p\" ]; sha256 = [ \"" D2
			     "\" ]; scripts = [ \"suffix\", \"argument\" ];\n"
			     "  suffixes = [ \".p\", \".pp\" ]; options = \"ab:\"; inline = \"log\"; } );\n"
			     "readers = [ \"/usr/bin/mv\", \"/usr/bin/cp\" ];\n");
	policy = open_policy(paths, 2, NULL);
	guard_policy_info(policy, &info);
	CU_ASSERT_EQUAL(info.interpreter_count, 2);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, "/usr/bin/p3"), 0);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_path(policy, "/opt/p"), 0);
	CU_ASSERT_EQUAL(guard_digest_parse(&digest, D2, 64), 0);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_digest(policy, &digest), 0);
	CU_ASSERT_EQUAL(guard_digest_parse(&digest, D1, 64), 0);
	CU_ASSERT_EQUAL(guard_policy_interpreter_by_digest(policy, &digest), 1);
	CU_ASSERT_TRUE(guard_policy_interpreter_suffix(policy, 0, "/x/y.pp"));
	CU_ASSERT_TRUE(guard_policy_is_reader(policy, "/usr/bin/mv"));
	CU_ASSERT_FALSE(guard_policy_is_reader(policy, "/usr/bin/m"));
	CU_ASSERT_PTR_NOT_NULL(guard_policy_reader(policy, 1));
	CU_ASSERT_PTR_NULL(guard_policy_reader(policy, 2));
	guard_policy_free(policy);
	unlink("a.conf");
	unlink("b.conf");
}

/* By name alone, in whatever order: only stricter. */
static void test_refinements(void)
{
	static const char *const paths[] = { "a.conf", "b.conf" };
	struct guard_interpreter_info info;
	struct guard_policy *policy;

	write_file("a.conf", "policy = { id = \"hq\"; version = 1; };\n"
			     "interpreters = ( { name = \"p\"; inline = \"deny\"; },\n"
			     "  { name = \"p\"; inline = \"log\"; standard_input = \"log\"; },\n"
			     "  { name = \"q\"; inline = \"allow\"; } );\n");
	write_file("b.conf", "interpreters = ( { name = \"p\"; programs = [ \"/opt/p\" ]; scripts = [ \"argument\" ]; },\n"
			     "  { name = \"q\"; programs = [ \"/opt/q\" ]; scripts = [ \"argument\" ]; options = \"x\";\n"
			     "    inline = \"log\"; } );\n");
	policy = open_policy(paths, 2, NULL);
	CU_ASSERT_EQUAL(guard_policy_interpreter_info(policy, 0, &info), 0);
	CU_ASSERT_EQUAL(info.inline_code, GUARD_INLINE_DENY);
	CU_ASSERT_EQUAL(info.standard_input, GUARD_INLINE_LOG);
	CU_ASSERT_EQUAL(guard_policy_interpreter_info(policy, 1, &info), 0);
	CU_ASSERT_EQUAL(info.inline_code, GUARD_INLINE_LOG);
	guard_policy_free(policy);
	unlink("a.conf");
	unlink("b.conf");
}

static void test_containments(void)
{
	static const char *const paths[] = { "a.conf" };
	struct guard_containment_info info;
	struct guard_policy *policy;

	write_file("a.conf", "policy = { id = \"hq\"; version = 1; };\n"
			     "containment = ( { name = \"mail\"; programs = [ \"/opt/mail\" ]; may_start = [ \"/opt/m/*\" ];\n"
			     "  not_write = [ \".config/autostart\", \".bashrc\" ]; mode = \"deny\"; },\n"
			     "  { name = \"web\"; programs = [ \"/opt/web\", \"/opt/mail\" ]; } );\n");
	policy = open_policy(paths, 1, NULL);
	CU_ASSERT_EQUAL(guard_policy_containment_of(policy, "/opt/mail"), 0);
	CU_ASSERT_EQUAL(guard_policy_containment_of(policy, "/opt/web"), 1);
	CU_ASSERT_EQUAL(guard_policy_containment_of(policy, "/opt/other"), GUARD_NO_CONTAINMENT);
	CU_ASSERT_EQUAL(guard_policy_containment_of(policy, NULL), GUARD_NO_CONTAINMENT);
	CU_ASSERT_TRUE(guard_policy_containment_may_start(policy, 0, "/opt/m/x"));
	CU_ASSERT_TRUE(guard_policy_containment_may_start(policy, 0, "/opt/mail")); /* itself */
	CU_ASSERT_FALSE(guard_policy_containment_may_start(policy, 0, "/opt/web"));
	CU_ASSERT_FALSE(guard_policy_containment_may_start(policy, 1, "/opt/m/x"));
	CU_ASSERT_FALSE(guard_policy_containment_may_start(policy, 0, NULL));
	CU_ASSERT_EQUAL_FATAL(guard_policy_containment_info(policy, 0, &info), 0);
	CU_ASSERT_STRING_EQUAL(info.name, "mail");
	CU_ASSERT_EQUAL(info.deny, 1);
	CU_ASSERT_EQUAL_FATAL(info.place_count, 2);
	CU_ASSERT_STRING_EQUAL(guard_policy_containment_place(policy, 0, 1), ".bashrc");
	CU_ASSERT_EQUAL_FATAL(guard_policy_containment_info(policy, 1, &info), 0);
	CU_ASSERT_EQUAL(info.deny, 0);
	CU_ASSERT_EQUAL(guard_policy_containment_info(policy, 2, &info), -GUARD_E_NOT_FOUND);
	guard_policy_free(policy);
	unlink("a.conf");
}

static void test_limits(void)
{
	const char *paths[] = { "a.conf" };
	struct guard_exception_limits limits;
	struct guard_policy *policy;

	write_file("a.conf", "policy = { id = \"hq\"; version = 1; };\n");
	policy = open_policy(paths, 1, NULL);
	guard_policy_exception_limits(policy, &limits);
	CU_ASSERT_EQUAL(limits.longest, 92 * 86400);
	CU_ASSERT_EQUAL(limits.digests, 1000);
	CU_ASSERT_FALSE(limits.kinds >> GUARD_KIND_MODULE & 1);
	CU_ASSERT_TRUE(limits.kinds >> GUARD_KIND_SCRIPT & 1);
	CU_ASSERT_EQUAL(limits.signers + limits.paths, 0);
	guard_policy_free(policy);

	write_file("a.conf", "policy = { id = \"hq\"; version = 1; exceptions = { longest_days = 3; digests = 7;\n"
			     "  kinds = [ \"executable\" ]; paths = true; }; };\n");
	policy = open_policy(paths, 1, NULL);
	guard_policy_exception_limits(policy, &limits);
	CU_ASSERT_EQUAL(limits.longest, 3 * 86400);
	CU_ASSERT_EQUAL(limits.digests, 7);
	CU_ASSERT_EQUAL(limits.kinds, 1 << GUARD_KIND_EXECUTABLE);
	CU_ASSERT_EQUAL(limits.signers, 0);
	CU_ASSERT_EQUAL(limits.paths, 1);
	guard_policy_free(policy);
	unlink("a.conf");
}

static size_t files_in(const char *name)
{
	DIR *directory = opendir(name);
	size_t count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

static void test_save(void)
{
	static const char *const paths[] = { "policy.conf" };
	struct stat before, after;
	uint8_t *bytes;
	size_t size;

	image(&bytes, &size, paths, 1);
	CU_ASSERT_EQUAL_FATAL(mkdir("out", 0755), 0);
	CU_ASSERT_EQUAL(guard_image_save("out/image", bytes, size), 0);
	CU_ASSERT_EQUAL(stat("out/image", &before), 0);
	CU_ASSERT_EQUAL(before.st_mode & 07777, 0644);
	CU_ASSERT_EQUAL((size_t)before.st_size, size);
	/* What the reader refuses leaves the old one, and nothing beside it. */
	bytes[size - 1] ^= 1;
	CU_ASSERT(guard_image_save("out/image", bytes, size) < 0);
	CU_ASSERT_EQUAL(guard_image_save("nowhere/image", bytes, size), -GUARD_E_IO);
	CU_ASSERT_EQUAL(stat("out/image", &after), 0);
	CU_ASSERT_EQUAL(after.st_ino, before.st_ino);
	CU_ASSERT_EQUAL(files_in("out"), 1);
	CU_ASSERT_EQUAL(unlink("out/image"), 0);
	CU_ASSERT_EQUAL(rmdir("out"), 0);
	free(bytes);
}

/* Lock-out by content: the programs of a machine that is only a folder. */
static void test_lockout_by_content(void)
{
	static const char *const paths[] = { "lock.conf" };
	struct guard_compile_options options = { .now = NOW, .need_policy = true, .root = folder };
	struct guard_compile *result = NULL;

	CU_ASSERT_EQUAL(mkdir("usr", 0755) | mkdir("usr/bin", 0755), 0);
	write_file("usr/bin/dash", "test"); /* its digest is D1 */
	write_file("lock.conf",
		   "policy = { id = \"hq\"; version = 1; mode = \"enforce\"; };\ngroups = ( { name = \"g\"; rules = (\n"
		   "  { action = \"deny\"; sha256 = [ \"" D1 "\" ]; kinds = [ \"executable\" ]; } ); } );\n");
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&result, paths, 1, &options), 0);
	CU_ASSERT_EQUAL(guard_compile_error_count(result), 1);
	CU_ASSERT_EQUAL(guard_compile_warning_count(result), 1);
	CU_ASSERT_EQUAL(guard_compile_diagnostic(result, 1)->line, 3);
	CU_ASSERT_PTR_NOT_NULL(strstr(guard_compile_diagnostic(result, 1)->message, "/usr/bin/dash (the shell)"));
	guard_compile_free(result);
	/* With --whole-machine what is left out is an error, too; allowed it is none. */
	options.whole_machine = true;
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&result, paths, 1, &options), 0);
	CU_ASSERT_EQUAL(guard_compile_error_count(result), 2);
	guard_compile_free(result);
	write_file("lock.conf", "policy = { id = \"hq\"; version = 1; mode = \"enforce\"; };\n"
				"groups = ( { name = \"g\"; rules = ( { sha256 = [ \"" D1 "\" ]; } ); } );\n");
	CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&result, paths, 1, &options), 0);
	CU_ASSERT_EQUAL(guard_compile_diagnostic_count(result), 0);
	guard_compile_free(result);
	/* A signer allows what is of its packages, and no more. */
	for (int i = 0; i < 3; i++) {
		static const char *const packages[] = { "", "packages = [ \"acme-*\" ];", "packages = [ \"b*\", \"da??\" ];" };
		char text[512];

		snprintf(text, sizeof(text),
			 "policy = { id = \"hq\"; version = 1; mode = \"enforce\"; };\ngroups = ( { name = \"g\"; rules = ( { %s "
			 "signers = ( { provider = \"package\"; key = \"0123456789abcdef0123456789abcdef01234567\"; } ); } ); } );\n",
			 packages[i]);
		write_file("lock.conf", text);
		CU_ASSERT_EQUAL_FATAL(guard_compile_sources(&result, paths, 1, &options), 0);
		CU_ASSERT_EQUAL(guard_compile_error_count(result), i == 1);
		guard_compile_free(result);
	}
	unlink("lock.conf");
	unlink("usr/bin/dash");
	CU_ASSERT_EQUAL(rmdir("usr/bin") | rmdir("usr"), 0);
}

static void test_set_up(void)
{
	umask(022);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
	write_policy();
}

static void test_clean_up(void)
{
	unlink("policy.conf");
	unlink("part.conf");
	unlink("list.sha256");
	CU_ASSERT_EQUAL(files_in("."), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Every preset and example that is installed is without fault. */
static void test_installed(void)
{
	static const char *const desktop[] = { "examples/hq.conf", "presets/desktop.conf", "examples/osaka.conf",
					       "examples/tokyo.conf" };
	static const char *const server[] = { "examples/server.conf", "presets/server.conf" };
	struct guard_compile *result;

	CU_ASSERT_EQUAL_FATAL(chdir(TEST_SOURCE_DIR "/policy"), 0);
	result = compile(desktop, 4);
	CU_ASSERT_EQUAL(guard_compile_diagnostic_count(result), 0);
	guard_compile_free(result);
	result = compile(server, 2);
	CU_ASSERT_EQUAL(guard_compile_diagnostic_count(result), 0);
	guard_compile_free(result);
	CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
}

static CU_TestInfo tests[] = { { "set up", test_set_up },
			       { "what the image says", test_contents },
			       { "the same bytes every time", test_same_bytes },
			       { "exceptions", test_exception },
			       { "interpreters and readers", test_interpreters },
			       { "interpreters made stricter", test_refinements },
			       { "containments", test_containments },
			       { "limits on exceptions", test_limits },
			       { "saving", test_save },
			       { "lock-out by content", test_lockout_by_content },
			       { "presets and examples", test_installed },
			       { "clean up", test_clean_up },
			       CU_TEST_INFO_NULL };
UNIT_MAIN("compile_image", tests)
