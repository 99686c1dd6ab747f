/*
 * How does one deployment of a service proceed to its end? Snapshots of the service go in, lines
 * and a verdict come out. No call, no clock: the follower asks AWS and passes the time in. One
 * thread at a time.
 *
 * The deployment that counts is the one that was PRIMARY in the first snapshot, by its id: a rollback
 * may go to a deployment of the same task definition. Where the mount's own last write made another one,
 * and the first snapshot shows what was there before that write, the written one counts: it was rolled
 * back before anybody looked.
 */
#ifndef ECSFS_EDIT_ROLLOUT_H
#define ECSFS_EDIT_ROLLOUT_H

#include "backend/base/buf.h"

#include <jansson.h>
#include <stdbool.h>

enum rollout_verdict {
	ROLLOUT_GOING,
	ROLLOUT_STEADY,
	ROLLOUT_FAILED,
	ROLLOUT_ROLLED_BACK,
	ROLLOUT_SUPERSEDED,
	ROLLOUT_GONE, /* the service is DRAINING, INACTIVE or was not found */
};

struct rollout;

struct rollout *rollout_new(void);
void rollout_free(struct rollout *r);

/*
 * Before the first snapshot: DescribeServices' document (borrowed; NULL: none) as UpdateService answered it
 * to the mount's own last write. Its `createdAt` and `deployments` are read.
 */
void rollout_expect(struct rollout *r, const json_t *written);

/*
 * Takes a snapshot (DescribeServices' document, borrowed) and appends a line for each change since
 * the last: counts, state, new events. `now`: epoch seconds. Returns whether anything changed.
 */
bool rollout_see(struct rollout *r, const json_t *service, double now, struct buf *lines);

/* The id of the deployment that is followed ("ecs-svc/0123"), "" before the first snapshot. */
const char *rollout_deployment_peek(const struct rollout *r);

/* The ARN of the service deployment to describe with this snapshot; NULL: none is needed. Borrowed
 * from the rollout. */
const char *rollout_wants_peek(const struct rollout *r);

/*
 * Decides by the snapshot last seen. `deployment`: DescribeServiceDeployments' document for the ARN
 * of rollout_wants_peek(); NULL where none is named or it is unavailable. A verdict other than
 * ROLLOUT_GOING comes with a last line that gives the reason.
 */
enum rollout_verdict rollout_decide(
    struct rollout *r, const json_t *deployment, double now, struct buf *lines);

/* Appends a line "TIME what: why". */
void rollout_say(double now, const char *what, const char *why, struct buf *lines);

/* The last of the lines less its time, cut to `size`: the sentence of the error that ends a file. An error
 * has a time of its own where it is shown. */
void rollout_last(const struct buf *lines, char *ret, size_t size);

/* The last line when the service itself no longer exists. */
enum rollout_verdict rollout_gone(struct rollout *r, double now, struct buf *lines);

#endif
