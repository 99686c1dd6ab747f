/*
 * How are all lines of a file from a given time on read? By FilterLogEvents, which returns ids.
 * Tokens make a chain: a page can be asked for only when the one before it is there. So, once the
 * first page has shown how many lines a second there are, the remaining time is cut into pieces of
 * about a page, some of which are fetched at once; they are delivered in order. Where they come
 * back nearly empty, the one after them has no end: it leads to the next lines, from where the time
 * is cut again, or to the end.
 */
#ifndef ECSFS_LOGS_RANGE_READ_H
#define ECSFS_LOGS_RANGE_READ_H

#include "cache/logs/streams.h"

/*
 * Gives `f` all lines from `start_ms` on; `ret_reference`: what following begins from. Blocks. A
 * failure half way is reported in .ecsfs/errors and tried again for a minute or two; if it persists
 * it is the reader's error, as a failure of the first call is. After a full spool, following begins
 * where this stopped.
 */
int range_read(struct logfile *f, struct sources *sources, int64_t start_ms, int64_t *ret_reference,
    struct ecsfs_error *err);

#endif
