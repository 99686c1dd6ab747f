/*
 * How does an edit change one value? `mine` was made from `base` (the copy read), and AWS has `theirs` now.
 * Values are in canonical form (canon.h), NULL where absent. Pure; any thread.
 */
#ifndef ECSFS_EDIT_THREE_WAY_H
#define ECSFS_EDIT_THREE_WAY_H

#include <jansson.h>
#include <stdbool.h>

enum three_way {
	EDIT_NONE,     /* unchanged since it was read, or AWS has it already */
	EDIT_CHANGED,  /* changed here alone: it must be sent */
	EDIT_CONFLICT, /* changed here and, differently, at AWS */
};

/* Both absent, or equal. */
bool three_way_same(const json_t *a, const json_t *b);

enum three_way three_way(const json_t *base, const json_t *mine, const json_t *theirs);

#endif
