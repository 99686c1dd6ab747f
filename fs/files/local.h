/*
 * Which names exist in this mount alone? Service drafts, empty families, compose projects; a store
 * for each mount, by place and kind. Any thread.
 */
#ifndef ECSFS_LOCAL_H
#define ECSFS_LOCAL_H

#include "fs/table.h"

/* Names that make() or a draft keeps in this mount alone. Any thread.
 * local_add: 0, -EEXIST, -EDQUOT (too many), -ENOMEM. */
int local_add(const struct place *p, const char *kind, const char *name);
bool local_has(const struct place *p, const char *kind, const char *name);
bool local_remove(const struct place *p, const char *kind, const char *name);
/* Appends the names of a kind in a place to an array. */
void local_names(const struct place *p, const char *kind, json_t *names);
/* The names of a mount (fs->locals). 0 or -ENOMEM. */
int locals_new(struct fs *fs);
void locals_free(struct fs *fs);

#endif
