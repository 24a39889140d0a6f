/* SPDX-License-Identifier: MIT
 *
 * sync/main.c - the sync process as the keeper starts it: into the jail before
 * the first outside byte, then one request after the other until trust ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sync/transfer.h"

/* false: trust is gone. */
static bool receive(struct sync_request *ret_request, int trust)
{
	ssize_t size;

	do
		size = recv(trust, ret_request, sizeof(*ret_request), 0);
	while (size < 0 && errno == EINTR);
	if (size != (ssize_t)sizeof(*ret_request))
		return false;
	ret_request->name[sizeof(ret_request->name) - 1] = '\0';
	ret_request->agent[sizeof(ret_request->agent) - 1] = '\0';
	return true;
}

static void serve(struct transfer *transfer)
{
	static struct sync_request request;
	struct sync_end end;

	while (receive(&request, transfer->trust)) {
		if (request.type != SYNC_GET)
			continue; /* nothing is under way any more */
		transfer_run(transfer, &request, &end);
		if (transfer->gone || send(transfer->trust, &end, sizeof(end), MSG_NOSIGNAL) < 0)
			return;
	}
}

void guardd_sync_main(const struct guardd_sync_arguments *arguments)
{
	static struct transfer transfer;
	char problem[500] = "";

	if (transfer_prepare(&transfer, arguments->config, arguments->trust, problem, sizeof(problem)) < 0 ||
	    guardd_jail_enter(GUARDD_ROLE_SYNC, arguments->config, problem, sizeof(problem)) < 0) {
		fprintf(stderr, "guardd: sync: %s\n", problem);
		_exit(EXIT_FAILURE);
	}
	serve(&transfer);
	_exit(EXIT_SUCCESS);
}
