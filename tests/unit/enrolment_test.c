/* SPDX-License-Identifier: MIT
 *
 * unit/enrolment_test.c - a managed machine's guardd.conf: whatever it takes back of
 * what was enrolled or signed is refused and named; what it adds holds.  Needs root,
 * for these files must be root's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "settings.h"
#include "trust/internal.h"
#include "unit.h"

/* libconfig 1.5 forgets the text that it was reading when it met an error. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static char folder[] = "/run/guard-enrolment-test.XXXXXX";

/* FOLDER/`name`. */
static const char *at(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *text = path[next++ % 4];

	snprintf(text, sizeof(path[0]), "%s/%s", folder, name);
	return text;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(at(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	fclose(file);
	CU_ASSERT_EQUAL(chmod(at(name), 0600), 0);
}

/* guardd.conf with these settings, on a machine that was enrolled with `enrolled`. */
static void put_config(const char *name, const char *settings)
{
	char text[4096];

	snprintf(text, sizeof(text), "state_dir = \"%s\"; policy = { };\n%s\n", at("state"), settings);
	put(name, text);
}

static void enroll(const char *enrolled)
{
	char text[1024];

	snprintf(text, sizeof(text), "repository = { url = \"https://hq.example.org\"; office = \"osaka\"; ca = \"/ca.pem\"; };\n"
				     "machine = { host = \"pc-1\"; };\n");
	put("state/enrolment/repository.conf", text);
	put_config("state/enrolment/guardd.conf", enrolled);
	(void)!unlink(at("state/enrolment/" GUARDD_SETTINGS_FILE));
	snprintf(text, sizeof(text), "state_dir = \"%s\";\n", at("state"));
	put("guardd.conf.managed", text);
}

static struct guardd_config config;

static void load(const char *settings)
{
	char problem[1024] = "";

	put_config("guardd.conf", settings);
	CU_ASSERT_EQUAL_FATAL(guardd_config_load(&config, at("guardd.conf"), problem, sizeof(problem)), 0);
	CU_ASSERT_TRUE(config.managed);
	CU_ASSERT_STRING_EQUAL(config.state_dir, at("state"));
}

/* Named in the sentence, and told to headquarters. */
static void is_refused(const char *name)
{
	CU_ASSERT_TRUE(config.narrowed);
	if (!strstr(config.overruled, name)) {
		fprintf(stderr, "\nwanted \"%s\" in: %s\n", name, config.overruled);
		CU_FAIL("the sentence");
	}
}

static bool protects(const char *path)
{
	for (size_t i = 0; i < config.filesystem_count; i++)
		if (strcmp(config.filesystems[i], path) == 0)
			return true;
	return config.protect_all;
}

#define HOST "machine = { host = \"pc-1\"; };\n"
#define TWO HOST "protect = { filesystems = [ \"/a\", \"/b\" ]; };\n"
#define ONE HOST "protect = { filesystems = [ \"/a\" ]; };\n"
#define ALL HOST "protect = { filesystems = \"all\"; };\n"

static void test_filesystems(void)
{
	enroll(TWO);
	load(TWO);
	CU_ASSERT(!config.narrowed && !config.overruled[0] && config.filesystem_count == 2);
	guardd_config_free(&config);
	load(ONE);
	is_refused("protect.filesystems");
	CU_ASSERT(protects("/a") && protects("/b") && !config.protect_all);
	guardd_config_free(&config);
	load(HOST "protect = { filesystems = [ \"/c\", \"/b\", \"/a\" ]; };");
	CU_ASSERT(!config.narrowed && protects("/c") && config.filesystem_count == 3);
	guardd_config_free(&config);
	load(ALL);
	CU_ASSERT(!config.narrowed && config.protect_all);
	guardd_config_free(&config);
	enroll(ALL);
	load(ONE);
	is_refused("protect.filesystems");
	CU_ASSERT_TRUE(config.protect_all);
	guardd_config_free(&config);
}

static void test_kernel(void)
{
	enroll(ALL "backend = \"auto\"; self_protection = true; memory = { executable = \"log\"; exempt = [ \"/n\" ]; };");
	load(ALL "backend = \"fanotify\"; debugging = true;");
	is_refused("backend");
	is_refused("self_protection");
	is_refused("debugging");
	is_refused("memory.executable");
	CU_ASSERT(config.backend == GUARDD_BACKEND_AUTO && config.self_protection && !config.debugging);
	CU_ASSERT_EQUAL(config.memory, GUARDD_MEMORY_LOG);
	guardd_config_free(&config);
	load(ALL "backend = \"bpf\"; self_protection = true; memory = { executable = \"deny\"; exempt = [ \"/m\", \"/n\" ]; };");
	is_refused("memory.exempt");
	CU_ASSERT(config.backend == GUARDD_BACKEND_BPF && config.memory == GUARDD_MEMORY_DENY);
	CU_ASSERT(config.exempt_count == 1 && strcmp(config.exempt[0], "/n") == 0);
	guardd_config_free(&config);
}

static void test_record(void)
{
	enroll(ALL);
	load(ALL "gate = { deadline_verdict = \"allow\"; }; ledger = { max_mib = 1; max_days = 1; allowed = false; journal = false; };");
	is_refused("gate.deadline_verdict");
	is_refused("ledger");
	CU_ASSERT(!config.deadline_allow && config.ledger_allowed && config.journal);
	CU_ASSERT(config.ledger_max_bytes == 256ull << 20 && config.ledger_max_days == 400);
	guardd_config_free(&config);
}

/* Who the machine is, and where it keeps what it was enrolled with. */
static void test_identity(void)
{
	char problem[1024], text[512];

	enroll(ALL);
	load("machine = { host = \"pc-design-1\"; }; protect = { filesystems = \"all\"; };");
	is_refused("machine.host");
	CU_ASSERT_STRING_EQUAL(config.host, "pc-1");
	guardd_config_free(&config);
	load(ALL "repository = { url = \"https://evil.example.org\"; office = \"tokyo\"; };");
	CU_ASSERT(strstr(config.overruled, "another repository") && strstr(config.overruled, "another office"));
	CU_ASSERT(strcmp(config.office, "osaka") == 0 && !config.narrowed);
	guardd_config_free(&config);
	snprintf(text, sizeof(text), "state_dir = \"%s\"; policy = { file = \"/mine\"; };\n" ALL, at("elsewhere"));
	put("guardd.conf", text);
	CU_ASSERT_EQUAL_FATAL(guardd_config_load(&config, at("guardd.conf"), problem, sizeof(problem)), 0);
	is_refused("state_dir");
	is_refused("policy.file");
	CU_ASSERT(config.managed && !config.policy_file[0] && strcmp(config.state_dir, at("state")) == 0);
	guardd_config_free(&config);
}

static void test_spoiled(void)
{
	char problem[1024];

	enroll(TWO);
	put("guardd.conf", "protect = ");
	CU_ASSERT_EQUAL(guardd_config_load(&config, at("guardd.conf"), problem, sizeof(problem)), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL_FATAL(guardd_config_last(&config, at("guardd.conf"), problem), 0);
	is_refused("syntax error");
	CU_ASSERT(config.managed && protects("/a") && protects("/b"));
	guardd_config_free(&config);
	(void)!unlink(at("guardd.conf"));
	CU_ASSERT_EQUAL_FATAL(guardd_config_last(&config, at("guardd.conf"), "gone"), 0);
	guardd_config_free(&config);
	(void)!unlink(at("state/enrolment/repository.conf")); /* released: nothing stands in any more */
	CU_ASSERT_EQUAL(guardd_config_last(&config, at("guardd.conf"), "gone"), -GUARD_E_NOT_FOUND);
}

/* ---- what headquarters signed -------------------------------------------------------------- */

static void sign(const struct guardd_settings *settings)
{
	static char text[GUARDD_SETTINGS_TEXT_MAX];

	CU_ASSERT_EQUAL_FATAL(guardd_settings_format(text, settings), 0);
	put("state/enrolment/" GUARDD_SETTINGS_FILE, text);
}

static void test_signed(void)
{
	struct guardd_settings settings = {.given = GUARDD_SETTING_PROTECT, .filesystem_count = 1, .filesystems = {"/s t"}};

	enroll(TWO "self_protection = true;");
	sign(&settings);
	load(TWO);
	is_refused("protect.filesystems");
	is_refused("self_protection");
	CU_ASSERT(protects("/s t") && config.filesystem_count == 3 && config.self_protection);
	guardd_config_free(&config);
	load(HOST "protect = { filesystems = [ \"/s t\" ]; }; self_protection = true;");
	CU_ASSERT(!config.narrowed && config.filesystem_count == 1); /* headquarters may say less */
	guardd_config_free(&config);
	settings = (struct guardd_settings){.given = GUARDD_SETTING_ALL_, .protect_all = 1, .self_protection = 1,
					    .memory = GUARDD_MEMORY_DENY, .backend = GUARDD_BACKEND_AUTO};
	sign(&settings);
	load(ONE "backend = \"fanotify\";");
	CU_ASSERT(config.protect_all && config.self_protection && config.memory == GUARDD_MEMORY_DENY);
	CU_ASSERT_EQUAL(config.backend, GUARDD_BACKEND_AUTO);
	guardd_config_free(&config);
}

static void test_damaged(void)
{
	enroll(TWO);
	put("state/enrolment/" GUARDD_SETTINGS_FILE, "protect = {");
	load(ONE);
	is_refused("protect.filesystems"); /* what was enrolled holds all the same */
	CU_ASSERT_TRUE(protects("/b"));
	guardd_config_free(&config);
	put("state/enrolment/guardd.conf", "protect = {");
	load(ONE);
	CU_ASSERT(config.narrowed && strstr(config.overruled, "enrolment/"));
	guardd_config_free(&config);
}

static void test_format(void)
{
	static const char *const bad[] = {"", "a", "/a\"b", "/a\\b", "/a\nb", "/../a", "/a/.."};
	struct guardd_settings settings = {.given = 0};
	static char text[GUARDD_SETTINGS_TEXT_MAX];

	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
	settings.given = GUARDD_SETTING_PROTECT;
	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
	settings.filesystem_count = GUARDD_SETTINGS_FILESYSTEMS_MAX + 1;
	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
	settings.filesystem_count = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(settings.filesystems[0], sizeof(settings.filesystems[0]), "%s", bad[i]);
		CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
	}
	memset(settings.filesystems[0], '/', sizeof(settings.filesystems[0])); /* no end */
	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
	settings = (struct guardd_settings){.given = GUARDD_SETTING_MEMORY, .memory = 3};
	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
	settings = (struct guardd_settings){.given = 16};
	CU_ASSERT_EQUAL(guardd_settings_format(text, &settings), -GUARD_E_FORMAT);
}

/* ---- as it comes in place/OFFICE.json ----------------------------------------------------- */

static int place(struct trust_place *ret_place, const char *settings)
{
	struct trust_failure failure = {0};
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"format\":1,\"office\":\"osaka\",\"machines\":[{\"host\":\"*\",\"profile\":\"desktop\",\"settings\":%s}]}",
		 settings);
	return trust_place_parse(ret_place, text, strlen(text), "osaka", "pc-1", "key", &failure);
}

static void test_place(void)
{
	static const char *const bad[] = {"7", "{\"protect\":\"some\"}", "{\"protect\":[]}", "{\"protect\":[\"a\"]}",
					  "{\"protect\":[\"/a\\nb\"]}", "{\"backend\":\"bpf\"}", "{\"backend\":1}",
					  "{\"self_protection\":1}", "{\"memory\":\"on\"}"};
	static struct trust_place found;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(place(&found, bad[i]), -GUARD_E_SYNTAX);
	CU_ASSERT_EQUAL(place(&found, "{\"newer\":1}"), 0);
	CU_ASSERT_EQUAL(found.settings.given, 0);
	CU_ASSERT_EQUAL(place(&found, "{\"protect\":[\"/a\",\"/b\"],\"memory\":\"log\",\"self_protection\":true}"), 0);
	CU_ASSERT(found.settings.filesystem_count == 2 && strcmp(found.settings.filesystems[1], "/b") == 0);
	CU_ASSERT_EQUAL(found.settings.given, GUARDD_SETTING_PROTECT | GUARDD_SETTING_MEMORY | GUARDD_SETTING_SELF_PROTECTION);
	CU_ASSERT(found.settings.memory == GUARDD_MEMORY_LOG && found.settings.self_protection);
	CU_ASSERT_EQUAL(place(&found, "{\"protect\":\"all\",\"backend\":\"fanotify\"}"), 0);
	CU_ASSERT(found.settings.protect_all && found.settings.backend == GUARDD_BACKEND_FANOTIFY);
}

static int set_up(void)
{
	umask(022);
	return geteuid() == 0 && mkdtemp(folder) && mkdir(at("state"), 0755) == 0 && mkdir(at("state/enrolment"), 0700) == 0 ?
		       0 :
		       1;
}

static int tear_down(void)
{
	static const char *const files[] = {"guardd.conf", "guardd.conf.managed", "state/enrolment/guardd.conf",
					    "state/enrolment/repository.conf", "state/enrolment/settings.conf"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)!unlink(at(files[i]));
	return rmdir(at("state/enrolment")) < 0 || rmdir(at("state")) < 0 || rmdir(folder) < 0;
}

static CU_TestInfo tests[] = {
	{"filesystems are not taken back", test_filesystems},
	{"nor is the kernel layer", test_kernel},
	{"nor is the record", test_record},
	{"who the machine is", test_identity},
	{"a spoiled guardd.conf", test_spoiled},
	{"what headquarters signed", test_signed},
	{"damaged files", test_damaged},
	{"signed settings as a text", test_format},
	{"signed settings as they come", test_place},
	CU_TEST_INFO_NULL,
};

UNIT_MAIN_WITH("enrolment", set_up, tear_down, tests)
