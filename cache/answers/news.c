/*
 * Who is notified of a change? Waiters and changed keys are gathered under the region's lock and
 * notified after it is released, so that no waiter is woken with the lock held.
 */
#include "cache/answers/news.h"

#include "cache/answers/state.h"

#include <stdlib.h>

void news_wake(struct news *n, struct entry *e)
{
	struct waiter *w;

	while ((w = e->waiters)) {
		e->waiters = w->next;
		w->entry = NULL;
		w->next = n->woken;
		n->woken = w;
	}
}

struct change {
	struct change *next;
	struct key key; /* its strings stand behind it */
};

void news_change(const struct region *r, struct news *n, const struct key *k)
{
	struct change *c;

	if (!r->changed)
		return;
	c = malloc(sizeof(*c) + key_strings_size(k));
	if (!c)
		return;
	key_copy(&c->key, k, (char *)(c + 1));
	c->next = n->changes;
	n->changes = c;
}

void news_tell(struct region *r, struct news *n)
{
	struct change *c;
	struct waiter *w;

	while ((c = n->changes)) {
		n->changes = c->next;
		r->changed(r->changed_arg, r, &c->key);
		free(c);
	}
	while ((w = n->woken)) {
		n->woken = w->next;
		w->next = NULL;
		w->wake(w);
	}
}
