/* SPDX-License-Identifier: MIT
 *
 * gate/inspect.c - hands untrusted bytes to the inspect process and takes the
 * claims that come back.  Waits for as long as an inspector may live and no
 * longer.  Nothing that comes back is believed here.
 */
#include "gate/signers.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/fdpass.h"

#define WAIT_MS (INSPECT_SECONDS * 1000 + 500)
#define SOON_MS (INSPECT_SECONDS * 1000 / 2)

static int wait_for(int socket, short what, int64_t until_ns)
{
	struct pollfd ready = { socket, what, 0 };
	int64_t left;

	do {
		left = (until_ns - gate_now_ns()) / 1000000;
		if (left <= 0)
			return -GUARD_E_TIMEOUT;
	} while (poll(&ready, 1, (int)left) < 0 && errno == EINTR);
	return ready.revents ? 0 : -GUARD_E_TIMEOUT;
}

/* The inspect process may be busy, or just being started again. */
static int hand_over(struct gate *gate, const void *packet, size_t size, int socket, int64_t until_ns)
{
	const int inspect = gate->arguments->inspect;
	int r;

	while ((r = guardd_fdpass_send(inspect, packet, size, &socket, 1)) == -GUARD_E_BUSY) {
		r = wait_for(inspect, POLLOUT, until_ns);
		if (r < 0)
			break;
	}
	return r;
}

static int ask(uint8_t *reply, size_t *ret_size, struct gate *gate, const void *packet, size_t size)
{
	const int64_t until_ns = gate_now_ns() + WAIT_MS * 1000000ll;
	int pair[2], r;
	ssize_t came;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -GUARD_E_IO;
	GUARD_AUTO_CLOSE int ours = pair[0];
	r = hand_over(gate, packet, size, pair[1], until_ns);
	close(pair[1]); /* now the end of the inspector is the end of the conversation */
	if (r == 0)
		r = wait_for(ours, POLLIN, until_ns);
	if (r < 0)
		return r;
	came = recv(ours, reply, INSPECT_REPLY_MAX, MSG_DONTWAIT);
	if (came <= 0)
		return -GUARD_E_UNREACHABLE;
	*ret_size = (size_t)came;
	return 0;
}

int gate_inspect_raw(struct gate *gate, uint8_t *reply, size_t *ret_size, enum guard_inspection type, const void *bytes,
		     size_t size)
{
	const int64_t soon_ns = gate_now_ns() + SOON_MS * 1000000ll;
	struct guard_writer packet;
	int r = size <= INSPECT_BYTES_MAX ? 0 : -GUARD_E_LIMIT;

	guard_writer_init(&packet);
	guard_write_u32(&packet, type);
	guard_write_u32(&packet, (uint32_t)size);
	guard_write_bytes(&packet, bytes, size);
	if (r == 0 && packet.failed)
		r = -GUARD_E_NOMEM;
	if (r == 0)
		r = ask(reply, ret_size, gate, packet.bytes, packet.size);
	/* When the process that starts inspectors dies, those that wait die with it, and each
	 * may take a question with it: the first that comes from its successor answers. */
	for (unsigned i = 0; i < INSPECT_WAITING && r == -GUARD_E_UNREACHABLE && gate_now_ns() < soon_ns; i++)
		r = ask(reply, ret_size, gate, packet.bytes, packet.size);
	guard_writer_free(&packet);
	return r;
}

int gate_inspect(struct gate *gate, struct guard_claims *ret_claims, enum guard_inspection type, const void *bytes,
		 size_t size)
{
	GUARD_AUTO_FREE uint8_t *reply = malloc(INSPECT_REPLY_MAX);
	size_t reply_size = 0;
	int r = reply ? gate_inspect_raw(gate, reply, &reply_size, type, bytes, size) : -GUARD_E_NOMEM;

	return r < 0 ? r : guard_claims_decode(ret_claims, reply, reply_size);
}

int gate_inspect_signed(struct gate *gate, struct guard_signed *ret_signed, enum guard_inspection type, const void *bytes,
			size_t size)
{
	GUARD_AUTO_FREE uint8_t *reply = malloc(INSPECT_REPLY_MAX);
	size_t reply_size = 0;
	int r = reply ? gate_inspect_raw(gate, reply, &reply_size, type, bytes, size) : -GUARD_E_NOMEM;

	if (r < 0)
		return r;
	ret_signed->index = GUARD_SIGNED_NONE;
	return type == GUARD_INSPECT_SIGNED ? guard_signed_decode(ret_signed, reply, reply_size) :
					      guard_claims_decode(&ret_signed->claims, reply, reply_size);
}

int gate_inspect_detach(struct gate *gate, struct guard_detached *ret_detached, const uint8_t *file, size_t size)
{
	GUARD_AUTO_FREE uint8_t *reply = malloc(INSPECT_REPLY_MAX);
	struct guard_writer question;
	size_t reply_size = 0;
	int r = reply ? 0 : -GUARD_E_NOMEM;

	guard_writer_init(&question);
	guard_detach_ask(&question, file, size);
	if (r == 0)
		r = question.failed ? -GUARD_E_NOMEM :
				      gate_inspect_raw(gate, reply, &reply_size, GUARD_INSPECT_DETACH, question.bytes,
						       question.size);
	guard_writer_free(&question);
	return r < 0 ? r : guard_detached_decode(ret_detached, reply, reply_size);
}
