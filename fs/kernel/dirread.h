/*
 * What does a directory list? READDIRPLUS always, so that `ls -l` needs no further requests; READDIR
 * for readers that cannot take it.
 */
#ifndef ECSFS_DIRREAD_H
#define ECSFS_DIRREAD_H

struct request;
struct ecsfs_error;

int dirread_plus(struct request *rq, struct ecsfs_error *err);
int dirread_plain(struct request *rq, struct ecsfs_error *err);

#endif
