/* SPDX-License-Identifier: MIT
 *
 * unit/trust_faults.c - every system call and every allocation of the client is
 * made to fail in turn; the disk fills up; the power goes between any two
 * writes.  Whatever happens: what is stored is one of the versions that were
 * genuine, it never goes back, and the next start catches up.
 */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "fault_calls.h"
#include "trust_fixture.h"

/* ---- the wrapper ------------------------------------------------------------- */

enum failure {
	FAIL_NOTHING,
	FAIL_ONCE,     /* the call fails, all others work */
	FAIL_FOR_EVER, /* from that call on nothing reaches the disk: the power is gone */
};
static struct {
	enum failure kind;
	unsigned left;  /* calls until it fails */
	unsigned count; /* calls seen */
	int error;      /* errno */
	bool hit;
} io;
static struct {
	bool armed, hit;
	unsigned left;
} memory;
static char trace[4096]; /* w rite, s ync, r ename, u nlink */
static bool tracing;

bool fault_strikes(char call, const char *name)
{
	size_t used = strlen(trace);

	(void)name;
	io.count++;
	if (tracing && used + 1 < sizeof(trace)) {
		trace[used] = call;
		trace[used + 1] = '\0';
	}
	if (io.kind == FAIL_NOTHING)
		return false;
	if (io.left > 0) {
		io.left--;
		return false;
	}
	if (io.kind == FAIL_ONCE && io.hit)
		return false;
	io.hit = true;
	errno = io.error;
	return true;
}

static bool memory_fails(void)
{
	if (!memory.armed || memory.hit)
		return false;
	if (memory.left > 0) {
		memory.left--;
		return false;
	}
	memory.hit = true;
	return true;
}

#define WRAP_ALLOCATION(name, parameters, arguments) \
	void *__real_##name parameters;              \
	void *__wrap_##name parameters;              \
	void *__wrap_##name parameters               \
	{                                            \
		return memory_fails() ? NULL : __real_##name arguments; \
	}
WRAP_ALLOCATION(malloc, (size_t size), (size))
WRAP_ALLOCATION(calloc, (size_t count, size_t size), (count, size))
WRAP_ALLOCATION(realloc, (void *pointer, size_t size), (pointer, size))
WRAP_ALLOCATION(reallocarray, (void *pointer, size_t count, size_t size), (pointer, count, size))

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return memory_fails() ? NULL : __real_strdup(text);
}

/* Libraries allocate through their own hooks. */
static void *library_malloc(size_t size)
{
	return memory_fails() ? NULL : __real_malloc(size);
}
static void *openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return library_malloc(size);
}
static void *openssl_realloc(void *pointer, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_fails() ? NULL : __real_realloc(pointer, size);
}
static void openssl_free(void *pointer, const char *file, int line)
{
	(void)file;
	(void)line;
	free(pointer);
}

/* Before the first allocation of either. */
__attribute__((constructor)) static void hook_libraries(void)
{
	CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
	json_set_alloc_funcs(library_malloc, free);
}

/* ---- the scene --------------------------------------------------------------------- */

/* A client with version 1; a repository with new keys for timestamp and
 * snapshot (so that their files are to be forgotten), version 2 of all, and a
 * target of a delegated role. */
static void open_scene(struct fixture *fixture)
{
	fixture_open(fixture);
	CU_ASSERT_EQUAL_FATAL(fixture_init(fixture), 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(fixture), 0);
	fixture_delegate(fixture, "targets", "osaka", "office/osaka/*", true, 20);
	fixture_target(fixture, "osaka", "office/osaka/list", "for osaka");
	fixture_publish(fixture, "osaka");
	fixture_rotate(fixture, "timestamp", 60);
	fixture_rotate(fixture, "snapshot", 61);
	fixture_bump(fixture, "root");
	fixture_bump_all(fixture);
}

static void check_content(int fd)
{
	char content[16];

	CU_ASSERT_EQUAL(__real_pread64(fd, content, sizeof(content), 0), 9);
	CU_ASSERT_NSTRING_EQUAL(content, "for osaka", 9);
}

static int download(struct fixture *fixture)
{
	struct guard_trust_target *target = NULL;
	int fd = memfd_create("target", MFD_CLOEXEC), r;

	r = guard_trust_find(&target, fixture->trust, "office/osaka/list");
	if (r == 0)
		r = guard_trust_download(fixture->trust, target, fd);
	if (r == 0)
		check_content(fd);
	guard_trust_target_free(target);
	close(fd);
	return r;
}

static int run(struct fixture *fixture)
{
	int r = fixture_refresh(fixture);

	return r == 0 ? download(fixture) : r;
}

/* Each stored file is the one from before, or the one from after, or (forgotten
 * for recovery) not there while the new root is. */
static void check_state(const struct fixture *fixture, uint64_t ret_least[4])
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };
	uint64_t root = fixture_stored(fixture, "root");

	for (size_t i = 0; i < 4; i++) {
		uint64_t version = fixture_stored(fixture, roles[i]);

		CU_ASSERT(version <= 2);
		CU_ASSERT(version >= ret_least[i] || root == 2);
		CU_ASSERT(version > 0 || ((i == 1 || i == 2) && root == 2));
		ret_least[i] = version;
	}
	CU_ASSERT(fixture_stored(fixture, "osaka") <= 1);
}

static void check_recovers(struct fixture *fixture)
{
	uint64_t least[4] = { 1, 0, 0, 1 };

	check_state(fixture, least);
	io = (__typeof__(io)){ 0 };
	fixture_restart(fixture);
	CU_ASSERT_EQUAL(run(fixture), 0);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "root"), 2);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "timestamp"), 2);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "snapshot"), 2);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "targets"), 2);
	CU_ASSERT_EQUAL(fixture_stored(fixture, "osaka"), 1);
}

/* The call number `at` fails; true when there was such a call. */
static bool fail_io_at(unsigned at, enum failure kind, int error, bool partial)
{
	struct fixture fixture;
	bool hit;
	int r;

	open_scene(&fixture);
	io = (__typeof__(io)){ .kind = kind, .left = at, .error = error };
	fault_partial = partial;
	r = run(&fixture);
	hit = io.hit;
	io.kind = FAIL_NOTHING;
	CU_ASSERT(r == 0 || guard_trust_message(fixture.trust)[0]);
	CU_ASSERT(r == 0 || hit);
	check_recovers(&fixture);
	fixture_close(&fixture);
	return hit;
}

static void fail_each_io(enum failure kind, int error, bool partial)
{
	unsigned at = 0;

	while (fail_io_at(at, kind, error, partial))
		at++;
	CU_ASSERT(at > 40); /* or the wrapper was not linked in */
}

static void test_each_call_fails(void)
{
	fail_each_io(FAIL_ONCE, EIO, false);
}

static void test_power_cut(void)
{
	fail_each_io(FAIL_FOR_EVER, EIO, false);
}

static void test_power_cut_within_write(void)
{
	fail_each_io(FAIL_FOR_EVER, EIO, true);
}

static void test_disk_full(void)
{
	fail_each_io(FAIL_ONCE, ENOSPC, true);
}

/* Interrupted calls are taken up again, or fail like any other. */
static void test_interrupted(void)
{
	fail_each_io(FAIL_ONCE, EINTR, false);
}

/* A file is synchronised before it gets its name, its folder afterwards. */
static void test_order_of_writes(void)
{
	struct fixture fixture;
	unsigned renames = 0;

	open_scene(&fixture);
	trace[0] = '\0';
	tracing = true;
	CU_ASSERT_EQUAL(run(&fixture), 0);
	tracing = false;
	for (char *at = strchr(trace, 'r'); at; at = strchr(&at[1], 'r')) {
		CU_ASSERT(at >= &trace[2] && at[-2] == 'w' && at[-1] == 's');
		CU_ASSERT_EQUAL(at[1], 's');
		renames++;
	}
	/* The note of the rotation, five kinds of metadata. */
	CU_ASSERT_EQUAL(renames, 6);
	fixture_close(&fixture);
}

/* Nothing of a failed download is left to be run. */
static void test_download_fails(void)
{
	for (unsigned at = 0;; at++) {
		struct fixture fixture;
		struct guard_trust_target *target = NULL;
		struct stat status;
		int fd = memfd_create("target", MFD_CLOEXEC), r;

		open_scene(&fixture);
		CU_ASSERT_EQUAL_FATAL(fixture_refresh(&fixture), 0);
		CU_ASSERT_EQUAL_FATAL(guard_trust_find(&target, fixture.trust, "office/osaka/list"), 0);
		io = (__typeof__(io)){ .kind = FAIL_ONCE, .left = at, .error = ENOSPC };
		r = guard_trust_download(fixture.trust, target, fd);
		io.kind = FAIL_NOTHING;
		CU_ASSERT_EQUAL(r, io.hit ? -GUARD_E_IO : 0);
		CU_ASSERT(fstat(fd, &status) == 0 && status.st_size == (io.hit ? 0 : 9));
		guard_trust_target_free(target);
		fixture_close(&fixture);
		close(fd);
		if (!io.hit)
			break;
	}
}

/* ---- rotation and the power ------------------------------------------------------------ */

/* The fast-forwarded timestamp is signed by the stolen key and by one that
 * stays: only the note of the rotation tells that it is to be forgotten. */
static void open_fast_forwarded(struct fixture *fixture)
{
	json_t *entry, *signers;

	fixture_open(fixture);
	fixture_add_key(fixture, "timestamp", 60);
	fixture_publish(fixture, "root");
	fixture_version(fixture, "timestamp", 999);
	fixture_publish(fixture, "timestamp");
	CU_ASSERT_EQUAL_FATAL(fixture_init(fixture), 0);
	CU_ASSERT_EQUAL_FATAL(fixture_refresh(fixture), 0);
	entry = json_object_get(json_object_get(fixture_body(fixture, "root"), "roles"), "timestamp");
	signers = json_object_get(fixture->signers, "timestamp");
	json_array_remove(json_object_get(entry, "keyids"), 0);
	json_array_remove(signers, 0);
	fixture_bump(fixture, "root");
	fixture_version(fixture, "timestamp", 2);
	fixture_publish(fixture, "timestamp");
}

static void test_rotation_survives_power_cut(void)
{
	bool hit = true;

	for (unsigned at = 0; hit; at++) {
		struct fixture fixture;

		open_fast_forwarded(&fixture);
		io = (__typeof__(io)){ .kind = FAIL_FOR_EVER, .left = at, .error = EIO };
		if (fixture_refresh(&fixture) == 0)
			CU_ASSERT_EQUAL(fixture_stored(&fixture, "timestamp"), 2);
		hit = io.hit;
		io.kind = FAIL_NOTHING;
		fixture_restart(&fixture);
		CU_ASSERT_EQUAL(fixture_refresh(&fixture), 0);
		CU_ASSERT_EQUAL(fixture_stored(&fixture, "timestamp"), 2);
		fixture_close(&fixture);
	}
}

/* Until the new root is stored, the note alone forgets nothing. */
static void test_note_without_root(void)
{
	unsigned seen = 0;
	bool hit = true;

	for (unsigned at = 0; hit; at++) {
		struct fixture fixture;

		open_fast_forwarded(&fixture);
		io = (__typeof__(io)){ .kind = FAIL_FOR_EVER, .left = at, .error = EIO };
		CU_ASSERT(fixture_refresh(&fixture) <= 0);
		hit = io.hit;
		io.kind = FAIL_NOTHING;
		if (fixture_stored(&fixture, "root") == 1 && faccessat(fixture.directory, "rotated", F_OK, 0) == 0) {
			seen++;
			fixture_remove(&fixture, "2.root.json");
			json_array_append_new(json_object_get(fixture.signers, "timestamp"), json_integer(2));
			fixture_publish(&fixture, "timestamp");
			fixture_restart(&fixture);
			CU_ASSERT_EQUAL(fixture_refresh(&fixture), -GUARD_E_ROLLBACK);
			CU_ASSERT_EQUAL(fixture_stored(&fixture, "timestamp"), 999);
		}
		fixture_close(&fixture);
	}
	CU_ASSERT(seen > 0);
}

/* ---- memory ---------------------------------------------------------------------------- */

static void put_back(const struct fixture *fixture)
{
	static const char *const files[] = { "timestamp.json", "snapshot.json", "targets.json", "osaka.json",
					     "rotated", "root.json", "incoming" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		CU_ASSERT(unlinkat(fixture->directory, files[i], 0) == 0 || errno == ENOENT);
}

static void test_each_allocation_fails(void)
{
	struct fixture fixture;
	unsigned at = 0;

	open_scene(&fixture);
	do {
		int r;

		put_back(&fixture);
		CU_ASSERT_EQUAL_FATAL(fixture_init(&fixture), 0);
		memory = (__typeof__(memory)){ .armed = true, .left = at };
		r = run(&fixture);
		memory.armed = false;
		CU_ASSERT(r == 0 || memory.hit);
		CU_ASSERT(r == 0 || guard_trust_message(fixture.trust)[0]);
		CU_ASSERT(fixture_stored(&fixture, "root") >= 1);
		at += 1 + at / 100;
	} while (memory.hit);
	CU_ASSERT(at > 500);
	CU_ASSERT_EQUAL(run(&fixture), 0);
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "order of writes", test_order_of_writes },
	{ "each call fails", test_each_call_fails },
	{ "the disk is full", test_disk_full },
	{ "the power goes between any two calls", test_power_cut },
	{ "the power goes within a write", test_power_cut_within_write },
	{ "interrupted calls", test_interrupted },
	{ "a download fails", test_download_fails },
	{ "a rotation survives a power cut", test_rotation_survives_power_cut },
	{ "a note without its root", test_note_without_root },
	{ "each allocation fails", test_each_allocation_fails },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("trust faults", tests)
