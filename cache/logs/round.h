/*
 * How far has a reading of a log group come? A round reads it once, from a given time on, by the
 * calls of its lanes. Owned by the job that polls the group; no lock.
 */
#ifndef ECSFS_LOGS_ROUND_H
#define ECSFS_LOGS_ROUND_H

#include "cache/logs/pages.h"

/* One call's worth of streams: names, or a prefix. */
struct lane {
	char *prefix; /* NULL: names */
	char **names;
	size_t count;
};

/* Reading all lanes once, from a time on. The poll's job alone. */
struct round {
	bool active;
	int64_t start_ms;
	int64_t reference_ms; /* the group's when it began */
	uint64_t rewinds;     /* the group's when it began */
	struct lane *lanes;
	size_t lane_count, at;
	struct stop *stop; /* a reference to the group's when it began */
	bool walking;
	struct walk walk;
	size_t pages, events;
};

/* Frees what a round holds; it is empty and inactive afterwards. */
void round_release(struct round *r);

#endif
