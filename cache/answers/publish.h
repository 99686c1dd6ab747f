/*
 * What a publication knows better than AWS for some seconds.
 *
 * ECS is eventually consistent: a Describe that follows a mutation may still show the state before
 * it. So for HOLD_MS after a publication an answer that is recognisably the older picture confirms
 * what was published instead of replacing it; anything else is newer and replaces it.
 */
#ifndef ECSFS_PUBLISH_H
#define ECSFS_PUBLISH_H

#include "cache/region.h"

#include <stdbool.h>

#define HOLD_MS 5000

struct hold {
	int64_t until_ms;   /* mono */
	json_t *olds;	    /* the pictures before it and before those just before; an array */
	bool absent_before; /* nothing was known, or it was not there */
	json_t *published;  /* NULL: the hold of a listing */
	json_t *added;	    /* of a listing: names that are there, whatever AWS says; or NULL */
	json_t *removed;    /* and those that are gone */
};

/*
 * Notes a publication: `old` is the picture before it (NULL: absent). `h` is the hold so far or
 * NULL; returns it or a new one. NULL: no memory.
 */
struct hold *hold_publish(struct hold *h, json_t *old, json_t *published, int64_t now_ms);
/* Notes that a listing gained or lost a name; else as hold_publish. */
struct hold *hold_name(struct hold *h, const char *name, bool present, int64_t now_ms);
void hold_free(struct hold *h);
/* Bytes of memory; NULL: none. */
size_t hold_size(const struct hold *h);

/*
 * Whether a fetched answer (`value`, or NULL with `err`) is the picture before the publication. It
 * is when it equals the old one in every member that the publication changed. Counts, events and
 * the like drift by themselves and are not looked at; of the deployments only the PRIMARY's id is.
 * Where nothing was known before, only "there is no such object" can be told to be older.
 */
bool hold_is_older(const struct hold *h, const json_t *value, int err);

/* A fetched listing with the names that were added and removed by publications. New. */
json_t *hold_listing(const struct hold *h, json_t *names);

/* Names as listings have them: sorted arrays of strings. New arrays; NULL: no memory. */
bool names_have(const json_t *names, const char *name);
json_t *names_with(const json_t *names, const char *name);
json_t *names_without(const json_t *names, const char *name);

#endif
