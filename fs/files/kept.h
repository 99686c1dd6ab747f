/*
 * Which files does this mount keep in memory (fs/table.h: dir_type.keeps), as the tree reads them?
 * They are made and changed through the kernel (fs/files/scratch.h). Any thread.
 */
#ifndef ECSFS_KEPT_H
#define ECSFS_KEPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct fs;

/*
 * A copy of the file at a path below `dir` (struct place: files), NUL-terminated behind its length;
 * free(3) it. NULL: there is none, or no memory. No part of the path is "." or "..". `ret_torn`: a part of
 * it is missing, since a write was refused: it must not be used.
 */
char *kept_read(struct node *dir, const char *path, size_t *ret_len, bool *ret_torn);
/* Appends the paths of all files below `dir`, unsorted. */
void kept_paths(struct node *dir, json_t *paths);
/* Changes whenever a kept file or its name changes: earlier reads are then known to be outdated. */
uint64_t kept_generation(const struct fs *fs);

#endif
