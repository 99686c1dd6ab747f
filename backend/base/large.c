/*
 * How are megabytes that will be written from end to end allocated, so that the writes do not cause
 * a page fault for each four kilobytes?
 */
#include "backend/base/large.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_FROM ((size_t)1 << 20)
#define LARGE_PAGE ((size_t)1 << 21) /* on most processors; elsewhere no more than an alignment */

void *large_alloc(size_t size, size_t *ret_size)
{
	void *memory;

	if (size >= LARGE_FROM && size <= (size_t)-1 - LARGE_PAGE)
		size = (size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	memory = size >= LARGE_FROM ? aligned_alloc(LARGE_PAGE, size) : malloc(size);
#ifdef MADV_HUGEPAGE
	/* Advice only: failure does no harm. */
	if (memory && size >= LARGE_FROM)
		(void)madvise(memory, size, MADV_HUGEPAGE);
#endif
	if (ret_size)
		*ret_size = size;
	return memory;
}
