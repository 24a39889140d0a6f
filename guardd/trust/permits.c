/* SPDX-License-Identifier: MIT
 *
 * trust/permits.c - `maintenance` of place/OFFICE.json: who at headquarters lets root
 * stop, upgrade or remove guard, on which machines, when and for how long.  Only read
 * here; who begins one, and how often, is the unlock process's.
 */
#include <string.h>

#include "trust/internal.h"

#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

static int malformed(struct trust_failure *failure, const char *office, const char *what)
{
	return trust_fail(failure, -GUARD_E_SYNTAX, "refused-syntax", "place/%s.json: \"maintenance\" %s", office, what);
}

static int take_permit(struct guard_permit *ret_permit, const json_t *entry, const char *office,
		       struct trust_failure *failure)
{
	const char *id = json_string_value(json_object_get(entry, "id"));
	const json_t *from = json_object_get(entry, "from"), *until = json_object_get(entry, "until"),
		     *seconds = json_object_get(entry, "seconds");
	struct guard_permit permit = {.from = json_integer_value(from), .until = json_integer_value(until)};

	if (!id || !id[0] || strlen(id) >= sizeof(permit.id) || id[strspn(id, ID_CHARACTERS)])
		return malformed(failure, office, "has an entry whose \"id\" is no name");
	if (!json_is_integer(from) || !json_is_integer(until) || permit.from >= permit.until)
		return malformed(failure, office, "has an entry whose \"from\" is not before its \"until\"");
	if (!json_is_integer(seconds) || json_integer_value(seconds) < 1 ||
	    json_integer_value(seconds) > GUARD_POLICY_UNLOCK_MAX)
		return malformed(failure, office, "has an entry whose \"seconds\" is not 1 to 86400");
	permit.seconds = (uint32_t)json_integer_value(seconds);
	memcpy(permit.id, id, strlen(id) + 1);
	*ret_permit = permit;
	return 0;
}

/* Every entry is looked at, also those of other machines: what is wrong with the list
 * is wrong for all. */
int trust_permits_parse(struct trust_place *place, const json_t *list, const char *office, const char *host,
			const char *key_id, struct trust_failure *failure)
{
	struct guard_permit permit;
	int r;

	if (!list)
		return 0;
	if (!json_is_array(list))
		return malformed(failure, office, "is no list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i), *machine = json_object_get(entry, "machine");

		r = take_permit(&permit, entry, office, failure);
		if (r < 0)
			return r;
		if (!trust_entry_fits(machine, host, key_id))
			continue;
		if (place->permit_count == GUARD_PERMITS_MAX)
			return trust_fail(failure, -GUARD_E_LIMIT, "refused-limit",
					  "place/%s.json: more than %u maintenance grants are for this machine", office,
					  GUARD_PERMITS_MAX);
		place->permits[place->permit_count++] = permit;
	}
	return 0;
}

void trust_permits_take(struct trust_process *trust, const struct trust_place *place)
{
	struct guard_trust_info info;
	struct guard_permits permits = {.count = place->permit_count, .now = trust->now};

	guard_trust_info(trust->client, &info);
	permits.fresh_until = info.timestamp_expires < info.snapshot_expires ? info.timestamp_expires : info.snapshot_expires;
	if (info.targets_expires < permits.fresh_until)
		permits.fresh_until = info.targets_expires;
	if (info.root_expires < permits.fresh_until)
		permits.fresh_until = info.root_expires;
	memcpy(permits.all, place->permits, sizeof(permits.all));
	trust->permits = permits;
	trust->has_permits = true;
}
