/* SPDX-License-Identifier: MIT
 *
 * trust/search.c - section 5.6.7: who may speak about a target, and what do
 * they say?  Pre-order, depth-first; each role once; a terminating delegation
 * ends the matter; a role that cannot be verified ends the search.
 */
#include "trust/client.h"

#include <stdio.h>
#include <string.h>

/* A role still to be visited.  `delegator` is kept in the search. */
struct stop {
	char name[GUARD_TRUST_NAME_MAX + 1];
	struct guard_trust_role role; /* its name points into this struct's copy */
	const char *delegator;	      /* NULL for the top-level role */
};

struct visited {
	char name[GUARD_TRUST_NAME_MAX + 1];
	struct guard_trust_document *document;
};

struct search {
	struct guard_trust *trust;
	const char *path;
	char path_hash[2 * 32 + 1];
	struct stop *stops; /* last one is next */
	size_t stop_count, stop_capacity;
	struct visited visited[GUARD_TRUST_VISITS_MAX];
	size_t visited_count;
	const struct guard_trust_document *at; /* whose delegations are being pushed */
};

static void search_free(struct search *search)
{
	for (size_t i = 0; i < search->visited_count; i++)
		guard_trust_document_free(search->visited[i].document);
	free(search->stops);
}
#define AUTO_SEARCH __attribute__((cleanup(search_free)))

static int push(void *context, const struct guard_trust_role *role)
{
	struct search *search = context;
	struct stop *stop;

	if (search->stop_count == search->stop_capacity) {
		size_t capacity = search->stop_capacity ? 2 * search->stop_capacity : 16;
		struct stop *stops = reallocarray(search->stops, capacity, sizeof(*stops));

		if (!stops)
			return -GUARD_E_NOMEM;
		search->stops = stops;
		search->stop_capacity = capacity;
	}
	stop = &search->stops[search->stop_count];
	*stop = (struct stop){ .role = *role, .delegator = search->at ? search->at->name : NULL };
	if ((size_t)snprintf(stop->name, sizeof(stop->name), "%s", role->name) >= sizeof(stop->name))
		return -GUARD_E_LIMIT;
	search->stop_count++;
	return 0;
}

/* The delegations of `document` go on top, the first of them topmost.  After a
 * terminating one nothing else is to be visited, not even what waited below. */
static int push_delegations(struct search *search, const struct guard_trust_document *document)
{
	size_t base = search->stop_count;
	int r;

	search->at = document;
	r = guard_trust_delegations_for(document, search->path, search->path_hash, push, search);
	if (r < 0)
		return r;
	if (search->stop_count > base && search->stops[search->stop_count - 1].role.terminating) {
		memmove(search->stops, &search->stops[base],
			(search->stop_count - base) * sizeof(*search->stops));
		search->stop_count -= base;
		base = 0;
	}
	for (size_t low = base, high = search->stop_count; low + 1 < high; low++, high--) {
		struct stop swapped = search->stops[low];

		search->stops[low] = search->stops[high - 1];
		search->stops[high - 1] = swapped;
	}
	return 0;
}

static bool is_visited(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->visited_count; i++)
		if (strcmp(search->visited[i].name, name) == 0)
			return true;
	return false;
}

/* Fetch and verify the role; it is kept in the search. */
static int visit(struct search *search, struct stop *stop)
{
	struct guard_trust_document *document = NULL;
	int r;

	if (search->visited_count == GUARD_TRUST_VISITS_MAX)
		return guard_trust_fail(&search->trust->report, -GUARD_E_LIMIT,
					"more than %u roles speak of this target; the search was ended",
					GUARD_TRUST_VISITS_MAX);
	stop->role.name = stop->name;
	r = guard_trust_targets_get(&document, search->trust, &stop->role,
				    stop->delegator ? stop->delegator : "root");
	/* A role that was promised and is not there: not the same as no such
	 * target, which would be a statement about the target. */
	if (r == -GUARD_E_NOT_FOUND)
		return -GUARD_E_CHECKSUM;
	if (r < 0)
		return r;
	search->visited[search->visited_count].document = document;
	memcpy(search->visited[search->visited_count].name, stop->name, sizeof(stop->name));
	search->visited_count++;
	return 0;
}

static const json_t *target_in(const struct guard_trust_document *document, const char *path)
{
	return json_object_get(json_object_get(document->body, "targets"), path);
}

/* 0 with the target, 1 when the role has none and the search goes on. */
static int search_next(const json_t **ret_target, const char **ret_role, struct search *search)
{
	struct stop stop = search->stops[--search->stop_count];
	const struct guard_trust_document *document;
	const json_t *target;
	int r;

	if (is_visited(search, stop.name))
		return 1;
	r = visit(search, &stop);
	if (r < 0)
		return r;
	document = search->visited[search->visited_count - 1].document;
	target = target_in(document, search->path);
	if (!target) {
		r = push_delegations(search, document);
		return r < 0 ? r : 1;
	}
	*ret_target = target;
	*ret_role = search->visited[search->visited_count - 1].name;
	return 0;
}

static int start(struct search *search, struct guard_trust *trust, const char *path)
{
	struct guard_trust_role role;
	uint8_t digest[32];

	search->trust = trust;
	search->path = path;
	if (EVP_Digest(path, strlen(path), digest, NULL, EVP_sha256(), NULL) != 1)
		return -GUARD_E_NOMEM;
	guard_trust_hex_encode(search->path_hash, digest, sizeof(digest));
	guard_trust_root_role(&role, trust->root, GUARD_TRUST_TARGETS);
	return push(search, &role);
}

static int run(struct guard_trust_target **ret_target, struct guard_trust *trust, const char *path)
{
	AUTO_SEARCH struct search search = { 0 };
	const json_t *json = NULL;
	const char *role = NULL;
	int r = start(&search, trust, path);

	if (r < 0)
		return r;
	for (r = 1; r == 1 && search.stop_count > 0;)
		r = search_next(&json, &role, &search);
	if (r < 0)
		return r;
	if (r == 1)
		return guard_trust_fail(&trust->report, -GUARD_E_NOT_FOUND,
					"no role that may speak of this target lists it");
	r = guard_trust_target_new(ret_target, path, role, json);
	if (r == 0)
		(*ret_target)->refreshes = trust->refreshes;
	return r;
}

int guard_trust_find(struct guard_trust_target **ret_target, struct guard_trust *trust, const char *path)
{
	int r;

	trust->report.text[0] = '\0';
	if (!trust->fresh)
		return guard_trust_fail(&trust->report, -GUARD_E_USAGE,
					"targets are looked up after a refresh only");
	if (!path[0] || strlen(path) > GUARD_TRUST_PATH_MAX)
		return guard_trust_fail(&trust->report, -GUARD_E_LIMIT, "a target path has 1 to %u bytes",
					GUARD_TRUST_PATH_MAX);
	r = run(ret_target, trust, path);
	return guard_trust_finish(trust, r);
}
