/* SPDX-License-Identifier: MIT
 *
 * guardctl/scan_output.c - the policy source of a scan (policy/README.md).
 * The same files give the same bytes.
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "identity/openpgp.h"
#include "scan.h"
#include "scan_dpkg.h"
#include "scan_order.h"
#include "scan_presets.h"

#define SCAN_TWINS_SHOWN 20u /* other names of a digest in comments */
#define SCAN_NAME_MAX 4000u  /* bytes; the compiler takes strings of 4095 */
#define GROUP_NAME_MAX 3000u
#define URL_MAX 1000u

static void write_policy(FILE *out, const struct scan_options *options)
{
	char id[128], host[65] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "localhost");
	if (options->id)
		snprintf(id, sizeof(id), "%s", options->id);
	else
		snprintf(id, sizeof(id), "scan-%s", host);
	scan_clean_id(id);
	fprintf(out,
		"policy = {\n"
		"  id = \"%s\";\n"
		"  version = 1;\n"
		"  mode = \"%s\";\n"
		"  default = \"deny\";\n"
		"};\n\n",
		id, options->audit ? "audit" : "enforce");
}

static void write_group_head(FILE *out, const struct scan_file *file, const struct scan_dpkg *dpkg)
{
	char text[PATH_MAX], name[GROUP_NAME_MAX];

	fputs("  { name = \"", out);
	if (file->package == SCAN_NO_PACKAGE) {
		/* A group's name is one line of text: odd bytes stay visible in it. */
		scan_group_directory(text, sizeof(text), file->path);
		guard_text_escape(name, sizeof(name), text, strlen(text));
		fputs("not from a package: ", out);
		scan_put_string(out, name);
		fputs("\";\n", out);
		return;
	}
	const struct scan_package *package = &dpkg->packages[file->package];
	scan_dpkg_label(text, sizeof(text), package);
	scan_put_string(out, text);
	fputs("\";\n    note = \"Debian package ", out);
	scan_put_string(out, package->name);
	fputc(' ', out);
	scan_put_string(out, package->version);
	fputs("\";\n", out);
	if (package->homepage && package->homepage[0]) {
		/* Its maintainer's words: as a group's name, and no longer than one reads. */
		guard_text_escape(name, URL_MAX, package->homepage, strlen(package->homepage));
		fputs("    url = \"", out);
		scan_put_string(out, name);
		fputs("\";\n", out);
	}
}

static void write_twins(FILE *out, const struct scan_order *order, size_t position)
{
	const struct scan_file *twin;
	size_t n = 0;

	for (; (twin = scan_order_twin(order, position, n)) && n < SCAN_TWINS_SHOWN; n++) {
		fputs("      # the same: ", out);
		scan_put_string(out, twin->path);
		fputc('\n', out);
	}
	size_t shown = n;
	while (scan_order_twin(order, position, n))
		n++;
	if (n > shown)
		fprintf(out, "      # the same: and %zu more\n", n - shown);
}

/* A name too long for a string is left out: it is there to be read only. */
static void write_digest(FILE *out, const struct guard_digest *digest, const char *path)
{
	char hex[GUARD_DIGEST_HEX_SIZE];

	guard_digest_format(hex, digest);
	fprintf(out, "      \"%s", hex);
	if (strlen(path) <= SCAN_NAME_MAX) {
		fputs("  ", out);
		scan_put_string(out, path);
	}
	fputc('"', out);
}

/* Positions `from` up to `end` are one group; one without a digest of its own
 * (all are listed in groups before it) is left out. */
static bool write_group(FILE *out, const struct scan_order *order, const struct scan_dpkg *dpkg, size_t from,
			size_t end, bool is_next)
{
	size_t last = end;

	for (size_t i = from; i < end; i++)
		if (scan_order_is_first(order, i))
			last = i;
	if (last == end)
		return false;

	if (is_next)
		fputs(",\n", out);
	write_group_head(out, &order->scan->files[order->files[from]], dpkg);
	fputs("    rules = ( { action = \"allow\"; sha256 = [\n", out);
	for (size_t i = from; i <= last; i++) {
		const struct scan_file *file = &order->scan->files[order->files[i]];
		if (!scan_order_is_first(order, i))
			continue;
		write_digest(out, &file->digest, file->path);
		fputs(i < last ? ",\n" : "\n", out);
		write_twins(out, order, i);
	}
	fputs("    ]; } );\n  }", out);
	return true;
}

/* Empty files have one digest, and nothing in them can do harm. */
static bool write_empty(FILE *out, const struct scan *scan)
{
	for (size_t i = 0; i < scan->file_count; i++) {
		if (scan->files[i].state != SCAN_EMPTY)
			continue;
		fputs("  { name = \"empty files\";\n"
		      "    note = \"no content; many modules of interpreters begin like this\";\n"
		      "    rules = ( { action = \"allow\"; sha256 = [\n",
		      out);
		write_digest(out, &scan->files[i].digest, "(any empty file)");
		fputs("\n    ]; } );\n  }", out);
		return true;
	}
	return false;
}

/* One rule for each proposed signer; what has no key file is there to be completed. */
static bool write_signers(FILE *out, const struct scan *scan, bool is_next)
{
	for (size_t i = 0; i < scan->signer_count; i++) {
		const struct scan_signer *signer = &scan->signers[i];
		const bool package = signer->provider == GUARD_PROVIDER_PACKAGE;
		char key[GUARD_DIGEST_HEX_SIZE];

		guard_openpgp_key_id_format(key, signer->key_id);
		fprintf(out, "%s  { name = \"signed: %s %.16s\";\n    note = \"allows %zu of the files that were there\";\n",
			is_next ? ",\n" : "", guard_provider_name((enum guard_provider)signer->provider), key,
			signer->files);
		fprintf(out, "    rules = ( { action = \"allow\"; signers = ( { provider = \"%s\"; ",
			guard_provider_name((enum guard_provider)signer->provider));
		if (package)
			fprintf(out, "key = \"%s\"; key_file = \"", key);
		else
			fputs("certificate = \"", out);
		scan_put_string(out, signer->file ? signer->file : "NAME-THE-FILE-WITH-THIS-KEY");
		fputs("\"; } ); } );\n  }", out);
		is_next = true;
	}
	return is_next;
}

int scan_write(FILE *out, struct scan *scan, const struct scan_dpkg *dpkg, const struct scan_presets *presets)
{
	struct scan_order order;
	int r = scan_order_make(&order, scan);
	if (r < 0)
		return r;

	scan_write_head(out, scan);
	if (!scan->options->fragment)
		write_policy(out, scan->options);
	fputs("groups = (\n", out);
	bool any = write_signers(out, scan, write_empty(out, scan));
	for (size_t i = 0; i < order.count;) {
		size_t end = scan_order_group_end(&order, i);
		any |= write_group(out, &order, dpkg, i, end, any);
		i = end;
	}
	fputs(any ? "\n);\n" : ");\n", out);
	scan_presets_write(out, presets);
	scan_order_clear(&order);
	if (fflush(out) != 0 || ferror(out))
		return -GUARD_E_IO;
	return 0;
}
