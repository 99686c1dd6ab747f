/* Extended attributes of resources, with -o xattr. */
#ifndef ECSFS_XATTR_H
#define ECSFS_XATTR_H

struct request;
struct ecsfs_error;

/* run() of GETXATTR (rq->name: the attribute) and LISTXATTR; rq->size 0 asks for the length. */
int xattr_get(struct request *rq, struct ecsfs_error *err);
int xattr_list(struct request *rq, struct ecsfs_error *err);

#endif
