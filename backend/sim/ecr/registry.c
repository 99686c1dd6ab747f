/*
 * How are the images of the simulated registry stored, and what is an image for the tasks that run
 * it?
 */
#include "backend/sim/ecr/registry.h"

#include <stdlib.h>
#include <string.h>

struct sim_registry *sim_registry_new(void)
{
	return sim_alloc(sizeof(struct sim_registry));
}

static void repository_free(struct sim_repository *p)
{
	for (size_t i = 0; i < p->pushes.count; i++) {
		struct sim_push *push = p->pushes.items[i];

		free(push->tag);
		free(push);
	}
	for (size_t i = 0; i < p->images.count; i++) {
		struct sim_image *image = p->images.items[i];

		free(image->digest);
		free(image);
	}
	vec_release(&p->pushes);
	vec_release(&p->images);
	free(p->name);
	free(p);
}

void sim_registry_free(struct sim_registry *g)
{
	for (size_t i = 0; i < g->repositories.count; i++)
		repository_free(g->repositories.items[i]);
	vec_release(&g->repositories);
	free(g);
}

struct sim_repository *sim_repository_find(const struct sim_registry *g, const char *name)
{
	for (size_t i = 0; name && i < g->repositories.count; i++) {
		struct sim_repository *p = g->repositories.items[i];

		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

struct sim_repository *sim_repository_add(
    struct sim_registry *g, const char *name, int64_t created_ms)
{
	struct sim_repository *p = sim_alloc(sizeof(*p));

	p->seq = ++g->seq;
	p->name = sim_strdup(name);
	p->created_ms = created_ms;
	vec_push(&g->repositories, p);
	return p;
}

struct sim_image *sim_repository_digest(const struct sim_repository *p, const char *digest)
{
	for (size_t i = 0; digest && i < p->images.count; i++) {
		struct sim_image *image = p->images.items[i];

		if (strcmp(image->digest, digest) == 0)
			return image;
	}
	return NULL;
}

static struct sim_image *image_add(
    struct sim_repository *p, const char *digest, int64_t at_ms, int64_t size)
{
	struct sim_image *image = sim_alloc(sizeof(*image));

	image->seq = p->images.count + 1;
	image->digest = sim_strdup(digest);
	image->pushed_ms = at_ms;
	image->size = size;
	vec_push(&p->images, image);
	return image;
}

void sim_repository_push(
    struct sim_repository *p, const char *tag, const char *digest, int64_t at_ms, int64_t size)
{
	struct sim_push *push = sim_alloc(sizeof(*push));

	push->tag = sim_strdup(tag);
	push->image = sim_repository_digest(p, digest);
	if (!push->image)
		push->image = image_add(p, digest, at_ms, size);
	push->at_ms = at_ms;
	vec_push(&p->pushes, push);
}

struct sim_image *sim_repository_tagged(
    const struct sim_repository *p, const char *tag, int64_t at_ms)
{
	struct sim_image *found = NULL;

	for (size_t i = 0; tag && i < p->pushes.count; i++) {
		const struct sim_push *push = p->pushes.items[i];

		if (strcmp(push->tag, tag) == 0 && (!found || push->at_ms <= at_ms))
			found = push->image;
	}
	return found;
}

/* "ACCOUNT.dkr.ecr.REGION.amazonaws.com/": what the names of this registry's images begin with. */
static size_t prefix_length(const char *account, const char *region, const char *image)
{
	char *prefix = sim_format("%s.dkr.ecr.%s.amazonaws.com/", account, region);
	size_t len = strlen(prefix);

	if (strncmp(image, prefix, len) != 0)
		len = 0;
	free(prefix);
	return len;
}

const char *sim_registry_digest(const struct sim_registry *g, const char *account,
    const char *region, const char *image, int64_t at_ms)
{
	size_t prefix = prefix_length(account, region, image);
	const char *at, *colon, *tag = "latest";
	const struct sim_repository *p;
	const struct sim_image *found;
	char *name;

	if (!prefix)
		return NULL;
	at = strchr(image, '@');
	colon = at ? NULL : strrchr(image + prefix, ':');
	name = sim_strdup(image + prefix);
	name[strcspn(name, ":@")] = '\0';
	p = sim_repository_find(g, name);
	free(name);
	if (!p)
		return NULL;
	if (colon)
		tag = colon + 1;
	found = at ? sim_repository_digest(p, at + 1) : sim_repository_tagged(p, tag, at_ms);
	return found ? found->digest : NULL;
}
