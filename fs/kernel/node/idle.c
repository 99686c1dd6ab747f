/*
 * Which nodes may the kernel forget? Nodes without children are kept in the order of their last
 * look-up. Nothing here runs by itself: an unused mount does not grow.
 */
#include "fs/kernel/node/idle.h"

#include "backend/base/clock.h"
#include "fs/kernel/node/node_table.h"
#include "fs/kernel/node/showing.h"

#include <string.h>

enum {
	SWEEP_MS = 1000, /* between two collections */
	YOUNG_MS = 1000, /* never asked back, whatever their size: they are about to be used */
	LOOK_BACK = 32,	 /* places from the end in which an emptied directory finds its own */
};

static int64_t idle_after_ms(const struct nodes *t)
{
	return IDLE_MS + t->fs->options.ttl_ms;
}

/* Bytes by which the nodes exceed their part of the budget; 0: they do not. */
static size_t excess(const struct nodes *t)
{
	size_t bytes = budget_read(&t->fs->budget.nodes), most = budget_of_nodes(&t->fs->budget);

	return bytes > most ? bytes - most : 0;
}

static bool is_due(const struct nodes *t, const struct node *n, int64_t now, bool crowded)
{
	return n && now - n->touched_ms > (crowded ? YOUNG_MS : idle_after_ms(t));
}

static void append(struct nodes *t, struct node *n)
{
	TAILQ_INSERT_HEAD(&t->idle, n, idle);
	n->queued = true;
}

void idle_end(struct node *n)
{
	if (n->queued)
		TAILQ_REMOVE(&n->fs->nodes->idle, n, idle);
	n->queued = false;
}

bool idle_touch(struct node *n, int64_t now)
{
	struct nodes *t = n->fs->nodes;

	n->touched_ms = now;
	idle_end(n);
	if (!n->below && n != t->root)
		append(t, n);
	if (now - t->swept_ms < SWEEP_MS ||
	    !is_due(t, TAILQ_LAST(&t->idle, node_queue), now, excess(t) > 0))
		return false;
	t->swept_ms = now;
	return true;
}

void idle_parent(struct node *n)
{
	idle_end(n);
}

/* It was looked up before its children, so its place is near the end; else it goes to the front. */
void idle_emptied(struct node *n)
{
	struct nodes *t = n->fs->nodes;
	struct node *older = TAILQ_LAST(&t->idle, node_queue);

	if (!n->nlookup)
		return;
	for (int i = 0; i < LOOK_BACK && older && older->touched_ms < n->touched_ms; i++)
		older = TAILQ_PREV(older, node_queue, idle);
	if (!older) {
		append(t, n);
	} else if (older->touched_ms < n->touched_ms) {
		n->touched_ms = TAILQ_FIRST(&t->idle)->touched_ms;
		append(t, n);
	} else {
		TAILQ_INSERT_AFTER(&t->idle, older, n, idle);
		n->queued = true;
	}
}

/* Look-ups in a directory with a listing may be parked, and hold its lock. */
static bool may_drop_by_name(const struct node *n)
{
	return n->row && n->current && !n->parent->type->listing;
}

size_t idle_collect(struct fs *fs, struct stale_entry *out, size_t room, bool names, bool *ret_more)
{
	struct nodes *t = fs->nodes;
	int64_t now = clock_mono(fs->clock);
	size_t count = 0;
	struct node *n;

	pthread_mutex_lock(&t->lock);
	size_t over = excess(t);
	while (
	    (n = TAILQ_LAST(&t->idle, node_queue)) && is_due(t, n, now, over > 0) && count < room) {
		size_t bytes = node_bytes(n);

		out[count++] = (struct stale_entry){
		    .id = n->id,
		    .dir = n->parent->id,
		    .name = names && may_drop_by_name(n) ? strdup(n->file_name) : NULL,
		};
		over -= bytes < over ? bytes : over;
		n->touched_ms = now;
		idle_end(n);
		append(t, n);
	}
	*ret_more = is_due(t, n, now, over > 0);
	pthread_mutex_unlock(&t->lock);
	return count;
}
