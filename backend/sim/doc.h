/*
 * How are members of requests and responses read and set? Getters take an absent or null member as
 * "not given"; setters leave out what has no value, as AWS does.
 *
 * JSON that the state holds is never changed, only replaced, so answers share it and are written
 * out without the region's lock. They are released under it.
 */
#ifndef ECSFS_SIM_DOC_H
#define ECSFS_SIM_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether the member is there and not null. */
bool doc_has(const json_t *o, const char *key);
/* NULL where absent or not a string; borrowed. */
const char *doc_str(const json_t *o, const char *key);
int64_t doc_int(const json_t *o, const char *key, int64_t absent);
bool doc_bool(const json_t *o, const char *key, bool absent);
/* NULL where absent or null; borrowed. */
json_t *doc_get(const json_t *o, const char *key);
/* Whether the list `key` of strings holds `value`. */
bool doc_lists(const json_t *o, const char *key, const char *value);

void doc_put_str(json_t *o, const char *key, const char *value); /* NULL: nothing */
void doc_put_int(json_t *o, const char *key, int64_t value);
void doc_put_bool(json_t *o, const char *key, bool value);
void doc_put_time(json_t *o, const char *key, int64_t ms);     /* 0: nothing */
void doc_put_new(json_t *o, const char *key, json_t *value);   /* steals `value`; NULL: sets none */
void doc_put(json_t *o, const char *key, const json_t *value); /* shares `value`; NULL: sets none */
/* Shares the member of `from`, where it has one. */
void doc_take(json_t *o, const json_t *from, const char *key);
/* The same, or an empty list. */
void doc_take_list(json_t *o, const json_t *from, const char *key);

/* A list of one {name, value} after another. */
void doc_add_pair(json_t *list, const char *name, const char *value);

/* For idempotency: equal requests have equal hashes. */
uint64_t doc_hash(const json_t *in);

#endif
