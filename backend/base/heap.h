/*
 * How is the memory of a mount taken from the system, and when is it given back?
 *
 * Answers come and go on many threads, small ones beside those that stay. Memory freed between
 * other blocks stays with the process until malloc_trim() returns it; without that a mount keeps
 * the memory of its busiest minute until it ends. With other C libraries than glibc nothing is
 * done.
 */
#ifndef ECSFS_HEAP_H
#define ECSFS_HEAP_H

/* Before the first thread, once: few heaps, and large blocks that go back by themselves. */
void heap_init(void);

/* Gives back what is free, at most every ten seconds; some milliseconds, so with no lock held. Any thread. */
void heap_give_back(void);

#endif
