/* SPDX-License-Identifier: MIT
 *
 * unit/image_fixture.c - see image_fixture.h.
 */
#include "image_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "policy/glob.h"

#define SECTIONS 14u

static void need(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "image fixture: %s\n", what);
	abort();
}

void fixture_init(struct image_fixture *fixture)
{
	*fixture = (struct image_fixture){ 0 };
	guard_writer_init(&fixture->strings);
	guard_writer_init(&fixture->values);
	guard_writer_init(&fixture->rules);
	guard_writer_init(&fixture->interpreters);
	guard_write_u8(&fixture->strings, 0);
	guard_write_u32(&fixture->values, 0);
	fixture->meta = (struct guard_image_meta){
		.id = fixture_string(fixture, "test"),
		.version = 7,
		.expires = INT64_MAX,
		.mode = GUARD_MODE_ENFORCE,
	};
}

void fixture_free(struct image_fixture *fixture)
{
	guard_writer_free(&fixture->strings);
	guard_writer_free(&fixture->values);
	guard_writer_free(&fixture->rules);
	guard_writer_free(&fixture->interpreters);
	free(fixture->digests);
	free(fixture->interpreter_digests);
	free(fixture->signers);
}

uint32_t fixture_string(struct image_fixture *fixture, const char *text)
{
	uint32_t offset = (uint32_t)fixture->strings.size;

	guard_write_bytes(&fixture->strings, text, strlen(text) + 1);
	return offset;
}

uint32_t fixture_list(struct image_fixture *fixture, const char *words)
{
	uint32_t list = (uint32_t)(fixture->values.size / 4), count = 0, offsets[64];
	char *copy = strdup(words), *rest = copy;

	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		need(count < 64, "too many words");
		offsets[count++] = fixture_string(fixture, word);
	}
	guard_write_u32(&fixture->values, count);
	for (uint32_t i = 0; i < count; i++)
		guard_write_u32(&fixture->values, offsets[i]);
	free(copy);
	return list;
}

struct guard_image_rule fixture_allow(struct image_fixture *fixture, const char *group)
{
	return (struct guard_image_rule){
		.action = GUARD_ALLOW,
		.valid_from = INT64_MIN,
		.valid_until = INT64_MAX,
		.source = fixture->meta.id,
		.group = fixture_string(fixture, group),
		.location = fixture_string(fixture, "test.conf:1"),
	};
}

uint32_t fixture_rule(struct image_fixture *fixture, struct guard_image_rule rule)
{
	if (!(rule.flags & (GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS)))
		rule.flags |= GUARD_RULE_BY_PATH;
	guard_write_bytes(&fixture->rules, &rule, sizeof(rule));
	return fixture->rule_count++;
}

static void push(struct fixture_digest **entries, size_t *count, size_t capacity, const struct fixture_digest *entry)
{
	if (*count == capacity || capacity == 0) {
		*entries = realloc(*entries, (*count + 1) * 2 * sizeof(**entries));
		need(*entries != NULL, "no memory");
	}
	(*entries)[(*count)++] = *entry;
}

void fixture_digest(struct image_fixture *fixture, const struct guard_digest *digest, uint32_t rule, const char *name)
{
	struct fixture_digest entry = { *digest, rule, name ? fixture_string(fixture, name) : 0 };

	push(&fixture->digests, &fixture->digest_count, fixture->digest_capacity, &entry);
	if (fixture->digest_count > fixture->digest_capacity)
		fixture->digest_capacity = fixture->digest_count * 2;
}

void fixture_signer(struct image_fixture *fixture, const struct guard_signer *signer, uint32_t rule)
{
	struct guard_image_signer entry = { .provider = signer->provider, .rules = rule };

	memcpy(entry.key_id, signer->key_id, sizeof(entry.key_id));
	fixture->signers = realloc(fixture->signers, (fixture->signer_count + 1) * sizeof(entry));
	need(fixture->signers != NULL, "no memory");
	fixture->signers[fixture->signer_count++] = entry;
}

uint32_t fixture_interpreter(struct image_fixture *fixture, struct guard_image_interpreter interpreter)
{
	guard_write_bytes(&fixture->interpreters, &interpreter, sizeof(interpreter));
	return fixture->interpreter_count++;
}

void fixture_interpreter_digest(struct image_fixture *fixture, const struct guard_digest *digest, uint32_t interpreter)
{
	struct fixture_digest entry = { *digest, interpreter, 0 };

	push(&fixture->interpreter_digests, &fixture->interpreter_digest_count, 0, &entry);
}

static int by_digest(const void *a, const void *b)
{
	const struct fixture_digest *left = a, *right = b;
	int order = memcmp(left->digest.bytes, right->digest.bytes, GUARD_DIGEST_SIZE);

	return order ? order : left->rule < right->rule ? -1 : left->rule > right->rule;
}

static int by_signer(const void *a, const void *b)
{
	const struct guard_image_signer *left = a, *right = b;

	if (left->provider != right->provider)
		return left->provider < right->provider ? -1 : 1;
	return memcmp(left->key_id, right->key_id, sizeof(left->key_id));
}

/* The tables that fixture_finish derives. */
struct tables {
	struct guard_writer digests, index, digest_rules, names, lists, signers, interpreter_digests, prefixes, always;
};

static size_t bucket_of(const struct guard_digest *digest, uint32_t bits)
{
	uint32_t head = (uint32_t)digest->bytes[0] << 24 | (uint32_t)digest->bytes[1] << 16 |
			(uint32_t)digest->bytes[2] << 8 | digest->bytes[3];

	return bits ? head >> (32 - bits) : 0;
}

static void put_digests(struct image_fixture *fixture, struct tables *tables)
{
	uint32_t bits = 0, unique = 0;
	size_t bucket = 0;

	while (bits < GUARD_IMAGE_DIGEST_BITS_MAX && fixture->digest_count >> (bits + 1) > 1)
		bits++;
	fixture->meta.digest_bits = bits;
	if (fixture->digest_count)
		qsort(fixture->digests, fixture->digest_count, sizeof(*fixture->digests), by_digest);
	for (size_t i = 0, end; i < fixture->digest_count; i = end, unique++) {
		const struct fixture_digest *entry = &fixture->digests[i];

		for (end = i + 1; end < fixture->digest_count; end++)
			if (guard_digest_compare(&fixture->digests[end].digest, &entry->digest) != 0)
				break;
		for (; bucket <= bucket_of(&entry->digest, bits); bucket++)
			guard_write_u32(&tables->index, unique);
		guard_write_bytes(&tables->digests, entry->digest.bytes, GUARD_DIGEST_SIZE);
		guard_write_u32(&tables->names, entry->name);
		if (end == i + 1) {
			guard_write_u32(&tables->digest_rules, entry->rule);
			continue;
		}
		guard_write_u32(&tables->digest_rules, GUARD_IMAGE_LIST | (uint32_t)(tables->lists.size / 4));
		guard_write_u32(&tables->lists, (uint32_t)(end - i));
		for (size_t j = i; j < end; j++)
			guard_write_u32(&tables->lists, fixture->digests[j].rule);
	}
	for (; fixture->digest_count && bucket <= (size_t)1 << bits; bucket++)
		guard_write_u32(&tables->index, unique);
}

static void put_signers(struct image_fixture *fixture, struct tables *tables)
{
	if (fixture->signer_count)
		qsort(fixture->signers, fixture->signer_count, sizeof(*fixture->signers), by_signer);
	guard_write_bytes(&tables->signers, fixture->signers, fixture->signer_count * sizeof(*fixture->signers));
	if (fixture->interpreter_digest_count)
		qsort(fixture->interpreter_digests, fixture->interpreter_digest_count,
		      sizeof(*fixture->interpreter_digests), by_digest);
	for (size_t i = 0; i < fixture->interpreter_digest_count; i++) {
		guard_write_bytes(&tables->interpreter_digests, fixture->interpreter_digests[i].digest.bytes,
				  GUARD_DIGEST_SIZE);
		guard_write_u32(&tables->interpreter_digests, fixture->interpreter_digests[i].rule);
	}
}

struct prefix_rule {
	struct guard_image_prefix prefix;
	uint32_t rule;
};

static int by_prefix(const void *a, const void *b)
{
	const struct prefix_rule *left = a, *right = b;

	if (left->prefix.hash != right->prefix.hash)
		return left->prefix.hash < right->prefix.hash ? -1 : 1;
	if (left->prefix.length != right->prefix.length)
		return left->prefix.length < right->prefix.length ? -1 : 1;
	return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static uint32_t value_at(const struct image_fixture *fixture, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, &fixture->values.bytes[offset * 4], 4);
	return value;
}

/* Collect (prefix, rule) of every pattern of every rule by path. */
static size_t collect_prefixes(struct image_fixture *fixture, struct tables *tables, struct prefix_rule *found, size_t max)
{
	size_t count = 0;

	for (uint32_t rule = 0; rule < fixture->rule_count; rule++) {
		struct guard_image_rule record;
		int always = 0;

		memcpy(&record, &fixture->rules.bytes[rule * sizeof(record)], sizeof(record));
		if (record.flags & (GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS))
			continue;
		for (uint32_t i = 0; i < value_at(fixture, record.paths); i++) {
			const char *pattern =
				(const char *)&fixture->strings.bytes[value_at(fixture, record.paths + 1 + i)];
			size_t length = guard_glob_prefix(pattern);

			need(count < max, "too many prefixes");
			if (length == 0)
				always = 1;
			else
				found[count++] = (struct prefix_rule){
					{ .hash = guard_text_hash(pattern, length), .length = (uint32_t)length }, rule
				};
		}
		if (always)
			guard_write_u32(&tables->always, rule);
	}
	return count;
}

static void put_prefixes(struct image_fixture *fixture, struct tables *tables)
{
	static struct prefix_rule found[65536];
	size_t count = collect_prefixes(fixture, tables, found, sizeof(found) / sizeof(found[0]));

	qsort(found, count, sizeof(found[0]), by_prefix);
	for (size_t i = 0, end; i < count; i = end) {
		size_t start = tables->lists.size / 4, listed = 0;

		found[i].prefix.rules = (uint32_t)start;
		guard_write_u32(&tables->lists, 0);
		for (end = i; end < count && found[end].prefix.hash == found[i].prefix.hash &&
			      found[end].prefix.length == found[i].prefix.length;
		     end++) {
			if (end > i && found[end].rule == found[end - 1].rule)
				continue;
			guard_write_u32(&tables->lists, found[end].rule);
			listed++;
		}
		memcpy(&tables->lists.bytes[start * 4], &(uint32_t){ (uint32_t)listed }, 4);
		guard_write_bytes(&tables->prefixes, &found[i].prefix, sizeof(found[i].prefix));
	}
}

static void align(struct guard_writer *image)
{
	while (image->size % GUARD_IMAGE_ALIGN)
		guard_write_u8(image, 0);
}

static void put_section(struct guard_writer *image, uint32_t slot, uint32_t type, uint32_t element,
			const struct guard_writer *content)
{
	struct guard_image_entry entry = { .type = type,
					   .element_size = element,
					   .size = content->size,
					   .count = content->size / element };

	align(image);
	entry.offset = image->size;
	guard_write_bytes(image, content->bytes, content->size);
	need(!content->failed && !image->failed, "no memory");
	memcpy(&image->bytes[GUARD_IMAGE_HEADER_SIZE + slot * sizeof(entry)], &entry, sizeof(entry));
}

void fixture_sign(uint8_t *image, size_t size)
{
	struct guard_image_header header;
	struct guard_digest sum;

	memcpy(&header, image, sizeof(header));
	need(guard_digest_bytes(&sum, &image[GUARD_IMAGE_HEADER_SIZE], size - GUARD_IMAGE_HEADER_SIZE) == 0, "digest");
	memcpy(header.sha256, sum.bytes, sizeof(header.sha256));
	memcpy(image, &header, sizeof(header));
}

static void put_header(struct guard_writer *image)
{
	struct guard_image_header header = { .version = GUARD_IMAGE_VERSION,
					     .header_size = GUARD_IMAGE_HEADER_SIZE,
					     .size = image->size,
					     .section_count = SECTIONS,
					     .flags = 7 };

	memcpy(header.magic, GUARD_IMAGE_MAGIC, sizeof(header.magic));
	memcpy(image->bytes, &header, sizeof(header));
	fixture_sign(image->bytes, image->size);
}

static void free_tables(struct tables *tables)
{
	struct guard_writer *const all[] = { &tables->digests, &tables->index,	 &tables->digest_rules,
					     &tables->names,   &tables->lists,	 &tables->signers,
					     &tables->always,  &tables->prefixes, &tables->interpreter_digests };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		guard_writer_free(all[i]);
}

void fixture_finish(struct image_fixture *fixture, struct guard_writer *ret_image)
{
	struct tables t = { 0 };
	struct guard_writer meta = { 0 };
	const uint8_t zero[GUARD_IMAGE_HEADER_SIZE + SECTIONS * sizeof(struct guard_image_entry)] = { 0 };

	put_digests(fixture, &t);
	put_signers(fixture, &t);
	put_prefixes(fixture, &t);
	guard_write_bytes(&meta, &fixture->meta, sizeof(fixture->meta));
	guard_writer_init(ret_image);
	guard_write_bytes(ret_image, zero, sizeof(zero));
	put_section(ret_image, 0, GUARD_SECTION_META, 128, &meta);
	put_section(ret_image, 1, GUARD_SECTION_STRINGS, 1, &fixture->strings);
	put_section(ret_image, 2, GUARD_SECTION_DIGESTS, 32, &t.digests);
	put_section(ret_image, 3, GUARD_SECTION_DIGEST_INDEX, 4, &t.index);
	put_section(ret_image, 4, GUARD_SECTION_DIGEST_RULES, 4, &t.digest_rules);
	put_section(ret_image, 5, GUARD_SECTION_DIGEST_NAMES, 4, &t.names);
	put_section(ret_image, 6, GUARD_SECTION_RULE_LISTS, 4, &t.lists);
	put_section(ret_image, 7, GUARD_SECTION_RULES, 96, &fixture->rules);
	put_section(ret_image, 8, GUARD_SECTION_SIGNERS, 40, &t.signers);
	put_section(ret_image, 9, GUARD_SECTION_VALUES, 4, &fixture->values);
	put_section(ret_image, 10, GUARD_SECTION_INTERPRETERS, 64, &fixture->interpreters);
	put_section(ret_image, 11, GUARD_SECTION_INTERPRETER_DIGESTS, 36, &t.interpreter_digests);
	put_section(ret_image, 12, GUARD_SECTION_PREFIXES, 16, &t.prefixes);
	put_section(ret_image, 13, GUARD_SECTION_ALWAYS, 4, &t.always);
	align(ret_image);
	put_header(ret_image);
	free_tables(&t);
	guard_writer_free(&meta);
}

int fixture_fd(const void *image, size_t size, int sealed)
{
	int fd = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	need(fd >= 0, "memfd");
	for (size_t done = 0; done < size;) {
		ssize_t count = write(fd, &((const char *)image)[done], size - done);

		need(count > 0, "write");
		done += (size_t)count;
	}
	if (sealed)
		need(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) == 0, "seal");
	return fd;
}

struct guard_policy *fixture_open(struct image_fixture *fixture, const struct guard_machine *machine)
{
	struct guard_policy *policy = NULL;
	struct guard_writer image;
	int fd, r;

	fixture_finish(fixture, &image);
	fd = fixture_fd(image.bytes, image.size, 1);
	r = guard_policy_open(&policy, fd, machine);
	need(r == 0, guard_error_name(r));
	close(fd);
	guard_writer_free(&image);
	return policy;
}

struct guard_digest fixture_digest_of(const char *text)
{
	struct guard_digest digest;

	need(guard_digest_bytes(&digest, text, strlen(text)) == 0, "digest");
	return digest;
}

static void everything_rules(struct image_fixture *fixture)
{
	const struct guard_digest ls = fixture_digest_of("ls"), cat = fixture_digest_of("cat"),
				  rm = fixture_digest_of("rm");
	const struct guard_signer signer = { .provider = GUARD_PROVIDER_PACKAGE, .key_id = { 1 } },
				  other = { .provider = GUARD_PROVIDER_IMA, .key_id = { 2 } };
	struct guard_image_rule rule = fixture_allow(fixture, "base");
	uint32_t index;

	rule.flags = GUARD_RULE_HAS_DIGESTS | GUARD_RULE_HAS_SIGNERS;
	index = fixture_rule(fixture, rule);
	fixture_digest(fixture, &ls, index, "/usr/bin/ls");
	fixture_digest(fixture, &cat, index, "/usr/bin/cat");
	fixture_signer(fixture, &signer, index);
	fixture_signer(fixture, &other, index);
	rule = fixture_allow(fixture, "office");
	rule.origin = 1;
	rule.flags = GUARD_RULE_HAS_DIGESTS;
	rule.users = fixture_list(fixture, "alice 1000");
	rule.groups = fixture_list(fixture, "staff");
	rule.parents = fixture_list(fixture, "/usr/bin/apt /usr/lib/apt/**");
	rule.offices = fixture_list(fixture, "osaka");
	rule.hosts = fixture_list(fixture, "pc-0*");
	rule.valid_until = 2000000000;
	rule.kinds = 1 << GUARD_KIND_EXECUTABLE;
	rule.media = 1 << GUARD_MEDIUM_FIXED;
	rule.note = fixture_string(fixture, "a note");
	rule.url = fixture_string(fixture, "https://example.org/");
	index = fixture_rule(fixture, rule);
	fixture_digest(fixture, &ls, index, "/usr/bin/ls");
	fixture_digest(fixture, &rm, index, NULL);
	rule = fixture_allow(fixture, "paths");
	rule.paths = fixture_list(fixture, "/opt/acme/** /usr/bin/python3*");
	fixture_rule(fixture, rule);
	rule = fixture_allow(fixture, "forbidden");
	rule.action = GUARD_DENY;
	rule.paths = fixture_list(fixture, "/home/** /*");
	fixture_rule(fixture, rule);
}

void fixture_everything(struct image_fixture *fixture)
{
	const struct guard_digest python = fixture_digest_of("python"), bash = fixture_digest_of("bash");

	fixture_init(fixture);
	fixture->meta.help_phone = fixture_string(fixture, "03-1234-5678");
	fixture->meta.help_text = fixture_string(fixture, "IT desk");
	fixture->meta.readers = fixture_list(fixture, "/usr/bin/cp /usr/bin/tar");
	everything_rules(fixture);
	fixture_interpreter(fixture, (struct guard_image_interpreter){
					     .name = fixture_string(fixture, "python"),
					     .programs = fixture_list(fixture, "/usr/bin/python3*"),
					     .options = fixture_string(fixture, "bc!W:{--check-hash-based-pycs}"),
					     .suffixes = fixture_list(fixture, ".py .pyc"),
					     .scripts = GUARD_SCRIPTS_ARGUMENT | GUARD_SCRIPTS_SUFFIX });
	fixture_interpreter(fixture, (struct guard_image_interpreter){
					     .name = fixture_string(fixture, "bash"),
					     .programs = fixture_list(fixture, "/usr/bin/bash"),
					     .options = fixture_string(fixture, "c!eo;+-"),
					     .data = fixture_list(fixture, "/etc/**"),
					     .scripts = GUARD_SCRIPTS_TEXT,
					     .inline_code = GUARD_INLINE_LOG });
	fixture_interpreter_digest(fixture, &python, 0);
	fixture_interpreter_digest(fixture, &bash, 1);
}
