/* SPDX-License-Identifier: MIT
 *
 * unit/config_test.c - guardd.conf: each bad file with its sentence, then a
 * good one.  Needs root for the tests of ownership.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "unit.h"

#define GOOD "protect = { filesystems = \"all\"; };\npolicy = { file = \"/etc/guard/policy.image\"; };\n"

/* libconfig 1.5 forgets the text that it was reading when it met an error.  The
 * leak checker's own hook; nothing else calls it. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static char folder[] = "/run/guard-config-test.XXXXXX";
static char path[64];

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	CU_ASSERT_EQUAL(chmod(path, 0644), 0);
	CU_ASSERT_EQUAL(chown(path, 0, 0), 0);
}

static int load(struct guardd_config *ret_config, char problem[1024])
{
	problem[0] = '\0';
	return guardd_config_load(ret_config, path, problem, 1024);
}

/* The file is refused, in one line that names it and says all of `words`. */
static void refused(int error, const char *first, const char *second)
{
	static struct guardd_config config;
	char problem[1024];

	config.workers = 12345;
	CU_ASSERT_EQUAL(load(&config, problem), error);
	CU_ASSERT_EQUAL(config.workers, 12345);
	CU_ASSERT_PTR_NULL(strchr(problem, '\n'));
	CU_ASSERT_PTR_NOT_NULL(strstr(problem, path));
	if (!strstr(problem, first) || !strstr(problem, second)) {
		fprintf(stderr, "\nwanted \"%s\" and \"%s\" in: %s\n", first, second, problem);
		CU_FAIL("the sentence");
	}
}

static void refused_text(const char *text, int error, const char *first, const char *second)
{
	write_file(text);
	refused(error, first, second);
}

static void test_syntax(void)
{
	refused_text("state_dir = ", -GUARD_E_SYNTAX, ":1:", "syntax error");
	refused_text("\n\nstate_dir \"/x\";", -GUARD_E_SYNTAX, ":3:", "syntax error");
	refused_text(GOOD "@include \"other.conf\"\n", -GUARD_E_SYNTAX, ":3:", "@include is not allowed");
	refused_text(GOOD "backend = \"auto\"; backend = \"auto\";", -GUARD_E_SYNTAX, ":3:", "duplicate");
}

static void test_unknown(void)
{
	refused_text(GOOD "surprise = 1;\n", -GUARD_E_SYNTAX, ":3:", "unknown setting surprise");
	refused_text(GOOD "statedir = \"/x\";\n", -GUARD_E_SYNTAX, ":3:", "did you mean state_dir?");
	refused_text(GOOD "gate = { wokers = 3; };\n", -GUARD_E_SYNTAX, "gate.wokers", "did you mean workers?");
	refused_text("protct = { };\n" GOOD, -GUARD_E_SYNTAX, ":1:", "did you mean protect?");
}

static void test_values(void)
{
	refused_text(GOOD "state_dir = 7;\n", -GUARD_E_SYNTAX, ":3:", "state_dir must be an absolute path");
	refused_text(GOOD "state_dir = \"x/y\";\n", -GUARD_E_SYNTAX, "x/y", "absolute path");
	refused_text(GOOD "run_dir = \"/a/../b\";\n", -GUARD_E_SYNTAX, "/a/../b", "without \"..\"");
	refused_text(GOOD "backend = \"magic\";\n", -GUARD_E_SYNTAX, ":3:", "magic");
	refused_text(GOOD "memory = { executable = \"on\"; };\n", -GUARD_E_SYNTAX, "on", "\"log\" or \"deny\"");
	refused_text(GOOD "memory = { exempt = [\"node\"]; };\n", -GUARD_E_SYNTAX, "node", "absolute paths");
	refused_text(GOOD "memory = { exempt = \"/usr/bin/node\"; };\n", -GUARD_E_SYNTAX, "exempt", "list");
	refused_text(GOOD "backend = \"fanotify\"; memory = { executable = \"deny\"; };\n", -GUARD_E_SYNTAX,
		     "memory.executable", "backend");
	refused_text(GOOD "backend = \"fanotify\"; self_protection = true;\n", -GUARD_E_SYNTAX, "self_protection",
		     "kernel layer");
	refused_text(GOOD "gate = { workers = 1; };\n", -GUARD_E_SYNTAX, ":3:", "between 2 and 64");
	refused_text(GOOD "gate = { workers = 2.5; };\n", -GUARD_E_SYNTAX, ":3:", "whole number");
	refused_text(GOOD "gate = { deadline_ms = 99; };\n", -GUARD_E_SYNTAX, "99", "between 100 and 600000");
	refused_text(GOOD "gate = { deadline_verdict = \"maybe\"; };\n", -GUARD_E_SYNTAX, "maybe", "\"deny\" or \"allow\"");
	refused_text(GOOD "gate = 7;\n", -GUARD_E_SYNTAX, ":3:", "group of settings");
	refused_text(GOOD "ledger = { journal = 1; };\n", -GUARD_E_SYNTAX, ":3:", "true or false");
	refused_text(GOOD "ledger = { max_mib = 0; };\n", -GUARD_E_SYNTAX, ":3:", "between 1 and");
}

static void test_filesystems(void)
{
	refused_text("policy = { file = \"/p\"; };\n", -GUARD_E_SYNTAX, "protect.filesystems is missing", "add");
	refused_text("protect = { filesystems = \"all\"; };\n", -GUARD_E_SYNTAX, "policy.file is missing", "add");
	refused_text("protect = { filesystems = \"some\"; };\n", -GUARD_E_SYNTAX, ":1:", "\"all\" or a list");
	refused_text("protect = { filesystems = []; };\n", -GUARD_E_SYNTAX, ":1:", "\"all\" or a list");
	refused_text("protect = { filesystems = [ \"a\" ]; };\n", -GUARD_E_SYNTAX, ":1:", "absolute");
	refused_text("protect = { filesystems = [ 3 ]; };\n", -GUARD_E_SYNTAX, ":1:", "absolute");
	refused_text("protect = { filesystems = [ \"/a\", \"/a\" ]; };\n", -GUARD_E_SYNTAX, ":1:", "twice");
}

static void test_limits(void)
{
	static char text[70000];
	char long_path[300];

	memset(text, '#', sizeof(text) - 1);
	refused_text(text, -GUARD_E_LIMIT, "larger than", "shorten");
	snprintf(long_path, sizeof(long_path), GOOD "run_dir = \"/%.*s\";\n", 100, text);
	refused_text(long_path, -GUARD_E_LIMIT, "run_dir", "shorter");
}

static void test_ownership(void)
{
	write_file(GOOD);
	CU_ASSERT_EQUAL(chmod(path, 0666), 0);
	refused(-GUARD_E_UNSAFE, "can be written by others", "chmod go-w");
	CU_ASSERT_EQUAL(chmod(path, 0664), 0);
	refused(-GUARD_E_UNSAFE, "can be written by others", "chmod go-w");
	write_file(GOOD);
	CU_ASSERT_EQUAL(chown(path, 65534, 0), 0);
	refused(-GUARD_E_UNSAFE, "belongs to user 65534", "chown root");
	write_file(GOOD);
	CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
	refused(-GUARD_E_UNSAFE, "the directory", "chmod go-w");
	CU_ASSERT_EQUAL(chmod(folder, 0755), 0);
	CU_ASSERT_EQUAL(chown(folder, 65534, 0), 0);
	refused(-GUARD_E_UNSAFE, "the directory", "belongs to user 65534");
	CU_ASSERT_EQUAL(chown(folder, 0, 0), 0);
}

static void test_not_a_file(void)
{
	unlink(path);
	refused(-GUARD_E_NOT_FOUND, "cannot be opened", "No such file");
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	refused(-GUARD_E_UNSAFE, "must be a regular file", "");
	unlink(path);
	CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
	refused(-GUARD_E_UNSAFE, "must be a regular file", "");
	CU_ASSERT_EQUAL(rmdir(path), 0);
}

static void test_good(void)
{
	static struct guardd_config config;
	char problem[1024];

	write_file(GOOD);
	CU_ASSERT_EQUAL_FATAL(load(&config, problem), 0);
	CU_ASSERT_STRING_EQUAL(config.state_dir, "/var/lib/guard");
	CU_ASSERT_STRING_EQUAL(config.run_dir, "/run/guard");
	CU_ASSERT_STRING_EQUAL(config.policy_file, "/etc/guard/policy.image");
	CU_ASSERT(config.protect_all && config.journal && config.ledger_allowed && !config.deadline_allow);
	CU_ASSERT_EQUAL(config.deadline_ms, 30000);
	CU_ASSERT_EQUAL(config.max_file_size, 16384ull << 20);
	CU_ASSERT(config.workers >= 2 && config.workers <= 64 && config.host[0]);
	guardd_config_free(&config);

	write_file("state_dir = \"/s\"; run_dir = \"/r\"; backend = \"fanotify\";\n"
		   "protect = { filesystems = [ \"/a\", \"/b c\" ]; }; policy = { file = \"/p\"; };\n"
		   "machine = { office = \"osaka\"; host = \"pc-1\"; };\n"
		   "gate = { deadline_ms = 500; workers = 3; max_file_mib = 10; deadline_verdict = \"allow\"; };\n"
		   "ledger = { max_mib = 2; max_days = 3; allowed = false; journal = false; };\n");
	CU_ASSERT_EQUAL_FATAL(load(&config, problem), 0);
	CU_ASSERT_EQUAL(config.filesystem_count, 2);
	CU_ASSERT_STRING_EQUAL(config.filesystems[1], "/b c");
	CU_ASSERT_STRING_EQUAL(config.office, "osaka");
	CU_ASSERT_STRING_EQUAL(config.host, "pc-1");
	CU_ASSERT(config.deadline_allow && !config.ledger_allowed && !config.journal && !config.protect_all);
	CU_ASSERT_EQUAL(config.max_file_size, 10ull << 20);
	CU_ASSERT_EQUAL(config.ledger_max_bytes, 2ull << 20);
	guardd_config_free(&config);
}

static CU_TestInfo tests[] = {
	{ "syntax", test_syntax },
	{ "unknown settings", test_unknown },
	{ "values", test_values },
	{ "filesystems and what must be said", test_filesystems },
	{ "limits", test_limits },
	{ "owner and mode", test_ownership },
	{ "not a file", test_not_a_file },
	{ "good files", test_good },
	CU_TEST_INFO_NULL,
};

static void make_folder(void)
{
	if (geteuid() != 0 || !mkdtemp(folder) || chmod(folder, 0755) < 0) {
		fputs("config_test: needs root\n", stderr);
		exit(2);
	}
	snprintf(path, sizeof(path), "%s/guardd.conf", folder);
	umask(022);
}

int main(void)
{
	CU_SuiteInfo suites[] = { { "config", NULL, NULL, NULL, NULL, tests }, CU_SUITE_INFO_NULL };
	unsigned failures;

	make_folder();
	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 2;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	unlink(path);
	rmdir(folder);
	return failures ? 1 : 0;
}
