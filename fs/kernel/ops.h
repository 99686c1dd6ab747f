/*
 * Which requests does the kernel send? The callbacks that libfuse calls: each makes a request of
 * its arguments and runs its handler (request.h). None of them waits.
 */
#ifndef ECSFS_OPS_H
#define ECSFS_OPS_H

struct fuse_lowlevel_ops;

/*
 * Bytes of the largest READ, for the mount option max_read: its reply must fit into a pipe of Linux's
 * usual fs.pipe-max-size, 1 MiB, or libfuse copies the bytes through the heap instead of splicing.
 */
enum { FS_MOST_READ = 512 * 1024 };

extern const struct fuse_lowlevel_ops fs_ops;

#endif
