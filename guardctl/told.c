/* SPDX-License-Identifier: MIT
 *
 * guardctl/told.c - see told.h.
 */
#include "told.h"

#include "output.h"

json_t *guardctl_told_json(const struct guard_told *told)
{
	static const char *const words[] = {
	    [GUARD_TOLD_REQUEST] = "request", [GUARD_TOLD_UNLOCK] = "unlock", [GUARD_TOLD_DONE] = "done",
	    [GUARD_TOLD_PERMIT] = "grant"};
	char hex[GUARD_DIGEST_HEX_SIZE];
	json_t *object = json_object();

	guard_digest_format(hex, &told->digest);
	json_object_set_new(object, "what", json_string(words[told->what]));
	if (told->what == GUARD_TOLD_DONE) {
		json_object_set_new(object, "count", json_integer(told->id));
		return object;
	}
	if (told->what == GUARD_TOLD_PERMIT) {
		json_object_set_new(object, "grant", guardctl_json_text(told->path));
		json_object_set_new(object, "from", guardctl_json_time(told->from));
		json_object_set_new(object, "until", guardctl_json_time(told->until));
		json_object_set_new(object, "seconds", json_integer(told->seconds));
		json_object_set_new(object, "used", json_boolean(told->wrong));
		return object;
	}
	if (told->id)
		json_object_set_new(object, "id", json_integer(told->id));
	json_object_set_new(object, "scope", json_string(guard_unlock_scope_name(told->scope)));
	json_object_set_new(object, "number", json_string(told->number));
	json_object_set_new(object, "machine", guardctl_json_text(told->machine));
	json_object_set_new(object, "user", guardctl_json_text(told->user));
	json_object_set_new(object, "uid", json_integer(told->uid));
	json_object_set_new(object, "epoch", json_integer(told->epoch));
	json_object_set_new(object, "seconds", json_integer(told->seconds));
	guardctl_json_set_bytes(object, "path", told->path);
	json_object_set_new(object, "sha256", json_string(hex));
	json_object_set_new(object, "reason", guardctl_json_text(told->reason));
	return object;
}
