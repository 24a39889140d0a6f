/* SPDX-License-Identifier: MIT
 *
 * bpf/ring.c - reads the records of the programs.  The place up to which they
 * were read lies in the ring itself, so that the next gate goes on there.
 */
#include "bpf/layer.h"

#include <bpf/libbpf.h>
#include <string.h>

struct reading {
	struct ring_buffer *ring;
	guardd_bpf_take *take;
	void *context;
};
static struct reading reading; /* libbpf knows one context for the life of a ring */

static int take_record(void *unused, void *data, size_t size)
{
	struct guard_bpf_event event;

	(void)unused;
	if (size < sizeof(event) || !reading.take)
		return 0;
	memcpy(&event, data, sizeof(event));
	event.name[sizeof(event.name) - 1] = '\0';
	event.path[sizeof(event.path) - 1] = '\0';
	reading.take(reading.context, &event);
	return 0;
}

int guardd_bpf_ring_open(const struct guardd_bpf *layer)
{
	if (!layer->on)
		return 0;
	reading.ring = ring_buffer__new(layer->events, take_record, NULL, NULL);
	return reading.ring ? 0 : -GUARD_E_IO;
}

int guardd_bpf_ring_fd(void)
{
	return reading.ring ? ring_buffer__epoll_fd(reading.ring) : -1;
}

void guardd_bpf_ring_read(guardd_bpf_take *take, void *context)
{
	if (!reading.ring)
		return;
	reading.take = take;
	reading.context = context;
	(void)ring_buffer__consume(reading.ring);
}
