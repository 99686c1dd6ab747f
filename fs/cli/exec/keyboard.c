/*
 * How does the keyboard stay alive beside a mount that does not answer? The parent reads it into a
 * pipe and never touches the mount; a second pipe from the child shows when it is ready and when it
 * has ended.
 */
#include "fs/cli/exec/keyboard.h"

#include "backend/base/portable.h"
#include "fs/cli/exec/talk.h"
#include "fs/cli/exec/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The largest pipe that the system allows: this much may be typed ahead while `~.` still works. */
enum { KEYS_AHEAD = 1024 * 1024 };

struct keyboard {
	const char *name;
	pid_t child;
	int keys;   /* to the child; -1: closed */
	int life;   /* from the child: a byte once it is ready, EOF when it ends */
	bool reads; /* the keyboard, from the child's byte to the end of input */
};

void keyboard_ready(int ready)
{
	if (write(ready, "", 1) != 1)
		_exit(TALK_FAILED);
}

/* In the child: it ends with its parent, and is stopped and continued by it. */
static void become_child(pid_t parent)
{
	signal(SIGTSTP, SIG_DFL);
	signal(SIGCONT, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() != parent)
		raise(SIGHUP);
}

static void give_up(const struct keyboard *k, const char *what, const char *why)
{
	terminal_restore();
	fprintf(stderr, "ecsfs %s: %s%s\n", k->name, what, why);
	_exit(TALK_FAILED);
}

static void close_keys(struct keyboard *k)
{
	close(k->keys);
	k->keys = -1;
}

static void take_keys(struct keyboard *k)
{
	char bytes[PIPE_BUF - 1], filtered[PIPE_BUF];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes)), len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		give_up(k, "reading the input: ", strerror(errno));
	len = terminal_escapes(bytes, (size_t)n, filtered);
	if (len < 0)
		give_up(k, "the session was ended by ~.", "");
	/* There was room for a page. */
	if (len && k->keys >= 0 && write(k->keys, filtered, (size_t)len) < 0)
		close_keys(k);
	if (n == 0) {
		k->reads = false;
		close_keys(k);
	}
}

/* Whether the child lives. */
static bool take_life(struct keyboard *k)
{
	char byte;
	ssize_t n = read(k->life, &byte, 1);

	if (n == 0)
		return false;
	if (n == 1)
		k->reads = terminal_raw() == 0;
	return true;
}

/* Waits until the child takes input, has sent a byte, or has closed its end. */
static bool wait_for_room(struct keyboard *k)
{
	struct pollfd p[2] = {
	    {.fd = k->life, .events = POLLIN}, {.fd = k->reads ? k->keys : -1, .events = POLLOUT}};

	if (k->reads && k->keys < 0)
		return true;
	poll(p, 2, -1);
	if (p[1].revents & POLLERR)
		close_keys(k);
	return p[1].revents != 0;
}

static void wait_for_end(struct keyboard *k)
{
	bool alive = true;

	while (alive) {
		bool room = wait_for_room(k);
		struct pollfd p[2] = {{.fd = k->life, .events = POLLIN},
		    {.fd = room ? STDIN_FILENO : -1, .events = POLLIN}};

		/* Polls the keyboard only while the pipe has room for its bytes. */
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			take_keys(k);
		if (p[0].revents)
			alive = take_life(k);
	}
}

/* Ends as the child did. */
static void end(const struct keyboard *k)
{
	int status = 0;

	while (waitpid(k->child, &status, 0) < 0 && errno == EINTR)
		;
	terminal_restore();
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : TALK_FAILED);
}

int keyboard_run(const char *name, int (*run)(void *arg, int keys, int ready), void *arg)
{
	struct keyboard k = {.name = name};
	int keys[2], life[2], e = terminal_keep(STDIN_FILENO);
	pid_t parent = getpid();

	if (e)
		return e;
	if (pipe2(keys, O_CLOEXEC) || pipe2(life, O_CLOEXEC))
		return -errno;
	fcntl(keys[1], F_SETPIPE_SZ, KEYS_AHEAD);
	fcntl(keys[1], F_SETFL, O_NONBLOCK);
	k.child = fork();
	if (k.child < 0)
		return -errno;
	if (k.child == 0) {
		become_child(parent);
		close(keys[1]);
		close(life[0]);
		exit(run(arg, keys[0], life[1]));
	}
	close(keys[0]);
	close(life[1]);
	k.keys = keys[1];
	k.life = life[0];
	terminal_follow(k.child);
	signal(SIGPIPE, SIG_IGN);
	wait_for_end(&k);
	end(&k);
	return 0;
}
