/*
 * Which files a project has, and all of them as one tree.
 */
#ifndef ECSFS_COMPOSE_FILES_H
#define ECSFS_COMPOSE_FILES_H

#include "fs/compose/project.h"

/*
 * Fills c->root and c->params from the project's files: finds the compose files, reads the version,
 * fills in variables, resolves `extends` and merges. c->root stays NULL where there is none.
 */
void files_load(struct compose *c);

#endif
