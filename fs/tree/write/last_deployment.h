/*
 * Which deployment did the mount's last write of a service make? `rollout` is about that one, also where
 * it was rolled back before the file was opened: a script that deploys, works, and then reads `rollout`
 * must not hear of the deployment before. Any thread.
 */
#ifndef ECSFS_TREE_LAST_DEPLOYMENT_H
#define ECSFS_TREE_LAST_DEPLOYMENT_H

#include "fs/table.h"

/* Notes what UpdateService answered (borrowed) to a write of the place's service. */
void last_deployment_note(const struct place *p, const json_t *service);

/*
 * `createdAt` and `deployments` of what was noted last: a new reference; NULL: nothing. `ret_note` (new;
 * NULL: nothing) names it for last_deployment_forget().
 */
json_t *last_deployment(const struct place *p, char **ret_note);

/* A reader has heard how it ended: `rollout` opened from now on is about what is there then. Frees `note`
 * (NULL: nothing to forget). */
void last_deployment_forget(const struct fs *fs, char **note);

#endif
