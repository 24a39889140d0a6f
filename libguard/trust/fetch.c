/* SPDX-License-Identifier: MIT
 *
 * trust/fetch.c - bytes that arrive through the caller's callback, counted
 * against the limit here and nowhere else: a transfer without end ends.
 */
#include "trust/client.h"

#include <inttypes.h>
#include <string.h>

int guard_trust_sink_write(struct guard_trust_sink *sink, const void *bytes, size_t size)
{
	int r;

	if (sink->error < 0)
		return sink->error;
	if (size > sink->limit - sink->received) {
		sink->error = -GUARD_E_LIMIT;
		return sink->error;
	}
	r = sink->take(sink->context, bytes, size);
	if (r < 0)
		sink->error = r;
	else
		sink->received += size;
	return r;
}

static int take_bytes(void *context, const void *bytes, size_t size)
{
	struct guard_writer *writer = context;

	guard_write_bytes(writer, bytes, size);
	return writer->failed ? -GUARD_E_NOMEM : 0;
}

int guard_trust_fetch_limit(uint64_t *ret_limit, const struct guard_trust_meta *meta, uint64_t usual,
			    const char *file, struct guard_trust_report *report)
{
	if (meta->length == UINT64_MAX) {
		*ret_limit = usual;
		return 0;
	}
	if (meta->length > GUARD_TRUST_METADATA_SIZE_MAX)
		return guard_trust_fail(report, -GUARD_E_LIMIT, "%s is announced as larger than %u bytes",
					file, GUARD_TRUST_METADATA_SIZE_MAX);
	*ret_limit = meta->length;
	return 0;
}

static int fail_fetch(struct guard_trust *trust, const char *url, int code, uint64_t max)
{
	if (code == -GUARD_E_LIMIT)
		return guard_trust_fail(
			&trust->report, code,
			"%s is longer than the %" PRIu64 " bytes allowed; the transfer was ended", url, max);
	if (code == -GUARD_E_NOT_FOUND)
		return guard_trust_fail(&trust->report, code, "the repository has no %s", url);
	return guard_trust_fail(&trust->report, code, "%s could not be fetched: %s", url,
				guard_error_text(code));
}

int guard_trust_fetch_metadata(struct guard_trust_blob *ret_blob, struct guard_trust *trust, const char *role,
			       uint64_t version, uint64_t max)
{
	char url[GUARD_TRUST_FILE_NAME_SIZE];
	struct guard_trust_request request = { .kind = GUARD_TRUST_FETCH_METADATA,
					       .name = role,
					       .url = url,
					       .version = version,
					       .max_length = max };
	struct guard_writer writer;
	struct guard_trust_sink sink = { .limit = max, .take = take_bytes, .context = &writer };
	int r = guard_trust_role_file(url, role, version);

	if (r < 0)
		return r;
	guard_writer_init(&writer);
	r = trust->fetch(trust->context, &request, &sink);
	if (sink.error < 0)
		r = sink.error;
	if (r != 0) {
		guard_writer_free(&writer);
		return fail_fetch(trust, url, r < 0 ? r : -GUARD_E_USAGE, max);
	}
	*ret_blob = (struct guard_trust_blob){ .bytes = writer.bytes, .size = writer.size };
	return 0;
}
