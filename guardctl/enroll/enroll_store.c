/* SPDX-License-Identifier: MIT
 *
 * enroll/enroll_store.c - STATE_DIR/enrolment: made beside and renamed, so that a
 * machine is enrolled or is not.  From then on guardd takes its policy from there
 * and nowhere else.
 */
#include "enroll.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FOLDER "enrolment"
#define NEW_FOLDER "enrolment.new"

static int failed(const struct enroll_options *options, const char *what)
{
	guardctl_error("enroll: %s in %s: %s; nothing has changed", what, options->state_dir, strerror(errno));
	return -GUARD_E_IO;
}

bool enroll_is_enrolled(const struct enroll_options *options)
{
	char path[4200];
	struct stat status;

	snprintf(path, sizeof(path), "%s/" FOLDER "/repository.conf", options->state_dir);
	return stat(path, &status) == 0;
}

static int copy_in(int folder, const char *name, const char *from)
{
	GUARD_AUTO_CLOSE int fd = open(from, O_RDONLY | O_CLOEXEC);
	GUARD_AUTO_FREE char *bytes = malloc(ENROLL_PEM_MAX);
	ssize_t size = fd < 0 || !bytes ? -1 : read(fd, bytes, ENROLL_PEM_MAX);

	return size < 0 ? -GUARD_E_IO : publish_file_write(folder, name, bytes, (size_t)size);
}

static void put_path(FILE *out, const struct enroll_options *options, const char *key, const char *name)
{
	fprintf(out, "  %s = \"%s/" FOLDER "/%s\";\n", key, options->state_dir, name);
}

static int write_settings(int folder, const struct enroll_options *options)
{
	GUARD_AUTO_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -GUARD_E_NOMEM;
	fprintf(out, "# Written by guardctl enroll; local changes are not for you to make.\nrepository = {\n"
		     "  url = \"%s\";\n  office = \"%s\";\n",
		options->url, options->office);
	if (options->profile)
		fprintf(out, "  profile = \"%s\";\n", options->profile);
	put_path(out, options, "ca", "ca.pem");
	if (options->certificate) {
		put_path(out, options, "certificate", "certificate.pem");
		put_path(out, options, "key", "key.pem");
	}
	if (options->proxy)
		fprintf(out, "  proxy = \"%s\";\n", options->proxy);
	if (options->interval)
		fprintf(out, "  interval = %u;\n", options->interval);
	fprintf(out, "};\nmachine = { host = \"%s\"; };\n", options->host);
	if (fclose(out) != 0)
		return -GUARD_E_NOMEM;
	return publish_file_write(folder, "repository.conf", text, size);
}

static int fill(int folder, const struct enroll_options *options, const struct enroll_root *root)
{
	int r = publish_file_write(folder, "root.json", root->bytes, root->size);

	if (r == 0)
		r = copy_in(folder, "ca.pem", options->ca);
	if (r == 0 && options->certificate)
		r = copy_in(folder, "certificate.pem", options->certificate);
	if (r == 0 && options->certificate)
		r = copy_in(folder, "key.pem", options->key);
	/* What it protects now is the least that it protects from now on. */
	if (r == 0)
		r = copy_in(folder, "guardd.conf", options->config);
	return r < 0 ? r : write_settings(folder, options);
}

/* Beside the configuration, so that another state_dir in it is found out. */
static int write_pin(const struct enroll_options *options)
{
	GUARD_AUTO_FREE char *path = NULL, *text = NULL;
	int r = -GUARD_E_NOMEM, size;

	if (asprintf(&path, "%s" ENROLL_PIN_SUFFIX, options->config) < 0)
		path = NULL;
	size = asprintf(&text, "# Written by guardctl enroll: where this machine's enrolment is.\nstate_dir = \"%s\";\n",
			options->state_dir);
	if (size < 0)
		text = NULL;
	if (path && text)
		r = publish_file_write(AT_FDCWD, path, text, (size_t)size);
	return r;
}

static void remove_new(int state_dir)
{
	static const char *const names[] = {"root.json", "ca.pem", "certificate.pem", "key.pem", "repository.conf", "guardd.conf"};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), NEW_FOLDER "/%s", names[i]);
		(void)!unlinkat(state_dir, path, 0);
	}
	(void)!unlinkat(state_dir, NEW_FOLDER, AT_REMOVEDIR);
}

/* ---- what an enrolment that has ended left -------------------------------------------- */

static bool has_same_root(int state_dir, const struct enroll_root *root)
{
	GUARD_AUTO_CLOSE int fd = openat(state_dir, "enrolment.released/root.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	GUARD_AUTO_FREE uint8_t *bytes = malloc(root->size + 1);
	ssize_t size = fd < 0 || !bytes ? -1 : read(fd, bytes, root->size + 1);

	return size == (ssize_t)root->size && memcmp(bytes, root->bytes, root->size) == 0;
}

static int remove_files(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), r = 0;
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		r = fd < 0 && errno == ENOENT ? 0 : -GUARD_E_IO;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while ((entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    unlinkat(fd, entry->d_name, 0) < 0)
			r = -GUARD_E_IO;
	closedir(folder);
	return r;
}

/* What was trusted before says nothing of another repository.  Under the same first
 * root it stays: releasing and enrolling again turns nothing back. */
static int forget_other(int state_dir, const struct enroll_root *root)
{
	GUARD_AUTO_CLOSE int trust = openat(state_dir, "trust", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (trust < 0)
		return errno == ENOENT ? 0 : -GUARD_E_IO;
	if (has_same_root(state_dir, root))
		return 0;
	if (remove_files(trust, "metadata") < 0 || remove_files(trust, "parts") < 0 ||
	    (unlinkat(trust, "memory", 0) < 0 && errno != ENOENT))
		return -GUARD_E_IO;
	return 0;
}

int enroll_store(const struct enroll_options *options, const struct enroll_root *root)
{
	GUARD_AUTO_CLOSE int state_dir = -1;
	GUARD_AUTO_CLOSE int folder = -1;
	int r;

	umask(077);
	if (mkdir(options->state_dir, 0711) < 0 && errno != EEXIST)
		return failed(options, _("the folder cannot be made"));
	state_dir = open(options->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state_dir < 0)
		return failed(options, _("the folder cannot be opened"));
	remove_new(state_dir);
	if (mkdirat(state_dir, NEW_FOLDER, 0700) < 0)
		return failed(options, _("the folder cannot be made"));
	folder = openat(state_dir, NEW_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = folder < 0 ? -GUARD_E_IO : fill(folder, options, root);
	if (r == 0)
		r = forget_other(state_dir, root);
	if (r == 0)
		r = write_pin(options); /* says nothing until the folder is there */
	if (r == 0 && renameat(state_dir, NEW_FOLDER, state_dir, FOLDER) == 0 && fsync(state_dir) == 0)
		return 0;
	r = failed(options, _("the enrolment cannot be written"));
	remove_new(state_dir);
	return r;
}
