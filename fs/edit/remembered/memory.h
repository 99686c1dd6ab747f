/*
 * What did this mount write before? Kept by key: the last revision registered, the tasks that
 * run_task started. At most MEMORY_KEYS within its part of the budget, the least recently used
 * forgotten first; the newest stays. Values are immutable JSON. Any thread.
 */
#ifndef ECSFS_EDIT_MEMORY_H
#define ECSFS_EDIT_MEMORY_H

#include "cache/budget.h"

#include <jansson.h>

#define MEMORY_KEYS 256

struct memory;

/* `budget` is borrowed. NULL: no memory. */
struct memory *memory_new(struct budget *budget);
void memory_free(struct memory *m);

/* `value` is borrowed. */
void memory_put(struct memory *m, const char *key, json_t *value);
/* A new reference; NULL: nothing under that key. */
json_t *memory_get(struct memory *m, const char *key);
void memory_forget(struct memory *m, const char *key);

#endif
