/*
 * What does a sentence of AWS mean? Reasons of stopped tasks and containers, and a service's
 * events, are prose: one row a wording gives the problem and the remedy. The wordings that were
 * recorded are tests/unit/data/wordings. Pure; any thread.
 */
#ifndef ECSFS_TREE_MEANINGS_H
#define ECSFS_TREE_MEANINGS_H

#include <stdbool.h>
#include <stddef.h>

struct meaning {
	/* Parts of the sentence, in any case: parts joined by '&' are all needed, each has
	 * alternatives separated by '|'. */
	const char *words;
	int weight; /* the heavier, the likelier the cause of the rest */
	bool room;  /* it is about capacity: the service's providers belong to it */
	const char *says;
	const char *advice;
};

/* The first row that matches the sentence; static storage. NULL: nothing is wrong (a task was
 * started, a steady state reached), or the sentence is not known. */
const struct meaning *meaning_of(const char *sentence);

/* The rows, for tests: NULL behind the last. */
const struct meaning *meaning_row(size_t i);

#endif
