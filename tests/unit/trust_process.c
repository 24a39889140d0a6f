/* SPDX-License-Identifier: MIT
 *
 * unit/trust_process.c - the trust process while its disk fails: each call by which
 * it stores something fails in turn, or the power goes there.  Whatever happens,
 * what is in force never goes back, the next start without a network changes
 * nothing, and the next check with one catches up.
 *
 * The process's own code runs in a child, with its keeper and its sync process
 * played by the test.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config.h"
#include "fault_calls.h"
#include "keeper/fdpass.h"
#include "policy/compile/compile.h"
#include "trust/internal.h"
#include "trust_fixture.h"

#define POWER_CUT 0

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "trust_process: %s\n", what);
	abort();
}

/* ---- calls that fail ----------------------------------------------------------------- */

/* Shared with the child, which also says there what came of its check. */
static struct run {
	unsigned calls, fail_at; /* 0: none */
	int error;		 /* POWER_CUT: the process ends there */
	char word[32];
	uint64_t version; /* of the policy, as remembered */
	char text[256];
} *shared;
static bool armed;

bool fault_strikes(char call, const char *name)
{
	(void)name;
	if (!armed || !strchr("wsruO", call) || ++shared->calls != shared->fail_at)
		return false;
	if (shared->error == POWER_CUT)
		_exit(99);
	errno = shared->error;
	return true;
}

time_t __wrap_time(time_t *ret_time);
time_t __wrap_time(time_t *ret_time)
{
	if (ret_time)
		*ret_time = FIXTURE_NOW;
	return FIXTURE_NOW;
}

/* ---- the repository -------------------------------------------------------------------- */

static struct fixture repository;
static bool online;

static void put_target(const char *role, const char *path, const void *bytes, size_t size)
{
	char hex[GUARD_DIGEST_HEX_SIZE], url[400];
	const char *slash = strrchr(path, '/');
	struct guard_digest digest;

	must(guard_digest_bytes(&digest, bytes, size) == 0, "set up");
	guard_digest_format(hex, &digest);
	snprintf(url, sizeof(url), "%.*s/%s.%s", (int)(slash - path), path, hex, slash + 1);
	fixture_serve(&repository, url, bytes, size);
	json_object_set_new(json_object_get(fixture_body(&repository, role), "targets"), path,
			    json_pack("{s:I, s:{s:s}}", "length", (json_int_t)size, "hashes", "sha256", hex));
}

static void put_image(const char *role, const char *path, const char *source)
{
	const struct guard_compile_options options = {.now = FIXTURE_NOW};
	char file[] = "/dev/shm/guard-source.XXXXXX";
	const char *const paths[] = {file};
	struct guard_compile *compile = NULL;
	int fd = mkstemp(file);
	uint8_t *bytes = NULL;
	size_t size = 0;

	must(write(fd, source, strlen(source)) == (ssize_t)strlen(source), "a source");
	close(fd);
	must(guard_compile_sources(&compile, paths, 1, &options) == 0, "set up");
	must(guard_compile_image(&bytes, &size, compile) == 0, "set up");
	put_target(role, path, bytes, size);
	guard_compile_free(compile);
	free(bytes);
	unlink(file);
}

static void put_policy(unsigned version)
{
	char source[400];

	snprintf(source, sizeof(source),
		 "policy = { id = \"hq\"; version = %u; mode = \"enforce\"; };\n"
		 "groups = ( { name = \"g\"; rules = ( { sha256 = [ \"%064u\" ]; } ); } );\n",
		 version, version);
	put_image("targets", "policy/desktop.img", source);
}

static void publish_first(void)
{
	static const char place[] = "{\"format\":1,\"office\":\"osaka\",\"within\":[],\"machines\":"
				    "[{\"host\":\"*\",\"profile\":\"desktop\",\"groups\":[]}]}";

	fixture_open(&repository);
	fixture_delegate(&repository, "targets", "deny", "deny/*", true, 9);
	put_target("targets", "place/osaka.json", place, strlen(place));
	put_policy(1);
	fixture_publish(&repository, "deny");
	fixture_bump(&repository, "targets");
	fixture_bump_all(&repository);
}

static void publish_second(void)
{
	put_image("deny", "deny/now.img",
		  "policy = { id = \"deny-now\"; version = 1; mode = \"enforce\"; };\n"
		  "groups = ( { name = \"now\"; rules = ( { action = \"deny\"; sha256 = "
		  "[ \"00000000000000000000000000000000000000000000000000000000000000aa\" ]; } ); } );\n");
	put_policy(2);
	fixture_bump(&repository, "deny");
	fixture_bump(&repository, "targets");
	fixture_bump_all(&repository);
}

static const struct fixture_file *find(const char *name)
{
	const char *url = strchr(name, '/') + 1;

	for (size_t i = 0; online && i < repository.file_count; i++)
		if (strcmp(repository.files[i].url, url) == 0)
			return &repository.files[i];
	return NULL;
}

/* ---- the process, in a child ---------------------------------------------------------------- */

static char folder[] = "/dev/shm/guard-trust.XXXXXX";
static int policy = -1; /* the set in force, as the keeper has it */
static uint64_t in_force;
static bool denies, went_back;

static int open_folder(int parent, const char *name)
{
	(void)!mkdirat(parent, name, 0700);
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void be_trust(int keeper, int sync)
{
	static struct guardd_config config;
	static struct trust_process trust;
	char state[64];

	snprintf(config.office, sizeof(config.office), "osaka");
	snprintf(config.host, sizeof(config.host), "pc-1");
	trust.config = &config;
	trust.keeper = keeper;
	trust.sync = sync;
	snprintf(state, sizeof(state), "%s/state", folder);
	trust.folder = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	trust.parts = open_folder(trust.folder, "parts");
	if (guard_trust_new(&trust.client, open_folder(trust.folder, "metadata"), trust_fetch, &trust) < 0 ||
	    trust_key_load(&trust) < 0)
		_exit(2);
	if (trust_memory_load(&trust.memory, trust.folder) < 0)
		memset(&trust.memory, 0, sizeof(trust.memory));
	if (guard_trust_load(trust.client) < 0 &&
	    guard_trust_init(trust.client, find("metadata/1.root.json")->bytes, find("metadata/1.root.json")->size) < 0)
		_exit(3);
	armed = true;
	trust_start_look(&trust, policy < 0 ? -1 : dup(policy));
	trust_check(&trust);
	armed = false;
	snprintf(shared->word, sizeof(shared->word), "%s", trust.said.word);
	snprintf(shared->text, sizeof(shared->text), "%s", trust.said.text);
	shared->version = trust.memory.state.part_count ? trust.memory.state.parts[0].version : 0;
	_exit(0);
}

/* ---- its keeper and its sync process ----------------------------------------------------------- */

static bool play_sync(int socket)
{
	static struct sync_request request;
	static struct sync_data data;
	struct sync_end end = {.type = SYNC_END};
	const struct fixture_file *file;

	if (recv(socket, &request, sizeof(request), 0) != (ssize_t)sizeof(request))
		return false;
	if (request.type != SYNC_GET)
		return true;
	file = find(request.name);
	if (!file)
		end.error = online ? -GUARD_E_NOT_FOUND : -GUARD_E_UNREACHABLE;
	if (file) {
		data.type = SYNC_DATA;
		data.size = (uint32_t)file->size;
		memcpy(data.bytes, file->bytes, file->size);
		(void)!send(socket, &data, 8 + file->size, MSG_NOSIGNAL);
	}
	(void)!send(socket, &end, sizeof(end), MSG_NOSIGNAL);
	return true;
}

/* What is taken over may never be less than what was in force. */
static void take_over(int set)
{
	const struct guard_machine machine = {.office = "osaka", .host = "pc-1", .passwd = "", .group = ""};
	struct guard_policy *opened = NULL;
	struct guard_policy_info info;

	must(guard_policy_open(&opened, set, &machine) == 0, "set up");
	guard_policy_info(opened, &info);
	went_back |= info.version < in_force || (denies && info.part_count == 0);
	in_force = info.version;
	denies = info.part_count > 0;
	guard_policy_free(opened);
	if (policy >= 0)
		close(policy);
	policy = set;
}

static bool play_keeper(int socket)
{
	static struct guardd_trust_message message;
	size_t size, count = 1;
	int fd = -1;

	if (guardd_fdpass_receive(&size, &message, sizeof(message), &fd, &count, socket) < 0)
		return false;
	if (message.type == GUARDD_TRUST_SET) {
		take_over(fd);
		message = (struct guardd_trust_message){.type = GUARDD_TRUST_RESULT};
		return guardd_fdpass_send(socket, &message, sizeof(message), NULL, 0) == 0;
	}
	return true;
}

/* One start of the process and one check, of which one call fails. */
static int check(unsigned fail_at, int error)
{
	int keeper[2], sync[2], status = 0;
	struct pollfd ends[2];
	pid_t pid;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keeper) == 0, "set up");
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) == 0, "set up");
	*shared = (struct run){.fail_at = fail_at, .error = error};
	pid = fork();
	if (pid == 0) {
		close(keeper[0]);
		close(sync[0]);
		be_trust(keeper[1], sync[1]);
	}
	close(keeper[1]);
	close(sync[1]);
	ends[0] = (struct pollfd){.fd = keeper[0], .events = POLLIN};
	ends[1] = (struct pollfd){.fd = sync[0], .events = POLLIN};
	while (ends[0].fd >= 0 || ends[1].fd >= 0) {
		if (poll(ends, 2, -1) < 0)
			continue;
		if (ends[0].fd >= 0 && ends[0].revents && !play_keeper(keeper[0]))
			ends[0].fd = -1;
		if (ends[1].fd >= 0 && ends[1].revents && !play_sync(sync[0]))
			ends[1].fd = -1;
	}
	close(keeper[0]);
	close(sync[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- tests --------------------------------------------------------------------------------------- */

/* In the test's own folder. */
static void shell(const char *command)
{
	must(setenv("FOLDER", folder, 1) == 0 && system(command) == 0, command); /* NOLINT */
}

static int first_policy = -1;

/* The machine as it was when it had the first policy. */
static void go_back(void)
{
	shell("rm -rf $FOLDER/state && cp -a $FOLDER/first $FOLDER/state");
	if (policy >= 0)
		close(policy);
	policy = dup(first_policy);
	in_force = 1;
	denies = false;
}

static int set_up(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !mkdtemp(folder))
		return -1;
	shell("mkdir $FOLDER/state");
	publish_first();
	online = true;
	must(check(0, 0) == 0 && strcmp(shared->word, "ok") == 0 && in_force == 1, shared->text);
	shell("cp -a $FOLDER/state $FOLDER/first");
	first_policy = dup(policy);
	publish_second();
	return 0;
}

static int tear_down(void)
{
	shell("rm -rf $FOLDER");
	close(first_policy);
	fixture_close(&repository);
	return 0;
}

static void each_call(int error)
{
	unsigned calls;

	go_back();
	CU_ASSERT_EQUAL(check(0, 0), 0);
	CU_ASSERT_STRING_EQUAL(shared->word, "ok");
	CU_ASSERT(in_force == 2 && denies);
	calls = shared->calls;
	CU_ASSERT(calls > 20);
	for (unsigned n = 1; n <= calls; n++) {
		int code;

		go_back();
		online = true;
		code = check(n, error);
		CU_ASSERT_EQUAL(code, error == POWER_CUT ? 99 : 0);
		if (code == 0 && strcmp(shared->word, "ok") != 0)
			CU_ASSERT_STRING_EQUAL(shared->word, "refused-storage");
		online = error != POWER_CUT; /* a machine that starts again, at first alone */
		if (!online)
			CU_ASSERT_EQUAL(check(0, 0), 0);
		online = true;
		CU_ASSERT_EQUAL(check(0, 0), 0);
		CU_ASSERT_STRING_EQUAL(shared->word, "ok");
		if (in_force != 2 || !denies || shared->version != 2)
			fprintf(stderr, "call %u: in force %llu\n", n, (unsigned long long)in_force);
		CU_ASSERT(in_force == 2 && denies && shared->version == 2);
		CU_ASSERT(!went_back);
	}
}

static void test_disk_full(void)
{
	each_call(ENOSPC);
}

static void test_power_cut(void)
{
	each_call(POWER_CUT);
}

/* What was taken over last is not what is in force: the whole set once more. */
static void test_other_set(void)
{
	go_back();
	CU_ASSERT_EQUAL(check(0, 0), 0);
	close(policy);
	policy = dup(first_policy);
	in_force = 1;
	denies = false;
	CU_ASSERT_EQUAL(check(0, 0), 0);
	CU_ASSERT(in_force == 2 && denies);
	/* And when it is, it is not handed over again. */
	in_force = 3;
	CU_ASSERT_EQUAL(check(0, 0), 0);
	CU_ASSERT_EQUAL(in_force, 3);
}

/* Versions that were forgotten are forgotten. */
static void test_levels(void)
{
	static struct trust_memory memory;

	CU_ASSERT_EQUAL(trust_memory_raise(&memory, "policy/a.img", 9), 0);
	CU_ASSERT_EQUAL(trust_memory_raise(&memory, "policy/a.img", 3), 0);
	CU_ASSERT_EQUAL(trust_memory_level(&memory, "policy/a.img"), 9);
	memory.level_count = 0;
	CU_ASSERT_EQUAL(trust_memory_level(&memory, "policy/a.img"), 0);
	CU_ASSERT_EQUAL(trust_memory_raise(&memory, "policy/a.img", 2), 0);
	CU_ASSERT_EQUAL(trust_memory_level(&memory, "policy/a.img"), 2);
}

static CU_TestInfo tests[] = {
	{ "each storing call fails: the disk is full", test_disk_full },
	{ "the power goes at each storing call", test_power_cut },
	{ "the versions of images", test_levels },
	{ "what is in force is not what is remembered", test_other_set },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN_WITH("trust/process", set_up, tear_down, tests)
