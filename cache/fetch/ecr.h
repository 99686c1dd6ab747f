/*
 * How is ECR asked for repositories, tags and images? Fetchers of cache/kinds.def. On a worker,
 * without a lock.
 */
#ifndef ECSFS_FETCH_ECR_H
#define ECSFS_FETCH_ECR_H

#include "cache/fetch/fetch.h"

int fetch_repositories(struct fetch *f, struct ecsfs_error *err);
int fetch_repository(struct fetch *f, struct ecsfs_error *err);
int fetch_image_tags(struct fetch *f, struct ecsfs_error *err);
int fetch_images(struct fetch *f, struct ecsfs_error *err);
int fetch_image_reference(struct fetch *f, struct ecsfs_error *err);
int fetch_newest_tags(struct fetch *f, struct ecsfs_error *err);

#endif
