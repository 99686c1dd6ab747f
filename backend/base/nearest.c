/*
 * How far apart are two words? Edits are counted by rows of the optimal string alignment; the
 * nearest within the tolerance wins.
 */
#include "backend/base/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Longer words are not compared: they are rarely mistyped, and the cost is quadratic. */
enum { MAX_WORD = 64 };

static int fold(char c)
{
	return c == '-' ? '_' : tolower((unsigned char)c);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* The optimal string alignment distance, by rows. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][MAX_WORD + 1], la = strlen(a), lb = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	if (la > MAX_WORD || lb > MAX_WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		above[j] = j;
	for (size_t i = 1; i <= la; i++) {
		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t same = fold(a[i - 1]) != fold(b[j - 1]);

			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		size_t *oldest = before;

		before = above;
		above = row;
		row = oldest;
	}
	return above[lb];
}

static size_t common_prefix(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && fold(a[n]) == fold(b[n]))
		n++;
	return n;
}

/* Edits that a slip explains: one in three characters, and at least one. */
static size_t tolerance(size_t len)
{
	return len < 3 ? 1 : (len + 1) / 3;
}

void nearest_begin(struct nearest *n, const char *wanted)
{
	*n = (struct nearest){.wanted = wanted, .cost = SIZE_MAX, .edits = SIZE_MAX};
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t edits = distance(n->wanted, candidate), cost = edits * (MAX_WORD + 1);
	size_t shared = common_prefix(n->wanted, candidate);
	size_t len = strlen(n->wanted);

	if (edits == SIZE_MAX)
		return;
	/* The beginning of a candidate ("task_role" for task_role_arn) is little more than one slip,
	 * the shorter the rest the less; a candidate that is the beginning is more than any. */
	if (shared >= 3 && !n->wanted[shared] && candidate[shared])
		cost = MAX_WORD + strlen(candidate) - len;
	else if (edits > tolerance(len) && shared >= 3 && !candidate[shared])
		cost *= MAX_WORD;
	else if (edits > tolerance(len))
		return;
	if (cost < n->cost) {
		n->cost = cost;
		n->edits = edits;
		n->best = candidate;
	}
}

const char *nearest_peek(const struct nearest *n)
{
	return n->best;
}
