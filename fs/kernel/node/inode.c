/*
 * How are nodes found, made and dropped? Two hash tables, by number and by (parent, name), under
 * one lock of the mount; a node without references leaves both and drops its parent's reference.
 */
#include "fs/kernel/node/inode.h"

#include "backend/base/cleanup.h"
#include "fs/files/local.h"
#include "fs/kernel/node/idle.h"
#include "fs/kernel/node/node_table.h"
#include "fs/kernel/node/showing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_BUCKETS = 1024 };

/* st_ino: the same for a path as long as the mount lives, and after. 0 and 1 are taken. */
uint64_t node_ino_below(const struct node *dir, const char *file_name)
{
	uint64_t h = node_hash(dir->ino, file_name);

	return h > 1 ? h : h + 2;
}

static struct node **id_slot(struct nodes *t, uint64_t id)
{
	return &t->by_id[node_mix(id) & (t->buckets - 1)];
}

static struct node **name_slot(const struct node *dir, const char *file_name)
{
	struct nodes *t = dir->fs->nodes;
	return &t->by_name[node_hash(dir->id, file_name) & (t->buckets - 1)];
}

static void link_name(struct node *n)
{
	struct node **slot = name_slot(n->parent, n->file_name);

	n->next_name = *slot;
	*slot = n;
	n->next_sibling = n->parent->children;
	n->parent->children = n;
	n->current = true;
}

static void unlink_name(struct node *n)
{
	struct node **at;

	if (!n->current)
		return;
	for (at = name_slot(n->parent, n->file_name); *at != n; at = &(*at)->next_name)
		;
	*at = n->next_name;
	for (at = &n->parent->children; *at != n; at = &(*at)->next_sibling)
		;
	*at = n->next_sibling;
	n->current = false;
}

static void link_id(struct node *n)
{
	struct node **slot = id_slot(n->fs->nodes, n->id);

	n->next_id = *slot;
	*slot = n;
}

static void unlink_id(struct node *n)
{
	struct node **at = id_slot(n->fs->nodes, n->id);

	while (*at != n)
		at = &(*at)->next_id;
	*at = n->next_id;
}

static void rehash_ids(struct node **old, size_t buckets)
{
	for (size_t i = 0; i < buckets; i++)
		for (struct node *n = old[i], *next; n; n = next) {
			next = n->next_id;
			link_id(n);
		}
}

static void rehash_names(struct node **old, size_t buckets)
{
	for (size_t i = 0; i < buckets; i++)
		for (struct node *n = old[i], *next; n; n = next) {
			struct node **slot = name_slot(n->parent, n->file_name);

			next = n->next_name;
			n->next_name = *slot;
			*slot = n;
		}
}

/* Without memory for a larger table the chains become longer, which is harmless. */
static void grow(struct nodes *t)
{
	size_t buckets = t->buckets * 2;
	struct node **ids = calloc(buckets, sizeof(struct node *));
	struct node **names = calloc(buckets, sizeof(struct node *));
	struct shown **keys = calloc(buckets, sizeof(struct shown *));
	struct node **old_ids = t->by_id, **old_names = t->by_name;
	struct shown **old_keys = t->by_key;
	size_t old = t->buckets;

	if (!ids || !names || !keys) {
		free(ids);
		free(names);
		free(keys);
		return;
	}
	t->by_id = ids;
	t->by_name = names;
	t->by_key = keys;
	t->buckets = buckets;
	rehash_ids(old_ids, old);
	rehash_names(old_names, old);
	showing_rehash(old_keys, old);
	free(old_ids);
	free(old_names);
	free(old_keys);
}

static int64_t now_ns(const struct fs *fs)
{
	return clock_wall(fs->clock) * INT64_C(1000000);
}

static void free_names(struct node *n)
{
	if (n->name != n->file_name)
		free(n->name);
	free(n->file_name);
}

static void node_free(struct node *n)
{
	if (n->file_name && n->name)
		budget_count(&n->fs->budget.nodes, -(ptrdiff_t)node_bytes(n));
	text_unref(n->text);
	free(n->scratch); /* its bytes were freed with its name and its last close */
	free_names(n);
	showing_free(n);
	free(n);
}

/* Counts a child that is added or removed. Under the lock. */
static void join(struct node *dir)
{
	if (dir->below++ == 0)
		idle_parent(dir);
}

static void leave(struct node *dir)
{
	if (dir && --dir->below == 0)
		idle_emptied(dir);
}

/* Drops one reference, and those of parents without other references. Under the lock. */
static void drop(struct node *n)
{
	while (n && --n->refs == 0) {
		struct node *parent = n->parent;
		struct nodes *t = n->fs->nodes;

		unlink_name(n);
		unlink_id(n);
		showing_end(n);
		idle_end(n);
		t->count--;
		leave(parent);
		node_free(n);
		n = parent;
	}
}

int nodes_new(struct fs *fs, const struct dir_type *root)
{
	struct nodes *t = calloc(1, sizeof(*t));
	struct node *n = calloc(1, sizeof(*n));

	fs->nodes = t;
	if (t) {
		pthread_mutex_init(&t->lock, NULL);
		t->fs = fs;
		t->buckets = FIRST_BUCKETS;
		t->by_id = calloc(t->buckets, sizeof(struct node *));
		t->by_name = calloc(t->buckets, sizeof(struct node *));
		t->by_key = calloc(t->buckets, sizeof(struct shown *));
		TAILQ_INIT(&t->idle);
	}
	if (n)
		n->name = n->file_name = strdup("");
	if (!t || !t->by_id || !t->by_name || !t->by_key || !n || !n->file_name) {
		if (n)
			free(n->file_name);
		free(n);
		nodes_free(fs);
		return -ENOMEM;
	}
	n->fs = fs;
	n->id = n->ino = 1;
	n->refs = 1;
	n->type = root;
	n->mtime_ns = now_ns(fs);
	budget_count(&fs->budget.nodes, (ptrdiff_t)node_bytes(n));
	t->last_id = 1;
	t->root = n;
	t->count = 1;
	link_id(n);
	return 0;
}

void nodes_free(struct fs *fs)
{
	struct nodes *t = fs->nodes;

	if (!t)
		return;
	for (size_t i = 0; t->by_id && i < t->buckets; i++)
		for (struct node *n = t->by_id[i], *next; n; n = next) {
			next = n->next_id;
			node_free(n);
		}
	free(t->by_id);
	free(t->by_name);
	free(t->by_key);
	pthread_mutex_destroy(&t->lock);
	free(t);
	fs->nodes = NULL;
}

size_t nodes_count(struct fs *fs)
{
	struct nodes *t = fs->nodes;

	pthread_mutex_lock(&t->lock);
	size_t count = t->count;
	pthread_mutex_unlock(&t->lock);
	return count;
}

static struct node *find_id(struct nodes *t, uint64_t id)
{
	struct node *n = *id_slot(t, id);

	while (n && n->id != id)
		n = n->next_id;
	return n;
}

static struct node *find_name(const struct node *dir, const char *file_name)
{
	struct node *n = *name_slot(dir, file_name);

	while (n && (n->parent != dir || strcmp(n->file_name, file_name) != 0))
		n = n->next_name;
	return n;
}

struct node *node_by_id(struct fs *fs, uint64_t id)
{
	struct nodes *t = fs->nodes;
	pthread_mutex_lock(&t->lock);
	struct node *n = find_id(t, id);
	if (n)
		n->refs++;
	pthread_mutex_unlock(&t->lock);
	return n;
}

struct node *node_child(struct node *dir, const char *file_name)
{
	struct nodes *t = dir->fs->nodes;
	pthread_mutex_lock(&t->lock);
	struct node *n = find_name(dir, file_name);
	if (n)
		n->refs++;
	pthread_mutex_unlock(&t->lock);
	return n;
}

struct node *node_ref(struct node *n)
{
	struct nodes *t = n->fs->nodes;
	pthread_mutex_lock(&t->lock);
	n->refs++;
	pthread_mutex_unlock(&t->lock);
	return n;
}

void node_unref(struct node *n)
{
	if (!n)
		return;
	struct nodes *t = n->fs->nodes;
	pthread_mutex_lock(&t->lock);
	drop(n);
	pthread_mutex_unlock(&t->lock);
}

void node_cleanup(struct node **n)
{
	node_unref(*n);
}

static bool same_text(const struct text *a, const struct text *b)
{
	if (!a || !b)
		return a == b;
	return a == b || (a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}

static bool same_identity(const struct node *n, const struct node_spec *spec)
{
	if (n->scratch != spec->scratch || n->type != spec->type || n->row != spec->row)
		return false;
	/* Each open has an inode of its own: a write(2) that waits holds the kernel's lock of it. */
	if (spec->row && spec->row->form == ROW_CONVERSATION)
		return false;
	return n->listed == spec->listed && (!spec->versioned || same_text(n->text, spec->text));
}

static struct node *node_new(struct node *dir, const struct node_spec *spec)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->fs = dir->fs;
	n->file_name = strdup(spec->file_name);
	n->name = spec->name && strcmp(spec->name, spec->file_name) != 0 ? strdup(spec->name)
									 : n->file_name;
	if (!n->file_name || !n->name) {
		node_free(n);
		return NULL;
	}
	n->type = spec->type;
	n->row = spec->row;
	n->listed = spec->listed;
	n->text = text_ref(spec->text);
	n->scratch = spec->scratch;
	n->ino = node_ino_below(dir, spec->file_name);
	n->mtime_ns = now_ns(dir->fs);
	n->refs = 1;
	n->parent = dir;
	budget_count(&n->fs->budget.nodes, (ptrdiff_t)node_bytes(n));
	return n;
}

/* Makes `n` the one that its name represents. Under the lock. */
static void adopt(struct node *n)
{
	struct node *old = find_name(n->parent, n->file_name);

	if (old) {
		/* Versions that only their times distinguish must not share one. */
		if (old->mtime_ns >= n->mtime_ns)
			n->mtime_ns = old->mtime_ns + 1;
		unlink_name(old);
	}
	link_name(n);
}

struct node *node_for(struct node *dir, const struct node_spec *spec)
{
	struct nodes *t = dir->fs->nodes;
	pthread_mutex_lock(&t->lock);
	struct node *n = find_name(dir, spec->file_name);
	if (n && same_identity(n, spec)) {
		n->refs++;
	} else {
		n = node_new(dir, spec);
		if (n) {
			dir->refs++;
			join(dir);
			n->id = ++t->last_id;
			if (++t->count > t->buckets)
				grow(t);
			link_id(n);
			adopt(n);
		}
	}
	if (n && spec->made_of)
		atomic_store(&n->made_of, spec->made_of);
	pthread_mutex_unlock(&t->lock);
	return n;
}

bool node_looked_up(struct node *n)
{
	struct nodes *t = n->fs->nodes;
	int64_t now = clock_mono(n->fs->clock);

	pthread_mutex_lock(&t->lock);
	if (n->nlookup++ == 0)
		n->refs++;
	bool due = idle_touch(n, now);
	pthread_mutex_unlock(&t->lock);
	return due;
}

void node_forget(struct fs *fs, uint64_t id, uint64_t count)
{
	struct nodes *t = fs->nodes;
	pthread_mutex_lock(&t->lock);
	struct node *n = find_id(t, id);
	if (n && n != t->root && n->nlookup > 0) {
		n->nlookup = count < n->nlookup ? n->nlookup - count : 0;
		if (n->nlookup == 0) {
			idle_end(n);
			drop(n);
		}
	}
	pthread_mutex_unlock(&t->lock);
}

void node_detach(struct node *n)
{
	struct nodes *t = n->fs->nodes;
	pthread_mutex_lock(&t->lock);
	unlink_name(n);
	pthread_mutex_unlock(&t->lock);
}

int node_move(struct node *n, struct node *dir, const char *file_name)
{
	char *copy = strdup(file_name);
	struct nodes *t = n->fs->nodes;

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&t->lock);
	struct node *old_parent = n->parent, *old = find_name(dir, file_name);
	unlink_name(n);
	if (old && old != n)
		unlink_name(old);
	budget_count(&n->fs->budget.nodes, -(ptrdiff_t)node_bytes(n));
	free_names(n);
	n->file_name = copy;
	n->name = copy;
	budget_count(&n->fs->budget.nodes, (ptrdiff_t)node_bytes(n));
	dir->refs++;
	join(dir);
	n->parent = dir;
	link_name(n);
	leave(old_parent);
	drop(old_parent);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

const struct dir_type *node_type(struct node *n)
{
	if (n->type && n->listed && n->parent->type->local_type) {
		struct place p;

		place_of(n->parent, &p);
		if (local_has(&p, n->parent->type->local_kind, n->name))
			return n->parent->type->local_type;
	}
	return n->type;
}

static void path_walk(struct node *n, struct buf *out)
{
	if (!n->parent)
		return;
	path_walk(n->parent, out);
	if (out->len)
		buf_addc(out, '/');
	buf_adds(out, n->file_name);
}

void node_path(struct node *n, const char *below, struct buf *out)
{
	struct nodes *t = n->fs->nodes;
	pthread_mutex_lock(&t->lock);
	path_walk(n, out);
	pthread_mutex_unlock(&t->lock);
	if (below && out->len)
		buf_addc(out, '/');
	if (below)
		buf_adds(out, below);
}

void node_scratch_names(struct node *dir, json_t *names)
{
	struct nodes *t = dir->fs->nodes;
	pthread_mutex_lock(&t->lock);
	for (const struct node *n = dir->children; n; n = n->next_sibling)
		if (n->scratch)
			json_array_append_new(names, json_string(n->file_name));
	pthread_mutex_unlock(&t->lock);
}
