/* Was a value edited, and did AWS change it too? */
#include "fs/edit/three_way.h"

bool three_way_same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal((json_t *)a, (json_t *)b));
}

enum three_way three_way(const json_t *base, const json_t *mine, const json_t *theirs)
{
	if (three_way_same(mine, base) || three_way_same(mine, theirs))
		return EDIT_NONE;
	return three_way_same(base, theirs) ? EDIT_CHANGED : EDIT_CONFLICT;
}
