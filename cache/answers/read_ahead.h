/*
 * Which answers will a reader ask for next? They are fetched before it asks.
 *
 * A reader of one name after the other of a listing, sorted or in the order of the directory, is
 * read ahead for from the second name in turn on, as the kernel reads files ahead: a window of one
 * batch, then of two, up to MOST_BATCHES, as long as the reader follows. The same holds for the
 * listings themselves: after the documents of one cluster were read, the listing of the next one
 * leads to those behind it, and their documents follow.
 *
 * Calls for read-ahead wait in queues of their own and are sent only while AWS's rate has some to
 * spare and few such calls are under way (queue.h). Every function is called with the lock.
 */
#ifndef ECSFS_READ_AHEAD_H
#define ECSFS_READ_AHEAD_H

#include "cache/answers/entries.h"

struct entry;
struct region;

/* A reader asked for an entry, which may have to be fetched (`missed`). */
void ahead_asked(struct region *r, struct entry *e, bool missed, int64_t now);
/* A listing that was read ahead arrived. */
void ahead_landed(struct region *r, struct entry *listing, int64_t now);

#endif
