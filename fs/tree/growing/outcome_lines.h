/*
 * How did a task end? Snapshots of the task go in, lines and a verdict come out: for `outcome` and
 * `exit_code`. No call, no clock, no allocation that outlives a call; one thread at a time.
 */
#ifndef ECSFS_EDIT_OUTCOME_H
#define ECSFS_EDIT_OUTCOME_H

#include "backend/base/buf.h"

#include <jansson.h>
#include <stdbool.h>

enum outcome_verdict {
	OUTCOME_GOING,
	OUTCOME_GOOD,	/* every essential container ended with 0 */
	OUTCOME_FAILED, /* the last line names the container, the code and the reason */
};

/* The last snapshot's state. Zeroed before the first one. */
struct outcome {
	char status[32];  /* lastStatus */
	char states[512]; /* of the containers, as last printed */
};

/*
 * Takes a snapshot (DescribeTasks' document) and appends a line for every change since the last.
 * `definition`: the task definition, which marks essential containers; NULL where it is unknown:
 * then every container is essential. `now`: epoch seconds, for changes that AWS gives no time.
 */
enum outcome_verdict outcome_see(
    struct outcome *o, const json_t *task, const json_t *definition, double now, struct buf *lines);

/*
 * The container whose exit code is the task's: the first essential one that failed (a code other
 * than 0, or none at all), else the first essential one. NULL: the task has not stopped, or has no
 * container. Borrowed.
 */
const json_t *outcome_container_peek(const json_t *task, const json_t *definition);

/*
 * The container's reason; "" where the task's stoppedReason says it already: ECS repeats there why
 * a container could not start. Borrowed.
 */
const char *outcome_reason_peek(const json_t *task, const json_t *container);

#endif
