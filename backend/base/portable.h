/*
 * What differs between the systems and C libraries that ecsfs is built for; the rest of the code is
 * written for Linux and glibc 2.32 or later. musl (1.2.3) lacks what stands here, and <sys/queue.h>,
 * which its distributions pack by itself (Alpine: bsd-compat-headers).
 *
 * macOS (macFUSE 5.1 with libfuse3) is UNTESTED and needs more than this header: fs/mount.c mends a
 * message of INIT with <linux/fuse.h>, fs/kernel/caller.c and fs/cli/mounts.c read /proc.
 */
#ifndef ECSFS_BASE_PORTABLE_H
#define ECSFS_BASE_PORTABLE_H

#include <stdio.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Flags of rename; on macOS the kernel knows them as RENAME_EXCL and RENAME_SWAP (renamex_np). */
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE (1 << 1)
#endif

/* Closes all descriptors from `first` to `last`; a failure leaves them open. */
static inline void portable_close_range(unsigned first, unsigned last)
{
#ifdef SYS_close_range
	syscall(SYS_close_range, first, last, 0);
#else
	for (unsigned fd = first; fd <= last && fd < 1024; fd++)
		close((int)fd);
#endif
}

#endif
