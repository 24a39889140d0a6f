/* SPDX-License-Identifier: MIT
 *
 * package/deb.c - reads a .deb (deb(5)): an ar archive whose members control.tar
 * and data.tar are unpacked in memory, one file after the other.  Writes nothing
 * to disk.  libarchive does the taking apart; runs only in a fork that can do
 * nothing but this.
 */
#include "package/package.h"
#include "package/unpack.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK (1u << 16)

struct reading {
	package_take take;
	void *context;
	char *ret_problem;
	size_t problem_size;
	uint64_t bytes, files;
	uint8_t block[BLOCK];
};

static int refuse(const struct reading *reading, int error, const char *sentence)
{
	snprintf(reading->ret_problem, reading->problem_size, "%s", sentence);
	return error;
}

/* "./usr/bin/x" as a name below the root; NULL when it leads out. */
static const char *clean_name(const char *name)
{
	if (!name)
		return NULL;
	while (name[0] == '.' && name[1] == '/')
		name = &name[2];
	if (name[0] == '/' || name[0] == '\0')
		return NULL;
	for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return NULL;
	return name;
}

static bool is_documentation(const char *name)
{
	static const char *const folders[] = { "usr/share/doc/", "usr/share/man/", "usr/share/info/",
					       "usr/share/locale/" };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(name, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

/* Could it be a program, a part of one, or a script? */
static bool is_wanted(const char *name, enum guard_format format)
{
	return !is_documentation(name) && format != GUARD_FORMAT_BINARY;
}

/* One more block of a file, and into its digest; 0 at the end. */
static int read_block(size_t *ret_size, struct reading *reading, struct archive *archive, EVP_MD_CTX *context)
{
	la_ssize_t n = archive_read_data(archive, reading->block, sizeof(reading->block));

	if (n < 0)
		return refuse(reading, -GUARD_E_FORMAT, "it is damaged");
	reading->bytes += (uint64_t)n;
	if (reading->bytes > PACKAGE_UNPACKED_MAX)
		return refuse(reading, -GUARD_E_LIMIT, "what is in it is larger than 8 GiB");
	if (EVP_DigestUpdate(context, reading->block, (size_t)n) != 1)
		return -GUARD_E_INTERNAL;
	*ret_size = (size_t)n;
	return 0;
}

static int hash_file(struct guard_digest *ret_digest, enum guard_format *ret_format, struct reading *reading,
		     struct archive *archive)
{
	EVP_MD_CTX *context AUTO_CONTEXT = EVP_MD_CTX_new();
	uint8_t head[GUARD_SNIFF_SIZE];
	size_t head_size = 0, n = 0;
	unsigned length;
	int r;

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	do {
		r = read_block(&n, reading, archive, context);
		if (r < 0)
			return r;
		size_t more = n < sizeof(head) - head_size ? n : sizeof(head) - head_size;

		memcpy(&head[head_size], reading->block, more);
		head_size += more;
	} while (n > 0);
	if (EVP_DigestFinal_ex(context, ret_digest->bytes, &length) != 1)
		return -GUARD_E_INTERNAL;
	*ret_format = guard_format_sniff(head, head_size);
	return 0;
}

/* ---- a compressed kernel module: its content is vouched for as well -------------- */

struct module {
	struct reading *reading;
	struct archive *outer;
	EVP_MD_CTX *context; /* of the file as it is */
	int error;
};

static la_ssize_t read_module(struct archive *inner, void *context, const void **ret_block)
{
	struct module *module = context;
	size_t n = 0;

	module->error = read_block(&n, module->reading, module->outer, module->context);
	if (module->error < 0) {
		archive_set_error(inner, EIO, "the module is damaged");
		return -1;
	}
	*ret_block = module->reading->block;
	return (la_ssize_t)n;
}

/* false: it is not what its name says, and has no other content than the file's. */
static bool unpack(struct guard_digest *ret_digest, struct module *module)
{
	struct archive *inner AUTO_ARCHIVE = package_module_archive();

	return inner && archive_read_open(inner, module, NULL, read_module, NULL) == ARCHIVE_OK &&
	       package_module_digest(ret_digest, inner) == 0;
}

/* In one reading: the file as it is, and what is in it. */
static int take_module(struct reading *reading, struct archive *archive)
{
	EVP_MD_CTX *context AUTO_CONTEXT = EVP_MD_CTX_new();
	struct module module = { .reading = reading, .outer = archive, .context = context };
	struct guard_digest digest, unpacked;
	size_t n = 0;
	bool has_content;

	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	has_content = unpack(&unpacked, &module);
	do
		module.error = module.error < 0 ? module.error : read_block(&n, reading, archive, context);
	while (module.error == 0 && n > 0);
	if (module.error == 0 && EVP_DigestFinal_ex(context, digest.bytes, NULL) != 1)
		module.error = -GUARD_E_INTERNAL;
	if (module.error == 0)
		module.error = reading->take(reading->context, &digest);
	return module.error == 0 && has_content ? reading->take(reading->context, &unpacked) : module.error;
}

static int take_file(struct reading *reading, struct archive *archive, struct archive_entry *entry)
{
	const char *name = clean_name(archive_entry_pathname(entry));
	enum guard_format format;
	struct guard_digest digest;
	int r;

	if (++reading->files > PACKAGE_FILES_MAX)
		return refuse(reading, -GUARD_E_LIMIT, "it holds more than 200,000 files");
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return 0;
	if (!name)
		return refuse(reading, -GUARD_E_UNSAFE, "a file name in it leads out of its folder");
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return 0;
	if (strstr(name, ".ko.") && !is_documentation(name))
		return take_module(reading, archive);
	r = hash_file(&digest, &format, reading, archive);
	if (r < 0)
		return r;
	return is_wanted(name, format) ? reading->take(reading->context, &digest) : 0;
}

/* ---- a member of the .deb as an archive of its own ------------------------------- */

struct member {
	struct archive *outer;
	uint8_t block[BLOCK];
};

static la_ssize_t read_member(struct archive *inner, void *context, const void **ret_block)
{
	struct member *member = context;
	la_ssize_t n = archive_read_data(member->outer, member->block, sizeof(member->block));

	if (n < 0)
		archive_set_error(inner, EIO, "the member is damaged");
	*ret_block = member->block;
	return n;
}

static int read_tar(struct reading *reading, struct archive *outer)
{
	struct archive *inner AUTO_ARCHIVE = archive_read_new();
	struct member *member = calloc(1, sizeof(*member));
	struct archive_entry *entry;
	int r = 0, step = ARCHIVE_FATAL;

	if (!inner || !member) {
		free(member);
		return -GUARD_E_NOMEM;
	}
	member->outer = outer;
	archive_read_support_format_tar(inner);
	archive_read_support_format_gnutar(inner);
	archive_read_support_filter_gzip(inner);
	archive_read_support_filter_xz(inner);
	archive_read_support_filter_lzma(inner);
	archive_read_support_filter_zstd(inner);
	archive_read_support_filter_bzip2(inner);
	if (archive_read_open(inner, member, NULL, read_member, NULL) == ARCHIVE_OK)
		while (r == 0 && ((step = archive_read_next_header(inner, &entry)) == ARCHIVE_OK || step == ARCHIVE_WARN))
			r = take_file(reading, inner, entry);
	free(member);
	if (r == 0 && step != ARCHIVE_EOF)
		r = refuse(reading, -GUARD_E_FORMAT, "an archive in it is damaged or of an unknown kind");
	return r;
}

/* debian-binary, control.tar*, data.tar*, in this order; dpkg passes over what
 * begins with `_`. */
static int take_member(struct reading *reading, unsigned *step, struct archive *archive, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name)
		return refuse(reading, -GUARD_E_FORMAT, "a member has no name");
	if (name[0] == '_')
		return 0;
	switch ((*step)++) {
	case 0:
		return strcmp(name, "debian-binary") == 0 ? 0 :
		       refuse(reading, -GUARD_E_FORMAT, "it does not begin with debian-binary");
	case 1:
		return strncmp(name, "control.tar", 11) == 0 ? read_tar(reading, archive) :
		       refuse(reading, -GUARD_E_FORMAT, "control.tar is not its second member");
	case 2:
		return strncmp(name, "data.tar", 8) == 0 ? read_tar(reading, archive) :
		       refuse(reading, -GUARD_E_FORMAT, "data.tar is not its third member");
	default:
		return refuse(reading, -GUARD_E_FORMAT, "it has more members than a Debian package");
	}
}

int package_deb_read(int deb, package_take take, void *context, char *ret_problem, size_t problem_size)
{
	struct archive *archive AUTO_ARCHIVE = archive_read_new();
	struct reading *reading = calloc(1, sizeof(*reading));
	struct archive_entry *entry;
	unsigned members = 0;
	int r = archive && reading ? 0 : -GUARD_E_NOMEM, step = ARCHIVE_FATAL;

	if (r < 0) {
		free(reading);
		return r;
	}
	*reading = (struct reading){ .take = take, .context = context, .ret_problem = ret_problem,
				     .problem_size = problem_size };
	archive_read_support_format_ar(archive);
	if (archive_read_open_fd(archive, deb, BLOCK) == ARCHIVE_OK)
		while (r == 0 && (step = archive_read_next_header(archive, &entry)) == ARCHIVE_OK)
			r = take_member(reading, &members, archive, entry);
	if (r == 0 && (step != ARCHIVE_EOF || members != 3))
		r = refuse(reading, -GUARD_E_FORMAT, "it is not a whole Debian package");
	free(reading);
	return r;
}

int package_plain_write(int file, int out)
{
	struct archive *archive AUTO_ARCHIVE = archive_read_new();
	struct archive_entry *entry;
	uint64_t total = 0;
	uint8_t block[BLOCK];
	la_ssize_t n;

	if (!archive)
		return -GUARD_E_NOMEM;
	archive_read_support_format_raw(archive);
	archive_read_support_format_empty(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_bzip2(archive);
	if (archive_read_open_fd(archive, file, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return -GUARD_E_FORMAT;
	while ((n = archive_read_data(archive, block, sizeof(block))) > 0) {
		total += (uint64_t)n;
		if (total > PACKAGE_INDEX_SIZE_MAX)
			return -GUARD_E_LIMIT;
		for (la_ssize_t done = 0; done < n;) {
			ssize_t written = write(out, &block[done], (size_t)(n - done));

			if (written < 0 && errno != EINTR)
				return -GUARD_E_NOMEM;
			done += written > 0 ? written : 0;
		}
	}
	return n < 0 ? -GUARD_E_FORMAT : 0;
}
