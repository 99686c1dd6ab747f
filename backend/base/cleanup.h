/*
 * How does every return free what a local owns? The local is declared with one of these and
 * initialised; handing over is visible as move_ptr().
 */
#ifndef ECSFS_BASE_CLEANUP_H
#define ECSFS_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_fclose_ptr(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define auto_free __attribute__((cleanup(cleanup_free_ptr)))
#define auto_close __attribute__((cleanup(cleanup_close_fd)))
#define auto_fclose __attribute__((cleanup(cleanup_fclose_ptr)))

/* Evaluates to ptr and leaves NULL behind: the caller of the expression owns it now. */
#define move_ptr(ptr)                                                                              \
	__extension__({                                                                            \
		__typeof__(ptr) moved_ = (ptr);                                                    \
		(ptr) = NULL;                                                                      \
		moved_;                                                                            \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
