/* SPDX-License-Identifier: MIT
 *
 * trust/fetch.c - bytes from the repository, by way of sync.  What arrives is
 * anybody's; a sync process that misbehaves costs a failed check.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trust/internal.h"

#define TIMESTAMP "timestamp.json"

/* Any packet that sync may send. */
union answer {
	uint32_t type;
	struct sync_data data;
	struct sync_end end;
};

/* Takes the bytes; not 0: no more are wanted. */
typedef int (*taker)(void *context, const uint8_t *bytes, size_t size);

static int ask(const struct trust_process *trust, struct sync_request *request)
{
	if (send(trust->sync, request, sizeof(*request), MSG_NOSIGNAL) == (ssize_t)sizeof(*request))
		return 0;
	return -GUARD_E_UNREACHABLE;
}

/* One packet, of the size that it says; the socket has a limit in time. */
static int hear(union answer *ret_answer, const struct trust_process *trust)
{
	const size_t head = sizeof(ret_answer->data.type) + sizeof(ret_answer->data.size);
	ssize_t size;

	do
		size = recv(trust->sync, ret_answer, sizeof(*ret_answer), 0);
	while (size < 0 && errno == EINTR);
	if (size >= (ssize_t)head && ret_answer->type == SYNC_DATA && ret_answer->data.size <= SYNC_BLOCK_MAX &&
	    (size_t)size == head + ret_answer->data.size)
		return 0;
	if (size == (ssize_t)sizeof(ret_answer->end) && ret_answer->type == SYNC_END) {
		ret_answer->end.text[SYNC_TEXT_MAX - 1] = '\0';
		return 0;
	}
	return -GUARD_E_UNREACHABLE;
}

/* The whole answer.  After a packet that cannot be, sync is not believed again:
 * the two are started anew together. */
static int transfer(struct sync_end *ret_end, struct trust_process *trust, struct sync_request *request,
		    taker take, void *context)
{
	static union answer answer;
	struct sync_request cancel = {.type = SYNC_CANCEL};
	int taken = 0;

	trust->fetch_text[0] = '\0';
	if (ask(trust, request) < 0)
		_exit(EXIT_FAILURE);
	for (;;) {
		if (hear(&answer, trust) < 0)
			_exit(EXIT_FAILURE);
		if (answer.type == SYNC_END)
			break;
		if (taken == 0) {
			taken = take(context, answer.data.bytes, answer.data.size);
			if (taken != 0 && ask(trust, &cancel) < 0)
				_exit(EXIT_FAILURE);
		}
	}
	*ret_end = answer.end;
	if (taken == 0 && answer.end.error != 0)
		memcpy(trust->fetch_text, answer.end.text, sizeof(trust->fetch_text));
	return taken;
}

static int to_sink(void *context, const uint8_t *bytes, size_t size)
{
	return guard_trust_sink_write(context, bytes, size);
}

/* What sync says went wrong, and nothing that it has no say in. */
static int error_of(const struct sync_end *end)
{
	switch (end->error) {
	case 0:
	case -GUARD_E_NOT_FOUND:
	case -GUARD_E_LIMIT:
		return end->error;
	default:
		return -GUARD_E_UNREACHABLE;
	}
}

static struct sync_request *request_for(const char *folder, const char *name, uint64_t max_length)
{
	static struct sync_request request;

	memset(&request, 0, sizeof(request));
	request.type = SYNC_GET;
	request.max_length = max_length;
	if (snprintf(request.name, sizeof(request.name), "%s/%s", folder, name) >= (int)sizeof(request.name))
		return NULL;
	return &request;
}

int trust_fetch(void *context, const struct guard_trust_request *wanted, struct guard_trust_sink *sink)
{
	struct sync_request *request = request_for(
	    wanted->kind == GUARD_TRUST_FETCH_TARGET ? "targets" : "metadata", wanted->url, wanted->max_length);
	struct sync_end end;
	int r;

	if (!request)
		return -GUARD_E_LIMIT;
	r = transfer(&end, context, request, to_sink, sink);
	return r != 0 ? r : error_of(&end);
}

/* ---- the conditional question --------------------------------------------------- */

struct probe {
	uint8_t bytes[GUARD_TRUST_TIMESTAMP_SIZE_MAX];
	size_t size;
};

static int to_probe(void *context, const uint8_t *bytes, size_t size)
{
	struct probe *probe = context;

	if (size > sizeof(probe->bytes) - probe->size)
		return -GUARD_E_LIMIT;
	memcpy(&probe->bytes[probe->size], bytes, size);
	probe->size += size;
	return 0;
}

static bool is_stored(const struct trust_process *trust, const struct probe *probe)
{
	static uint8_t stored[GUARD_TRUST_TIMESTAMP_SIZE_MAX + 1];
	GUARD_AUTO_CLOSE int fd = openat(trust->folder, "metadata/" TIMESTAMP, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t size = fd < 0 ? -1 : pread(fd, stored, sizeof(stored), 0);

	return size > 0 && (size_t)size == probe->size && memcmp(stored, probe->bytes, probe->size) == 0;
}

int trust_probe(struct trust_process *trust, const char *agent)
{
	static struct probe probe;
	struct sync_request *request = request_for("metadata", TIMESTAMP, sizeof(probe.bytes));
	struct sync_end end;
	int r;

	probe.size = 0;
	request->conditional = trust->complete;
	snprintf(request->agent, sizeof(request->agent), "%s", agent);
	r = transfer(&end, trust, request, to_probe, &probe);
	if (r == 0)
		r = error_of(&end);
	if (r < 0)
		return r;
	if (end.not_modified)
		return trust->complete;
	/* A login page, a proxy's apology. */
	if (probe.size == 0 || probe.bytes[0] != '{') {
		snprintf(trust->fetch_text, sizeof(trust->fetch_text),
			 "what answers at this address is no repository (a login page or a proxy?)");
		return -GUARD_E_UNREACHABLE;
	}
	return trust->complete && is_stored(trust, &probe);
}
