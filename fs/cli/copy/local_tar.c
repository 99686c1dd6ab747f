/*
 * How is tar(1) started with one end in a pipe? posix_spawnp(3) with SIGPIPE at its default, so
 * that tar ends when its reader does.
 */
#include "fs/cli/copy/local_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* With the default SIGPIPE, which ends tar when its reader has gone. */
static int spawn(const char *const argv[], int from, int to, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t pipe;
	int e;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &pipe);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, from, to);
	e = posix_spawnp(ret, "tar", &actions, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return e;
}

/* tar's end of the pipe is its descriptor `its`. */
static pid_t start(const char *const argv[], int its, int *ret_fd)
{
	int pipe_fd[2], e;
	pid_t pid = -1;

	if (pipe2(pipe_fd, O_CLOEXEC)) {
		fprintf(stderr, "ecsfs cp: a pipe cannot be made: %s\n", strerror(errno));
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	e = spawn(argv, pipe_fd[its], its, &pid);
	close(pipe_fd[its]);
	*ret_fd = pipe_fd[!its];
	if (!e)
		return pid;
	close(*ret_fd);
	fprintf(stderr, "ecsfs cp: tar cannot be started on this machine: %s\n", strerror(e));
	return -1;
}

pid_t local_tar_pack(const char *dir, int *ret_fd)
{
	const char *const argv[] = {"tar", "-cf", "-", "-C", dir, ".", NULL};

	return start(argv, STDOUT_FILENO, ret_fd);
}

pid_t local_tar_unpack(const char *dir, int *ret_fd)
{
	/* As cp(1) without -p: the files belong to the user who copies. */
	const char *const argv[] = {"tar", "-xof", "-", "-C", dir, NULL};

	return start(argv, STDIN_FILENO, ret_fd);
}

int local_tar_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
