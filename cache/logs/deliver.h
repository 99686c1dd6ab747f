/*
 * Hands a page of events to a file: finds out whose the streams are, and has the file take the new
 * lines. A file whose spool is full is remembered, so that its group is read again from there.
 */
#ifndef ECSFS_LOGS_DELIVER_H
#define ECSFS_LOGS_DELIVER_H

#include "cache/logs/group.h"
#include "cache/logs/pages.h"

/*
 * Gives the events of a page to a file; how many lines were new, or -errno: then the page is to be
 * read again. `sub`: NULL for a first window. Blocks where a stream's owner has to be found out.
 */
int64_t deliver(struct logfile *f, const struct source *source, struct sub *sub,
    const struct logpage *page, struct ecsfs_error *err);

#endif
