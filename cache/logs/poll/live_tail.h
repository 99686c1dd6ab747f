/*
 * StartLiveTail as an alarm clock: a session watches up to ten groups and has a group polled as soon
 * as something arrived in it. It never is the source of lines: it samples, and names no events. A
 * refusal is remembered, and the pollers go on as without it.
 */
#ifndef ECSFS_LOGS_LIVE_TAIL_H
#define ECSFS_LOGS_LIVE_TAIL_H

#include "cache/logs/follower.h"

/* Starts sessions for the groups that none watches. logs->lock held. */
void live_tail_watch(struct logs *l, int64_t now);
/* Forgets refusals; no session may run any more. */
void live_tail_free(struct logs *l);

#endif
