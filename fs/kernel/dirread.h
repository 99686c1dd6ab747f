/* Listing directories: READDIRPLUS always, and READDIR for who cannot. */
#ifndef ECSFS_DIRREAD_H
#define ECSFS_DIRREAD_H

struct request;
struct ecsfs_error;

int dirread_plus(struct request *rq, struct ecsfs_error *err);
int dirread_plain(struct request *rq, struct ecsfs_error *err);

#endif
