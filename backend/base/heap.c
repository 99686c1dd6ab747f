/*
 * How does glibc keep and return memory for us? A trim looks through all heaps, so it is done
 * seldom, by the first thread that asks.
 */
#include "backend/base/heap.h"

#include "backend/base/clock.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdatomic.h>

#define EVERY_MS 10000

void heap_init(void)
{
#ifdef __GLIBC__
	/* Pages of logs are megabytes on many threads. Mapped one by one they are returned to the
	 * system; blocks between others in as many heaps never are. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_ARENA_MAX, 4);
#endif
}

void heap_give_back(void)
{
	static _Atomic int64_t last_ms = -EVERY_MS;
	int64_t now = clock_mono(&clock_system), last = atomic_load(&last_ms);

	if (now - last < EVERY_MS || !atomic_compare_exchange_strong(&last_ms, &last, now))
		return;
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
