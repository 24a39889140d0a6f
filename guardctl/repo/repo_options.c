/* SPDX-License-Identifier: MIT
 *
 * repo/repo_options.c - the options of `repo`, `exception`, `deny`, `keys` and of the
 * administrator's side of `maintenance`.
 */
#include "repo.h"

#include <getopt.h>
#include <string.h>

#include "base/text.h"

enum { OPTION_REPO = 256, OPTION_KEY, OPTION_PASSPHRASE, OPTION_OFFICE, OPTION_FILE, OPTION_SHA256, OPTION_SIGNER,
       OPTION_PATH, OPTION_LEDGER_ID, OPTION_UNLOCK_ID, OPTION_LEDGER, OPTION_UNTIL, OPTION_REASON, OPTION_TICKET, OPTION_ID,
       OPTION_HOSTS, OPTION_LOG, OPTION_REMOVE, OPTION_TYPE, OPTION_JSON, OPTION_DRY_RUN, OPTION_NOW, OPTION_BROAD,
       OPTION_LOCKOUT, OPTION_LIST, OPTION_UNATTENDED, OPTION_THRESHOLD, OPTION_ROLE, OPTION_WITHIN,
       OPTION_FROM, OPTION_FOR, OPTION_MACHINE };

static const struct option table[] = {
	{ "repo", required_argument, NULL, OPTION_REPO },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "passphrase-file", required_argument, NULL, OPTION_PASSPHRASE },
	{ "office", required_argument, NULL, OPTION_OFFICE },
	{ "file", required_argument, NULL, OPTION_FILE },
	{ "sha256", required_argument, NULL, OPTION_SHA256 },
	{ "signer", required_argument, NULL, OPTION_SIGNER },
	{ "path", required_argument, NULL, OPTION_PATH },
	{ "from-ledger", required_argument, NULL, OPTION_LEDGER_ID },
	{ "from-unlock", required_argument, NULL, OPTION_UNLOCK_ID },
	{ "ledger", required_argument, NULL, OPTION_LEDGER },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "reason", required_argument, NULL, OPTION_REASON },
	{ "ticket", required_argument, NULL, OPTION_TICKET },
	{ "id", required_argument, NULL, OPTION_ID },
	{ "hosts", required_argument, NULL, OPTION_HOSTS },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "remove", required_argument, NULL, OPTION_REMOVE },
	{ "type", required_argument, NULL, OPTION_TYPE },
	{ "role", required_argument, NULL, OPTION_ROLE },
	{ "threshold", required_argument, NULL, OPTION_THRESHOLD },
	{ "within", required_argument, NULL, OPTION_WITHIN },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "for", required_argument, NULL, OPTION_FOR },
	{ "machine", required_argument, NULL, OPTION_MACHINE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "now", no_argument, NULL, OPTION_NOW },
	{ "broad", no_argument, NULL, OPTION_BROAD },
	{ "allow-lock-out", no_argument, NULL, OPTION_LOCKOUT },
	{ "list", no_argument, NULL, OPTION_LIST },
	{ "unattended", no_argument, NULL, OPTION_UNATTENDED },
	{ NULL, 0, NULL, 0 },
};

bool repo_options_absolute(struct repo_options *options, const char **path)
{
	char folder[4096], *absolute;

	if ((*path)[0] == '/' || strncmp(*path, "pkcs11:", 7) == 0)
		return true;
	if (options->owned_count == REPO_OWNED_MAX || !getcwd(folder, sizeof(folder)) ||
	    asprintf(&absolute, "%s/%s", folder, *path) < 0) {
		guardctl_error("%s: the name cannot be used", *path);
		return false;
	}
	options->owned[options->owned_count++] = absolute;
	*path = absolute;
	return true;
}

void repo_options_free(struct repo_options *options)
{
	for (size_t i = 0; i < options->owned_count; i++)
		free(options->owned[i]);
	options->owned_count = 0;
}

static bool take_key(struct repo_options *options)
{
	const char *path = optarg;

	if (options->key_count == REPO_SIGNERS_MAX) {
		guardctl_error("more than %u --key", REPO_SIGNERS_MAX);
		return false;
	}
	if (!repo_options_absolute(options, &path))
		return false;
	options->keys[options->key_count++] = path;
	return true;
}

static bool take_within(struct repo_options *options)
{
	if (options->within_count == REPO_WITHIN_MAX || !repo_name_is_good(optarg)) {
		guardctl_error("--within is the name of an office, at most %u times, the nearest first", REPO_WITHIN_MAX);
		return false;
	}
	options->within[options->within_count++] = optarg;
	return true;
}

static bool take_number(uint64_t *ret_number)
{
	if (guard_text_parse_u64(ret_number, optarg, strlen(optarg), GUARD_TRUST_SIGNATURES_MAX) == 0 && *ret_number)
		return true;
	guardctl_error("--threshold is a number from 1 to %u", GUARD_TRUST_SIGNATURES_MAX);
	return false;
}

static bool take_file(struct repo_options *options, const char **path)
{
	*path = optarg;
	return repo_options_absolute(options, path);
}

static bool take_flag(struct repo_options *options, int option)
{
	bool *const flags[] = { &options->json, &options->dry_run, &options->now, &options->broad,
				&options->allow_lockout, &options->list, &options->unattended };

	*flags[option - OPTION_JSON] = true;
	return true;
}

static bool take(struct repo_options *options, int option)
{
	const char **const texts[] = { &options->sha256, &options->signer, &options->path, &options->ledger_id,
				       &options->unlock_id };
	const char **const more[] = { &options->until, &options->reason, &options->ticket, &options->id,
				      &options->hosts };

	if (option >= OPTION_SHA256 && option <= OPTION_UNLOCK_ID)
		*texts[option - OPTION_SHA256] = optarg;
	else if (option >= OPTION_UNTIL && option <= OPTION_HOSTS)
		*more[option - OPTION_UNTIL] = optarg;
	else if (option >= OPTION_JSON && option <= OPTION_UNATTENDED)
		return take_flag(options, option);
	else if (option == OPTION_REPO)
		options->folder = optarg;
	else if (option == OPTION_KEY)
		return take_key(options);
	else if (option == OPTION_PASSPHRASE)
		return take_file(options, &options->passphrase_file);
	else if (option == OPTION_OFFICE)
		options->office = optarg;
	else if (option == OPTION_FILE)
		return take_file(options, &options->file);
	else if (option == OPTION_LEDGER)
		return take_file(options, &options->ledger);
	else if (option == OPTION_LOG)
		return take_file(options, &options->log);
	else if (option == OPTION_REMOVE)
		options->remove = optarg;
	else if (option == OPTION_TYPE)
		options->type = optarg;
	else if (option == OPTION_ROLE)
		options->role = optarg;
	else if (option == OPTION_FROM)
		options->from = optarg;
	else if (option == OPTION_FOR)
		options->length = optarg;
	else if (option == OPTION_MACHINE)
		options->machine = optarg;
	else if (option == OPTION_WITHIN)
		return take_within(options);
	else if (option == OPTION_THRESHOLD)
		return take_number(&options->threshold);
	else
		return false;
	return true;
}

int repo_options_parse(struct repo_options *ret_options, int argc, char **argv)
{
	int option;

	optind = 0; /* start anew: main has parsed its own options */
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (!take(ret_options, option))
			return GUARDCTL_USAGE;
	ret_options->operands = &argv[optind];
	ret_options->operand_count = (size_t)(argc - optind);
	return GUARDCTL_DONE;
}
