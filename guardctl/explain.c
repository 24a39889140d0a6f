/* SPDX-License-Identifier: MIT
 *
 * guardctl/explain.c - `guardctl explain PATH`: may this file run here?
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "claim.h"
#include "explain.h"
#include "output.h"
#include "query.h"
#include "signing/signers.h"
#include "told_text.h"

enum { OPTION_IMAGE = 256, OPTION_KIND, OPTION_JSON, OPTION_STATE, OPTION_CATALOGS };

static const struct option table[] = {
    {"image", required_argument, NULL, OPTION_IMAGE},
    {"kind", required_argument, NULL, OPTION_KIND},
    {"json", no_argument, NULL, OPTION_JSON},
    {"state", required_argument, NULL, OPTION_STATE},
    {"catalogs", required_argument, NULL, OPTION_CATALOGS},
    {NULL, 0, NULL, 0},
};

struct arguments {
	const char *path, *image;
	struct signers_places places;
	unsigned kind;
	bool json;
};

struct explaining {
	struct guard_question question;
	struct signers_keys keys; /* names of packages in the question are its table's */
	struct guard_status status;
	bool looked;		  /* at signatures */
	char reason[GUARD_REASON_MAX]; /* why one does not count; "" */
};

static int parse(struct arguments *ret_arguments, const struct guardctl_options *options, int argc,
		 char **argv)
{
	struct arguments arguments = {.kind = GUARD_KIND_MAX_, .json = options->json};
	enum guard_kind kind;
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == OPTION_IMAGE) {
			arguments.image = optarg;
		} else if (option == OPTION_JSON) {
			arguments.json = true;
		} else if (option == OPTION_STATE) {
			arguments.places.state = optarg;
		} else if (option == OPTION_CATALOGS) {
			arguments.places.catalogs = optarg;
		} else if (option == OPTION_KIND && guard_kind_parse(&kind, optarg) == 0) {
			arguments.kind = kind;
		} else {
			if (option == OPTION_KIND)
				guardctl_error("explain: --kind is executable, library, script, module or "
					       "other, not \"%s\"",
					       optarg);
			return GUARDCTL_USAGE;
		}
	}
	if (optind + 1 != argc) {
		guardctl_error("explain: give one file, e.g. `guardctl explain /usr/bin/ls`");
		return GUARDCTL_USAGE;
	}
	arguments.path = argv[optind];
	arguments.places.policy = arguments.image;
	*ret_arguments = arguments;
	return 0;
}

static int cannot_read(const char *path, int error)
{
	char text[512];

	guard_text_escape(text, sizeof(text), path, strlen(path));
	if (error == EPERM)
		guardctl_error("%s: guard does not let guardctl read it: it is not listed, and guardctl is "
			       "not among the "
			       "policy's readers; `guardctl why` says more",
			       text);
	else
		guardctl_error("%s: %s", text, strerror(error));
	return GUARDCTL_REFUSED;
}

/* Where this machine's daemon has what is needed to see who vouches. */
static int find_places(struct explaining *explaining, struct arguments *arguments, const struct guardctl_options *options)
{
	int code;

	if (!signers_folder_is_there(arguments->places.catalogs) || !signers_folder_is_there(arguments->places.state))
		return GUARDCTL_REFUSED;
	code = arguments->image ? 0 : guardctl_query_status(&explaining->status, options);
	if (code == 0)
		signers_places_of(&arguments->places, &explaining->status);
	return code;
}

static int ask_about(struct explaining *explaining, const struct arguments *arguments)
{
	GUARD_AUTO_CLOSE int fd = open(arguments->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cannot_read(arguments->path, errno);
	r = claim_file(&explaining->question, fd, arguments->path, arguments->kind);
	if (r == 0) {
		explaining->looked = signers_add(&explaining->question.identity, &explaining->keys, explaining->reason,
						 &arguments->places, fd);
		return 0;
	}
	if (r == -GUARD_E_USAGE)
		guardctl_error("explain: a regular file is wanted: folders, devices and the like cannot run");
	else if (r == -GUARD_E_IO)
		return cannot_read(arguments->path, errno);
	else
		guardctl_error("explain: %s", guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}

static int print_json(const struct guard_question *question, const struct guardctl_explained *explained)
{
	char hex[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	guard_digest_format(hex, &question->identity.digest);
	guardctl_json_set_bytes(object, "path", question->path);
	json_object_set_new(object, "action", json_string(guard_action_name(explained->action)));
	json_object_set_new(object, "mode", json_string(guard_mode_name(explained->mode)));
	json_object_set_new(object, "reason", json_string(guard_reason_name(explained->reason)));
	json_object_set_new(object, "kind", json_string(guard_kind_name(question->identity.kind)));
	json_object_set_new(object, "sha256", json_string(hex));
	json_object_set_new(object, "size", json_integer((json_int_t)question->identity.size));
	json_object_set_new(object, "path_protected", json_boolean(question->path_protected));
	json_object_set_new(object, "text", guardctl_json_text(explained->text));
	return guardctl_print_json(object);
}

static int answer(const struct explaining *explaining, const struct guardctl_options *options,
		  const struct arguments *arguments)
{
	struct guardctl_explained explained = {0};
	int code;

	if (arguments->image)
		code = explain_by_image(&explained, arguments->image, &explaining->question);
	else
		code = guardctl_query_explain(&explained, options, &explaining->question);
	if (code)
		return code;
	if (arguments->json)
		code = print_json(&explaining->question, &explained);
	else
		guardctl_put_told_lines(stdout, explained.text);
	free(explained.text);
	if (explaining->reason[0] && !arguments->json && explained.action == GUARD_DENY)
		printf("  %s %s\n", _("Signed:"), explaining->reason);
	/* What a user hears may be too hard a word. */
	if (!explaining->looked && !arguments->json && explained.action == GUARD_DENY)
		printf(geteuid() ? _("  Signatures were not looked at, the policy in %s cannot be read: as root this says more.\n") :
				   _("  Signatures were not looked at: no policy in %s; name the daemon's state_dir with --state.\n"),
		       signers_state(&arguments->places));
	return code == GUARDCTL_DONE && explained.action == GUARD_DENY ? GUARDCTL_REFUSED : code;
}

static int run(const struct guardctl_options *options, int argc, char **argv)
{
	struct explaining explaining = {0};
	struct arguments arguments;
	int code;

	code = parse(&arguments, options, argc, argv);
	if (code == 0)
		code = find_places(&explaining, &arguments, options);
	if (code == 0)
		code = ask_about(&explaining, &arguments);
	if (code == 0)
		code = answer(&explaining, options, &arguments);
	signers_keys_clear(&explaining.keys);
	return code;
}

const struct guardctl_verb guardctl_explain = {
    .name = "explain",
    .summary = N_("may this file run here, and by which rule?"),
    .usage = N_("Usage: guardctl [--json] explain [--kind KIND] [--image FILE] [--catalogs DIR]\n"
	     "                [--state DIR] PATH\n"
	     "\n"
	     "Says what the policy in force decides about a file when you start it, which rule\n"
	     "decides, and what to do next.  Ends with 1 when it would be denied.\n"
	     "\n"
	     "  --kind KIND   as executable, library, script, module or other, instead of what\n"
	     "                the file looks like\n"
	     "  --image FILE  ask a compiled policy; no daemon is needed\n"
	     "  --catalogs DIR, --state DIR\n"
	     "                where signed lists are and the daemon's state_dir, to see who vouches\n"
	     "                for it; default: the daemon's own.  Only root can\n"
	     "\n"
	     "Example: guardctl explain ~/Downloads/tool\n"),
    .run = run,
};
