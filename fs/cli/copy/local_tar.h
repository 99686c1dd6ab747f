/*
 * How does `ecsfs cp` pack and unpack local directories? By tar(1) of this machine with one end in
 * a pipe.
 */
#ifndef ECSFS_CLI_LOCAL_TAR_H
#define ECSFS_CLI_LOCAL_TAR_H

#include <sys/types.h>

/*
 * Packs the content of `dir` (pipe to be read), or unpacks into it (pipe to be written). The process
 * and the pipe's other end, or -1 after a message. From then on SIGPIPE is ignored.
 */
pid_t local_tar_pack(const char *dir, int *ret_fd);
pid_t local_tar_unpack(const char *dir, int *ret_fd);
/* After the pipe was closed: 0 if tar ended well, else 1; tar itself has printed the reason. */
int local_tar_wait(pid_t pid);

#endif
