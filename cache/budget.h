/*
 * How much memory the answers of a mount may take, shared by its regions and by what else keeps them
 * alive (the kernel's nodes). Counting never blocks and never fails; who adds trims afterwards.
 */
#ifndef ECSFS_BUDGET_H
#define ECSFS_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* What malloc adds to a block, with its rounding. */
#define BUDGET_BLOCK 16

struct budget {
	size_t limit;		/* bytes; constant */
	atomic_ptrdiff_t used;	/* by answers */
	atomic_ptrdiff_t nodes; /* by the nodes that show them */
};

static inline void budget_add(struct budget *b, ptrdiff_t bytes)
{
	atomic_fetch_add_explicit(&b->used, bytes, memory_order_relaxed);
}

/* Nodes are the kernel's to give back: a quarter is left to answers whatever they take. */
static inline size_t budget_of_answers(struct budget *b)
{
	ptrdiff_t nodes = atomic_load_explicit(&b->nodes, memory_order_relaxed);
	size_t most = b->limit - b->limit / 4;

	return b->limit - (nodes < 0 ? 0 : (size_t)nodes < most ? (size_t)nodes : most);
}

static inline bool budget_exceeded(struct budget *b)
{
	ptrdiff_t used = atomic_load_explicit(&b->used, memory_order_relaxed);

	return used > 0 && (size_t)used > budget_of_answers(b);
}

#endif
