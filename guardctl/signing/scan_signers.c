/* SPDX-License-Identifier: MIT
 *
 * signing/scan_signers.c - who vouches for the files of a scan: packages by the
 * daemon's table, signatures by the certificates that were named.  Verifies as the
 * daemon does; each list is verified once, however many files are in it.
 */
#include "scan_signers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "identity/certificate.h"
#include "identity/openpgp.h"
#include "publish/publish.h"

static const char *const key_folders[] = { "/usr/share/keyrings", "/etc/apt/keyrings", "/etc/apt/trusted.gpg.d" };

/* ---- the certificates, as a policy --------------------------------------------------- */

/* A source whose rules name each certificate with each provider. */
static int write_source(int fd, const struct scan_options *options)
{
	static const char *const providers[] = { "ima", "appended", "catalog" };
	FILE *out = fdopen(fd, "w");

	if (!out)
		return -GUARD_E_NOMEM;
	fputs("policy = { id = \"scan\"; version = 1; mode = \"audit\"; default = \"deny\"; };\n"
	      "groups = ( { name = \"signers\"; rules = ( { signers = (\n", out);
	for (size_t i = 0; i < options->certificate_count; i++) {
		GUARD_AUTO_FREE char *path = realpath(options->certificates[i], NULL);

		for (size_t p = 0; p < sizeof(providers) / sizeof(providers[0]); p++) {
			fprintf(out, "%s{ provider = \"%s\"; certificate = \"", i || p ? ",\n" : "", providers[p]);
			scan_put_string(out, path ? path : options->certificates[i]);
			fputs("\"; }", out);
		}
	}
	fputs(" ); } ); } );\n", out);
	return fclose(out) == 0 ? 0 : -GUARD_E_IO;
}

static bool load_keys(struct signers_keys *ret_keys, const struct scan_options *options)
{
	struct signers_places places = { .catalogs = options->catalogs, .state = options->state };
	GUARD_AUTO_CLOSE int source = memfd_create("certificates", MFD_CLOEXEC);
	char path[64];
	int copy;

	if (!signers_folder_is_there(options->catalogs) || !signers_folder_is_there(options->state))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", source);
	if (options->certificate_count) {
		/* The compiler takes no source that others could write. */
		copy = source < 0 || fchmod(source, 0600) < 0 ? -1 : fcntl(source, F_DUPFD_CLOEXEC, 0);
		if (copy < 0 || write_source(copy, options) < 0)
			return false;
		places.policy = path;
	} else {
		places.policy = NULL;
	}
	return signers_keys_load(ret_keys, &places);
}

/* ---- what vouches ------------------------------------------------------------------------ */

static uint64_t bits_of(struct scan_cover *cover, const struct signers_found *found)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < found->count; i++)
		if (found->all[i].state == SIGNERS_GOOD)
			mask |= scan_cover_bit(cover, (enum guard_provider)found->all[i].provider, found->all[i].key);
	return mask;
}

static uint64_t bits_of_packages(struct scan_cover *cover, const struct signers_keys *keys,
				 const struct guard_digest *digest)
{
	struct guard_signer signers[GUARD_SIGNERS_MAX];
	const size_t count = guard_attribution_signers(keys->table, signers, GUARD_SIGNERS_MAX, digest);
	uint64_t mask = 0;

	for (size_t i = 0; i < count; i++)
		mask |= scan_cover_bit(cover, GUARD_PROVIDER_PACKAGE, signers[i].key_id);
	return mask;
}

static int look_at_files(struct scan_cover *cover, const struct signers_keys *keys)
{
	GUARD_AUTO_FREE struct signers_found *found = malloc(sizeof(*found));

	if (!found)
		return -GUARD_E_NOMEM;
	for (size_t i = 0; i < cover->scan->file_count; i++) {
		const struct scan_file *file = &cover->scan->files[i];
		GUARD_AUTO_CLOSE int fd = -1;

		if (file->state != SCAN_LISTED)
			continue;
		cover->masks[i] |= bits_of_packages(cover, keys, &file->digest);
		fd = cover->scan->options->certificate_count ?
			     open(file->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
		memset(found, 0, sizeof(*found));
		if (fd >= 0 && signers_find_carried(found, fd, keys) == 0)
			cover->masks[i] |= bits_of(cover, found);
	}
	return 0;
}

/* ---- lists ---------------------------------------------------------------------------------- */

struct by_digest {
	const struct scan *scan;
	uint32_t *files; /* sorted by digest */
};

static int compare(const void *a, const void *b, void *context)
{
	const struct by_digest *order = context;

	return guard_digest_compare(&order->scan->files[*(const uint32_t *)a].digest,
				    &order->scan->files[*(const uint32_t *)b].digest);
}

static void mark(struct scan_cover *cover, const struct by_digest *order, const struct guard_digest *digest, uint64_t bits)
{
	size_t low = 0, high = cover->scan->file_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (guard_digest_compare(&cover->scan->files[order->files[middle]].digest, digest) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < cover->scan->file_count; low++) {
		if (guard_digest_compare(&cover->scan->files[order->files[low]].digest, digest) != 0)
			return;
		cover->masks[order->files[low]] |= bits;
	}
}

static void mark_lines(struct scan_cover *cover, const struct by_digest *order, const struct signers_list *list,
		       uint64_t bits)
{
	struct guard_digest digest;

	for (size_t at = 0; at < list->size;) {
		const char *line = (const char *)&list->bytes[at], *end = memchr(line, '\n', list->size - at);
		const size_t length = end ? (size_t)(end - line) : list->size - at, from = line[0] == '\\';

		if (length >= from + GUARD_DIGEST_HEX_SIZE &&
		    guard_digest_parse(&digest, &line[from], GUARD_DIGEST_HEX_SIZE - 1) == 0)
			mark(cover, order, &digest, bits);
		at += length + 1;
	}
}

static int look_at_list(struct scan_cover *cover, const struct by_digest *order, const struct signers_keys *keys,
			int folder, const char *name)
{
	GUARD_AUTO_FREE struct signers_found *found = calloc(1, sizeof(*found));
	struct signers_list list = { 0 };
	uint64_t bits;
	int r = found ? signers_list_read(&list, folder, name) : -GUARD_E_NOMEM;

	if (r == 0)
		r = signers_find_by_list(found, keys, &list, name);
	bits = r == 0 ? bits_of(cover, found) : 0;
	if (bits)
		mark_lines(cover, order, &list, bits);
	signers_list_clear(&list);
	return r == -GUARD_E_NOMEM ? r : 0;
}

static int look_at_lists(struct scan_cover *cover, const struct signers_keys *keys)
{
	struct by_digest order = { cover->scan, calloc(cover->scan->file_count + 1, sizeof(uint32_t)) };
	DIR *directory = keys->policy ? opendir(keys->catalogs) : NULL;
	const struct dirent *entry;
	int r = order.files ? 0 : -GUARD_E_NOMEM;

	for (size_t i = 0; r == 0 && i < cover->scan->file_count; i++)
		order.files[i] = (uint32_t)i;
	if (r == 0 && directory)
		qsort_r(order.files, cover->scan->file_count, sizeof(uint32_t), compare, &order);
	while (directory && r == 0 && (entry = readdir(directory)))
		if (signers_is_list(entry->d_name))
			r = look_at_list(cover, &order, keys, dirfd(directory), entry->d_name);
	if (directory)
		closedir(directory);
	free(order.files);
	return r;
}

/* ---- where the keys are ------------------------------------------------------------------------ */

static bool has_repository_key(int folder, const char *name, const uint8_t *key_id)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL, *binary = NULL;
	struct guard_openpgp_key key;
	struct guard_reader reader;
	size_t size = 0, binary_size = 0;

	if (publish_file_read(&bytes, &size, folder, name, GUARD_OPENPGP_FILE_MAX) < 0 ||
	    guard_openpgp_binary(&binary, &binary_size, bytes, size) < 0)
		return false;
	guard_reader_init(&reader, binary, binary_size);
	while (guard_openpgp_next(&key, &reader) == 0)
		if (memcmp(key.key_id, key_id, GUARD_KEY_ID_SIZE) == 0)
			return true;
	return false;
}

static char *find_repository_key(const uint8_t *key_id)
{
	char *path = NULL;

	for (size_t i = 0; !path && i < sizeof(key_folders) / sizeof(key_folders[0]); i++) {
		DIR *directory = opendir(key_folders[i]);
		const struct dirent *entry;

		while (directory && !path && (entry = readdir(directory)))
			if (entry->d_name[0] != '.' && has_repository_key(dirfd(directory), entry->d_name, key_id) &&
			    asprintf(&path, "%s/%s", key_folders[i], entry->d_name) < 0)
				path = NULL;
		if (directory)
			closedir(directory);
	}
	return path;
}

static char *find_certificate(const struct scan_options *options, const uint8_t *key_id)
{
	for (size_t i = 0; i < options->certificate_count; i++) {
		GUARD_AUTO_FREE uint8_t *bytes = NULL;
		struct guard_certificate certificate;
		char reason[200];
		size_t size = 0;
		bool same;

		if (publish_file_read(&bytes, &size, AT_FDCWD, options->certificates[i], GUARD_CERTIFICATE_MAX) < 0 ||
		    guard_certificate_read(&certificate, bytes, size, reason, sizeof(reason)) < 0)
			continue;
		same = memcmp(certificate.key_id, key_id, GUARD_KEY_ID_SIZE) == 0;
		guard_certificate_clear(&certificate);
		if (same)
			return realpath(options->certificates[i], NULL);
	}
	return NULL;
}

static void find_files(struct scan *scan)
{
	for (size_t i = 0; i < scan->signer_count; i++) {
		struct scan_signer *signer = &scan->signers[i];

		signer->file = signer->provider == GUARD_PROVIDER_PACKAGE ? find_repository_key(signer->key_id) :
									    find_certificate(scan->options, signer->key_id);
	}
}

int scan_find_signers(struct scan *scan)
{
	struct scan_cover cover = { .scan = scan, .masks = calloc(scan->file_count + 1, sizeof(*cover.masks)) };
	struct signers_keys keys = { 0 };
	int r = cover.masks ? 0 : -GUARD_E_NOMEM;

	if (r == 0 && !load_keys(&keys, scan->options))
		r = -GUARD_E_USAGE;
	if (r == 0 && !keys.table)
		guardctl_error("scan: %s/attributions cannot be read: no package is taken into account (as root, after "
			       "`guardctl packages installed`, they are)",
			       scan->options->state ? scan->options->state : "/var/lib/guard");
	if (r == 0)
		r = look_at_files(&cover, &keys);
	if (r == 0)
		r = look_at_lists(&cover, &keys);
	if (r == 0) {
		scan_cover_choose(&cover);
		find_files(scan);
	}
	signers_keys_clear(&keys);
	free(cover.masks);
	return r;
}
