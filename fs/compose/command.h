/* Which words has a command or an entry point that is written as one text? */
#ifndef ECSFS_COMPOSE_COMMAND_H
#define ECSFS_COMPOSE_COMMAND_H

#include "fs/compose/load/project.h"

/*
 * A list of strings: those of a list as they are, those of a text split as Docker's tools split it,
 * in the versions of ecs-cli as the reader of that version does. No shell is run: what a shell would
 * do is a warning. `what`: its path, for messages. NULL after a failure.
 */
json_t *command_words(struct compose *c, const struct yaml_node *n, const char *what);

#endif
