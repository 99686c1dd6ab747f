/*
 * How does one thread wake another out of poll(2)? By a pipe, of which each end is used without
 * blocking. Any thread may send.
 */
#ifndef ECSFS_EXEC_WAKEUP_H
#define ECSFS_EXEC_WAKEUP_H

struct wakeup {
	int fds[2]; /* fds[0] can be read once it was sent; -1: none */
};

/* 0 or -errno; wakeup_close() is safe in either case. */
int wakeup_open(struct wakeup *w);
void wakeup_close(struct wakeup *w);
void wakeup_send(const struct wakeup *w);
/* Forgets what was sent. */
void wakeup_drain(const struct wakeup *w);

#endif
