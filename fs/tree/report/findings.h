/*
 * What is wrong with a service? Reasons of stopped tasks, events, deployments and targets become
 * findings, the likeliest first, each with its evidence and a remedy. Pure; any thread.
 */
#ifndef ECSFS_TREE_FINDINGS_H
#define ECSFS_TREE_FINDINGS_H

#include "backend/base/buf.h"

#include <jansson.h>

/* All borrowed; NULL: not known. */
struct evidence {
	const json_t *service;	  /* DescribeServices' document */
	const json_t *deployment; /* its current service deployment's */
	const json_t *stopped;	  /* tasks of the service that have stopped: documents */
	const json_t *running;	  /* tasks that should run */
	const json_t *targets;	  /* balancer_targets() */
	const json_t *images;	  /* image to {"newest": [tags]}: those that ECR does not have */
	const json_t *logs;	  /* task id to its last lines: strings */
	const json_t *withheld;	  /* sentences: parts that could not be read, and why */
	double since;		  /* epoch s: the service became steady then; 0: it is not */
};

/* Whether a stopped task belongs to a present problem: it stopped since the service became steady,
 * or the service's tasks end again and again, steady in between. */
bool findings_concern(const struct evidence *e, const json_t *task);

/* Appends the findings; "steady" alone where there are none. */
void findings_render(const struct evidence *e, struct buf *out);

#endif
