/*
 * How are pages of events read? One page into an array (logpage), and all pages of a query by a
 * walk, which fetches the next page while one is read.
 */
#ifndef ECSFS_LOGS_PAGES_H
#define ECSFS_LOGS_PAGES_H

#include "backend/parse/logs.h"
#include "cache/logs/follower.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The events of one page, with the distinct streams they are of. */
struct logpage {
	struct logscan_event *events;
	uint32_t *stream_of; /* of each event, an index into streams */
	size_t count, room;
	struct logscan_text *streams;
	uint64_t *stream_hashes;
	size_t stream_count, stream_room;
	bool unordered; /* the events arrived unsorted and were sorted by time */
};
void logpage_release(struct logpage *p);
/*
 * Reads the rest of `scan`, sorted by time; the events point into the scanned page. -EIO, -ENOMEM.
 */
int logpage_read(struct logpage *p, struct logscan *scan);
/* Says why a page of the action could not be read, by the -errno of logpage_read(); returns it. */
int logpage_failed(int e, const char *action, struct ecsfs_error *err);

struct ahead;
struct walk_spec;

/* A walk over the pages of one query; the next page is under way while one is read. */
struct walk {
	struct logs *logs;
	struct region *pool; /* whose workers fetch ahead */
	struct walk_spec *spec;
	char *token; /* of the next page; NULL: the first, or (begun) no more */
	bool begun;
	struct ahead *ahead;
	struct buf room;     /* for the page fetched ahead */
	bool one_by_one;     /* set after walk_begin: no page is fetched before it is asked for */
	uint64_t recent[16]; /* hashes of tokens seen, to find a circle */
	unsigned repeats;    /* in a row */
	bool circles;
	size_t pages;
};

/* Copies door and query, and keeps the door's stop (one on the heap). -ENOMEM. */
int walk_begin(struct walk *w, struct logs *l, struct region *pool, const struct logs_door *door,
    const struct logs_query *query);
/* Begins to fetch the next page. If that is impossible, the page is fetched when it is needed. */
void walk_ahead(struct walk *w);
/* Whether the page that is fetched ahead has come, is the last, and less than `bytes` of JSON. */
bool walk_ends_below(const struct walk *w, size_t bytes);
/* 1: `ret` is a page; 0: there was none left; -errno (walk_release, and begin again). */
int walk_next(struct walk *w, struct logs_page *ret, struct ecsfs_error *err);
void walk_release(struct walk *w);

#endif
