/* SPDX-License-Identifier: MIT
 *
 * trust/target.c - one target: what is signed about it, and bytes compared with
 * that, from a file at hand or on their way from the repository.
 */
#include "trust/client.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define TARGET_BLOCK 65536u /* bytes hashed at a time */

static int set_custom(struct guard_trust_target *target, const json_t *custom)
{
	struct guard_writer writer;
	int r;

	if (!custom)
		return 0;
	guard_writer_init(&writer);
	r = guard_trust_canonical(&writer, custom);
	guard_write_u8(&writer, 0);
	if (r == 0 && writer.failed)
		r = -GUARD_E_NOMEM;
	if (r < 0) {
		guard_writer_free(&writer);
		return r;
	}
	target->custom = (char *)writer.bytes;
	return 0;
}

static int set_file_name(struct guard_trust_target *target)
{
	uint8_t digest[32];

	if (guard_trust_encode_name(target->file_name, sizeof(target->file_name), target->path) == 0 &&
	    strcmp(target->file_name, ".") != 0 && strcmp(target->file_name, "..") != 0)
		return 0;
	if (EVP_Digest(target->path, strlen(target->path), digest, NULL, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	guard_trust_hex_encode(target->file_name, digest, sizeof(digest));
	return 0;
}

static int fill(struct guard_trust_target *target, const char *path, const char *role, const json_t *json)
{
	int r;

	target->path = strdup(path);
	target->role = strdup(role);
	if (!target->path || !target->role)
		return -GUARD_E_NOMEM;
	target->length = (uint64_t)json_integer_value(json_object_get(json, "length"));
	r = guard_trust_hashes_parse(&target->hashes, json_object_get(json, "hashes"));
	if (r == 0)
		r = set_custom(target, json_object_get(json, "custom"));
	if (r == 0)
		r = set_file_name(target);
	return r;
}

int guard_trust_target_new(struct guard_trust_target **ret_target, const char *path, const char *role,
			   const json_t *json)
{
	struct guard_trust_target *target = calloc(1, sizeof(*target));
	int r = target ? fill(target, path, role, json) : -GUARD_E_NOMEM;

	if (r < 0) {
		guard_trust_target_free(target);
		return r;
	}
	*ret_target = target;
	return 0;
}

void guard_trust_target_free(struct guard_trust_target *target)
{
	if (!target)
		return;
	free(target->path);
	free(target->role);
	free(target->custom);
	free(target);
}

void guard_trust_target_info(const struct guard_trust_target *target,
			     struct guard_trust_target_info *ret_info)
{
	const struct guard_trust_hash *first = &target->hashes.list[0];

	*ret_info = (struct guard_trust_target_info){
		.path = target->path,
		.role = target->role,
		.file_name = target->file_name,
		.custom = target->custom,
		.length = target->length,
		.sha256 = strcmp(first->name, "sha256") == 0 ? first->bytes : NULL,
	};
}

static int hash_file(struct guard_trust_hasher *hasher, int fd, uint64_t length)
{
	GUARD_AUTO_FREE uint8_t *block = malloc(TARGET_BLOCK);
	uint64_t done = 0;
	int r = 0;

	if (!block)
		return -GUARD_E_NOMEM;
	while (r == 0) {
		ssize_t count = pread(fd, block, TARGET_BLOCK, (off_t)done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		done += (uint64_t)count;
		if (done > length)
			return -GUARD_E_CHECKSUM;
		r = guard_trust_hasher_update(hasher, block, (size_t)count);
	}
	if (r == 0 && done != length)
		return -GUARD_E_CHECKSUM;
	return r;
}

int guard_trust_target_verify(const struct guard_trust_target *target, int fd)
{
	struct guard_trust_hasher hasher;
	int r = guard_trust_hasher_init(&hasher, &target->hashes);

	if (r < 0)
		return r;
	r = hash_file(&hasher, fd, target->length);
	if (r == 0)
		r = guard_trust_hasher_finish(&hasher);
	guard_trust_hasher_free(&hasher);
	return r;
}

/* ---- download ------------------------------------------------------------------ */

struct arrival {
	struct guard_trust_hasher hasher;
	int fd;
	off_t written;
};

static int take_bytes(void *context, const void *bytes, size_t size)
{
	struct arrival *arrival = context;
	const uint8_t *from = bytes;

	for (size_t done = 0; done < size;) {
		ssize_t count = pwrite(arrival->fd, &from[done], size - done, arrival->written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return -GUARD_E_IO;
		done += (size_t)count;
		arrival->written += count;
	}
	return guard_trust_hasher_update(&arrival->hasher, bytes, size);
}

static int request(struct guard_trust *trust, const struct guard_trust_target *target,
		   struct arrival *arrival)
{
	const struct guard_trust_hash *hash = &target->hashes.list[0];
	char prefix[2 * EVP_MAX_MD_SIZE + 1];
	struct guard_writer url;
	struct guard_trust_sink sink = { .limit = target->length, .take = take_bytes, .context = arrival };
	int r;

	guard_trust_hex_encode(prefix, hash->bytes, hash->size);
	guard_writer_init(&url);
	r = guard_trust_target_url(&url, target->path,
				   guard_trust_root_consistent(trust->root) ? prefix : NULL);
	if (r == 0) {
		struct guard_trust_request wanted = { .kind = GUARD_TRUST_FETCH_TARGET,
						      .name = target->path,
						      .url = (const char *)url.bytes,
						      .max_length = target->length };

		r = trust->fetch(trust->context, &wanted, &sink);
	}
	guard_writer_free(&url);
	if (sink.error < 0)
		return sink.error;
	if (r > 0)
		return -GUARD_E_USAGE;
	if (r == 0 && sink.received != target->length)
		return -GUARD_E_CHECKSUM;
	return r;
}

static int fail_download(struct guard_trust *trust, const struct guard_trust_target *target, int code)
{
	switch (code) {
	case -GUARD_E_LIMIT:
		return guard_trust_fail(&trust->report, code,
					"target %s is longer than the %" PRIu64
					" bytes signed for it; it is not used",
					target->file_name, target->length);
	case -GUARD_E_CHECKSUM:
		return guard_trust_fail(&trust->report, code,
					"target %s is not the file that %s signed; it is not used",
					target->file_name, target->role);
	case -GUARD_E_NOT_FOUND:
		return guard_trust_fail(&trust->report, code, "the repository has no file for target %s",
					target->file_name);
	default:
		return guard_trust_fail(&trust->report, code, "target %s could not be fetched: %s",
					target->file_name, guard_error_text(code));
	}
}

int guard_trust_download(struct guard_trust *trust, const struct guard_trust_target *target, int fd)
{
	struct arrival arrival = { .fd = fd };
	int r;

	trust->report.text[0] = '\0';
	/* What was signed before the last refresh may be signed no more. */
	if (!trust->fresh || target->refreshes != trust->refreshes)
		return guard_trust_fail(&trust->report, -GUARD_E_USAGE,
					"targets are fetched after a refresh and a lookup only");
	r = guard_trust_hasher_init(&arrival.hasher, &target->hashes);
	if (r == 0)
		r = request(trust, target, &arrival);
	if (r == 0)
		r = guard_trust_hasher_finish(&arrival.hasher);
	guard_trust_hasher_free(&arrival.hasher);
	if (r == 0)
		return guard_trust_finish(trust, 0);
	/* Nobody is to find there what was refused. */
	if (ftruncate(fd, 0) < 0)
		r = -GUARD_E_IO;
	return fail_download(trust, target, r);
}
