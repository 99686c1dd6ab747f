/* Does a definition exist already as a revision, or must it be registered? */
#ifndef ECSFS_TREE_REGISTRATION_H
#define ECSFS_TREE_REGISTRATION_H

#include "fs/tree/tree.h"

enum find_effort {
	FIND_KNOWN,	/* among the cached revisions: no call */
	FIND_CONFIRMED, /* the same; a fresh answer of AWS confirms the match */
	FIND_NEWEST,	/* and the family's newest, and the one that the document was read from */
};

/*
 * The ACTIVE revision of the family that `request` describes (as canon_taskdef_equal() compares), a
 * new reference; NULL: none is known. `read_from`: the ARN of the revision that the document was
 * read from, or that is in use; "": none is named.
 */
json_t *registration_find(
    const struct place *p, const json_t *request, const char *read_from, enum find_effort effort);

/*
 * Registers `request`. A request whose answer was lost is looked for before it is repeated. `ret`:
 * the new revision with its tags inside, published, a new reference; NULL under -o dry_run.
 */
int registration_make(
    struct commit *c, const json_t *request, json_t **ret, struct ecsfs_error *err);

/* The definition of RegisterTaskDefinition's or DeregisterTaskDefinition's response with the tags
 * beside it moved inside, as in described ones: a new reference. RegisterTaskDefinition has set the
 * tags of its `request`; NULL: DeregisterTaskDefinition, which returns none. */
json_t *registration_definition(const json_t *answer, const json_t *request);

#endif
