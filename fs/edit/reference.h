/*
 * Is a text the reference of an image? The grammar is that of the container registries (distribution's
 * reference package, which the agents of ECS use) within AWS's limits (API_ContainerDefinition, image):
 * 255 characters before a digest, whose only function is sha256. Pure; any thread.
 */
#ifndef ECSFS_EDIT_REFERENCE_H
#define ECSFS_EDIT_REFERENCE_H

/*
 * The reason why `image` can never be pulled, the end of a sentence ("the tag is empty"); NULL: it
 * is valid, [HOST[:PORT]/]REPOSITORY[:TAG][@sha256:DIGEST]. Static.
 */
const char *reference_fault(const char *image);

#endif
