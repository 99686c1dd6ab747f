#include "fs/cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

void terminal_restore(void)
{
	int fd = raw_fd;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSADRAIN, &saved);
}

/* tcsetattr(3) is safe in a handler (POSIX). */
static void on_fatal(int sig)
{
	terminal_restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

int terminal_raw(int fd)
{
	static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct termios raw;

	if (tcgetattr(fd, &saved))
		return -errno;
	raw = saved;
	cfmakeraw(&raw);
	raw_fd = fd;
	atexit(terminal_restore);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		signal(fatal[i], on_fatal);
	return tcsetattr(fd, TCSADRAIN, &raw) ? -errno : 0;
}

void terminal_size(int fd, unsigned *ret_cols, unsigned *ret_rows)
{
	struct winsize size = {0};

	ioctl(fd, TIOCGWINSZ, &size);
	*ret_cols = size.ws_col ? size.ws_col : 80;
	*ret_rows = size.ws_row ? size.ws_row : 24;
}

ssize_t terminal_escapes(const char *bytes, size_t len, char *out)
{
	static enum { TEXT, LINE_START, TILDE } state = LINE_START;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];

		if (state == TILDE && c == '.')
			return -1;
		if (state == LINE_START && c == '~') {
			state = TILDE;
			continue;
		}
		/* The tilde that was held back: `~~` is one. */
		if (state == TILDE && c != '~')
			out[n++] = '~';
		state = c == '\r' || c == '\n' ? LINE_START : TEXT;
		out[n++] = c;
	}
	return (ssize_t)n;
}
