/* SPDX-License-Identifier: MIT
 *
 * control/links.c - control's ties inward: new policies, problems and answers
 * to reloads from the keeper; troubles of the ledger from record.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "control/control.h"

int control_take_policy(struct control *control, int fd)
{
	struct guard_machine machine = {.office = control->config->office,
					.host = control->config->host,
					.passwd = control->passwd,
					.group = control->group};
	struct guard_policy *policy;
	int r = guard_policy_open(&policy, fd, &machine);

	if (r < 0)
		return r;
	guard_policy_free(control->policy);
	control->policy = policy;
	return 0;
}

/* ---- the keeper ------------------------------------------------------------------------ */

/* One command with its descriptor or -1; GUARD_E_BUSY when there is none. */
static int receive_command(struct guardd_command *ret_command, int *ret_fd, int socket)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} descriptors;
	struct iovec data = {.iov_base = ret_command, .iov_len = sizeof(*ret_command)};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &descriptors,
				 .msg_controllen = sizeof(descriptors)};
	struct cmsghdr *header;
	ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd = -1;

	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? -GUARD_E_BUSY : -GUARD_E_UNREACHABLE;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	*ret_fd = fd;
	if (count == 0)
		return -GUARD_E_UNREACHABLE;
	return count == (ssize_t)sizeof(*ret_command) ? 0 : -GUARD_E_FORMAT;
}

static void finish_reload(struct control *control, const struct guardd_command *command, int64_t now_ns)
{
	struct control_client *client;

	if (control->reload_count == 0)
		return;
	client = control_find(control, control->reloads[0].client);
	control->reload_count--;
	memmove(&control->reloads[0], &control->reloads[1],
		control->reload_count * sizeof(control->reloads[0]));
	if (!client || !client->reloading)
		return;
	client->reloading = false;
	control_result(client, (uint32_t)(command->error < 0 ? -command->error : command->error),
		       command->text, now_ns);
}

static void obey(struct control *control, struct guardd_command *command, int fd, int64_t now_ns)
{
	command->text[sizeof(command->text) - 1] = '\0';
	switch (command->type) {
	case GUARDD_COMMAND_POLICY:
		/* The gate has accepted it; one that control cannot read leaves the old
		 * one for explanations. */
		(void)!control_take_policy(control, fd);
		break;
	case GUARDD_COMMAND_PROBLEM:
		memcpy(control->problem, command->text, sizeof(command->text));
		break;
	case GUARDD_COMMAND_DISTRIBUTION:
		memcpy(&control->distribution, command->text, sizeof(control->distribution));
		break;
	case GUARDD_COMMAND_RESULT:
		finish_reload(control, command, now_ns);
		break;
	default:
		break;
	}
}

void control_hear_keeper(struct control *control, int64_t now_ns)
{
	struct guardd_command command;
	int r;

	for (;;) {
		GUARD_AUTO_CLOSE int fd = -1;
		r = receive_command(&command, &fd, control->keeper);
		if (r == -GUARD_E_BUSY)
			return;
		if (r == -GUARD_E_UNREACHABLE) {
			control->stop = true;
			return;
		}
		if (r == 0)
			obey(control, &command, fd, now_ns);
	}
}

int control_ask_reload(struct control *control, struct control_client *client)
{
	struct guardd_command command = {.type = GUARDD_COMMAND_RELOAD, .fd = -1};

	if (control->reload_count == CONTROL_CLIENTS_MAX)
		return -GUARD_E_BUSY;
	if (send(control->keeper, &command, sizeof(command), MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)sizeof(command))
		return -GUARD_E_BUSY;
	control->reloads[control->reload_count++].client = client->number;
	client->reloading = true;
	return 0;
}

int control_hand_packages(struct control *control, struct control_client *client)
{
	const struct guardd_command command = {.type = GUARDD_COMMAND_PACKAGES, .fd = -1};

	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} descriptor = {{0}};
	struct iovec data = {.iov_base = (void *)(uintptr_t)&command, .iov_len = sizeof(command)};
	const struct msghdr message = {.msg_iov = &data,
				       .msg_iovlen = 1,
				       .msg_control = &descriptor,
				       .msg_controllen = sizeof(descriptor.bytes)};

	descriptor.header.cmsg_level = SOL_SOCKET;
	descriptor.header.cmsg_type = SCM_RIGHTS;
	descriptor.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&descriptor.header), &client->socket, sizeof(int));
	return sendmsg(control->keeper, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(command) ? 0 :
													     -GUARD_E_BUSY;
}

/* ---- record ------------------------------------------------------------------------------ */

void control_hear_record(struct control *control)
{
	uint8_t bytes[1024];
	size_t size;
	int r;

	while ((r = guard_wire_receive(&size, control->record, bytes, sizeof(bytes))) == 0)
		(void)!record_news_decode(&control->news, bytes, size);
	if (r == -GUARD_E_BUSY || r == -GUARD_E_LIMIT)
		return;
	close(control->record);
	control->record = -1;
}
