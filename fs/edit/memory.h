/*
 * A mount's memory of its own writes, by key: the last revision registered, what run_task
 * started. At most MEMORY_KEYS, the least recently used forgotten first. Values are immutable JSON.
 * Any thread.
 */
#ifndef ECSFS_EDIT_MEMORY_H
#define ECSFS_EDIT_MEMORY_H

#include <jansson.h>

#define MEMORY_KEYS 256

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *m);

/* `value` is borrowed. */
void memory_put(struct memory *m, const char *key, json_t *value);
/* A new reference; NULL: nothing under that key. */
json_t *memory_get(struct memory *m, const char *key);
void memory_forget(struct memory *m, const char *key);

#endif
