/*
 * How are events kept in AWS's order? Each stream is a sorted array of positions into one block of
 * text; the older half is dropped at the ceiling.
 */
#include "backend/sim/logs/store.h"

#include "backend/base/limits.h"

#include <stdlib.h>
#include <string.h>

/* Limits of one region's logs: a demo that runs for weeks must not fill the machine. */
#define TEXT_CEILING ((size_t)3 * 1024 * MIB)
#define STREAM_CEILING ((size_t)2 * 1024 * MIB)

struct sim_logs *sim_logs_new(void)
{
	struct sim_logs *l = calloc(1, sizeof(*l));

	if (l)
		l->next_number = 1;
	return l;
}

static void stream_free(struct sim_stream *s)
{
	free(s->name);
	free(s->events);
	free(s->text);
	free(s);
}

static void group_free(struct sim_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		stream_free(g->streams[i]);
	free(g->streams);
	free(g->name);
	free(g);
}

void sim_logs_free(struct sim_logs *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		group_free(l->groups[i]);
	free(l->groups);
	free(l);
}

int sim_logs_set(struct sim_logs *l, const char *name, int64_t value)
{
	const struct {
		const char *name;
		int64_t *value;
	} knobs[] = {
	    {"empty", &l->knobs.empty},
	    {"repeat", &l->knobs.repeat},
	    {"loop", &l->knobs.loop},
	    {"late", &l->knobs.late},
	    {"expire", &l->knobs.expire},
	};

	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (strcmp(knobs[i].name, name) == 0) {
			*knobs[i].value = value;
			return 0;
		}
	}
	return -1;
}

/* Doubles an array until `need` fit. */
static int array_reserve(void **array, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : 16;
	void *grown;

	if (need <= *room)
		return 0;
	while (more < need)
		more *= 2;
	grown = realloc(*array, more * size);
	if (!grown)
		return -1;
	*array = grown;
	*room = more;
	return 0;
}

/* Both groups and streams begin with their name: where `name` is or belongs in a sorted array. */
static size_t name_seek(void *const *array, size_t count, const char *name, bool *ret_found)
{
	size_t low = 0, high = count;

	*ret_found = false;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(*(char *const *)array[middle], name);

		if (order == 0)
			*ret_found = true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int name_insert(void ***array, size_t *count, size_t *room, void *element)
{
	bool found;
	size_t at = name_seek(*array, *count, *(char **)element, &found);

	if (array_reserve((void **)array, room, *count + 1, sizeof(void *)) < 0)
		return -1;
	memmove(*array + at + 1, *array + at, (*count - at) * sizeof(void *));
	(*array)[at] = element;
	++*count;
	return 0;
}

static void name_remove(void **array, size_t *count, const char *name)
{
	bool found;
	size_t at = name_seek(array, *count, name, &found);

	memmove(array + at, array + at + 1, (*count - at - 1) * sizeof(void *));
	--*count;
}

struct sim_group *sim_group_find(struct sim_logs *l, const char *name)
{
	bool found;
	size_t at = name_seek((void *const *)l->groups, l->count, name, &found);

	return found ? l->groups[at] : NULL;
}

struct sim_group *sim_group_make(struct sim_logs *l, const char *name, int64_t now_ms)
{
	struct sim_group *g = sim_group_find(l, name);

	if (g)
		return g;
	g = calloc(1, sizeof(*g));
	if (!g)
		return NULL;
	g->name = strdup(name);
	g->created_ms = now_ms;
	if (!g->name || name_insert((void ***)&l->groups, &l->count, &l->room, g) < 0) {
		group_free(g);
		return NULL;
	}
	return g;
}

struct sim_stream *sim_stream_find(struct sim_group *g, const char *name)
{
	bool found;
	size_t at = name_seek((void *const *)g->streams, g->count, name, &found);

	return found ? g->streams[at] : NULL;
}

struct sim_stream *sim_stream_make(struct sim_group *g, const char *name, int64_t now_ms)
{
	struct sim_stream *s = sim_stream_find(g, name);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->name = strdup(name);
	s->created_ms = now_ms;
	if (!s->name || name_insert((void ***)&g->streams, &g->count, &g->room, s) < 0) {
		stream_free(s);
		return NULL;
	}
	return s;
}

void sim_group_delete(struct sim_logs *l, struct sim_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		l->text_len -= g->streams[i]->text_len;
	name_remove((void **)l->groups, &l->count, g->name);
	group_free(g);
}

void sim_stream_delete(struct sim_logs *l, struct sim_group *g, struct sim_stream *s)
{
	l->text_len -= s->text_len;
	name_remove((void **)g->streams, &g->count, s->name);
	stream_free(s);
}

static bool position_before(struct sim_position a, struct sim_position b)
{
	return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.number < b.number;
}

size_t sim_stream_seek(const struct sim_stream *s, struct sim_position at)
{
	size_t low = 0, high = s->count;

	if (s->count && position_before(s->events[s->count - 1].at, at))
		return s->count;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (position_before(s->events[middle].at, at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool sim_event_visible(const struct sim_logs *l, const struct sim_event *e, int64_t now_ms)
{
	uint64_t hash = e->at.number * 0x9e3779b97f4a7c15u;

	if (l->knobs.late <= 0)
		return true;
	return e->ingested_ms + (int64_t)((hash >> 33) % (uint64_t)l->knobs.late) <= now_ms;
}

/* Drops the older half of the events and moves their text together. */
static void stream_halve(struct sim_logs *l, struct sim_stream *s)
{
	size_t first = s->count / 2, len = 0;
	char *text = malloc(s->text_len + 1);

	if (!text)
		return;
	memmove(s->events, s->events + first, (s->count - first) * sizeof(*s->events));
	s->count -= first;
	for (size_t i = 0; i < s->count; i++) {
		memcpy(text + len, s->text + s->events[i].offset, s->events[i].len);
		s->events[i].offset = len;
		len += s->events[i].len;
	}
	free(s->text);
	s->text = text;
	s->text_room = s->text_len + 1;
	l->text_len -= s->text_len - len;
	s->text_len = len;
}

static void taps_tell(struct sim_logs *l, const struct sim_group *g, const struct sim_stream *s,
    const struct sim_event *e)
{
	for (struct sim_tap *t = l->taps, *next; t; t = next) {
		next = t->next;
		if (strcmp(t->group, g->name) == 0)
			t->event(t, s, e, s->text + e->offset);
	}
}

int sim_stream_put(struct sim_logs *l, struct sim_group *g, struct sim_stream *s, int64_t time_ms,
    int64_t now_ms, const char *text, size_t len)
{
	struct sim_event e = {
	    .at = {time_ms, l->next_number}, .ingested_ms = now_ms, .len = (uint32_t)len};
	size_t at;

	if (l->text_len + len > TEXT_CEILING || s->text_len + len > STREAM_CEILING)
		stream_halve(l, s);
	if (array_reserve((void **)&s->events, &s->room, s->count + 1, sizeof(e)) < 0 ||
	    array_reserve((void **)&s->text, &s->text_room, s->text_len + len, 1) < 0)
		return -1;
	e.offset = s->text_len;
	memcpy(s->text + s->text_len, text, len);
	s->text_len += len;
	l->text_len += len;
	at = sim_stream_seek(s, e.at);
	memmove(s->events + at + 1, s->events + at, (s->count - at) * sizeof(e));
	s->events[at] = e;
	s->count++;
	s->ingested_ms = now_ms;
	l->next_number++;
	taps_tell(l, g, s, &e);
	return 0;
}

int sim_logs_put(struct sim_logs *l, const char *group, const char *stream, int64_t time_ms,
    const char *message, size_t len)
{
	struct sim_group *g = sim_group_make(l, group, time_ms);
	struct sim_stream *s = g ? sim_stream_make(g, stream, time_ms) : NULL;

	return s ? sim_stream_put(l, g, s, time_ms, time_ms, message, len) : -1;
}

void sim_tap_add(struct sim_logs *l, struct sim_tap *t)
{
	t->next = l->taps;
	l->taps = t;
}

void sim_tap_remove(struct sim_logs *l, struct sim_tap *t)
{
	for (struct sim_tap **p = &l->taps; *p; p = &(*p)->next) {
		if (*p == t) {
			*p = t->next;
			return;
		}
	}
}

/* Plain bytes go in runs: log text is nearly all of them. */
void sim_json_string(const char *text, size_t len, struct buf *out)
{
	size_t start = 0;

	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text + start, i - start);
		start = i + 1;
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_adds(out, "\\n");
		else if (c == '\t')
			buf_adds(out, "\\t");
		else
			buf_addf(out, "\\u%04x", c);
	}
	buf_add(out, text + start, len - start);
	buf_addc(out, '"');
}

/* Digits by hand: a page has tens of thousands of numbers, and this is half of its making. */
static void add_digits(struct buf *out, uint64_t n, size_t width)
{
	char digits[40];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	while (sizeof(digits) - at < width)
		digits[--at] = '0';
	buf_add(out, digits + at, sizeof(digits) - at);
}

void sim_event_render(
    const struct sim_stream *s, const struct sim_event *e, bool filtered, struct buf *out)
{
	buf_addc(out, '{');
	if (filtered) {
		buf_adds(out, "\"logStreamName\":");
		sim_json_string(s->name, strlen(s->name), out);
		buf_addc(out, ',');
	}
	buf_adds(out, "\"timestamp\":");
	add_digits(out, (uint64_t)e->at.time_ms, 1);
	buf_adds(out, ",\"message\":");
	sim_json_string(s->text + e->offset, e->len, out);
	buf_adds(out, ",\"ingestionTime\":");
	add_digits(out, (uint64_t)e->ingested_ms, 1);
	if (filtered) {
		buf_adds(out, ",\"eventId\":\"");
		add_digits(out, (uint64_t)e->at.time_ms, 20);
		add_digits(out, e->at.number, 36);
		buf_addc(out, '"');
	}
	buf_addc(out, '}');
}
