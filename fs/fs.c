/* Does a region of an account answer, and which one is asked for data that all regions share? */
#include "fs/fs.h"

#include <string.h>

static size_t index_of(const struct account *a, const struct region *r)
{
	size_t i = 0;

	while (a->regions[i] && a->regions[i] != r)
		i++;
	return i;
}

void account_set_state(struct account *a, const struct region *r, enum region_state state)
{
	size_t i = index_of(a, r);

	if (a->states && a->regions[i])
		atomic_store(&a->states[i], state);
}

static bool any_answers(const struct account *a)
{
	for (size_t i = 0; a->regions[i]; i++)
		if (atomic_load(&a->states[i]) == REGION_ANSWERS)
			return true;
	return false;
}

enum region_state account_state(const struct account *a, struct region *r)
{
	size_t i = index_of(a, r);
	enum region_state state;

	if (!a->states || !a->regions[i])
		return REGION_ANSWERS;
	state = atomic_load(&a->states[i]);
	if (state == REGION_FAILS && region_has_answered(r))
		return REGION_ANSWERS;
	return state == REGION_NOT_ENABLED && !any_answers(a) ? REGION_FAILS : state;
}

struct region *account_region(const struct account *a)
{
	struct region *found = NULL;

	if (!a->regions[1])
		return a->regions[0];
	for (struct region **r = a->regions; *r; r++) {
		bool own = strcmp(region_name_peek(*r), aws_client_region_peek(a->client)) == 0;

		if (account_state(a, *r) == REGION_ANSWERS && (own || !found))
			found = *r;
	}
	return found ? found : a->regions[0];
}
