/*
 * Which streams does a file show? A task's file shows one. A service's file shows those of its
 * tasks: where the task definition has a stream prefix, all streams below PREFIX/CONTAINER/ whose
 * task belongs to the service; so a new task's first line appears without asking ECS for tasks
 * first.
 */
#ifndef ECSFS_LOGS_STREAMS_H
#define ECSFS_LOGS_STREAMS_H

#include "cache/logs/file.h"

/* One pattern of streams in one group that a file shows. */
struct source {
	char *group;
	char *region; /* AWS's region name */
	char *pattern;
	bool exact;	 /* the stream's name; else a prefix that a task id follows */
	char *task;	 /* exact: its owner; NULL: shared by all tasks */
	bool seen;	 /* a page was read from it: it exists */
	int64_t base_ms; /* no event can be older (wall, by AWS's clock) */
};

struct sources {
	struct source *v;
	size_t count, room;
};
void sources_release(struct sources *s);
#define auto_sources __attribute__((cleanup(sources_release)))

/*
 * Asks ECS where the file's streams are; `first`: stopped tasks' definitions too. Blocks. -ENOENT: no
 * such container, or no awslogs.
 */
int streams_find(struct logfile *f, bool first, struct sources *ret, struct ecsfs_error *err);
/* A stream that the service's tasks known to ECS write to, newest task first. */
struct member {
	char *stream;
	double created;
};
struct members {
	struct member *v;
	size_t count, room;
};
void members_release(struct members *m);
#define auto_members __attribute__((cleanup(members_release)))
int streams_of_tasks(
    struct logfile *f, const struct source *s, struct members *ret, struct ecsfs_error *err);
/*
 * Looks up the stream's owner, and labels it; `event_ms`: the time of its newest event. Blocks; no
 * lock is held. 0, or the failure of the look-up.
 */
int streams_find_owner(struct logfile *f, const struct source *s, const struct logscan_text *stream,
    uint64_t hash, int64_t event_ms, struct ecsfs_error *err);

/* The client of CloudWatch Logs in the source's region. */
struct logs_door source_door(const struct logfile *f, const struct source *s);

#endif
