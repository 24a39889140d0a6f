/* SPDX-License-Identifier: MIT
 *
 * unit/publish_faults.c - each system call of a publication fails in turn, the
 * disk fills up, the power goes: what is published is then whole, in the old or the
 * new version, never older than before; and the next publication goes through.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exception.h"
#include "fault_calls.h"
#include "output.h"
#include "policy_diff.h"
#include "policy_verbs.h"
#include "query.h"

/* ---- the wrapper ---------------------------------------------------------------- */

enum failure { FAIL_NOTHING, FAIL_ONCE, FAIL_FOR_EVER };
static struct {
	enum failure kind;
	unsigned left; /* calls until it fails */
	int error;
	bool writing;  /* calls that only read go on */
	bool hit;
} io;
static char trace[65536]; /* o pen, O to write, w rite, s ync, S yncfs, r ename, T imestamp's rename, ... */
static size_t traced;
static unsigned said;

bool fault_strikes(char call, const char *name)
{
	char letter = call == 'r' && strcmp(name, "timestamp.json") == 0 ? 'T' : call;

	if (strchr("fpPt", call))
		return false;
	if (traced + 1 < sizeof(trace))
		trace[traced++] = letter;
	if (io.writing && letter == 'o')
		return false;
	if (io.kind == FAIL_NOTHING || (io.kind == FAIL_ONCE && io.hit))
		return false;
	if (io.left > 0) {
		io.left--;
		return false;
	}
	io.hit = true;
	errno = io.error;
	return true;
}

/* ---- in place of the rest of guardctl ---------------------------------------------- */

void guardctl_error(const char *format, ...)
{
	(void)format;
	said++;
}
void guardctl_put_padded(FILE *out, const char *text, size_t columns)
{
	(void)columns;
	fputs(text, out);
}
void guardctl_local_time(char ret_text[GUARDCTL_TIME_SIZE], int64_t seconds)
{
	snprintf(ret_text, GUARDCTL_TIME_SIZE, "%lld", (long long)seconds);
}
int guardctl_print_json(json_t *value)
{
	json_decref(value);
	return 0;
}
int guardctl_query_events(const struct guardctl_options *options, const struct guard_event_filter *filter,
			  guardctl_take_event take, void *context)
{
	(void)options;
	(void)filter;
	(void)take;
	(void)context;
	return GUARDCTL_UNREACHABLE;
}
int policy_compare(const struct guard_policy *old, const struct guard_policy *new)
{
	return old == new;
}
void policy_print_diagnostics(const struct guard_compile *compile)
{
	(void)compile;
}

/* ---- the scene ------------------------------------------------------------------------ */

static char folder[] = "/dev/shm/guard-publish-faults-XXXXXX";
static struct repo_options options = { .folder = folder };
static const char *const roles[] = { "root", "hq", "online", "osaka" };
static char keys[4][64];
static unsigned version; /* of the sources */

static void put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *path, const char *format, ...)
{
	char name[256], text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(name, sizeof(name), "%s/%s", folder, path);
	CU_ASSERT_EQUAL_FATAL(publish_file_write(AT_FDCWD, name, text, strlen(text)), 0);
}

static void make_key(size_t index)
{
	struct publish_signer signer = { 0 };
	GUARD_AUTO_FREE char *public = NULL;
	char name[64];

	snprintf(keys[index], sizeof(keys[index]), "%s/%s", folder, roles[index]);
	CU_ASSERT_EQUAL_FATAL(publish_key_new(&signer, PUBLISH_ED25519, keys[index], NULL), 0);
	public = json_dumps(signer.key, 0);
	snprintf(name, sizeof(name), "%s.pub", roles[index]);
	put(name, "%s", public);
	options.keys[options.key_count++] = keys[index];
	publish_signer_clear(&signer);
}

static void age_replaced(void)
{
	GUARD_AUTO_FREE char *path = NULL;
	GUARD_AUTO_JSON json_t *replaced = NULL;
	const char *file;
	json_t *since;

	CU_ASSERT_FATAL(asprintf(&path, "%s/signed/replaced.json", folder) > 0);
	if (publish_json_read(&replaced, AT_FDCWD, path) < 0)
		return;
	json_object_foreach(replaced, file, since)
		json_integer_set(since, 1);
	json_dump_file(replaced, path, 0);
}

/* Sources that headquarters and the office have changed. */
static void next_version(void)
{
	version++;
	/* As if a month had passed: or the folder would grow with each round. */
	age_replaced();
	put("hq.conf", "policy = { id = \"acme\"; version = %u; };\n"
		       "groups = ( { name = \"core\"; rules = ( { sha256 = [ \"%064x\" ]; } ); } );\n",
	    version, version);
	put("offices/osaka/x.conf",
	    "exception = { id = \"x\"; version = 1; office = \"osaka\"; from = \"2026-01-01T00:00:00Z\"; "
	    "expires = \"2026-03-01T00:00:00Z\"; reason = \"r\"; };\n"
	    "groups = ( { name = \"x\"; rules = ( { sha256 = [ \"%064x\" ]; } ); } );\n",
	    0x10000 + version);
}

static int set_up(void)
{
	return mkdtemp(folder) ? 0 : 1;
}

static void make_company(void)
{
	for (size_t i = 0; i < 4; i++)
		make_key(i);
	put("repo.conf", "directory = \"published\";\n"
			 "keys = { root = { keys = [ \"root.pub\" ]; }; targets = { keys = [ \"hq.pub\" ]; };\n"
			 "deny = { keys = [ \"hq.pub\" ]; }; snapshot = { keys = [ \"online.pub\" ]; };\n"
			 "timestamp = { keys = [ \"online.pub\" ]; }; };\n"
			 "profiles = ( { name = \"desktop\"; sources = [ \"hq.conf\" ]; } );\n");
	put("offices/osaka/office.conf", "office = { keys = [ \"osaka.pub\" ]; "
					 "machines = ( { host = \"*\"; profile = \"desktop\"; } ); };\n");
	next_version();
}

static int clean_up(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? 0 : 1;
}

/* What a command tells on standard output is of no interest here. */
static int quietly(int (*verb)(const struct repo_options *))
{
	int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), code;

	fflush(stdout);
	dup2(nowhere, STDOUT_FILENO);
	code = verb(&options);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	close(nowhere);
	return code;
}

/* A machine takes what is published; the version of its timestamp. */
static uint64_t machine_takes(void)
{
	struct repo repo;
	GUARD_AUTO_JSON json_t *timestamp = NULL;

	CU_ASSERT_FATAL(repo_open(&repo, &options, NULL));
	CU_ASSERT_FATAL(repo_open_published(&repo, false));
	CU_ASSERT(repo_check(&repo, NULL, false));
	CU_ASSERT_EQUAL(publish_json_read(&timestamp, repo.published, "metadata/timestamp.json"), 0);
	repo_close(&repo);
	return publish_version(timestamp);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_first(void)
{
	make_company();
	CU_ASSERT_EQUAL_FATAL(quietly(repo_init), GUARDCTL_DONE);
	CU_ASSERT_EQUAL_FATAL(quietly(repo_publish), GUARDCTL_DONE);
	CU_ASSERT_EQUAL(machine_takes(), 1);
}

/* Call number `at` fails; true when there was such a call. */
static bool fail_at(uint64_t *published, unsigned at, enum failure kind, int error)
{
	uint64_t after;
	int code;

	next_version();
	said = 0;
	io = (__typeof__(io)){ .kind = kind, .left = at, .error = error, .writing = error == ENOSPC };
	fault_partial = true;
	code = quietly(repo_publish);
	io.kind = FAIL_NOTHING;
	CU_ASSERT(code == GUARDCTL_DONE || (code == GUARDCTL_REFUSED && io.hit));
	CU_ASSERT(code == GUARDCTL_DONE || said > 0);
	after = machine_takes();
	CU_ASSERT(after >= *published);
	CU_ASSERT(code == GUARDCTL_REFUSED || after > *published);
	*published = after;
	return io.hit;
}

static void fail_each(enum failure kind, int error, unsigned step, unsigned least)
{
	uint64_t published = machine_takes(), before;
	unsigned at = 0;

	while (fail_at(&published, at, kind, error))
		at += step;
	CU_ASSERT(at > least); /* or the wrapper was not linked in */
	before = published;
	CU_ASSERT_EQUAL(quietly(repo_publish), GUARDCTL_DONE);
	CU_ASSERT(machine_takes() > before);
	CU_ASSERT_EQUAL(quietly(repo_verify), GUARDCTL_DONE);
}

/* Every other call: the same ones come again for each office and profile. */
static void test_each_call_fails(void)
{
	fail_each(FAIL_ONCE, EIO, 2, 100);
}

static void test_disk_full(void)
{
	fail_each(FAIL_FOR_EVER, ENOSPC, 1, 40);
}

/* Everything that a timestamp leads to is on the disk before it gets its name,
 * the timestamp itself before and after. */
static void test_order(void)
{
	const char *last;

	next_version();
	traced = 0;
	CU_ASSERT_EQUAL(quietly(repo_publish), GUARDCTL_DONE);
	trace[traced] = '\0';
	last = strrchr(trace, 'T');
	CU_ASSERT_PTR_NOT_NULL_FATAL(last);
	CU_ASSERT(last[-1] == 's' && last[1] == 's');
	/* Two timestamps are written, the folder's own and the published one; the
	 * whole filesystem is synchronised before either. */
	CU_ASSERT(strchr(trace, 'S') && strchr(trace, 'S') < strchr(trace, 'T'));
}

static CU_TestInfo tests[] = {
	{ "the first publication", test_first },
	{ "each system call fails", test_each_call_fails },
	{ "the disk is full and stays so", test_disk_full },
	{ "the order of writes", test_order },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN_WITH("publish_faults", set_up, clean_up, tests)
