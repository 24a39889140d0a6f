/* SPDX-License-Identifier: MIT
 *
 * repo/repo_state.c - signed/ and pending/ of the administrator's folder: the
 * documents that hold, and those that wait for more signatures.  A document is
 * signed anew only when what it says has changed or its life nears its end.
 */
#include "repo.h"

#include <string.h>
#include <unistd.h>

/* Renewed in the last quarter of its life. */
#define RENEW_QUARTERS 4

static void state_path(char ret_path[GUARD_TRUST_FILE_NAME_SIZE + 16], const char *folder, const char *role)
{
	snprintf(ret_path, GUARD_TRUST_FILE_NAME_SIZE + 16, "%s/%s.json", folder, role);
}

static json_t *read_document(const struct repo *repo, const char *folder, const char *role)
{
	char path[GUARD_TRUST_FILE_NAME_SIZE + 16];
	json_t *document = NULL;
	int r;

	state_path(path, folder, role);
	r = publish_json_read(&document, repo->folder, path);
	if (r < 0 && r != -GUARD_E_NOT_FOUND)
		repo_cannot_read(repo, path, r);
	return document;
}

void repo_cannot_read(const struct repo *repo, const char *path, int r)
{
	guardctl_error("%s cannot be read (%s): nothing is signed on top of it; restore it, or run `guardctl repo recover`",
		       path, r == -GUARD_E_IO ? strerror(errno) : guard_error_text(r));
	*repo->unreadable = true;
}

json_t *repo_signed(const struct repo *repo, const char *role)
{
	return read_document(repo, "signed", role);
}

static bool write_document(const struct repo *repo, const char *folder, const char *role, const json_t *document)
{
	char path[GUARD_TRUST_FILE_NAME_SIZE + 16];
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	if (*repo->unreadable)
		return false;
	state_path(path, folder, role);
	r = publish_bytes(&bytes, &size, document);
	if (r == 0)
		r = publish_file_write(repo->folder, path, bytes, size);
	if (r < 0)
		guardctl_error("%s was not written: %s", path, r == -GUARD_E_IO ? strerror(errno) : guardctl_error_text(r));
	return r == 0;
}

bool repo_keep(const struct repo *repo, const char *role, const json_t *document)
{
	char path[GUARD_TRUST_FILE_NAME_SIZE + 16];

	if (!write_document(repo, "signed", role, document))
		return false;
	state_path(path, "pending", role);
	unlinkat(repo->folder, path, 0);
	return true;
}

static bool lives_on(const struct repo *repo, const json_t *document, int64_t life)
{
	return publish_expires(document) > repo->now + life / RENEW_QUARTERS;
}

static bool holds(const struct repo *repo, const json_t *document, const struct repo_keys *keys, int64_t life,
		  const json_t *wanted)
{
	return document && publish_same(document, wanted) && lives_on(repo, document, life) &&
	       publish_signature_count(document, keys->objects) >= keys->threshold;
}

/* A draft that others have begun to sign, if it says what is wanted. */
static json_t *take_draft(const struct repo *repo, const char *role, const json_t *wanted, int64_t life)
{
	json_t *draft = read_document(repo, "pending", role);

	if (draft && publish_same(draft, wanted) && publish_version(draft) == publish_version(wanted) &&
	    lives_on(repo, draft, life))
		return draft;
	json_decref(draft);
	return NULL;
}

/* `also` (may be NULL) has to sign as well: the keys of the root before. */
static enum repo_result sign(json_t **ret_document, struct repo *repo, const char *role,
			     const struct repo_keys *keys, const struct repo_keys *also, int64_t life,
			     const json_t *wanted)
{
	GUARD_AUTO_JSON json_t *draft = take_draft(repo, role, wanted, life);
	size_t count, missing;
	int r;

	if (!draft)
		draft = json_deep_copy(wanted);
	r = draft ? repo_sign_all(draft, repo, keys) : -GUARD_E_NOMEM;
	if (r == 0 && also)
		r = repo_sign_all(draft, repo, also);
	if (r < 0) {
		guardctl_error("%s.json could not be signed: %s", role, guardctl_error_text(r));
		return REPO_FAILED;
	}
	count = publish_signature_count(draft, keys->objects);
	missing = count < keys->threshold ? (size_t)keys->threshold - count : 0;
	if (also && publish_signature_count(draft, also->objects) < also->threshold && !missing)
		missing = (size_t)also->threshold - publish_signature_count(draft, also->objects);
	if (!missing) {
		if (!repo_keep(repo, role, draft))
			return REPO_FAILED;
		*ret_document = guard_steal_pointer(&draft);
		return REPO_SIGNED;
	}
	if (!write_document(repo, "pending", role, draft))
		return REPO_FAILED;
	repo->pending = true;
	guardctl_error("pending/%s.json lacks %zu signature%s; have it signed with "
		       "`guardctl keys sign pending/%s.json --key FILE`, then do this again",
		       role, missing, missing == 1 ? "" : "s", role);
	return REPO_PENDING;
}

static void date_body(json_t *body, uint64_t version, int64_t now, int64_t life)
{
	GUARD_AUTO_JSON json_t *fields = publish_body("", version, now + life);

	json_object_set(body, "version", json_object_get(fields, "version"));
	json_object_set(body, "expires", json_object_get(fields, "expires"));
}

enum repo_result repo_role_update(json_t **ret_document, struct repo *repo, const char *role,
				  const struct repo_keys *keys, int64_t life, json_t *body)
{
	GUARD_AUTO_JSON json_t *wanted = publish_envelope(body), *current = repo_signed(repo, role);

	if (!wanted)
		return REPO_FAILED;
	if (holds(repo, current, keys, life, wanted)) {
		*ret_document = guard_steal_pointer(&current);
		return REPO_SAME;
	}
	date_body(json_object_get(wanted, "signed"), publish_version(current) + 1, repo->now, life);
	return sign(ret_document, repo, role, keys, NULL, life, wanted);
}

enum repo_result repo_root_update(json_t **ret_document, struct repo *repo, const struct repo_keys *old,
				  const json_t *earlier)
{
	const struct repo_keys *keys = &repo->tops[REPO_ROOT];
	GUARD_AUTO_JSON json_t *wanted = publish_envelope(repo_root_body(repo));

	if (!wanted)
		return REPO_FAILED;
	if (earlier && holds(repo, earlier, keys, repo->lives[REPO_ROOT], wanted)) {
		*ret_document = json_incref((json_t *)earlier);
		return REPO_SAME;
	}
	date_body(json_object_get(wanted, "signed"), publish_version(earlier) + 1, repo->now, repo->lives[REPO_ROOT]);
	return sign(ret_document, repo, "root", keys, old, repo->lives[REPO_ROOT], wanted);
}

bool repo_role_differs(const struct repo *repo, const char *role, const struct repo_keys *keys, int64_t life, json_t *body)
{
	GUARD_AUTO_JSON json_t *wanted = publish_envelope(body), *current = repo_signed(repo, role);

	return !holds(repo, current, keys, life, wanted);
}
