/* Which files does a project have? All of them are merged into one tree. */
#ifndef ECSFS_COMPOSE_FILES_H
#define ECSFS_COMPOSE_FILES_H

#include "fs/compose/load/project.h"

/*
 * Fills c->root and c->params from the project's files: finds the compose files, reads the version,
 * fills in variables, resolves `extends` and merges. A project without a compose file is a failure.
 */
void files_load(struct compose *c);

/* After all is read: warns of YAML files that were not read. */
void files_name_unread(struct compose *c);

#endif
