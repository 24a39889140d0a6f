/* SPDX-License-Identifier: MIT
 *
 * control/clients.c - who is connected: bounded, also per user; what a client
 * does or leaves undone ends at most its own connection.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control.h"

#define OUT_OF_FDS_NS (100 * 1000000ll)

void control_drop(struct control_client *client)
{
	close(client->socket);
	guard_writer_free(&client->out);
	memset(client, 0, sizeof(*client));
	client->socket = -1;
}

struct control_client *control_find(struct control *control, uint64_t number)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].socket >= 0 && control->clients[i].number == number)
			return &control->clients[i];
	return NULL;
}

/* ---- accept -------------------------------------------------------------------------- */

/* Who is at the other end, as the kernel says.  Of more groups than fit only the
 * first is known, and that there are more (struct guard_subject). */
static int read_peer(struct control_peer *ret_peer, int socket)
{
	struct control_peer peer = {0};
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -GUARD_E_IO;
	peer.uid = credentials.uid;
	peer.gids[0] = credentials.gid;
	peer.gid_count = 1;
	size = sizeof(peer.gids) - sizeof(peer.gids[0]);
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, &peer.gids[1], &size) == 0)
		peer.gid_count += (uint32_t)(size / sizeof(peer.gids[0]));
	else if (errno == ERANGE)
		peer.gid_count = GUARD_GROUPS_MAX + 1;
	for (size_t i = 1; peer.gid_count > GUARD_GROUPS_MAX && i < GUARD_GROUPS_MAX; i++)
		peer.gids[i] = UINT32_MAX; /* nobody's */
	*ret_peer = peer;
	return 0;
}

static struct control_client *find_place(struct control *control, uint32_t uid)
{
	struct control_client *place = NULL;
	unsigned used = 0, of_uid = 0;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &control->clients[i];
		if (client->socket < 0) {
			place = client;
			continue;
		}
		used++;
		of_uid += client->peer.uid == uid;
	}
	if (uid != 0 &&
	    (of_uid >= CONTROL_CLIENTS_PER_UID || used >= CONTROL_CLIENTS_MAX - CONTROL_ROOT_RESERVE))
		return NULL;
	return place;
}

static void add(struct control *control, int socket, int64_t now_ns)
{
	struct control_client refused = {.socket = socket};
	struct control_client *client;
	struct control_peer peer;

	guard_writer_init(&refused.out);
	if (read_peer(&peer, socket) < 0) {
		control_drop(&refused);
		return;
	}
	client = find_place(control, peer.uid);
	if (!client) {
		control_result(&refused, GUARD_E_BUSY, "Too many connections to guard at a time: try again.",
			       now_ns);
		if (refused.socket >= 0)
			control_drop(&refused);
		return;
	}
	*client = (struct control_client){.socket = socket, .peer = peer, .since_ns = now_ns};
	client->number = ++control->next_number;
	guard_writer_init(&client->out);
}

void control_accept(struct control *control, int64_t now_ns)
{
	for (unsigned i = 0; i < CONTROL_ACCEPTS_PER_TURN; i++) {
		int socket = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (socket >= 0) {
			add(control, socket, now_ns);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			control->accept_after_ns = now_ns + OUT_OF_FDS_NS;
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

/* ---- serve ----------------------------------------------------------------------------- */

void control_poll(const struct control *control, struct pollfd ret_polls[CONTROL_CLIENTS_MAX])
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct control_client *client = &control->clients[i];
		ret_polls[i] = (struct pollfd){.fd = client->socket};
		if (client->has_out)
			ret_polls[i].events = POLLOUT;
		else if (!client->reloading)
			ret_polls[i].events = POLLIN;
	}
}

static void serve_one(struct control *control, struct control_client *client, short revents, int64_t now_ns)
{
	size_t size;
	int r;

	if (client->has_out) {
		if (revents & POLLOUT)
			control_send(client, now_ns);
		else if (revents)
			control_drop(client);
		return;
	}
	if (!(revents & POLLIN)) {
		if (revents)
			control_drop(client);
		return;
	}
	r = guard_wire_receive(&size, client->socket, control->packet, sizeof(control->packet));
	if (r == -GUARD_E_BUSY)
		return;
	if (r == -GUARD_E_LIMIT) {
		control_result(client, GUARD_E_LIMIT, "The message is larger than 64 KiB.", now_ns);
		if (client->socket >= 0)
			control_drop(client);
		return;
	}
	if (r < 0) {
		control_drop(client);
		return;
	}
	client->since_ns = now_ns;
	control_dispatch(control, client, size, now_ns);
}

static int64_t deadline(const struct control_client *client)
{
	if (client->has_out)
		return client->since_ns + CONTROL_STALL_NS;
	if (client->reloading)
		return client->since_ns + CONTROL_RELOAD_NS;
	return client->since_ns + CONTROL_IDLE_NS;
}

static void expire(struct control_client *client, int64_t now_ns)
{
	bool reloading = client->reloading;

	if (deadline(client) > now_ns)
		return;
	client->reloading = false;
	if (reloading)
		control_result(client, GUARD_E_TIMEOUT,
			       "The daemon did not finish the reload within a minute: see `guardctl status`.",
			       now_ns);
	else
		control_drop(client);
}

void control_serve(struct control *control, const struct pollfd polls[CONTROL_CLIENTS_MAX], int64_t now_ns)
{
	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &control->clients[i];
		if (client->socket < 0 || polls[i].fd != client->socket)
			continue;
		if (polls[i].revents)
			serve_one(control, client, polls[i].revents, now_ns);
		if (client->socket >= 0)
			expire(client, now_ns);
	}
}

int64_t control_next_deadline(const struct control *control)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct control_client *client = &control->clients[i];
		if (client->socket >= 0 && deadline(client) < next)
			next = deadline(client);
	}
	return next;
}
