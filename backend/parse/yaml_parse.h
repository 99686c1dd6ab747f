/*
 * Which tree of YAML nodes (yaml.h) does a text become? Parsed by libyaml. One thread at a time for
 * an arena.
 */
#ifndef ECSFS_PARSE_YAML_PARSE_H
#define ECSFS_PARSE_YAML_PARSE_H

#include "backend/error.h"
#include "backend/parse/yaml.h"

/* A key that was given twice in one mapping. */
struct yaml_doubled {
	const struct yaml_node *key; /* the second one */
	struct yaml_doubled *next;
};

/*
 * Parses the file's one document into `ret`; NULL: the file is empty. -EINVAL with "FILE:LINE: what
 * is wrong" in `err`, also where a second document follows; -EFBIG, -ENOMEM. `text` is not needed
 * afterwards.
 */
int yaml_parse(struct yaml_arena *a, const char *file, const char *text, size_t len,
    struct yaml_node **ret, struct ecsfs_error *err);

/* Keys given twice so far, in no promised order. */
const struct yaml_doubled *yaml_doubled_peek(const struct yaml_arena *a);

#endif
