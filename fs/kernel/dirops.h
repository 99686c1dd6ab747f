/*
 * What happens when a name is made, removed, renamed or touched? mkdir and rmdir of a resource are
 * commits (fs/files/commit.h); only scratch files can be unlinked and renamed; touch drops cached
 * answers.
 */
#ifndef ECSFS_DIROPS_H
#define ECSFS_DIROPS_H

struct request;
struct ecsfs_error;

/* run() of MKDIR, RMDIR, UNLINK, RENAME (flags: renameat2's), SETATTR. */
int dirops_mkdir(struct request *rq, struct ecsfs_error *err);
int dirops_rmdir(struct request *rq, struct ecsfs_error *err);
int dirops_unlink(struct request *rq, struct ecsfs_error *err);
int dirops_rename(struct request *rq, struct ecsfs_error *err);
int dirops_setattr(struct request *rq, struct ecsfs_error *err);

#endif
