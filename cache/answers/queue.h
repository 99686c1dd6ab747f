/*
 * Which keys wait for a call, and which calls are under way? One fetch serves all waiters. Every
 * function is called with the lock.
 */
#ifndef ECSFS_ANSWERS_QUEUE_H
#define ECSFS_ANSWERS_QUEUE_H

#include "cache/answers/state.h"

/*
 * Puts an entry that is IDLE in its group's queue and sees to it that a worker takes it.
 * -EBUSY, -EINTR, -ENOMEM: it was not. With the lock.
 */
int flight_queue(struct region *r, struct entry *e);
/* The same for read-ahead: it is sent when no other call is delayed by it (flight_start_ahead). */
int flight_queue_ahead(struct region *r, struct entry *e);
/* Whether the call that would answer it is too old to join, so that another one is begun. */
bool flight_is_lost(const struct entry *e, const struct freshness *f, int64_t now);
/* Whether its call goes on after its waiters got the known answer. */
bool flight_is_slow(const struct entry *e);
/* A reader now waits for a call that began as read-ahead. */
void flight_wanted(struct entry *e);
/* A waiter of the entry has left: calls that nobody waits for any more end. */
void flight_left(struct region *r, struct entry *e);
/* Starts calls for queued read-ahead, as far as there is room. */
void flight_start_ahead(struct region *r);

#endif
