/* SPDX-License-Identifier: MIT
 *
 * unit/trust_fixture.c - see trust_fixture.h.
 */
#include "trust_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

static void must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "trust fixture: %s failed\n", what);
	abort();
}

/* ---- keys ------------------------------------------------------------------- */

static EVP_PKEY *private_key(unsigned number)
{
	uint8_t seed[32] = { 0 };
	EVP_PKEY *pkey;

	memcpy(seed, &number, sizeof(number));
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	must(pkey != NULL, "private key");
	return pkey;
}

json_t *fixture_key(unsigned number)
{
	EVP_PKEY *pkey = private_key(number);
	uint8_t raw[32];
	char hex[65];
	size_t size = sizeof(raw);
	json_t *key;

	must(EVP_PKEY_get_raw_public_key(pkey, raw, &size) == 1, "public key");
	EVP_PKEY_free(pkey);
	guard_trust_hex_encode(hex, raw, size);
	key = json_pack("{sssss{ss}}", "keytype", "ed25519", "scheme", "ed25519", "keyval", "public", hex);
	must(key != NULL, "key");
	return key;
}

const char *fixture_key_id(unsigned number)
{
	static char id[GUARD_TRUST_KEY_ID_SIZE];
	GUARD_AUTO_JSON json_t *key = fixture_key(number);

	must(guard_trust_key_id(id, key) == 0, "key id");
	return id;
}

static json_t *signature(const struct guard_writer *message, unsigned number)
{
	EVP_PKEY *pkey = private_key(number);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t bytes[64];
	char hex[129];
	size_t size = sizeof(bytes);
	json_t *json;

	must(context && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey) == 1 &&
		     EVP_DigestSign(context, bytes, &size, message->bytes, message->size) == 1,
	     "signature");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
	guard_trust_hex_encode(hex, bytes, size);
	json = json_pack("{ssss}", "keyid", fixture_key_id(number), "sig", hex);
	must(json != NULL, "signature object");
	return json;
}

json_t *fixture_sign(const json_t *body, const json_t *numbers)
{
	json_t *document = json_pack("{s[]sO}", "signatures", "signed", body), *number;
	struct guard_writer message;
	size_t i;

	guard_writer_init(&message);
	must(document && guard_trust_canonical(&message, body) == 0, "canonical form");
	json_array_foreach((json_t *)numbers, i, number) {
		must(json_array_append_new(json_object_get(document, "signatures"),
					   signature(&message, (unsigned)json_integer_value(number))) == 0,
		     "append");
	}
	guard_writer_free(&message);
	return document;
}

/* ---- metadata ------------------------------------------------------------------ */

json_t *fixture_body(struct fixture *fixture, const char *role)
{
	json_t *body = json_object_get(fixture->bodies, role);

	must(body != NULL, role);
	return body;
}

static void put(json_t *object, const char *key, json_t *value)
{
	must(json_object_set_new(object, key, value) == 0, key);
}

void fixture_expire(struct fixture *fixture, const char *role, int64_t seconds)
{
	char text[GUARD_TIME_TEXT_SIZE];

	guard_time_format(text, seconds);
	put(fixture_body(fixture, role), "expires", json_string(text));
}

void fixture_version(struct fixture *fixture, const char *role, json_int_t version)
{
	put(fixture_body(fixture, role), "version", json_integer(version));
}

static void add_body(struct fixture *fixture, const char *role, const char *type)
{
	put(fixture->bodies, role, json_pack("{ssss}", "_type", type, "spec_version", "1.0.34"));
	put(fixture->signers, role, json_array());
	fixture_version(fixture, role, 1);
	fixture_expire(fixture, role, FIXTURE_NOW + 30 * FIXTURE_DAY);
	if (strcmp(type, "targets") == 0)
		put(fixture_body(fixture, role), "targets", json_object());
}

void fixture_add_role(struct fixture *fixture, const char *role, unsigned number)
{
	add_body(fixture, role, "targets");
	must(json_array_append_new(json_object_get(fixture->signers, role), json_integer(number)) == 0, "signer");
}

static json_t *role_entry(struct fixture *fixture, json_t **ret_keys, const char *role)
{
	json_t *root = fixture_body(fixture, "root"), *entry, *body, *delegation;
	const char *name;
	size_t i;

	*ret_keys = json_object_get(root, "keys");
	entry = json_object_get(json_object_get(root, "roles"), role);
	if (entry)
		return entry;
	json_object_foreach(fixture->bodies, name, body) {
		json_t *delegations = json_object_get(body, "delegations");

		json_array_foreach(json_object_get(delegations, "roles"), i, delegation) {
			if (strcmp(json_string_value(json_object_get(delegation, "name")), role) == 0) {
				*ret_keys = json_object_get(delegations, "keys");
				return delegation;
			}
		}
	}
	must(false, role);
	return NULL;
}

static void allow_key(struct fixture *fixture, const char *role, unsigned number)
{
	json_t *keys, *entry = role_entry(fixture, &keys, role);

	put(keys, fixture_key_id(number), fixture_key(number));
	must(json_array_append_new(json_object_get(entry, "keyids"), json_string(fixture_key_id(number))) ==
		     0,
	     "keyid");
}

void fixture_add_key(struct fixture *fixture, const char *role, unsigned number)
{
	allow_key(fixture, role, number);
	must(json_array_append_new(json_object_get(fixture->signers, role), json_integer(number)) == 0,
	     "signer");
}

void fixture_rotate(struct fixture *fixture, const char *role, unsigned number)
{
	json_t *keys, *entry = role_entry(fixture, &keys, role);

	json_array_clear(json_object_get(entry, "keyids"));
	json_array_clear(json_object_get(fixture->signers, role));
	fixture_add_key(fixture, role, number);
}

void fixture_delegate(struct fixture *fixture, const char *delegator, const char *role, const char *pattern,
		      bool terminating, unsigned key_number)
{
	json_t *body = fixture_body(fixture, delegator), *delegations = json_object_get(body, "delegations");

	if (!delegations) {
		delegations = json_pack("{s{}s[]}", "keys", "roles");
		put(body, "delegations", delegations);
	}
	must(json_array_append_new(json_object_get(delegations, "roles"),
				   json_pack("{sss[]sis[s]sb}", "name", role, "keyids", "threshold", 1,
					     "paths", pattern, "terminating", terminating)) == 0,
	     "delegation");
	if (!json_object_get(fixture->bodies, role))
		add_body(fixture, role, "targets");
	fixture_add_key(fixture, role, key_number);
}

static void put_hash(json_t *entry, const void *bytes, size_t size)
{
	uint8_t digest[32];
	char hex[65];

	must(EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) == 1, "digest");
	guard_trust_hex_encode(hex, digest, sizeof(digest));
	put(entry, "length", json_integer((json_int_t)size));
	put(entry, "hashes", json_pack("{ss}", "sha256", hex));
}

void fixture_target(struct fixture *fixture, const char *role, const char *path, const char *content)
{
	json_t *entry = json_object();
	struct guard_writer url;
	const char *hash;

	put_hash(entry, content, strlen(content));
	hash = json_string_value(json_object_get(json_object_get(entry, "hashes"), "sha256"));
	guard_writer_init(&url);
	must(guard_trust_target_url(&url, path, hash) == 0, "target url");
	fixture_serve(fixture, (const char *)url.bytes, content, strlen(content));
	guard_writer_free(&url);
	put(json_object_get(fixture_body(fixture, role), "targets"), path, entry);
}

static void enter(struct fixture *fixture, const char *role, const char *bytes, size_t size)
{
	const char *list = strcmp(role, "snapshot") == 0 ? "timestamp" : "snapshot";
	json_t *meta = json_object_get(fixture_body(fixture, list), "meta"), *entry = json_object();
	char *file;

	if (strcmp(role, "root") == 0 || strcmp(role, "timestamp") == 0) {
		json_decref(entry);
		return;
	}
	put(entry, "version", json_incref(json_object_get(fixture_body(fixture, role), "version")));
	if (fixture->with_hashes)
		put_hash(entry, bytes, size);
	must(asprintf(&file, "%s.json", role) > 0, "asprintf");
	put(meta, file, entry);
	free(file);
}

void fixture_publish(struct fixture *fixture, const char *role)
{
	GUARD_AUTO_JSON json_t *document = fixture_sign(fixture_body(fixture, role),
							json_object_get(fixture->signers, role));
	uint64_t version = (uint64_t)json_integer_value(
		json_object_get(fixture_body(fixture, role), "version"));
	char url[GUARD_TRUST_FILE_NAME_SIZE], *bytes = json_dumps(document, JSON_INDENT(1));

	must(bytes && guard_trust_role_file(url, role, version) == 0, "publishing");
	fixture_serve(fixture, url, bytes, strlen(bytes));
	must(guard_trust_role_file(url, role, 0) == 0, "publishing");
	fixture_serve(fixture, url, bytes, strlen(bytes));
	enter(fixture, role, bytes, strlen(bytes));
	free(bytes);
}

void fixture_bump(struct fixture *fixture, const char *role)
{
	fixture_version(fixture, role,
			json_integer_value(json_object_get(fixture_body(fixture, role), "version")) + 1);
	fixture_publish(fixture, role);
}

void fixture_bump_all(struct fixture *fixture)
{
	fixture_bump(fixture, "targets");
	fixture_bump(fixture, "snapshot");
	fixture_bump(fixture, "timestamp");
}

/* ---- serving --------------------------------------------------------------------- */

static struct fixture_file *find_file(struct fixture *fixture, const char *url)
{
	for (size_t i = 0; i < fixture->file_count; i++)
		if (strcmp(fixture->files[i].url, url) == 0)
			return &fixture->files[i];
	return NULL;
}

void fixture_serve(struct fixture *fixture, const char *url, const void *bytes, size_t size)
{
	struct fixture_file *file = find_file(fixture, url);

	if (!file) {
		must(fixture->file_count < FIXTURE_FILES_MAX && strlen(url) < sizeof(file->url),
		     "room for a file");
		file = &fixture->files[fixture->file_count++];
		snprintf(file->url, sizeof(file->url), "%s", url);
	}
	free(file->bytes);
	file->bytes = malloc(size + 1);
	must(file->bytes != NULL, "malloc");
	memcpy(file->bytes, bytes, size);
	file->bytes[size] = '\0';
	file->size = size;
}

void fixture_remove(struct fixture *fixture, const char *url)
{
	struct fixture_file *file = find_file(fixture, url);

	must(file != NULL, url);
	free(file->bytes);
	*file = fixture->files[--fixture->file_count];
	fixture->files[fixture->file_count].bytes = NULL;
}

static int fetch(void *context, const struct guard_trust_request *request, struct guard_trust_sink *sink)
{
	struct fixture *fixture = context;
	const struct fixture_file *file = find_file(fixture, request->url);
	size_t used = strlen(fixture->log);
	int r;

	snprintf(&fixture->log[used], sizeof(fixture->log) - used, "%s ", request->url);
	if (fixture->fetch_result != 0)
		return fixture->fetch_result;
	if (!file)
		return -GUARD_E_NOT_FOUND;
	/* In two pieces, as a network would. */
	r = guard_trust_sink_write(sink, file->bytes, file->size / 2);
	if (r == 0)
		r = guard_trust_sink_write(sink, &file->bytes[file->size / 2], file->size - file->size / 2);
	return fixture->polite ? r : 0;
}

/* ---- the client -------------------------------------------------------------------- */

void fixture_restart(struct fixture *fixture)
{
	guard_trust_free(fixture->trust);
	fixture->trust = NULL;
	must(guard_trust_new(&fixture->trust, fixture->directory, fetch, fixture) == 0, "guard_trust_new");
}

int fixture_init(struct fixture *fixture)
{
	const struct fixture_file *root = find_file(fixture, "1.root.json");

	return guard_trust_init(fixture->trust, root->bytes, root->size);
}

int fixture_refresh(struct fixture *fixture)
{
	fixture->log[0] = '\0';
	return guard_trust_refresh(fixture->trust, FIXTURE_NOW);
}

uint64_t fixture_stored(const struct fixture *fixture, const char *role)
{
	char file[GUARD_TRUST_FILE_NAME_SIZE + sizeof(fixture->folder)], name[GUARD_TRUST_FILE_NAME_SIZE];
	GUARD_AUTO_JSON json_t *json = NULL;

	must(guard_trust_role_file(name, role, 0) == 0, "role file");
	snprintf(file, sizeof(file), "%s/%s", fixture->folder, name);
	json = json_load_file(file, 0, NULL);
	return (uint64_t)json_integer_value(json_object_get(json_object_get(json, "signed"), "version"));
}

void fixture_open(struct fixture *fixture)
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

	*fixture = (struct fixture){ .bodies = json_object(), .signers = json_object() };
	for (unsigned i = 0; i < 4; i++)
		add_body(fixture, roles[i], roles[i]);
	put(fixture_body(fixture, "root"), "consistent_snapshot", json_true());
	put(fixture_body(fixture, "root"), "keys", json_object());
	put(fixture_body(fixture, "root"), "roles", json_object());
	put(fixture_body(fixture, "timestamp"), "meta", json_object());
	put(fixture_body(fixture, "snapshot"), "meta", json_object());
	for (unsigned i = 0; i < 4; i++) {
		put(json_object_get(fixture_body(fixture, "root"), "roles"), roles[i],
		    json_pack("{s[]si}", "keyids", "threshold", 1));
		fixture_add_key(fixture, roles[i], i + 1);
	}
	fixture_publish(fixture, "targets");
	fixture_publish(fixture, "snapshot");
	fixture_publish(fixture, "timestamp");
	fixture_publish(fixture, "root");
	snprintf(fixture->folder, sizeof(fixture->folder), "/dev/shm/guard-trust-XXXXXX");
	must(mkdtemp(fixture->folder) != NULL, "mkdtemp");
	fixture->directory = open(fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fixture->directory >= 0, "open");
	fixture_restart(fixture);
}

static void empty_folder(const struct fixture *fixture)
{
	DIR *folder = opendir(fixture->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			must(unlinkat(fixture->directory, entry->d_name, 0) == 0, entry->d_name);
	if (folder)
		closedir(folder);
	rmdir(fixture->folder);
}

void fixture_close(struct fixture *fixture)
{
	guard_trust_free(fixture->trust);
	empty_folder(fixture);
	close(fixture->directory);
	for (size_t i = 0; i < fixture->file_count; i++)
		free(fixture->files[i].bytes);
	json_decref(fixture->bodies);
	json_decref(fixture->signers);
}
