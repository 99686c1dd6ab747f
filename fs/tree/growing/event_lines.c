/*
 * Which events of a snapshot are new? Those whose id was not in the last one and that are not older
 * than the floor, the oldest event of a full window.
 */
#include "fs/tree/growing/event_lines.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/doc.h"
#include "fs/value.h"

#include <errno.h>

#define EVENTS_MAX 100 /* of one snapshot: ECS's own ceiling */

int event_lines_init(struct event_lines *l)
{
	*l = (struct event_lines){.seen = json_object()};
	return l->seen ? 0 : -ENOMEM;
}

void event_lines_release(struct event_lines *l)
{
	json_decref(l->seen);
	l->seen = NULL;
}

static double event_time(const json_t *event)
{
	return json_number_value(json_object_get(event, "createdAt"));
}

static void add_line(struct buf *out, const json_t *event)
{
	value_render_time(event_time(event), out);
	buf_addc(out, ' ');
	value_render(json_object_get(event, "message"), false, out);
	if (!json_is_string(json_object_get(event, "message")))
		buf_addc(out, '\n');
}

json_t *event_lines_add(const struct event_lines *l, const json_t *events, struct buf *out)
{
	json_auto_t *added = json_object();

	for (size_t i = json_array_size(events); i-- > 0;) {
		const json_t *event = json_array_get(events, i);
		const char *id = doc_string_peek(event, "id");
		if (json_object_get(l->seen, id) || event_time(event) < l->floor)
			continue;
		add_line(out, event);
		if (json_object_set_new(added, id, json_real(event_time(event))))
			return NULL;
	}
	return move_ptr(added);
}

/*
 * A snapshot older than the one before it must not bring back events that had left the window:
 * events below the oldest one of a full window are ignored, and their ids need not be kept.
 */
static void raise_floor(struct event_lines *l, const json_t *events)
{
	size_t count = json_array_size(events);
	const char *id;
	json_t *at;
	void *next;

	if (count < EVENTS_MAX)
		return;
	double oldest = event_time(json_array_get(events, count - 1));
	if (oldest > l->floor)
		l->floor = oldest;
	json_object_foreach_safe (l->seen, next, id, at) {
		if (json_number_value(at) < l->floor)
			json_object_del(l->seen, id);
	}
}

void event_lines_keep(struct event_lines *l, const json_t *events, const json_t *added)
{
	double newest = event_time(json_array_get(events, 0));

	json_object_update(l->seen, (json_t *)added);
	if (newest > l->newest)
		l->newest = newest;
	raise_floor(l, events);
}
