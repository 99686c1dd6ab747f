/*
 * How are the first lines of an open read? The newest part: GetLogEvents backward, the only call
 * that goes newest first, of every stream; merged by time and cut to size. From a given time on
 * (logs/since, a window that is a duration, the whole log, or more than a page): range_read.h.
 */
#ifndef ECSFS_LOGS_FIRST_READ_H
#define ECSFS_LOGS_FIRST_READ_H

#include "cache/logs/file.h"

/*
 * Reads the first window of a file and subscribes it to its groups. Blocks, on a worker. -ENOENT: no
 * such container, or its log driver is not awslogs; else -errno and a sentence.
 */
int first_read(struct logfile *f, struct ecsfs_error *err);

#endif
