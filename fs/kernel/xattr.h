/*
 * What are the extended attributes of a node? With -o xattr: its ARN, the age of its answer, its
 * last failure. Without it the kernel learns once that there are none.
 */
#ifndef ECSFS_XATTR_H
#define ECSFS_XATTR_H

struct request;
struct ecsfs_error;

/* run() of GETXATTR (rq->name: the attribute) and LISTXATTR; rq->size 0 asks for the length. */
int xattr_get(struct request *rq, struct ecsfs_error *err);
int xattr_list(struct request *rq, struct ecsfs_error *err);

#endif
