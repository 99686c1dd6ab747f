/*
 * Which requests does the kernel send? The callbacks that libfuse calls: each makes a request of
 * its arguments and runs its handler (request.h). None of them waits.
 */
#ifndef ECSFS_OPS_H
#define ECSFS_OPS_H

struct fuse_lowlevel_ops;

extern const struct fuse_lowlevel_ops fs_ops;

#endif
