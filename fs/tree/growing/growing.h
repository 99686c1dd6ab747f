/*
 * How does an answer of the cache become a growing file? It has a line for each element of the
 * answer, oldest first, each once. While such a file is open a follower asks for the answer again
 * and appends new lines. A file is one struct growing; its row names it as its stream.
 */
#ifndef ECSFS_TREE_GROWING_H
#define ECSFS_TREE_GROWING_H

#include "fs/tree/tree.h"

struct growing {
	struct stream_ops ops; /* GROWING_OPS; first: a row's `stream` is this */
	/* The answer that the file is made of. May ask; on a worker. */
	int (*key)(struct ask *q, const struct place *p, struct key *ret, struct ecsfs_error *err);
	/*
	 * Its lines, as objects with `id`, `createdAt` (epoch seconds) and `message`, newest first: a
	 * new reference. `of` is the service, "service/CLUSTER/SERVICE". NULL: no memory.
	 */
	json_t *(*lines)(const json_t *answer, const char *of);
	int poll_ms;
	const char *dir; /* of the file, below the service's: "" or "metrics/" */
};

int growing_open(
    const struct place *p, const struct row *row, void **ret_stream, struct ecsfs_error *err);
void growing_close(void *stream);
struct spool *growing_spool(void *stream);
int64_t growing_mtime_ms(void *stream);

#define GROWING_OPS                                                                                \
	{                                                                                          \
		.open = growing_open, .close = growing_close, .spool = growing_spool,              \
		.mtime_ms = growing_mtime_ms                                                       \
	}

/* A service's events. */
extern const struct growing growing_events;
/* service_metrics.c, autoscaling.c */
extern const struct growing growing_cpu, growing_memory, growing_activities;

#endif
