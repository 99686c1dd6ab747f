/* The callbacks that libfuse calls. None of them waits. */
#ifndef ECSFS_OPS_H
#define ECSFS_OPS_H

struct fuse_lowlevel_ops;

extern const struct fuse_lowlevel_ops fs_ops;

#endif
