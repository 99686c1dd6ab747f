/*
 * Which nodes has a mount? The table, for the files that keep its orders: inode.c (names and
 * numbers), showing.c (what a directory shows), idle.c (nodes that nobody has looked up for a
 * while). Private to them; a caller from one to another holds the lock.
 */
#ifndef ECSFS_NODE_TABLE_H
#define ECSFS_NODE_TABLE_H

#include "fs/kernel/node/node.h"

#include <pthread.h>
#include <string.h>
#include <sys/queue.h>

/* One mount's; everything under `lock`. */
struct nodes {
	pthread_mutex_t lock;
	struct fs *fs;
	struct node *root;
	struct node **by_id, **by_name;
	struct shown **by_key;
	size_t buckets, count;
	uint64_t last_id;
	TAILQ_HEAD(node_queue, node) idle; /* nodes without children, the last looked up first */
	int64_t swept_ms;		   /* when idle ones were last collected */
};

static inline uint64_t node_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

static inline uint64_t node_hash(uint64_t h, const char *s)
{
	h ^= UINT64_C(0xcbf29ce484222325);
	for (; s && *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return node_mix(h);
}

/* Bytes of memory, with its places in the table; less its keys, which are counted when they are there. */
static inline size_t node_bytes(const struct node *n)
{
	size_t size = sizeof(*n) + 3 * sizeof(void *) + strlen(n->file_name) + 2 * BUDGET_BLOCK;

	if (n->name != n->file_name)
		size += strlen(n->name) + BUDGET_BLOCK;
	if (n->text)
		size += sizeof(*n->text) + n->text->len + BUDGET_BLOCK;
	return size;
}

#endif
