/* Names of this mount alone: service drafts, families without a revision. */
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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct local *locals; /* lock */
static size_t local_count;   /* lock */

static bool here(const struct local *l, const struct place *p, const char *kind)
{
	return l->region == p->region && strcmp(l->kind, kind) == 0 &&
	    strcmp(l->cluster, p->cluster ? p->cluster : "") == 0;
}

/* Where the name's link is, or the end of the list. Under the lock. */
static struct local **find(const struct place *p, const char *kind, const char *name)
{
	struct local **at = &locals;

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

	pthread_mutex_lock(&lock);
	if (!err && *find(p, kind, name))
		err = -EEXIST;
	else if (!err && local_count >= LIMIT_SCRATCH_FILES)
		err = -EDQUOT;
	if (!err) {
		l->next = locals;
		locals = move_ptr(l);
		local_count++;
	}
	pthread_mutex_unlock(&lock);
	if (l)
		local_free(l);
	return err;
}

bool local_has(const struct place *p, const char *kind, const char *name)
{
	pthread_mutex_lock(&lock);
	bool has = *find(p, kind, name) != NULL;
	pthread_mutex_unlock(&lock);
	return has;
}

bool local_remove(const struct place *p, const char *kind, const char *name)
{
	pthread_mutex_lock(&lock);
	struct local **at = find(p, kind, name), *l = *at;
	if (l) {
		*at = l->next;
		local_count--;
	}
	pthread_mutex_unlock(&lock);
	if (l)
		local_free(l);
	return l != NULL;
}

void local_names(const struct place *p, const char *kind, json_t *names)
{
	pthread_mutex_lock(&lock);
	for (const struct local *l = locals; l; l = l->next)
		if (here(l, p, kind))
			json_array_append_new(names, json_string(l->name));
	pthread_mutex_unlock(&lock);
}
