/*
 * Is a name in a listing? A binary search in the sorted array; changes make a new array, since
 * answers are shared.
 */
#include "cache/answers/listing.h"

#include <string.h>

/* The index at which the name is, or would be inserted. */
static size_t place_of(const json_t *names, const char *name)
{
	size_t low = 0, high = json_array_size(names);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(json_string_value(json_array_get(names, middle)), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const json_t *names, size_t at, const char *name)
{
	const char *there = json_string_value(json_array_get(names, at));

	return there && strcmp(there, name) == 0;
}

bool names_have(const json_t *names, const char *name)
{
	return is_at(names, place_of(names, name), name);
}

json_t *names_with(const json_t *names, const char *name)
{
	json_t *copy = names ? json_copy((json_t *)names) : json_array();
	size_t at = place_of(copy, name);

	if (copy && !is_at(copy, at, name))
		json_array_insert_new(copy, at, json_string(name));
	return copy;
}

json_t *names_without(const json_t *names, const char *name)
{
	json_t *copy = names ? json_copy((json_t *)names) : json_array();
	size_t at = place_of(copy, name);

	if (copy && is_at(copy, at, name))
		json_array_remove(copy, at);
	return copy;
}
