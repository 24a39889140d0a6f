/* SPDX-License-Identifier: MIT
 *
 * trust/client.c - the life of a client: made, given its first root, asked what
 * it trusts, freed.
 */
#include "trust/client.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int guard_trust_new(struct guard_trust **ret_trust, int directory_fd, guard_trust_fetch fetch, void *context)
{
	/* A description of its own, so that the lock is this client's. */
	GUARD_AUTO_CLOSE int directory = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct guard_trust *trust;

	/* Hash tables over untrusted names want a seed that nobody guesses;
	 * later this process may have no way to the kernel's random numbers. */
	json_object_seed(0);
	if (directory < 0)
		return -GUARD_E_IO;
	if (flock(directory, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -GUARD_E_BUSY : -GUARD_E_IO;
	trust = calloc(1, sizeof(*trust));
	if (!trust)
		return -GUARD_E_NOMEM;
	trust->directory = guard_steal_fd(&directory);
	trust->fetch = fetch;
	trust->context = context;
	*ret_trust = trust;
	return 0;
}

void guard_trust_free(struct guard_trust *trust)
{
	if (!trust)
		return;
	guard_trust_document_free(trust->root);
	guard_trust_document_free(trust->timestamp);
	guard_trust_document_free(trust->snapshot);
	guard_trust_document_free(trust->targets);
	close(trust->directory);
	free(trust);
}

const char *guard_trust_message(const struct guard_trust *trust)
{
	return trust->report.text;
}

int guard_trust_finish(struct guard_trust *trust, int result)
{
	if (result >= 0)
		trust->report.text[0] = '\0';
	else if (!trust->report.text[0])
		return guard_trust_fail(&trust->report, result, "%s", guard_error_text(result));
	return result;
}

static int check_first_root(struct guard_trust *trust, const void *bytes, size_t size)
{
	GUARD_AUTO_DOCUMENT struct guard_trust_document *root = NULL;
	struct guard_trust_role role;
	int r;

	if (size > GUARD_TRUST_ROOT_SIZE_MAX)
		return guard_trust_fail(&trust->report, -GUARD_E_LIMIT, "root.json is longer than %u bytes",
					GUARD_TRUST_ROOT_SIZE_MAX);
	r = guard_trust_document_parse(&root, GUARD_TRUST_ROOT, "root", bytes, size, &trust->report);
	if (r < 0)
		return r;
	guard_trust_root_role(&role, root, GUARD_TRUST_ROOT);
	return guard_trust_document_verify(root, &role, "root itself", &trust->report);
}

/* 1 when there is no root yet, 0 when it is this one. */
static int compare_with_trusted(struct guard_trust *trust, const void *bytes, size_t size)
{
	GUARD_AUTO_BLOB struct guard_trust_blob blob = { 0 };
	int r = guard_trust_store_read(&blob, trust->directory, "root.json", GUARD_TRUST_ROOT_SIZE_MAX);

	if (r == -GUARD_E_NOT_FOUND)
		return 1;
	if (r == 0 && blob.size == size && memcmp(blob.bytes, bytes, size) == 0)
		return 0;
	if (r == -GUARD_E_IO || r == -GUARD_E_NOMEM)
		return r;
	return guard_trust_fail(
		&trust->report, -GUARD_E_EXISTS,
		"another root.json is trusted here already; it changes only by a root that it has signed");
}

static int take_first_root(struct guard_trust *trust, const void *bytes, size_t size)
{
	int r = check_first_root(trust, bytes, size);

	if (r == 0)
		r = compare_with_trusted(trust, bytes, size);
	if (r == 1)
		r = guard_trust_store_write(trust->directory, "root.json", bytes, size);
	return r;
}

int guard_trust_init(struct guard_trust *trust, const void *bytes, size_t size)
{
	int r;

	trust->report.text[0] = '\0';
	trust->fresh = false;
	r = take_first_root(trust, bytes, size);
	return guard_trust_finish(trust, r);
}

static void describe(uint64_t *ret_version, int64_t *ret_expires, const struct guard_trust_document *document)
{
	*ret_version = document ? document->version : 0;
	*ret_expires = document ? document->expires : INT64_MIN;
}

void guard_trust_info(const struct guard_trust *trust, struct guard_trust_info *ret_info)
{
	*ret_info = (struct guard_trust_info){
		.consistent_snapshot = trust->root && guard_trust_root_consistent(trust->root),
	};
	if (trust->root)
		guard_trust_online_keys(ret_info->online_keys, trust->root);
	describe(&ret_info->root_version, &ret_info->root_expires, trust->root);
	describe(&ret_info->timestamp_version, &ret_info->timestamp_expires, trust->timestamp);
	describe(&ret_info->snapshot_version, &ret_info->snapshot_expires, trust->snapshot);
	describe(&ret_info->targets_version, &ret_info->targets_expires, trust->targets);
}
