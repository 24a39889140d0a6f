/* SPDX-License-Identifier: MIT
 *
 * record/clients.c - see clients.h.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record/clients.h"
#include "record/filter.h"

static void drop(struct client *client)
{
	answer_free(client->answer);
	memset(client, 0, sizeof(*client));
}

/* Said once, without waiting, to a client that is not taken. */
static void refuse(int socket, uint32_t sequence, uint32_t error, const char *sentence)
{
	uint8_t bytes[512];
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, sizeof(bytes));
	guard_wire_begin(&writer, GUARD_WIRE_RESULT, sequence);
	guard_write_u32(&writer, error);
	guard_write_string(&writer, sentence);
	if (!writer.failed)
		(void)!send(socket, bytes, writer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(socket);
}

static struct client *find_place(struct clients *clients, uint32_t uid)
{
	struct client *place = NULL;
	unsigned used = 0, of_uid = 0;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &clients->all[i];
		if (!client->answer) {
			place = client;
			continue;
		}
		used++;
		of_uid += client->uid == uid;
	}
	if (uid != 0 && (of_uid >= CLIENTS_PER_UID || used >= CLIENTS_MAX - CLIENTS_ROOT_RESERVE))
		return NULL;
	return place;
}

void clients_take(struct clients *clients, int socket, const struct record_request *request)
{
	struct guard_event_filter filter = request->filter;
	struct client *client;

	if (request->uid != 0 && filter.has_uid && filter.uid != request->uid) {
		refuse(socket, request->sequence, GUARD_E_DENIED,
		       "Only root may see the events of other users.");
		return;
	}
	if (request->uid != 0) {
		filter.has_uid = 1;
		filter.uid = request->uid;
	}
	if (filter_check(&filter) < 0) {
		refuse(socket, request->sequence, GUARD_E_LIMIT,
		       "The pattern is too long: a pattern with * has at most 256 bytes.");
		return;
	}
	client = find_place(clients, request->uid);
	if (!client) {
		refuse(socket, request->sequence, GUARD_E_BUSY,
		       "Too many questions at a time: end another `guardctl events` or try again.");
		return;
	}
	if (answer_new(&client->answer, socket, request->sequence, &filter) < 0) {
		refuse(socket, request->sequence, GUARD_E_NOMEM, guard_error_text(GUARD_E_NOMEM));
		return;
	}
	client->uid = request->uid;
	client->state = ANSWER_WORKING;
}

bool clients_serve(struct clients *clients, struct store *store, int64_t now_ns)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &clients->all[(clients->turn + i) % CLIENTS_MAX];
		if (!client->answer || client->state != ANSWER_WORKING)
			continue;
		client->state = answer_step(client->answer, store);
		if (client->state == ANSWER_BLOCKED)
			client->stalled_ns = now_ns;
		if (client->state == ANSWER_OVER)
			drop(client);
		clients->turn = (clients->turn + i + 1) % CLIENTS_MAX;
		return true;
	}
	return false;
}

void clients_wake(struct clients *clients)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (clients->all[i].answer && clients->all[i].state == ANSWER_IDLE)
			clients->all[i].state = ANSWER_WORKING;
}

void clients_poll(const struct clients *clients, struct pollfd ret_polls[CLIENTS_MAX])
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &clients->all[i];
		ret_polls[i] = (struct pollfd){.fd = -1};
		if (!client->answer)
			continue;
		ret_polls[i].fd = answer_socket(client->answer);
		ret_polls[i].events = POLLIN | (client->state == ANSWER_BLOCKED ? POLLOUT : 0);
	}
}

/* Whatever a client says while it is answered ends the answer: CANCEL, the end
 * of its connection, or what it has no business to say. */
void clients_polled(struct clients *clients, const struct pollfd polls[CLIENTS_MAX], int64_t now_ns)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &clients->all[i];
		if (!client->answer || polls[i].fd != answer_socket(client->answer))
			continue;
		if (polls[i].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
			drop(client);
		else if (polls[i].revents & POLLOUT)
			client->state = ANSWER_WORKING;
		else if (client->state == ANSWER_BLOCKED && now_ns - client->stalled_ns >= CLIENTS_STALL_NS)
			drop(client);
	}
}

int64_t clients_next(const struct clients *clients)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = &clients->all[i];
		if (!client->answer)
			continue;
		if (client->state == ANSWER_WORKING)
			return 0;
		if (client->state == ANSWER_BLOCKED && client->stalled_ns + CLIENTS_STALL_NS < next)
			next = client->stalled_ns + CLIENTS_STALL_NS;
	}
	return next;
}

void clients_close(struct clients *clients)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (clients->all[i].answer)
			drop(&clients->all[i]);
}
