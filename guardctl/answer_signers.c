/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer_signers.c - what copies of files, signed lists and attributed packages
 * say of the file that a caller asks for: what it is, and who vouches for it.  Decides
 * nothing: the operator does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "base/cleanup.h"
#include "i18n.h"

#define CATALOGS "/etc/guard/catalogs"
#define LINE_MAX_BYTES 1024

/* ---- copies of files ------------------------------------------------------------------- */

/* 1 it is what the caller asks for, 0 another file. */
static int look_at_file(struct answer *answer, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct guard_digest digest;
	uint64_t size;
	int r;

	if (fd < 0)
		return -GUARD_E_IO;
	r = guard_digest_fd(&digest, &size, fd, NULL, NULL);
	if (r < 0 || guard_unlock_call_matches(answer->call, &digest) != 1)
		return r;
	snprintf(answer->known, sizeof(answer->known), "%s", path);
	answer->digest = digest;
	answer->named = true;
	if (answer->file >= 0)
		close(answer->file);
	answer->file = guard_steal_fd(&fd);
	return 1;
}

int answer_name_by_files(struct answer *answer, const struct answer_options *given)
{
	for (unsigned i = 0; i < given->file_count; i++) {
		int r = look_at_file(answer, given->files[i]);

		if (r < 0) {
			guardctl_error("%s: %s", given->files[i], r == -GUARD_E_IO && errno ? strerror(errno) : guardctl_error_text(r));
			return GUARDCTL_REFUSED;
		}
		if (r == 0)
			guardctl_error(_("answer: %s is another file than the caller asks for"), given->files[i]);
	}
	return 0;
}

/* ---- signed lists, packages --------------------------------------------------------------- */

/* Each line of it; whether its signature is good is said with the name. */
static void look_in_list(struct answer *answer, const struct signers_list *list)
{
	const char *text = (const char *)list->bytes;
	char line[LINE_MAX_BYTES];
	size_t at = 0;

	while (at < list->size && !answer->named) {
		const char *end = memchr(&text[at], '\n', list->size - at);
		const size_t length = end ? (size_t)(end - &text[at]) : list->size - at;

		snprintf(line, sizeof(line), "%.*s", (int)(length < sizeof(line) ? length : sizeof(line) - 1), &text[at]);
		line[strcspn(line, "\r")] = '\0';
		answer_take_line(answer, line);
		at += length + 1;
	}
}

static int look_in_lists(struct answer *answer, const struct signers_places *places)
{
	DIR *directory = opendir(places->catalogs ? places->catalogs : CATALOGS);
	const struct dirent *entry;

	if (!directory && places->catalogs) {
		guardctl_error("%s: %s", places->catalogs, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	while (directory && !answer->named && (entry = readdir(directory))) {
		struct signers_list list = {0};

		if (signers_is_list(entry->d_name) && signers_list_read(&list, dirfd(directory), entry->d_name) == 0 &&
		    !list.reason[0])
			look_in_list(answer, &list);
		signers_list_clear(&list);
	}
	if (directory)
		closedir(directory);
	return 0;
}

static void look_in_packages(struct answer *answer, const struct guard_attribution *table)
{
	for (uint32_t i = 0; i < table->header->digest_count && !answer->named; i++) {
		struct guard_signer signer;

		if (guard_unlock_call_matches(answer->call, &table->digests[i]) != 1 ||
		    guard_attribution_signers(table, &signer, 1, &table->digests[i]) == 0)
			continue;
		snprintf(answer->known, sizeof(answer->known), _("a file of the package %s %s"), signer.name, signer.version);
		answer->digest = table->digests[i];
		answer->named = true;
	}
}

/* The machine's own table is root's: without --state one that cannot be read is none. */
static int look_in_table(struct answer *answer, const struct signers_places *places)
{
	struct guard_attribution *table = NULL;
	int r = answer->named ? -GUARD_E_NOT_FOUND : signers_table_load(&table, places);

	if (r == 0)
		look_in_packages(answer, table);
	guard_attribution_free(table);
	if (r == 0 || answer->named || !places->state)
		return 0;
	guardctl_error("%s/attributions: %s", places->state, guardctl_error_text(r));
	return GUARDCTL_REFUSED;
}

int answer_name_by_signers(struct answer *answer, const struct answer_options *given)
{
	int code;

	if (answer->named || !GUARD_UNLOCK_HAS_FILE(answer->fields.scope))
		return 0;
	code = look_in_lists(answer, &given->places);
	return code ? code : look_in_table(answer, &given->places);
}

/* ---- who vouches -------------------------------------------------------------------------- */

static unsigned count_good(const struct signers_found *found)
{
	unsigned count = 0;

	for (size_t i = 0; i < found->count; i++)
		count += found->all[i].state == SIGNERS_GOOD;
	return count;
}

static void keep_the_better(struct answer *answer, struct signers_found **found)
{
	struct signers_found *other = answer->signers;

	if (other && count_good(other) >= count_good(*found))
		return;
	answer->signers = *found;
	*found = other;
}

int answer_find_signers(struct answer *answer, struct guard_policy *policy, const struct answer_options *given)
{
	GUARD_AUTO_FREE struct signers_found *found = calloc(1, sizeof(*found));
	struct signers_keys keys;
	int r = -GUARD_E_NOMEM;

	if (!found)
		return r;
	if (signers_keys_of(&keys, policy, &given->places))
		r = answer->file >= 0 ? signers_find(found, answer->file, &keys) :
					signers_find_by_content(found, &answer->digest, &keys);
	if (r == 0) {
		found->identity.digest = answer->digest;
		answer->denied |= policy && answer_is_denied(policy, &found->identity);
		keep_the_better(answer, &found);
	}
	signers_keys_clear(&keys);
	return r;
}

void answer_show_signers(const struct answer *answer)
{
	if (!answer->signers)
		return;
	if (answer->signers->count == 0 && answer->file < 0) {
		puts(_("No signature of it is known here. It may carry one: a copy, with --file, is looked at."));
		return;
	}
	puts(_("Signatures of it:"));
	signers_print_all(answer->signers);
}
