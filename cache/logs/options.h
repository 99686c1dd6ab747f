/*
 * How does a mount read its logs, and which log is an open for? Plain data, shared by the public
 * calls (logs.h) and the follower (follower.h).
 */
#ifndef ECSFS_LOGS_OPTIONS_H
#define ECSFS_LOGS_OPTIONS_H

#include "backend/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct errlog;
struct region;
struct spools;

struct logs_options {
	int64_t window_bytes; /* what a first read gives; 0: all; default 1 MiB */
	int64_t window_ms;    /* instead of bytes, when > 0 */
	int64_t overlap_ms;   /* how late an event may come and still be delivered, 90 s */
	bool timestamps;      /* lead each line with its ISO time */
	bool live_tail;	      /* StartLiveTail wakes the poller */
	const struct clock *clock;
	struct errlog *errors; /* borrowed; NULL: failures are not noted */
	struct spools *spools; /* of the mount; borrowed */
};

/* Which file: kept by the caller until logs_open returns; copied. */
struct logspec {
	struct region *region; /* of the service or task */
	const char *cluster;
	const char *service; /* NULL: the log of one task */
	const char *task;    /* NULL: of a service, all its tasks */
	const char *container;
	int64_t since_wall_ms; /* logs/since/WHEN; 0: the window */
};

#endif
