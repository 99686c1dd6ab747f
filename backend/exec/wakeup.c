/* What goes through the pipe of a wake-up? Bytes that mean nothing. */
#include "backend/exec/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int wakeup_open(struct wakeup *w)
{
	int e = pipe2(w->fds, O_CLOEXEC | O_NONBLOCK) ? errno : 0;

	if (e)
		w->fds[0] = w->fds[1] = -1;
	return -e;
}

void wakeup_close(struct wakeup *w)
{
	for (int i = 0; i < 2; i++)
		if (w->fds[i] >= 0)
			close(w->fds[i]);
}

void wakeup_send(const struct wakeup *w)
{
	/* A pipe that is full wakes it too. */
	if (write(w->fds[1], "", 1) < 0)
		return;
}

void wakeup_drain(const struct wakeup *w)
{
	char bytes[256];

	while (read(w->fds[0], bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
}
