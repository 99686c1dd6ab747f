/* How is a command run in a pseudo terminal, in a directory of its own? */
#include "backend/sim/exec/pty.h"

#include "backend/sim/exec/exec.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/portable.h"
#include "backend/base/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GRACE_MS = 1000 };

static void directory_of(pid_t pid, char *ret, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(ret, size, "%s/ecsfs-exec-%d", tmp && *tmp ? tmp : "/tmp", (int)pid);
}

/* The programs that containers have: ECSFS_SIM_EXEC_PATH, for tests of containers that lack some. */
static void path_variable(char *ret, size_t size)
{
	const char *path = getenv("ECSFS_SIM_EXEC_PATH");

	snprintf(ret, size, "PATH=%s",
	    path && *path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

/* In the child: nothing but calls that are safe between fork and exec. */
static void become(char *const *word, const char *path, char *paths)
{
	static char term[] = "TERM=xterm", home[] = "HOME=/";
	char *environment[] = {term, home, paths, NULL};
	sigset_t none;

	portable_close_range(3, ~0U);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Signals that this program ignores, also those ignored by a shell that started it in the background. */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	/* execvpe(3) would look for the program in this program's own PATH. */
	environ = environment;
	if (chdir(path) == 0)
		execvp(word[0], word);
	dprintf(STDOUT_FILENO, "exec: \"%s\": executable file not found in $PATH\r\n", word[0]);
	_exit(127);
}

int pty_start(const char *command, int *ret_fd, pid_t *ret_pid)
{
	struct winsize size = {.ws_row = 100, .ws_col = 300};
	struct words words;
	char path[256], paths[1024];
	int gate[2], r = words_split(command, &words);

	if (r)
		return r;
	path_variable(paths, sizeof(paths));
	/* The child waits for its directory, which has its number in the name. */
	if (!words.count || pipe2(gate, O_CLOEXEC)) {
		words_release(&words);
		return -EINVAL;
	}
	*ret_pid = forkpty(ret_fd, NULL, NULL, &size);
	if (*ret_pid == 0) {
		char go;

		if (read(gate[0], &go, 1) == 1) {
			directory_of(getpid(), path, sizeof(path));
			become(words.word, path, paths);
		}
		_exit(126);
	}
	r = *ret_pid < 0 ? -errno : 0;
	words_release(&words);
	if (r == 0) {
		directory_of(*ret_pid, path, sizeof(path));
		fcntl(*ret_fd, F_SETFD, FD_CLOEXEC);
		fcntl(*ret_fd, F_SETFL, O_NONBLOCK);
		if (mkdir(path, 0700) == 0 || errno == EEXIST)
			r = write(gate[1], "", 1) == 1 ? 0 : -EIO;
	}
	close(gate[0]);
	close(gate[1]);
	return r;
}

void pty_resize(int fd, unsigned cols, unsigned rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	ioctl(fd, TIOCSWINSZ, &size);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Gives a process group until then to end by itself, as it may in a container, then kills it. */
static void end_group(pid_t group)
{
	int64_t until = clock_mono(&clock_system) + GRACE_MS;

	while (kill(-group, 0) == 0 && clock_mono(&clock_system) < until)
		poll(NULL, 0, 5);
	kill(-group, SIGKILL);
}

/*
 * As amazon-ssm-agent (agent/session/shell/shell.go): it kills the program that it has started, which
 * leads its session, and closes the terminal. The kernel's SIGHUP is all that the others get.
 */
void pty_end(int fd, pid_t pid)
{
	char path[256];

	kill(pid, SIGKILL);
	close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	end_group(pid);
	directory_of(pid, path, sizeof(path));
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}
