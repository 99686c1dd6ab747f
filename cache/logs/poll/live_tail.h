/*
 * How does StartLiveTail make polling sooner? A session watches up to ten groups and has a group
 * polled as soon as an event arrives in it. Lines never come from it: it samples, and has no event
 * ids. A refusal is remembered, and polling goes on without it.
 */
#ifndef ECSFS_LOGS_LIVE_TAIL_H
#define ECSFS_LOGS_LIVE_TAIL_H

#include "cache/logs/follower.h"

/* Starts sessions for the groups that none watches. logs->lock held. */
void live_tail_watch(struct logs *l, int64_t now);
/* Forgets refusals; no session may run any more. */
void live_tail_free(struct logs *l);

#endif
