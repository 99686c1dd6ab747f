/* Making, dropping, renaming and touching. */
#ifndef ECSFS_NAMES_H
#define ECSFS_NAMES_H

struct request;
struct ecsfs_error;

/* run() of MKDIR, RMDIR, UNLINK, RENAME (flags: renameat2's), SETATTR. */
int names_mkdir(struct request *rq, struct ecsfs_error *err);
int names_rmdir(struct request *rq, struct ecsfs_error *err);
int names_unlink(struct request *rq, struct ecsfs_error *err);
int names_rename(struct request *rq, struct ecsfs_error *err);
int names_setattr(struct request *rq, struct ecsfs_error *err);

#endif
