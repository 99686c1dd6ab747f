/*
 * Where is a stale answer refused after a write?
 *
 * ECS is eventually consistent: a Describe that begins after a write succeeded may still return the
 * state before it. A guard remembers what the mount's own writes changed: the members of a document,
 * the names of a listing, or whether the object exists. While it lasts, a response that shows exactly
 * the value from before the write is corrected to the written one.
 *
 * publish.c notes the writes of a region here, and store.c has every response corrected before it is
 * stored. It does not store a response at all whose call began before the last write of its key
 * ended (store_item(), `mutated_at`).
 *
 * A guard covers only what was written, never longer than STALE_GUARD_MS or the TTL (so that no
 * reader sees a value that is older than the TTL allows), and it never renews the age of anything.
 * It ends for a member as soon as AWS shows the written value or a third one, and for all of them
 * when a reader demands AWS's present answer (a forced read, `touch`, `refresh`, every open with
 * ttl=0).
 */
#ifndef ECSFS_STALE_GUARD_H
#define ECSFS_STALE_GUARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STALE_GUARD_MS 5000

/* An entry's guards; NULL: none. */
struct stale_guard;

/* A write: when its call began, which is the age of what it wrote, and ended; how long it is guarded. */
struct guard_span {
	int64_t began_ms, until_ms;  /* mono */
	uint64_t began_at, ended_at; /* region_moment() */
};

/*
 * Notes that a write changed the object's members from those of `old` to those of `now` (borrowed;
 * NULL: the object did not exist, or no longer exists). Members that drift without a write are left
 * out; of the deployments only the PRIMARY's id counts. Out of memory fewer members are guarded.
 */
void guard_document(struct stale_guard **g, json_t *old, json_t *now, const struct guard_span *s);
/* The same of the members that were written, also where `old` had their values: a request from before
 * the write's end may bring others. */
void guard_members(
    struct stale_guard **g, json_t *old, json_t *members, const struct guard_span *s);
/* Notes that a listing gained or lost a name. */
void guard_name(struct stale_guard **g, const char *name, bool present, const struct guard_span *s);
/* When the last write of a guarded name ended; 0: it is not guarded. */
uint64_t guard_ended_at(const struct stale_guard *g, const char *name);
/* Whether any of it ends after `ms`. */
bool guard_lasts(const struct stale_guard *g, int64_t ms);
/* Ends the guard of one name of a listing. */
void guard_forget(struct stale_guard **g, const char *name);
void guard_free(struct stale_guard **g);
/* Bytes of memory; NULL: none. */
size_t guard_size(const struct stale_guard *g);

/*
 * Corrects a response whose request began at `started_at` (region_moment()), which is `started_ms`:
 * `value` (owned; NULL: the object does not exist) is corrected where a guard applies, and the
 * guards that the response ends are removed. Returns the write that the result rests on (the oldest
 * one), which is its age, or NULL where the response stands as it is: valid until the guards
 * change. `ret_ended` is set where AWS shows the written value, or a later write: responses of
 * other requests that are under way at this moment may be older, and no guard corrects them any
 * more.
 *
 * `value` becomes NULL where the object was deleted by the mount. Where it was created by the mount
 * and AWS does not find it, `*value` stays NULL and the caller keeps its own copy.
 */
const struct guard_span *guard_correct(struct stale_guard **g, bool listing, json_t **value,
    uint64_t started_at, int64_t started_ms, bool *ret_ended);

#endif
