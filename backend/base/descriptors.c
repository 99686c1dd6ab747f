/*
 * How many files may be open, and is none left? The soft limit is raised at start; a try to open
 * /dev/null says whether one more is possible.
 */
#include "backend/base/descriptors.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 65536 };

void descriptors_prepare(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur =
		    limit.rlim_max < MOST || limit.rlim_cur > MOST ? limit.rlim_max : MOST;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	/* glibc opens it in pthread_cancel(), by which libfuse ends its threads, and aborts if it
	 * cannot. The handle is never closed; a C library without it needs none. */
	dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
}

bool descriptors_short(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE;
	close(fd);
	return false;
}
