/* SPDX-License-Identifier: MIT
 *
 * record/waiting.c - see waiting.h.
 */
#include <stdlib.h>
#include <string.h>

#include "record/waiting.h"

void waiting_init(struct waiting_list *list)
{
	STAILQ_INIT(&list->all);
	list->bytes = 0;
}

bool waiting_is_empty(const struct waiting_list *list)
{
	return STAILQ_EMPTY(&list->all);
}

struct waiting *waiting_first(const struct waiting_list *list)
{
	return STAILQ_FIRST(&list->all);
}

struct waiting *waiting_next(const struct waiting *entry)
{
	return STAILQ_NEXT(entry, list);
}

static void drop_first(struct waiting_list *list)
{
	struct waiting *first = STAILQ_FIRST(&list->all);

	STAILQ_REMOVE_HEAD(&list->all, list);
	list->bytes -= first->size;
	free(first);
}

void waiting_clear(struct waiting_list *list)
{
	while (!STAILQ_EMPTY(&list->all))
		drop_first(list);
}

void waiting_drop(struct waiting_list *list, unsigned count)
{
	while (count-- > 0 && !STAILQ_EMPTY(&list->all))
		drop_first(list);
}

int waiting_add(struct waiting_list *list, const struct guard_event *event)
{
	struct waiting *entry = NULL;
	struct guard_writer writer;
	int r;

	guard_writer_init(&writer);
	r = guard_event_encode(&writer, event);
	if (r == 0)
		entry = calloc(1, sizeof(*entry) + writer.size);
	if (entry) {
		entry->size = writer.size;
		memcpy(entry->bytes, writer.bytes, writer.size);
		STAILQ_INSERT_TAIL(&list->all, entry, list);
		list->bytes += entry->size;
	}
	guard_writer_free(&writer);
	if (r < 0)
		return r;
	return entry ? 0 : -GUARD_E_NOMEM;
}

int waiting_decode(struct guard_event *ret_event, const struct waiting *entry)
{
	struct guard_reader reader;

	guard_reader_init(&reader, entry->bytes, entry->size);
	return guard_event_decode(ret_event, &reader);
}
