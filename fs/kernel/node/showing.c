/*
 * Which directories show the answer of a key, and how is the kernel notified when it changes? A
 * directory notes the keys of the answers that it was made from.
 */
#include "fs/kernel/node/showing.h"

#include "backend/base/cleanup.h"
#include "fs/kernel/node/node_table.h"

#include <stdlib.h>
#include <string.h>

static struct shown **key_slot(struct nodes *t, uint64_t hash)
{
	return &t->by_key[hash & (t->buckets - 1)];
}

static void link_key(struct shown *s)
{
	struct shown **slot = key_slot(s->dir->fs->nodes, s->hash);

	s->next = *slot;
	*slot = s;
}

static void unlink_key(struct shown *s)
{
	struct shown **at;

	/* An unused one has no directory. */
	if (!s->hash)
		return;
	at = key_slot(s->dir->fs->nodes, s->hash);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->hash = 0;
}

void showing_rehash(struct shown **old, size_t buckets)
{
	for (size_t i = 0; i < buckets; i++)
		for (struct shown *s = old[i], *next; s; s = next) {
			next = s->next;
			link_key(s);
		}
}

void showing_end(struct node *n)
{
	for (int i = 0; n->keys && i < NODE_KEYS; i++)
		unlink_key(&n->keys[i]);
}

void showing_free(struct node *n)
{
	if (n->keys)
		budget_count(&n->fs->budget.nodes, -(ptrdiff_t)(NODE_KEYS * sizeof(*n->keys)));
	free(n->keys);
}

static uint64_t answer_hash(const struct region *r, const struct key *k)
{
	uint64_t h = node_mix((uint64_t)(uintptr_t)r + (uint64_t)k->kind + 1);

	h = node_hash(h, k->a);
	h = node_hash(h, k->b);
	return node_hash(h, k->c) | 1;
}

void node_note_key(struct node *dir, const struct region *r, const struct key *k)
{
	uint64_t h = answer_hash(r, k);
	struct nodes *t = dir->fs->nodes;

	pthread_mutex_lock(&t->lock);
	int i = 0;
	if (!dir->keys) {
		dir->keys = calloc(NODE_KEYS, sizeof(*dir->keys));
		if (!dir->keys) {
			pthread_mutex_unlock(&t->lock);
			return;
		}
		budget_count(&dir->fs->budget.nodes, NODE_KEYS * sizeof(*dir->keys));
	}
	while (i < NODE_KEYS - 1 && dir->keys[i].hash && dir->keys[i].hash != h)
		i++;
	struct shown *s = &dir->keys[i];
	if (s->hash != h) {
		unlink_key(s);
		s->hash = h;
		s->dir = dir;
		link_key(s);
	}
	pthread_mutex_unlock(&t->lock);
}

static bool kernel_holds(const struct node *n)
{
	return n->type && (n->nlookup > 0 || n == n->fs->nodes->root);
}

struct stale_list {
	struct stale_entry *at;
	size_t count, room;
};

static void stale_add(struct stale_list *l, const struct node *dir, const struct node *leaf)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 32;
		struct stale_entry *at = reallocarray(l->at, room, sizeof(*at));

		if (!at)
			return;
		l->at = at;
		l->room = room;
	}
	l->at[l->count++] = (struct stale_entry){
	    .dir = dir->id,
	    .id = leaf ? leaf->id : dir->id,
	    .name = leaf ? strdup(leaf->file_name) : NULL,
	};
}

static void stale_of(struct stale_list *l, const struct node *dir)
{
	stale_add(l, dir, NULL);
	if (dir->type->listing)
		return;
	for (const struct node *c = dir->children; c; c = c->next_sibling)
		if (c->row && c->nlookup > 0)
			stale_add(l, dir, c);
}

static void stale_all(struct nodes *t, struct stale_list *list)
{
	for (size_t i = 0; i < t->buckets; i++)
		for (const struct node *n = t->by_id[i]; n; n = n->next_id)
			if (kernel_holds(n))
				stale_of(list, n);
}

struct stale_entry *nodes_showing(
    struct fs *fs, const struct region *r, const struct key *k, size_t *ret_count)
{
	struct nodes *t = fs->nodes;
	uint64_t hash = k ? answer_hash(r, k) : 0;
	struct stale_list list = {0};

	pthread_mutex_lock(&t->lock);
	if (!hash)
		stale_all(t, &list);
	for (const struct shown *s = hash ? *key_slot(t, hash) : NULL; s; s = s->next)
		if (s->hash == hash && kernel_holds(s->dir))
			stale_of(&list, s->dir);
	pthread_mutex_unlock(&t->lock);
	*ret_count = list.count;
	return list.at;
}

struct stale_entry *node_showing(struct node *dir, size_t *ret_count)
{
	struct nodes *t = dir->fs->nodes;
	struct stale_list list = {0};

	pthread_mutex_lock(&t->lock);
	if (kernel_holds(dir))
		stale_of(&list, dir);
	pthread_mutex_unlock(&t->lock);
	*ret_count = list.count;
	return list.at;
}

uint32_t node_generation(
    struct node *dir, uint64_t version, bool expired, bool reading, uint32_t *ret_changes)
{
	struct nodes *t = dir->fs->nodes;
	pthread_mutex_lock(&t->lock);
	if (reading) {
		dir->expiry_told = false;
		dir->seen_version = version;
	} else if (version != dir->seen_version) {
		dir->seen_version = version;
		dir->generation++;
		dir->changes++;
	} else if (expired && !dir->expiry_told) {
		dir->expiry_told = true;
		dir->generation++;
	}
	uint32_t generation = dir->generation;
	if (ret_changes)
		*ret_changes = dir->changes;
	pthread_mutex_unlock(&t->lock);
	return generation;
}
