/*
 * How are megabytes that will be written from end to end allocated without a page fault for each
 * four kilobytes? From large pages, where the kernel provides them on request (its default).
 */
#ifndef ECSFS_BASE_LARGE_H
#define ECSFS_BASE_LARGE_H

#include <stddef.h>

/*
 * At least `size` bytes, not zeroed; `*ret_size` (may be NULL) is how many. free(3) frees them. Sizes
 * below a megabyte are malloc(3)'s. NULL: no memory.
 */
void *large_alloc(size_t size, size_t *ret_size);

#endif
