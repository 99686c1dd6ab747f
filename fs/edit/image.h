/* Is a reference to a container image valid, and what does ECR know of it? */
#ifndef ECSFS_IMAGE_H
#define ECSFS_IMAGE_H

#include "fs/ask.h"
#include "fs/table.h"

#include <stdbool.h>

/* The parts of the reference of an ECR image. */
struct image_reference {
	char registry[80]; /* "ACCOUNT/REGION": part a of KIND_IMAGE_REFERENCE */
	char repository[257];
	char id[129]; /* a tag ("latest" where none is named) or a digest */
};

/* The first character that is in no image's name (API_ContainerDefinition); NULL: none. Borrowed. */
const char *image_fault_peek(const char *image);

/* False: it is not an image of an ECR registry. */
bool image_reference(const char *image, struct image_reference *ret);

/*
 * Whether an image may be deployed. 0: ECR has it, it is not in ECR, or ECR cannot be asked (denied,
 * away). -EINVAL: ECR does not have it; the sentence names the newest tags. Blocks: workers only.
 */
int image_check(const struct place *p, const char *image, struct ecsfs_error *err);

/*
 * The digest of the reference in ECR now, a new string in `ret`; NULL where it is not known
 * (another registry, denied, missing). 0, or -EINPROGRESS where the request was parked.
 */
int image_digest(struct ask *q, const struct place *p, const char *image, char **ret);

#endif
