/* SPDX-License-Identifier: MIT
 *
 * package/index.c - the packages that verified indexes name, by the digest of
 * their .deb.  Pure; a stanza that lacks something is passed over.
 */
#include "package/package.h"

#include <stdlib.h>
#include <string.h>

#include "identity/version.h"

struct stanza {
	char name[GUARD_ATTRIBUTION_NAME_MAX + 1], version[GUARD_ATTRIBUTION_NAME_MAX + 1];
	char architecture[GUARD_ATTRIBUTION_NAME_MAX + 1];
	struct guard_digest deb;
	bool has_deb;
};

static void take_line(struct stanza *stanza, const char *line, size_t length)
{
	const char *value;
	size_t size;

	if ((value = package_field(line, length, "Package", &size)))
		(void)package_word(stanza->name, sizeof(stanza->name), value, size);
	else if ((value = package_field(line, length, "Version", &size)))
		(void)package_word(stanza->version, sizeof(stanza->version), value, size);
	else if ((value = package_field(line, length, "Architecture", &size)))
		(void)package_word(stanza->architecture, sizeof(stanza->architecture), value, size);
	else if ((value = package_field(line, length, "SHA256", &size)))
		stanza->has_deb = guard_digest_parse(&stanza->deb, value, size) == 0;
}

static uint32_t intern(struct package_catalogue *catalogue, const char *text)
{
	size_t offset = catalogue->strings.size;

	guard_write_bytes(&catalogue->strings, text, strlen(text) + 1);
	return (uint32_t)offset;
}

static int enter(struct package_catalogue *catalogue, const struct stanza *stanza, uint16_t release)
{
	if (!stanza->has_deb || !stanza->name[0] || !stanza->architecture[0] || !guard_version_is_valid(stanza->version))
		return 0;
	if (catalogue->count == PACKAGE_KNOWN_MAX || catalogue->strings.size > UINT32_MAX / 2)
		return -GUARD_E_LIMIT;
	if (catalogue->count == catalogue->capacity) {
		size_t capacity = catalogue->capacity ? 2 * catalogue->capacity : 4096;
		struct package_known *grown = realloc(catalogue->known, capacity * sizeof(*grown));

		if (!grown)
			return -GUARD_E_NOMEM;
		catalogue->known = grown;
		catalogue->capacity = capacity;
	}
	catalogue->known[catalogue->count++] = (struct package_known){
		.deb = stanza->deb,
		.name = intern(catalogue, stanza->name),
		.version = intern(catalogue, stanza->version),
		.architecture = intern(catalogue, stanza->architecture),
		.release = release,
	};
	catalogue->sorted = false;
	return catalogue->strings.failed ? -GUARD_E_NOMEM : 0;
}

int package_index_read(struct package_catalogue *catalogue, const char *text, size_t size, uint16_t release)
{
	struct package_lines lines = { text, size, 0 };
	struct stanza stanza = { 0 };
	const char *line;
	size_t length;
	int r = 0;

	while (r == 0 && package_line(&lines, &line, &length)) {
		if (length > 0) {
			if (line[0] != ' ' && line[0] != '\t')
				take_line(&stanza, line, length);
			continue;
		}
		r = enter(catalogue, &stanza, release);
		stanza = (struct stanza){ 0 };
	}
	return r < 0 ? r : enter(catalogue, &stanza, release);
}

static int by_deb(const void *a, const void *b)
{
	const struct package_known *left = a, *right = b;
	int order = guard_digest_compare(&left->deb, &right->deb);

	return order ? order : (left->release > right->release) - (left->release < right->release);
}

const struct package_known *package_find(struct package_catalogue *catalogue, const struct guard_digest *deb)
{
	size_t low = 0, high = catalogue->count;

	if (!catalogue->sorted && catalogue->count > 0)
		qsort(catalogue->known, catalogue->count, sizeof(*catalogue->known), by_deb);
	catalogue->sorted = true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (guard_digest_compare(&catalogue->known[middle].deb, deb) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == catalogue->count || guard_digest_compare(&catalogue->known[low].deb, deb) != 0)
		return NULL;
	return &catalogue->known[low];
}

const char *package_string(const struct package_catalogue *catalogue, uint32_t offset)
{
	return (const char *)&catalogue->strings.bytes[offset];
}

void package_catalogue_free(struct package_catalogue *catalogue)
{
	free(catalogue->known);
	guard_writer_free(&catalogue->strings);
	*catalogue = (struct package_catalogue){ 0 };
}
