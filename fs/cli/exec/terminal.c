/*
 * How is the terminal restored at every end? Raw mode belongs to the terminal, not to the process:
 * a process that ends without restoring it leaves a shell that echoes nothing. All ends are handled
 * here: return, exit, fatal signals, and a stop.
 */
#include "fs/cli/exec/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved, raw;
static volatile sig_atomic_t kept_fd = -1, is_raw;
static volatile pid_t follower;

/*
 * Safe in a handler (POSIX). At once, since output that is stopped (Ctrl-S) never drains; without
 * SIGTTOU, which would stop a process in the background.
 */
static int set_mode(int fd, const struct termios *mode)
{
	sigset_t ttou, old;
	int r;

	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &old);
	r = tcsetattr(fd, TCSANOW, mode) ? -errno : 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

void terminal_restore(void)
{
	if (kept_fd >= 0)
		set_mode(kept_fd, &saved);
}

static void on_fatal(int sig)
{
	terminal_restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void signal_follower(int sig)
{
	if (follower)
		kill(follower, sig);
}

/* Ctrl-Z is the container's; this comes from kill(1). */
static void on_stop(int sig)
{
	int e = errno;

	(void)sig;
	signal_follower(SIGSTOP);
	terminal_restore();
	kill(getpid(), SIGSTOP);
	errno = e;
}

/* In the foreground again; the size may have changed meanwhile. */
static void on_continue(int sig)
{
	int e = errno;

	(void)sig;
	if (is_raw && tcgetpgrp(kept_fd) == getpgrp())
		set_mode(kept_fd, &raw);
	signal_follower(SIGCONT);
	signal_follower(SIGWINCH);
	errno = e;
}

int terminal_keep(int fd)
{
	static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	struct sigaction act = {.sa_handler = on_fatal, .sa_flags = SA_RESTART};

	if (tcgetattr(fd, &saved))
		return -errno;
	raw = saved;
	cfmakeraw(&raw);
	kept_fd = fd;
	atexit(terminal_restore);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		sigaction(fatal[i], &act, NULL);
	act.sa_handler = on_stop;
	sigaction(SIGTSTP, &act, NULL);
	act.sa_handler = on_continue;
	sigaction(SIGCONT, &act, NULL);
	return 0;
}

/* In the background SIGTTOU stops it here, and on_continue() does it in the foreground. */
int terminal_raw(void)
{
	is_raw = 1;
	return tcsetattr(kept_fd, TCSANOW, &raw) ? -errno : 0;
}

void terminal_follow(pid_t child)
{
	follower = child;
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
		/* The tilde that was kept back: `~~` is one tilde. */
		if (state == TILDE && c != '~')
			out[n++] = '~';
		state = c == '\r' || c == '\n' ? LINE_START : TEXT;
		out[n++] = c;
	}
	return (ssize_t)n;
}
