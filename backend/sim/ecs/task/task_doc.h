/* How does DescribeTasks show a task? */
#ifndef ECSFS_SIM_ECS_TASK_DOC_H
#define ECSFS_SIM_ECS_TASK_DOC_H

#include "backend/sim/state.h"

json_t *task_render(const struct sim_region *r, const struct task *t, bool tags);
/* "arn:…:task/CLUSTER/ID", new JSON string. */
json_t *task_arn(const struct sim_region *r, const struct task *t);

/* "sha256:…" of the image as it was at a time: by the region's registry, else made up. New. */
json_t *sim_image_digest(const struct sim_region *r, const char *image, int64_t at_ms);
/* "sha256:…", made from the text: new. */
json_t *sim_made_digest(const char *text);

#endif
