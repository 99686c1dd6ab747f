/*
 * Which tree of YAML nodes (yaml.h) does a text become? Parsed by libyaml. One thread at a time for
 * an arena.
 */
#ifndef ECSFS_PARSE_YAML_PARSE_H
#define ECSFS_PARSE_YAML_PARSE_H

#include "backend/error.h"
#include "backend/parse/yaml.h"

/* What a parsed file says in vain. */
struct yaml_note {
	enum {
		YAML_DOUBLED,	  /* a key that was given twice in one mapping: the second one */
		YAML_UNKNOWN_TAG, /* a node with a tag that means nothing here: it is read without */
	} what;
	const struct yaml_node *at;
	struct yaml_note *next;
};

/*
 * Parses the file's one document into `ret`; NULL: the file is empty. -EINVAL with "FILE:LINE: what
 * is wrong" in `err`, also where a second document follows, or a value does not fit its tag (!!int,
 * !!float, !!bool, !!null, !!binary, which is decoded); -EFBIG, -ENOMEM. `text` is not needed
 * afterwards.
 */
int yaml_parse(struct yaml_arena *a, const char *file, const char *text, size_t len,
    struct yaml_node **ret, struct ecsfs_error *err);

/* The notes so far, in no promised order. */
const struct yaml_note *yaml_notes_peek(const struct yaml_arena *a);

#endif
