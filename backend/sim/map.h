/*
 * How are the objects of the simulated region collected? In a growing array of pointers, and a
 * table from strings to pointers. Both borrow their content. Running out of memory ends the
 * simulator (sim_oom).
 */
#ifndef ECSFS_SIM_MAP_H
#define ECSFS_SIM_MAP_H

#include <stddef.h>
#include <stdint.h>

struct vec {
	void **items;
	size_t count, cap;
};

void vec_push(struct vec *v, void *item);
void vec_insert(struct vec *v, size_t at, void *item);
void vec_remove(struct vec *v, size_t at);
/* Removes `item`; it must be there. */
void vec_drop(struct vec *v, const void *item);
void vec_release(struct vec *v);

struct map_slot {
	const char *key;
	void *value; /* NULL with a key: removed */
};

/* Keys are borrowed and must live as long as the entry. */
struct map {
	struct map_slot *slots;
	size_t count, used, cap;
};

void *map_get(const struct map *m, const char *key);
void map_put(struct map *m, const char *key, void *value);
void map_remove(struct map *m, const char *key);
void map_release(struct map *m);

/* calloc, strdup and asprintf that never return NULL: without memory they end the simulator. */
void *sim_alloc(size_t size);
char *sim_strdup(const char *s);
char *sim_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void sim_oom(void);

#endif
