/*
 * How is a person asked? On /dev/tty with echo off, one question at a time; echo is on again
 * whatever is typed.
 */
#include "backend/credentials/terminal.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <termios.h>

static pthread_mutex_t one_question = PTHREAD_MUTEX_INITIALIZER;
static atomic_int asking;

static int read_line(int fd, struct buf *out)
{
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 || c == '\n')
			return buf_failed(out) ? -ENOMEM : 0;
		if (c != '\r')
			buf_addc(out, c);
	}
}

static int ask(const char *question, struct buf *out, struct ecsfs_error *err)
{
	auto_close int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios shown, hidden;
	size_t before = out->len;
	int r;

	if (fd < 0 || tcgetattr(fd, &shown) < 0)
		return ecsfs_error_set(err, ENOTTY, NULL, "there is no terminal to ask on");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	dprintf(fd, "%s", question);
	tcsetattr(fd, TCSAFLUSH, &hidden);
	r = read_line(fd, out);
	tcsetattr(fd, TCSAFLUSH, &shown);
	dprintf(fd, "\n");
	if (r)
		return ecsfs_error_set(err, -r, NULL, "the terminal: %s", strerror(-r));
	return out->len > before ? 0 : ecsfs_error_set(err, EINVAL, NULL, "nothing was entered");
}

int terminal_ask(const char *question, struct buf *out, struct ecsfs_error *err)
{
	int r;

	atomic_fetch_add(&asking, 1);
	pthread_mutex_lock(&one_question);
	r = ask(question, out, err);
	pthread_mutex_unlock(&one_question);
	atomic_fetch_sub(&asking, 1);
	return r;
}

bool terminal_is_asking(void)
{
	return atomic_load(&asking) > 0;
}
