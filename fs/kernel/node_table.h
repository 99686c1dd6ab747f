/*
 * The table of a mount's nodes, for the files that keep its orders: inode.c (names and numbers),
 * showing.c (what a directory shows). Private to them; whoever calls across it holds the lock.
 */
#ifndef ECSFS_NODE_TABLE_H
#define ECSFS_NODE_TABLE_H

#include "fs/kernel/inode.h"

#include <pthread.h>

/* Of one mount; everything under `lock`. */
struct nodes {
	pthread_mutex_t lock;
	struct fs *fs;
	struct node *root;
	struct node **by_id, **by_name;
	struct shown **by_key;
	size_t buckets, count;
	uint64_t last_id;
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

/* Bytes of a node that come and go with what it shows; the mount's budget. */
static inline void node_count_bytes(struct fs *fs, ptrdiff_t bytes)
{
	atomic_fetch_add_explicit(&fs->budget.nodes, bytes, memory_order_relaxed);
}

#endif
