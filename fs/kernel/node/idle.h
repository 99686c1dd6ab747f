/*
 * Which nodes has nobody looked up for so long that the kernel may forget them? A node lives while
 * the kernel holds it, and the kernel holds what it has seen until it wants the memory: without this
 * a mount whose tasks come and go grows without end.
 *
 * A node is idle IDLE_MS past the TTL of its last look-up: using it then costs a look-up in any
 * case. Above its part of -o cache_limit nodes are asked back sooner, the oldest first. The kernel
 * gives back no node that is open, watched or somebody's working directory.
 */
#ifndef ECSFS_IDLE_H
#define ECSFS_IDLE_H

#include "fs/kernel/node/node.h"

#define IDLE_MS 10000

struct stale_entry;

/*
 * The nodes to be asked back now, and `*ret_more`: there are others. Writes at most `room` of them to
 * `out` and returns how many: `id`, `dir` the parent's, and with `names` the (new) name of a file
 * where look-ups of its directory never wait.
 * They count as looked up. Any thread.
 */
size_t idle_collect(
    struct fs *fs, struct stale_entry *out, size_t room, bool names, bool *ret_more);

/* For the table of nodes (inode.c), under its lock. */
/* Looked up at `now`; true: it is time to collect. */
bool idle_touch(struct node *n, int64_t now);
/* Its first child was added, its last one removed, the kernel has forgotten it. */
void idle_parent(struct node *n);
void idle_emptied(struct node *n);
void idle_end(struct node *n);

#endif
