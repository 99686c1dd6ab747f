/* Where does a YAML tree live? In chunks that are filled from the front and freed all at once. */
#ifndef ECSFS_YAML_ARENA_H
#define ECSFS_YAML_ARENA_H

#include <stddef.h>

struct chunk;
struct yaml_note;

struct yaml_arena {
	struct chunk *chunks; /* the newest first: the one that has room */
	size_t bytes;
	struct yaml_note *notes; /* yaml_parse.c's */
};

/* NULL: no memory. */
struct yaml_arena *yaml_arena_new(void);

/* Wipes and frees: a file may hold keys. NULL is fine. */
void yaml_arena_free(struct yaml_arena *a);
void yaml_arena_cleanup(struct yaml_arena **a);
#define auto_yaml __attribute__((cleanup(yaml_arena_cleanup)))

/* Memory of the arena. NULL: the arena is full, or no memory. */
void *yaml_alloc(struct yaml_arena *a, size_t size);
char *yaml_strndup(struct yaml_arena *a, const char *s, size_t len);

#endif
