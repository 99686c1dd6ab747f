/*
 * In which order does a directory list its names? By a hash, so that a position survives changes of
 * the directory (as ext4 does it). Reading ahead follows the same order.
 */
#ifndef ECSFS_ORDER_H
#define ECSFS_ORDER_H

#include <stdint.h>

static inline uint64_t name_order(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return (h * UINT64_C(0xbf58476d1ce4e5b9)) >> 1;
}

#endif
