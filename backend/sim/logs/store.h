/*
 * How are the log events of a region stored? In groups, their streams, and each stream's events in
 * AWS's order (timestamp, then arrival). Text is one growing block a stream, so that a gigabyte of
 * log is a gigabyte of memory and 32 bytes a line. Everything is protected by the region's lock.
 */
#ifndef ECSFS_SIM_LOGS_STORE_H
#define ECSFS_SIM_LOGS_STORE_H

#include "backend/base/buf.h"
#include "backend/sim/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrival numbers are unique in a region, so (time, number) is a total order. */
struct sim_position {
	int64_t time_ms;
	uint64_t number;
};

struct sim_event {
	struct sim_position at;
	int64_t ingested_ms;
	uint32_t len;
	uint64_t offset; /* in the stream's text */
};

struct sim_stream {
	char *name;
	int64_t created_ms;
	struct sim_event *events; /* sorted by position */
	size_t count, room;
	char *text;
	size_t text_len, text_room;
	int64_t ingested_ms; /* of the last event to arrive */
};

struct sim_group {
	char *name;
	int64_t created_ms;
	struct sim_stream **streams; /* sorted by name */
	size_t count, room;
};

/* A subscriber, which gets a copy of each event that arrives in a group (StartLiveTail). */
struct sim_tap {
	const char *group;
	void (*event)(struct sim_tap *t, const struct sim_stream *s, const struct sim_event *e,
	    const char *text);
	struct sim_tap *next;
};

/*
 * Faults of pages; 0: off.
 *   empty   every Nth page of FilterLogEvents is empty and has a token
 *   repeat  every Nth page is followed by one that overlaps it
 *   loop    FilterLogEvents returns the token that was sent with it
 *   late    an event becomes visible up to N ms after it arrived
 *   expire  every Nth token is refused
 */
struct sim_knobs {
	int64_t empty, repeat, loop, late, expire;
};

struct sim_logs {
	struct sim_group **groups; /* sorted by name */
	size_t count, room;
	uint64_t next_number;
	uint64_t pages;	 /* pages returned, for the knobs */
	size_t text_len; /* of all streams */
	struct sim_tap *taps;
	struct sim_knobs knobs;
};

/* NULL: it does not exist, or (make) no memory. Valid until it is deleted. */
struct sim_group *sim_group_find(struct sim_logs *l, const char *name);
struct sim_group *sim_group_make(struct sim_logs *l, const char *name, int64_t now_ms);
struct sim_stream *sim_stream_find(struct sim_group *g, const char *name);
struct sim_stream *sim_stream_make(struct sim_group *g, const char *name, int64_t now_ms);
void sim_group_delete(struct sim_logs *l, struct sim_group *g);
void sim_stream_delete(struct sim_logs *l, struct sim_group *g, struct sim_stream *s);

/* 0, or -1 for lack of memory. Above the ceiling the older half of the stream is dropped. */
int sim_stream_put(struct sim_logs *l, struct sim_group *g, struct sim_stream *s, int64_t time_ms,
    int64_t now_ms, const char *text, size_t len);

/* The index of the first event at or after a position. */
size_t sim_stream_seek(const struct sim_stream *s, struct sim_position at);
/* Whether the knob "late" lets an event be seen by now. */
bool sim_event_visible(const struct sim_logs *l, const struct sim_event *e, int64_t now_ms);

void sim_tap_add(struct sim_logs *l, struct sim_tap *t);
void sim_tap_remove(struct sim_logs *l, struct sim_tap *t);

/* Appends one event as a member of a page (`stream` NULL: GetLogEvents' form). */
void sim_event_render(
    const struct sim_stream *s, const struct sim_event *e, bool filtered, struct buf *out);
/* Appends a JSON string, quotes included. */
void sim_json_string(const char *text, size_t len, struct buf *out);

struct sim_logs *sim_logs_new(void);
void sim_logs_free(struct sim_logs *l);
int sim_logs_put(struct sim_logs *l, const char *group, const char *stream, int64_t time_ms,
    const char *message, size_t len);
/*
 * Sets a fault of pages by its name (struct sim_knobs); 0 switches it off. -1: no such name. Under
 * the region's lock.
 */
int sim_logs_set(struct sim_logs *l, const char *name, int64_t value);

#endif
