/*
 * Which answers does a directory's node show? Their keys are kept, so that the kernel can be
 * notified when one of them changes. Any thread, unless noted.
 */
#ifndef ECSFS_SHOWING_H
#define ECSFS_SHOWING_H

#include "fs/kernel/node/node.h"

/* Remembers that the directory shows the answer of this key. */
void node_note_key(struct node *dir, const struct region *r, const struct key *k);

/* An entry that the kernel may cache, of a directory that shows a key. */
struct stale_entry {
	uint64_t dir;
	uint64_t id;
	char *name; /* new; NULL: the directory itself, its attributes and list */
};
/* Returns a new array of `*ret_count`, NULL when empty. `k` NULL: of all directories. Leaves only in
 * directories without a listing: look-ups there never park. */
struct stale_entry *nodes_showing(
    struct fs *fs, const struct region *r, const struct key *k, size_t *ret_count);

/* The same for one directory. */
struct stale_entry *node_showing(struct node *dir, size_t *ret_count);

/*
 * The directory's generation for its mtime: moves when `version` differs from the last reported
 * one, and once when the answer `expired`, so that the kernel reads the list again. `ret_changes`,
 * for its ctime, moves with the version alone: tar compares that, and complains of files that
 * changed while it read; NULL: not wanted. `reading`: the kernel reads the list now.
 */
uint32_t node_generation(
    struct node *dir, uint64_t version, bool expired, bool reading, uint32_t *ret_changes);

/* For the table of nodes (inode.c), under its lock: the table has grown from `buckets` of `old`; a node
 * goes; its memory goes. */
void showing_rehash(struct shown **old, size_t buckets);
void showing_end(struct node *n);
void showing_free(struct node *n);

#endif
