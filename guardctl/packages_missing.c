/* SPDX-License-Identifier: MIT
 *
 * guardctl/packages_missing.c - `guardctl packages missing`: what dpkg has installed
 * and no signed package in the daemon's table stands for.  Believes dpkg's list no more
 * than that: it says what to look at, and allows nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "output.h"
#include "packages.h"
#include "scan_dpkg.h"
#include "signing/signers.h"

static FILE *open_status(const char *database)
{
	char path[4200];

	snprintf(path, sizeof(path), "%.4000s/status", database);
	return fopen(path, "re");
}

static bool is_attributed(const struct guard_attribution *table, const struct scan_package *package)
{
	for (uint32_t i = 0; table && i < table->header->package_count; i++) {
		const struct guard_attribution_package *one = &table->packages[i];

		if (strcmp(&table->strings[one->name], package->name) == 0 &&
		    strcmp(&table->strings[one->version], package->version) == 0 &&
		    strcmp(&table->strings[one->architecture], package->architecture) == 0)
			return true;
	}
	return false;
}

static int put(const struct guardctl_options *options, const struct scan_package *package)
{
	json_t *object;

	if (!options->json) {
		guardctl_put_escaped(package->name);
		putchar(' ');
		guardctl_put_escaped(package->version);
		putchar(' ');
		guardctl_put_escaped(package->architecture);
		putchar('\n');
		return GUARDCTL_DONE;
	}
	object = json_object();
	json_object_set_new(object, "package", guardctl_json_text(package->name));
	json_object_set_new(object, "version", guardctl_json_text(package->version));
	json_object_set_new(object, "architecture", guardctl_json_text(package->architecture));
	return guardctl_print_json(object);
}

static int list(const struct guardctl_options *options, const struct scan_dpkg *dpkg,
		const struct guard_attribution *table)
{
	size_t installed = 0, missing = 0;
	int code = GUARDCTL_DONE;

	for (size_t i = 0; code == GUARDCTL_DONE && i < dpkg->package_count; i++) {
		const struct scan_package *package = &dpkg->packages[i];

		if (!package->installed || !package->version || !package->architecture)
			continue;
		installed++;
		if (is_attributed(table, package))
			continue;
		missing++;
		code = put(options, package);
	}
	if (options->json || code != GUARDCTL_DONE)
		return code;
	printf(_("%zu of %zu installed packages are not attributed.\n"), missing, installed);
	if (missing)
		puts(_("What they brought runs where the policy lists its content (guardctl scan). To attribute one:\n"
		       "apt-get install --reinstall PACKAGE, or apt-get download PACKAGE and guardctl packages add."));
	return code;
}

int packages_missing(const struct guardctl_options *options, const char *state, const char *database)
{
	const struct signers_places places = { .state = state };
	GUARD_AUTO_FCLOSE FILE *status = open_status(database);
	struct guard_attribution *table = NULL;
	struct scan_dpkg dpkg = { 0 };
	int code = GUARDCTL_REFUSED, r;

	if (!status) {
		guardctl_error(_("packages: %s/status cannot be read: %s"), database, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	r = signers_table_load(&table, &places);
	if (r < 0 && r != -GUARD_E_NOT_FOUND) {
		guardctl_error(_("packages: %s/attributions cannot be read (as root this says more): %s"),
			       signers_state(&places), guardctl_error_text(r));
		return GUARDCTL_REFUSED;
	}
	r = scan_dpkg_parse_status(&dpkg, status);
	if (r < 0)
		guardctl_error("packages: %s", guardctl_error_text(r));
	else
		code = list(options, &dpkg, table);
	scan_dpkg_clear(&dpkg);
	guard_attribution_free(table);
	return code;
}
