/* Which names exist in this mount alone? Service drafts, and families without a revision. */
#include "fs/files/local.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct local {
	struct local *next;
	struct region *region;
	char *cluster; /* "" where there is none */
	char *kind;
	char *name;
};

/* One mount's. */
struct locals {
	pthread_mutex_t lock;
	struct local *first; /* lock */
	size_t count;	     /* lock */
};

static bool here(const struct local *l, const struct place *p, const char *kind)
{
	return l->region == p->region && strcmp(l->kind, kind) == 0 &&
	    strcmp(l->cluster, p->cluster ? p->cluster : "") == 0;
}

/* The link to the name, or the end of the list. Under the lock. */
static struct local **find(const struct place *p, const char *kind, const char *name)
{
	struct local **at = &p->fs->locals->first;

	while (*at && !(here(*at, p, kind) && strcmp((*at)->name, name) == 0))
		at = &(*at)->next;
	return at;
}

static void local_free(struct local *l)
{
	free(l->cluster);
	free(l->kind);
	free(l->name);
	free(l);
}

static struct local *local_new(const struct place *p, const char *kind, const char *name)
{
	struct local *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->region = p->region;
	l->cluster = strdup(p->cluster ? p->cluster : "");
	l->kind = strdup(kind);
	l->name = strdup(name);
	if (l->cluster && l->kind && l->name)
		return l;
	local_free(l);
	return NULL;
}

int local_add(const struct place *p, const char *kind, const char *name)
{
	struct local *l = local_new(p, kind, name);
	int err = l ? 0 : -ENOMEM;

	pthread_mutex_lock(&p->fs->locals->lock);
	if (!err && *find(p, kind, name))
		err = -EEXIST;
	else if (!err && p->fs->locals->count >= LIMIT_SCRATCH_FILES)
		err = -EDQUOT;
	if (!err) {
		l->next = p->fs->locals->first;
		p->fs->locals->first = move_ptr(l);
		p->fs->locals->count++;
	}
	pthread_mutex_unlock(&p->fs->locals->lock);
	if (l)
		local_free(l);
	return err;
}

bool local_has(const struct place *p, const char *kind, const char *name)
{
	pthread_mutex_lock(&p->fs->locals->lock);
	bool has = *find(p, kind, name) != NULL;
	pthread_mutex_unlock(&p->fs->locals->lock);
	return has;
}

bool local_remove(const struct place *p, const char *kind, const char *name)
{
	pthread_mutex_lock(&p->fs->locals->lock);
	struct local **at = find(p, kind, name), *l = *at;
	if (l) {
		*at = l->next;
		p->fs->locals->count--;
	}
	pthread_mutex_unlock(&p->fs->locals->lock);
	if (l)
		local_free(l);
	return l != NULL;
}

void local_names(const struct place *p, const char *kind, json_t *names)
{
	pthread_mutex_lock(&p->fs->locals->lock);
	for (const struct local *l = p->fs->locals->first; l; l = l->next)
		if (here(l, p, kind))
			json_array_append_new(names, json_string(l->name));
	pthread_mutex_unlock(&p->fs->locals->lock);
}

int locals_new(struct fs *fs)
{
	fs->locals = calloc(1, sizeof(*fs->locals));
	if (!fs->locals)
		return -ENOMEM;
	pthread_mutex_init(&fs->locals->lock, NULL);
	return 0;
}

void locals_free(struct fs *fs)
{
	struct local *l = fs->locals ? fs->locals->first : NULL, *next;

	if (!fs->locals)
		return;
	for (; l; l = next) {
		next = l->next;
		local_free(l);
	}
	pthread_mutex_destroy(&fs->locals->lock);
	free(fs->locals);
	fs->locals = NULL;
}
