/* Which files has a project? All of them as one tree. */
#ifndef ECSFS_COMPOSE_FILES_H
#define ECSFS_COMPOSE_FILES_H

#include "fs/compose/load/project.h"

/*
 * Fills c->root and c->params from the project's files: finds the compose files, reads the version,
 * fills in variables, resolves `extends` and merges. It is a failure that there is none.
 */
void files_load(struct compose *c);

/* Once all is read: warns of YAML files that nothing has read. */
void files_name_unread(struct compose *c);

#endif
