/*
 * Which of the known words is nearest to one that was mistyped ("did you mean")?
 *
 *	struct nearest n;
 *	nearest_begin(&n, "task_defintion");
 *	for (...)
 *		nearest_try(&n, candidate);
 *	const char *word = nearest_peek(&n);	"task_definition", or NULL
 *
 * Case does not count, and '-' equals '_'. A word is near when it takes few enough edits (one
 * character inserted, removed, replaced, or two neighbours swapped) for its length, or when one word
 * is the beginning of the other. A word that was cut short is nearer than one with two slips.
 */
#ifndef ECSFS_BASE_NEAREST_H
#define ECSFS_BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *wanted, *best; /* borrowed */
	size_t cost;		   /* of the best: the order of candidates */
	size_t edits;		   /* of the best; SIZE_MAX: there is none */
};

/* `wanted` and the candidates must outlive `n`. */
void nearest_begin(struct nearest *n, const char *wanted);
void nearest_try(struct nearest *n, const char *candidate);

/* The nearest candidate so far, the first of equals; NULL: none is near enough. Borrowed. */
const char *nearest_peek(const struct nearest *n);

#endif
