/*
 * Which differences between systems and C libraries does ecsfs meet? They are all here; the rest of the code is
 * written for Linux and glibc 2.32 or later. musl (1.2.3) lacks what stands here, and <sys/queue.h>,
 * which its distributions pack by itself (Alpine: bsd-compat-headers).
 *
 * macOS (macFUSE 5.1 with libfuse3) is UNTESTED: no Mac was at hand. CMake includes this header
 * into every file there, so that the rest of the code need not mention it. Linux's /proc has no
 * counterpart: callers are unknown (fs/caller.c), so a shell's `printf 4 > FILE` is committed at
 * close like any program's, and `ecsfs list` says that it cannot look.
 */
#ifndef ECSFS_BASE_PORTABLE_H
#define ECSFS_BASE_PORTABLE_H

#include <stdio.h>
#include <unistd.h>

#ifdef __linux__
#include <endian.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#define PORTABLE_FUSE_MESSAGES 1 /* the kernel's own protocol, in <linux/fuse.h> */
#define PORTABLE_WAIT_CLOCK CLOCK_MONOTONIC
#endif

#ifdef __APPLE__
#include <libkern/OSByteOrder.h>
#include <sys/random.h>
/* The plain interface of libfuse3, without the extensions of macFUSE's own. */
#define FUSE_DARWIN_ENABLE_EXTENSIONS 0
/* Condition variables know one clock alone. */
#define PORTABLE_WAIT_CLOCK CLOCK_REALTIME
#define pthread_condattr_setclock(attr, clock) ((void)(attr), 0)
#define le64toh(x) OSSwapLittleToHostInt64(x)
#define st_atim st_atimespec
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
/* A directory that is opened for writing is EISDIR, as on a file system without O_TMPFILE. */
#define O_TMPFILE O_DIRECTORY
/* SIGPIPE is ignored by this program anyway. */
#define SOCK_CLOEXEC 0
#define MSG_NOSIGNAL 0
#define PR_SET_DUMPABLE 0
#define PR_SET_PDEATHSIG 0
/* Core dumps are off by default; a child outlives its parent until it reads the pipe's end. */
#define prctl(option, value) ((void)0)
/* A pipe's size is the kernel's own affair: the call does nothing. */
#define F_SETPIPE_SZ F_GETFD
#endif

/* Functions of glibc and Linux that POSIX can replace. A unit test tries them on Linux under other
 * names. */
#if defined(__APPLE__) || defined(PORTABLE_TRY)
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline int pipe2(int fds[2], int flags)
{
	if (pipe(fds) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (flags & O_CLOEXEC)
			fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		if (flags & O_NONBLOCK)
			fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static inline void explicit_bzero(void *bytes, size_t len)
{
	volatile unsigned char *at = bytes;

	while (len--)
		*at++ = 0;
}

static inline void *reallocarray(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(old, count * size);
}
#endif

#ifdef __APPLE__
/* Darwin's qsort_r() and its comparison take `arg` in front. */
struct portable_sort {
	int (*compare)(const void *a, const void *b, void *arg);
	void *arg;
};

static inline int portable_compare(void *arg, const void *a, const void *b)
{
	const struct portable_sort *s = arg;

	return s->compare(a, b, s->arg);
}

static inline void portable_qsort_r(void *base, size_t count, size_t size,
    int (*compare)(const void *a, const void *b, void *arg), void *arg)
{
	struct portable_sort s = {compare, arg};

	(qsort_r)(base, count, size, &s, portable_compare);
}
#define qsort_r portable_qsort_r
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
