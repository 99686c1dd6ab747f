/*
 * Where is a node: which account, region, cluster, service do the names of its path represent?
 */
#ifndef ECSFS_KERNEL_PLACE_H
#define ECSFS_KERNEL_PLACE_H

#include "fs/table.h"

struct node;

/* Fills `p` for a node, or for the name `below` (NULL: the node itself) that a listing of this
 * directory gives. Strings are borrowed from the nodes: hold a reference of `n` meanwhile. */
void place_of(struct node *n, struct place *p);
void place_below(struct node *dir, const char *name, bool listed, struct place *p);

#endif
