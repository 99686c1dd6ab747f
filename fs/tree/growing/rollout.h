/* How does a deployment go on? The growing file `rollout`, and the services whose file is open. */
#ifndef ECSFS_TREE_ROLLOUT_H
#define ECSFS_TREE_ROLLOUT_H

#include "fs/table.h"

/* The growing file of a deployment (rollout.c). */
extern const struct stream_ops stream_rollout;
/* The services whose rollout is open (fs->watches). 0 or -ENOMEM. Free when none is open. */
int watches_new(struct fs *fs);
void watches_free(struct fs *fs);

#endif
