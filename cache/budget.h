/*
 * How much memory may a mount take? The answers of its regions, the nodes that the kernel holds and
 * the copies that edits are compared with share one limit. Counting never blocks and never fails; a
 * caller that adds must trim afterwards.
 */
#ifndef ECSFS_BUDGET_H
#define ECSFS_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* The overhead of malloc for a block, with its rounding. */
#define BUDGET_BLOCK 16

struct budget {
	size_t limit;		/* bytes; constant */
	atomic_ptrdiff_t used;	/* by answers */
	atomic_ptrdiff_t nodes; /* by the nodes that show them */
	atomic_ptrdiff_t
	    edits; /* by the copies that readers were given and the mount's memory of its writes */
};

static inline void budget_count(atomic_ptrdiff_t *of, ptrdiff_t bytes)
{
	atomic_fetch_add_explicit(of, bytes, memory_order_relaxed);
}

static inline size_t budget_read(const atomic_ptrdiff_t *bytes)
{
	ptrdiff_t n = atomic_load_explicit(bytes, memory_order_relaxed);

	return n > 0 ? (size_t)n : 0;
}

/* The kernel decides when nodes are released: a quarter is left to answers in any case. */
static inline size_t budget_of_answers(struct budget *b)
{
	size_t others = budget_read(&b->nodes) + budget_read(&b->edits),
	       most = b->limit - b->limit / 4;

	return b->limit - (others < most ? others : most);
}

/* Above this the kernel is asked to give nodes back. */
static inline size_t budget_of_nodes(const struct budget *b)
{
	return b->limit / 2;
}

/* The copies of documents that edits are compared with. */
static inline size_t budget_of_copies(const struct budget *b)
{
	return b->limit / 8;
}

/* The mount's memory of its own writes. */
static inline size_t budget_of_memory(const struct budget *b)
{
	return b->limit / 16;
}

static inline bool budget_exceeded(struct budget *b)
{
	return budget_read(&b->used) > budget_of_answers(b);
}

#endif
