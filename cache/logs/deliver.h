/*
 * How does a page of events reach a file? The owners of the streams are looked up, and the file
 * takes the new lines. A file whose spool is full is noted, so that its group is read again from
 * there. follower.h says how a late line is read once, and only once, on this way.
 */
#ifndef ECSFS_LOGS_DELIVER_H
#define ECSFS_LOGS_DELIVER_H

#include "cache/logs/group.h"
#include "cache/logs/pages.h"

/*
 * Gives the events of a page to a file; how many lines were new, or -errno: then the page must be
 * read again. `sub`: NULL for a first window. Blocks where a stream's owner must be looked up.
 */
int64_t deliver(struct logfile *f, const struct source *source, struct sub *sub,
    const struct logpage *page, struct ecsfs_error *err);

#endif
