/*
 * The arena's inside, shared by the parts of the YAML reader.
 */
#ifndef ECSFS_YAML_ARENA_H
#define ECSFS_YAML_ARENA_H

#include "backend/parse/yaml.h"

struct chunk;

struct yaml_arena {
	struct chunk *chunks; /* the newest first: the one that has room */
	size_t bytes;
	struct yaml_doubled *doubled;
};

#endif
