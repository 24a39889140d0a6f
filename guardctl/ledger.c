/* SPDX-License-Identifier: MIT
 *
 * guardctl/ledger.c - `guardctl ledger verify`: is the record what was written?
 * A ledger is bytes from outside: root becomes the user who owns it before the
 * first of them is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "guardctl.h"
#include "output.h"
#include "record/verify.h"

#define DEFAULT_DATABASE "/var/lib/guard/ledger/ledger.db"

enum { OPTION_FILE = 256, OPTION_JSON };

static const struct option table[] = {
    {"file", required_argument, NULL, OPTION_FILE},
    {"json", no_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

struct arguments {
	const char *file;
	bool json;
};

static int parse(struct arguments *ret_arguments, const struct guardctl_options *options, int argc,
		 char **argv)
{
	struct arguments arguments = {.file = DEFAULT_DATABASE, .json = options->json};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == OPTION_FILE)
			arguments.file = optarg;
		else if (option == OPTION_JSON)
			arguments.json = true;
		else
			return GUARDCTL_USAGE;
	}
	if (optind + 1 != argc || strcmp(argv[optind], "verify") != 0) {
		guardctl_error("ledger: the one thing to do is verify: `guardctl ledger verify`");
		return GUARDCTL_USAGE;
	}
	if (!guard_text_ends_with(arguments.file, ".db")) {
		guardctl_error("ledger: --file takes the database of a ledger, NAME.db");
		return GUARDCTL_USAGE;
	}
	*ret_arguments = arguments;
	return 0;
}

/* The folder of the file, and the file's name in it. */
static int open_folder(const char **ret_name, const char *path)
{
	GUARD_AUTO_FREE char *folder = strdup(path);
	const char *slash = strrchr(path, '/');

	if (!folder)
		return -1;
	*ret_name = slash ? &path[slash - path + 1] : path;
	folder[slash ? slash - path : 0] = '\0';
	return open(!slash ? "." : folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Who could have written the files: the folder's owner, who can also put a
 * journal beside them; in root's own folder the database's. */
static int find_owner(struct stat *ret_owner, int folder, const char *name)
{
	if (fstat(folder, ret_owner) < 0)
		return -1;
	if (ret_owner->st_uid != 0)
		return 0;
	return fstatat(folder, name, ret_owner, AT_SYMLINK_NOFOLLOW);
}

/* Nothing in the files may act with root's powers. */
static int become_owner(int folder, const char *name)
{
	struct stat owner;

	if (geteuid() != 0)
		return 0;
	if (find_owner(&owner, folder, name) < 0)
		return errno == ENOENT ? 0 : -1;
	if (owner.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(owner.st_gid, owner.st_gid, owner.st_gid) < 0 ||
	    setresuid(owner.st_uid, owner.st_uid, owner.st_uid) < 0)
		return -1;
	return 0;
}

static int print_json(const struct ledger_report *report)
{
	char id[GUARD_DIGEST_HEX_SIZE], hash[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	guard_digest_format(id, &report->ledger_id);
	guard_digest_format(hash, &report->hash);
	json_object_set_new(object, "intact", json_boolean(report->intact));
	json_object_set_new(object, "rows", json_integer((json_int_t)report->rows));
	json_object_set_new(object, "last", json_integer((json_int_t)report->last));
	json_object_set_new(object, "pruned", json_integer((json_int_t)report->pruned));
	json_object_set_new(object, "ahead", json_integer((json_int_t)report->ahead));
	json_object_set_new(object, "bad", report->bad ? json_integer((json_int_t)report->bad) : json_null());
	json_object_set_new(object, "ledger", json_string(id));
	json_object_set_new(object, "hash", json_string(hash));
	json_object_set_new(object, "text", guardctl_json_text(report->sentence));
	return guardctl_print_json(object);
}

static void print_intact(const struct ledger_report *report)
{
	char hash[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hash, &report->hash);
	printf(_("The ledger is intact: %" PRIu64 " rows, the newest is %" PRIu64 " with hash %s.\n"),
	       report->rows, report->last, hash);
	if (report->pruned)
		printf(_("Rows 2 to %" PRIu64 " were removed in order, for size or age.\n"), report->pruned);
	if (report->ahead)
		printf(_("%" PRIu64
		       " rows are newer than the head file: being written now, or at a power cut.\n"),
		       report->ahead);
}

static int print_report(const struct ledger_report *report, const char *file, bool json)
{
	int code = GUARDCTL_DONE;

	if (json)
		code = print_json(report);
	else if (report->intact)
		print_intact(report);
	else
		guardctl_error("%s: the ledger is NOT intact: %s.\nguardctl: The %" PRIu64
			       " rows before that verify. Keep a copy "
			       "of the folder, and compare with the journal (GUARD_LEDGER_HASH).",
			       file, report->sentence, report->rows);
	return code == GUARDCTL_DONE && !report->intact ? GUARDCTL_REFUSED : code;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	GUARD_AUTO_CLOSE int folder = -1;
	struct arguments arguments;
	struct ledger_report report;
	const char *name;
	int r, code = parse(&arguments, options, argc, argv);

	if (code)
		return code;
	folder = open_folder(&name, arguments.file);
	if (folder < 0 || become_owner(folder, name) < 0) {
		guardctl_error("%s: %s%s", arguments.file, strerror(errno),
			       errno == EACCES ? _(": run it as root") : "");
		return GUARDCTL_REFUSED;
	}
	r = ledger_verify(&report, folder, name);
	if (r < 0) {
		guardctl_error("%s: %s%s", arguments.file,
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r),
			       r == -GUARD_E_IO && errno == EACCES ? _(": run it as root") : "");
		return GUARDCTL_REFUSED;
	}
	return print_report(&report, arguments.file, arguments.json);
}

const struct guardctl_verb guardctl_ledger = {
    .name = "ledger",
    .summary = N_("verify: was the record of this machine tampered with?"),
    .usage = N_("Usage: guardctl [--json] ledger verify [--file DB]\n"
	     "\n"
	     "Walks the chain of hashes from the first row to the newest and compares it with\n"
	     "the head file beside it (ledger.db, ledger.head).  Names the first bad row and\n"
	     "ends with 1 when the ledger is not what was written.  The daemon may be running.\n"
	     "\n"
	     "  --file DB  another ledger than /var/lib/guard/ledger/ledger.db\n"
	     "\n"
	     "Example: sudo guardctl ledger verify\n"),
    .run = run,
};
