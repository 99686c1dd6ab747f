/* Which members does a task definition have, and what is known of each? Constant; any thread. */
#ifndef ECSFS_EDIT_TASK_DEFINITION_MEMBERS_H
#define ECSFS_EDIT_TASK_DEFINITION_MEMBERS_H

#include "fs/edit/members/shape.h"

/* RegisterTaskDefinition's request and the described definition, tags inside. */
extern const struct shape shape_task_definition[];
/* One element of containerDefinitions. */
extern const struct shape shape_container_definition[];

#endif
