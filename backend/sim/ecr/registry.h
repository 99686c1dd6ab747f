/*
 * Which repositories, images and tags has the ECR registry of a region? Everything is read and
 * changed under the region's lock.
 */
#ifndef ECSFS_SIM_REGISTRY_H
#define ECSFS_SIM_REGISTRY_H

#include "backend/sim/api.h"
#include "backend/sim/map.h"

#include <stdbool.h>
#include <stdint.h>

struct sim_image {
	uint64_t seq;
	char *digest;
	int64_t pushed_ms;
	int64_t size;
};

/* One push of a tag. The newest push of a tag says where the tag points. */
struct sim_push {
	char *tag;
	struct sim_image *image;
	int64_t at_ms;
};

struct sim_repository {
	uint64_t seq;
	char *name;
	int64_t created_ms;
	struct vec images; /* struct sim_image, by seq */
	struct vec pushes; /* struct sim_push, oldest first */
};

struct sim_registry {
	uint64_t seq;
	struct vec repositories; /* by seq */
};

/* NULL: there is none of that name. */
struct sim_repository *sim_repository_find(const struct sim_registry *g, const char *name);
struct sim_repository *sim_repository_add(
    struct sim_registry *g, const char *name, int64_t created_ms);

/* Pushes an image: the tag points to it from then on. Strings are copied. */
void sim_repository_push(
    struct sim_repository *p, const char *tag, const char *digest, int64_t at_ms, int64_t size);

/* Where a tag pointed at a time, or at its first push where that came later. NULL: no such tag. */
struct sim_image *sim_repository_tagged(
    const struct sim_repository *p, const char *tag, int64_t at_ms);
struct sim_image *sim_repository_digest(const struct sim_repository *p, const char *digest);

struct sim_registry *sim_registry_new(void);
void sim_registry_free(struct sim_registry *g);
/*
 * The digest that a task started at `at_ms` runs for an image reference of the region's own
 * registry; borrowed. NULL: another registry, or no such image.
 */
const char *sim_registry_digest(const struct sim_registry *g, const char *account,
    const char *region, const char *image, int64_t at_ms);

#endif
