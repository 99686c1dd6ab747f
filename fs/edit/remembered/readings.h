/*
 * Which copy of a service document did an editor read? The copies are kept, so that edits can be
 * distinguished from changes made elsewhere since. A copy is recognised by the members that only AWS
 * writes and that move (counts, deployments, events, ...).
 *
 * Bounded: the newest READINGS_EACH of a service, READINGS_SERVICES services, and in bytes by their
 * part of the budget, the least recently used forgotten first. Any thread.
 */
#ifndef ECSFS_EDIT_READINGS_H
#define ECSFS_EDIT_READINGS_H

#include "cache/budget.h"
#include "fs/edit/members/shape.h"

#include <jansson.h>
#include <sys/types.h>

#define READINGS_EACH 128
#define READINGS_SERVICES 512

struct readings;

/* `budget` is borrowed. NULL: no memory. */
struct readings *readings_new(struct budget *budget);
void readings_free(struct readings *r);

/* Remembers that `doc` (a described service, borrowed) was read under `key`: a service's ARN. */
void readings_note(struct readings *r, const char *key, const json_t *doc);

/* Forgets all readings of `key`: the next write is the whole document. */
void readings_forget(struct readings *r, const char *key);

/*
 * Remembers that AWS accepted the edit of `base` (readings_recognise's) by `writer` (a process):
 * with the members of `changes` it is `written`. An editor that saves again without reading again
 * has edited that; for other processes it is not a reading.
 */
void readings_note_written(struct readings *r, const char *key, const json_t *written,
    const json_t *base, const json_t *changes, pid_t writer);

/*
 * Which reading `written` was made from: a new reference, NULL when none is recognised. Where all
 * but one of the moving members agree it is recognised too, and `ret_edited` (else NULL) names the
 * one that was edited: static storage. Where several fit, the one with the fewest other
 * differences; among equals the writer's own, else the newest. `writer`: the process that wrote.
 */
json_t *readings_recognise(struct readings *r, const char *key, const json_t *written, pid_t writer,
    const char **ret_edited);

/*
 * The same for a document without moving members, `members` its shape: the reading with the fewest
 * differences; among equals the writer's own, else the newest. `ret_newest`: the newest of all,
 * NULL where the reading is the writer's own, and so certain. New references, NULL: none.
 */
json_t *readings_nearest(struct readings *r, const char *key, const json_t *written,
    const struct shape *members, pid_t writer, json_t **ret_newest);

#endif
