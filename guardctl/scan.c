/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan.c - the verb `scan`: the order of the steps, and the file that
 * comes out.  Works without the daemon and without root (and says
 * what it could not read).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "policy/compile/compile.h"
#include "scan.h"
#include "scan_dpkg.h"
#include "scan_presets.h"

#define DPKG_DATABASE "/var/lib/dpkg"

int scan_collect(struct scan *scan, const struct scan_presets *presets)
{
	struct scan_progress *progress = NULL;
	uint64_t bytes = 0;

	for (size_t i = 0; i < scan->options->directory_count; i++) {
		int r = scan_walk(scan, scan->options->directories[i]);
		if (r < 0)
			return r;
	}
	scan_sort_files(scan);
	for (size_t i = 0; i < scan->file_count; i++)
		bytes += scan->files[i].size;
	int r = scan_progress_start(&progress, scan, bytes);
	if (r < 0)
		return r;
	r = scan_identify_all(scan, presets);
	scan_progress_stop(progress);
	return r;
}

/* A device or a pipe takes what it is given. */
static int write_stream(const char *path, struct scan *scan, const struct scan_dpkg *dpkg,
			const struct scan_presets *presets)
{
	GUARD_AUTO_FCLOSE FILE *out = fopen(path, "we");

	return out ? scan_write(out, scan, dpkg, presets) : -GUARD_E_IO;
}

/* Whole or not at all: a temporary file beside the wanted one, then rename. */
static int write_file(const char *path, struct scan *scan, const struct scan_dpkg *dpkg,
		      const struct scan_presets *presets)
{
	char temporary[PATH_MAX];

	if (!guard_is_place_for_file(path))
		return write_stream(path, scan, dpkg, presets);
	int length = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if (length < 0 || (size_t)length >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return -GUARD_E_IO;
	}
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -GUARD_E_IO;
	FILE *out = fdopen(fd, "w");
	int r = out ? scan_write(out, scan, dpkg, presets) : -GUARD_E_NOMEM;
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		r = -GUARD_E_IO;
	if (out ? fclose(out) != 0 : close(fd) != 0)
		r = r < 0 ? r : -GUARD_E_IO;
	if (r == 0 && rename(temporary, path) < 0)
		r = -GUARD_E_IO;
	if (r < 0) {
		int saved = errno;
		unlink(temporary);
		errno = saved;
	}
	return r;
}

static int scan_and_write(struct scan *scan, struct scan_presets *presets, struct scan_dpkg *dpkg)
{
	const struct scan_options *options = scan->options;
	struct timespec begun, ended;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	int r = scan_collect(scan, presets);
	if (r == 0)
		r = scan_dpkg_assign(dpkg, scan, DPKG_DATABASE);
	if (r == 0)
		r = scan_presets_find(presets, scan);
	if (r == 0 && options->by_signer)
		r = scan_find_signers(scan);
	if (r == 0)
		r = scan_list_unpacked(scan);
	if (r == -GUARD_E_USAGE)
		return r; /* it was said */
	if (r < 0) {
		guardctl_error("scan: %s", guardctl_error_text(r));
		return r;
	}
	r = options->output ? write_file(options->output, scan, dpkg, presets) :
			      scan_write(stdout, scan, dpkg, presets);
	if (r < 0) {
		guardctl_error("scan: cannot write %s: %s", options->output ? options->output : _("to standard output"),
			       r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
		return r;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	scan_print_summary(scan, dpkg,
			   (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
	return 0;
}

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct scan_options options = { .jobs = cores < 1 ? 1 : cores > (long)SCAN_JOBS_MAX ? SCAN_JOBS_MAX : (unsigned)cores,
					.json = global->json };
	struct scan scan = { .options = &options };
	struct scan_presets *presets = NULL;
	struct scan_dpkg dpkg = { 0 };

	if (scan_parse_options(&options, argc, argv) < 0)
		return GUARDCTL_USAGE;
	int r = scan_presets_load(&presets);
	if (r < 0)
		guardctl_error("scan: %s", guardctl_error_text(r));
	else
		r = scan_and_write(&scan, presets, &dpkg);

	bool incomplete = scan.note_counts[SCAN_NOTE_UNREADABLE] || scan.note_counts[SCAN_NOTE_CHANGED];
	if (r == 0 && incomplete)
		guardctl_error("scan: the list is not complete: what is named above is missing from it");
	scan_dpkg_clear(&dpkg);
	scan_presets_free(presets);
	scan_free(&scan);
	return r < 0 || incomplete ? GUARDCTL_REFUSED : GUARDCTL_DONE;
}

const struct guardctl_verb guardctl_scan = {
	.name = "scan",
	.summary = N_("write a policy source that allows what is there"),
	.usage = N_("usage: guardctl scan DIR... [--output FILE] [--mode enforce|audit] [--id NAME] [--all]\n"
		 "                     [--fragment] [--exclude GLOB]... [--one-file-system] [--jobs N]\n"
		 "                     [--by signer [--certificate FILE]... [--catalogs DIR] [--state DIR]]\n"
		 "\n"
		 "Lists every file below DIR that can run or be run by something: programs,\n"
		 "libraries, scripts, text that a shell could read, byte code, kernel modules;\n"
		 "grouped by the Debian package that owns it.  The result is a complete policy\n"
		 "source, ready for `guardctl policy build`.\n"
		 "\n"
		 "  --output FILE       write there (whole or not at all), not to standard output (-)\n"
		 "  --mode MODE         \"enforce\" (default) or \"audit\"\n"
		 "  --id NAME           name of the policy; default \"scan-HOST\"\n"
		 "  --fragment          without a `policy` block, to be built with a policy of yours:\n"
		 "                      guardctl policy build hq.conf machine.conf --output IMAGE\n"
		 "  --all               plain binary data as well\n"
		 "  --exclude GLOB      leave out; without a slash it is compared with the last\n"
		 "                      component, with one with the whole path (`*` meets `/` too)\n"
		 "  --one-file-system   stay on the filesystem of each DIR\n"
		 "  --jobs N            threads; default one for each core\n"
		 "  --by signer         the fewest rules by signer that cover what signatures cover,\n"
		 "                      hashes for the rest.  Looked at are packages that the daemon\n"
		 "                      has attributed, and signatures by:\n"
		 "  --certificate FILE  a certificate or public key, or an authority's\n"
		 "  --catalogs DIR, --state DIR\n"
		 "                      signed lists, the daemon's state; default /etc/guard/catalogs\n"
		 "                      and /var/lib/guard\n"
		 "\n"
		 "Exit code 1 when something could not be read: the list is then complete but for\n"
		 "what its first lines name.  With --json the summary on standard error is JSON.\n"
		 "\n"
		 "example: guardctl scan / --one-file-system --output machine.conf\n"
		 "         guardctl policy build machine.conf --output /etc/guard/policy.image\n"
		 "         guardctl scan / --by signer --certificate acme.pem --output machine.conf\n"),
	.run = run,
};
