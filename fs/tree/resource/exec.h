/* How does the row `exec` of a task's container start a command there? */
#ifndef ECSFS_TREE_EXEC_H
#define ECSFS_TREE_EXEC_H

#include "fs/table.h"

extern const struct conversation_ops conversation_exec;

#endif
