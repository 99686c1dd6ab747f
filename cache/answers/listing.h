/* Which names does a listing have? A sorted JSON array of strings, each once. Pure; any thread. */
#ifndef ECSFS_LISTING_H
#define ECSFS_LISTING_H

#include <jansson.h>
#include <stdbool.h>

/* NULL: an empty listing. */
bool names_have(const json_t *names, const char *name);
/* The listing with or without a name. New arrays; NULL: no memory. */
json_t *names_with(const json_t *names, const char *name);
json_t *names_without(const json_t *names, const char *name);

#endif
