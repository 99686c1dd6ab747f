/*
 * How does a file appear whole or not at all? A temporary name in the same directory, renamed at
 * commit; a signal handler unlinks the unfinished file and raises the signal again.
 */
#include "fs/cli/copy/landing.h"

#include "backend/base/cleanup.h"
#include "fs/cli/exec/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUFFIX_LEN = 8 }; /* the dots and the six letters of mkstemp(3) */

static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};

/* For the handler. */
static const char *volatile unfinished;

static void on_fatal(int sig)
{
	const char *path = unfinished;

	if (path)
		unlink(path);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	struct sigaction act = {.sa_handler = on_fatal}, old;

	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		/* nohup(1) and shells in the background ignore some. */
		if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(fatal[i], &act, NULL);
}

static int fail(const struct landing *l, const char *what, int e)
{
	fprintf(stderr, "ecsfs %s: %s: %s%s\n", l->name, l->path, what, strerror(e));
	return -1;
}

/* Blocks signals while the temporary file is created, renamed or removed. */
static void block_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaddset(&set, fatal[i]);
	sigprocmask(SIG_BLOCK, &set, old);
}

/* ".NAME.XXXXXX" in the directory of `final`. New. */
static char *temporary_name(const char *final)
{
	const char *slash = strrchr(final, '/'), *name = slash ? slash + 1 : final;
	int dir = (int)(name - final);
	char *path = NULL;

	if (strlen(name) + SUFFIX_LEN > NAME_MAX)
		name = "ecsfs";
	return asprintf(&path, "%.*s.%s.XXXXXX", dir, final, name) < 0 ? NULL : path;
}

static int open_temporary(struct landing *l)
{
	auto_free char *path = temporary_name(l->final);
	sigset_t old;

	if (!path)
		return fail(l, "", ENOMEM);
	catch_signals();
	block_signals(&old);
	l->fd = mkostemp(path, O_CLOEXEC);
	if (l->fd >= 0)
		unfinished = l->temporary = move_ptr(path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return l->fd < 0 ? fail(l, "the copy is made beside it, where nothing can be made: ", errno)
			 : 0;
}

/* An existing file is replaced if it could be written. */
static int open_existing(struct landing *l, const struct stat *st)
{
	if (access(l->path, W_OK))
		return fail(l, "", errno);
	l->final = realpath(l->path, NULL);
	if (!l->final)
		return fail(l, "", errno);
	l->exists = true;
	l->mode = st->st_mode & 07777;
	l->uid = st->st_uid;
	l->gid = st->st_gid;
	return open_temporary(l);
}

static int open_new(struct landing *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0)
		return fail(l, "is a symbolic link to a file that does not exist: ", ENOENT);
	if (l->path[strlen(l->path) - 1] == '/')
		return fail(l, "", ENOTDIR);
	l->final = strdup(l->path);
	return l->final ? open_temporary(l) : fail(l, "", ENOMEM);
}

/* A pipe or a device. */
static int open_through(struct landing *l)
{
	l->fd = open(l->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return l->fd < 0 ? fail(l, "", errno) : 0;
}

int landing_open(struct landing *l, const char *name, const char *path)
{
	struct stat st;

	*l = (struct landing){.name = name, .path = path, .fd = -1};
	if (!strcmp(path, "-")) {
		l->path = "standard output";
		l->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		return l->fd < 0 ? fail(l, "", errno) : 0;
	}
	if (stat(path, &st))
		return errno == ENOENT ? open_new(l) : fail(l, "", errno);
	if (S_ISDIR(st.st_mode))
		return fail(l, "", EISDIR);
	return S_ISREG(st.st_mode) ? open_existing(l, &st) : open_through(l);
}

int landing_write(struct landing *l, const char *bytes, size_t len)
{
	int e = -talk_put(l->fd, bytes, len);

	return e ? fail(l, "writing the copy: ", e) : 0;
}

/* An existing file keeps mode, group and owner; the owner if this process may set it. */
static int set_attributes(const struct landing *l, mode_t mode)
{
	mode_t final = l->exists ? l->mode : mode;

	/* Another owner's set-user-id would become ours. */
	if (l->exists && fchown(l->fd, l->uid, l->gid)) {
		final &= 0777;
		if (fchown(l->fd, (uid_t)-1, l->gid))
			final &= 0707;
	}
	return fchmod(l->fd, final) ? fail(l, "setting the mode of the copy: ", errno) : 0;
}

static int close_landing(struct landing *l)
{
	int e = close(l->fd) ? errno : 0;

	l->fd = -1;
	return e ? fail(l, "writing the copy: ", e) : 0;
}

int landing_commit(struct landing *l, mode_t mode)
{
	sigset_t old;
	int r;

	if (!l->temporary)
		return close_landing(l);
	if (set_attributes(l, mode) || close_landing(l))
		return -1;
	block_signals(&old);
	r = rename(l->temporary, l->final) ? errno : 0;
	if (!r) {
		unfinished = NULL;
		free(move_ptr(l->temporary));
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r ? fail(l, "the copy cannot take its place: ", r) : 0;
}

void landing_drop(struct landing *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->temporary)
		unlink(l->temporary);
	unfinished = NULL;
	free(l->temporary);
	free(l->final);
	*l = (struct landing){.fd = -1};
}
