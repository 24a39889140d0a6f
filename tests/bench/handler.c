/* SPDX-License-Identifier: MIT
 *
 * bench/handler.c - the least that a fanotify permission handler can do: read,
 * answer allow, close.  The measure for what a round trip costs by itself.
 * usage: handler MOUNTPOINT; prints `ready`, runs until SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static _Alignas(struct fanotify_event_metadata) char buffer[65536];
	int group;

	if (argc != 2) {
		fprintf(stderr, "usage: handler MOUNTPOINT\n");
		return 2;
	}
	group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS,
			      O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK);
	if (group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
				       FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM, AT_FDCWD, argv[1]) < 0) {
		perror("handler");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t size = read(group, buffer, sizeof(buffer));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return 1;
		struct fanotify_event_metadata *event = (void *)buffer;
		for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size)) {
			struct fanotify_response response = { event->fd, FAN_ALLOW };
			if (write(group, &response, sizeof(response)) < 0)
				perror("handler: write");
			close(event->fd);
		}
	}
}
