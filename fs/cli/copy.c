/*
 * What runs in the container says by its exit status what is the matter: 44 there is no such path,
 * 45 it has no tar, 46 the path is a directory (so that tar is needed).
 */
#include "fs/cli/copy.h"

#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "fs/cli/command.h"
#include "fs/cli/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NO_PATH = 44, NO_TAR = 45, IS_DIRECTORY = 46 };

#define NEED_TAR "command -v tar >/dev/null 2>&1 || exit 45; "

struct place_in {
	char *dir; /* of the container */
	const char *path;
};

extern char **environ;

/* "DIR:PATH" where DIR is a container's directory. */
static bool split(const char *word, struct place_in *ret)
{
	for (const char *colon = strchr(word, ':'); colon; colon = strchr(colon + 1, ':')) {
		auto_free char *dir = strndup(word, (size_t)(colon - word)), *exec = NULL;

		if (!dir || asprintf(&exec, "%s/exec", dir) < 0)
			return false;
		if (access(exec, F_OK) == 0 && colon[1]) {
			*ret = (struct place_in){move_ptr(dir), colon + 1};
			return true;
		}
	}
	return false;
}

static void show_progress(uint64_t bytes)
{
	static int64_t shown_ms;
	int64_t now = clock_mono(&clock_system);

	if (now - shown_ms < 200)
		return;
	shown_ms = now;
	fprintf(stderr, "\r%.1f MiB", (double)bytes / (double)MIB);
}

/* Runs a command of the container between two descriptors. */
static int talk(const struct place_in *p, const char *command, int in, int out)
{
	struct talk t;
	int status = talk_open(&t, "cp", p->dir);

	if (!status && isatty(STDERR_FILENO))
		t.progress = show_progress;
	if (!status)
		status = talk_start(&t, command);
	if (!status)
		status = talk_run(&t, in, out, NULL);
	if (t.progress)
		fprintf(stderr, "\r\033[K");
	talk_close(&t);
	return status;
}

static int report(int status, const struct place_in *p)
{
	if (status == NO_PATH)
		fprintf(
		    stderr, "ecsfs cp: %s: no such file or directory in the container\n", p->path);
	else if (status == NO_TAR)
		fprintf(stderr,
		    "ecsfs cp: the container has no tar, which a directory needs: copy its "
		    "files\n");
	else if (status && status != TALK_FAILED)
		fprintf(stderr, "ecsfs cp: copying %s ended with status %d in the container\n",
		    p->path, status);
	return status ? 1 : 0;
}

/* A local tar with one end in a pipe; its other end in `ret_fd`. The pid, or -1. */
static pid_t start_tar(char *const argv[], int their_fd, int *ret_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int pipe_fd[2], e;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[their_fd], their_fd);
	e = posix_spawnp(&pid, "tar", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[their_fd]);
	*ret_fd = pipe_fd[!their_fd];
	if (!e)
		return pid;
	fprintf(stderr, "ecsfs cp: tar cannot be started: %s\n", strerror(e));
	close(*ret_fd);
	return -1;
}

static int wait_tar(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The last name of a path, without trailing slashes. New. */
static char *last_name(const char *path)
{
	size_t len = strlen(path);
	const char *from;

	while (len > 1 && path[len - 1] == '/')
		len--;
	from = memrchr(path, '/', len);
	from = from && from + 1 < path + len ? from + 1 : path;
	return strndup(from, (size_t)(path + len - from));
}

/* LOCAL, or a name in it where it is a directory. New. */
static char *target_of(const char *local, const char *path)
{
	auto_free char *name = last_name(path);
	char *target = NULL;

	if (!is_directory(local))
		return strdup(local);
	return name && asprintf(&target, "%s/%s", local, name) >= 0 ? target : NULL;
}

static int fetch_directory(const struct place_in *p, const char *quoted, char *target)
{
	auto_buf struct buf command = BUF_INIT(LIMIT_VALUE * 4);
	char tar[] = "tar", flags[] = "-xf", dash[] = "-", into[] = "-C";
	char *const argv[] = {tar, flags, dash, into, target, NULL};
	int status, out;
	pid_t pid;

	if (mkdir(target, 0777) && errno != EEXIST) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", target, strerror(errno));
		return 1;
	}
	pid = start_tar(argv, STDIN_FILENO, &out);
	if (pid < 0)
		return 1;
	buf_addf(&command, NEED_TAR "exec tar -cf - -C %s . 2>/dev/null", quoted);
	status = talk(p, buf_str(&command), -1, out);
	close(out);
	return report(status, p) | wait_tar(pid);
}

/* What the container said instead of the file's bytes. */
static void show_start(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (n > 0)
		fprintf(stderr, "%.*s\n", (int)n, text);
}

/* A file is written beside its name and moved there when it is whole. */
static int fetch_file(const struct place_in *p, const char *quoted, const char *target)
{
	auto_buf struct buf command = BUF_INIT(LIMIT_VALUE * 4);
	auto_free char *part = NULL;
	int out, status;

	if (asprintf(&part, "%s.part", target) < 0)
		return 1;
	out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", part, strerror(errno));
		return 1;
	}
	buf_addf(&command, "[ -d %s ] && exit 46; [ -e %s ] || exit 44; exec cat %s", quoted,
	    quoted, quoted);
	status = talk(p, buf_str(&command), -1, out);
	if (close(out) && !status)
		status = 1;
	if (status == 0 && rename(part, target) == 0)
		return 0;
	if (status != IS_DIRECTORY && status != NO_PATH)
		show_start(part);
	unlink(part);
	return status == IS_DIRECTORY ? IS_DIRECTORY : report(status ? status : 1, p);
}

static int fetch(const struct place_in *p, const char *local)
{
	auto_buf struct buf quoted = BUF_INIT(LIMIT_VALUE);
	auto_free char *target = target_of(local, p->path);
	int status;

	buf_adds(&quoted, *p->path == '-' ? "./" : "");
	talk_quote(&quoted, p->path);
	if (!target || buf_failed(&quoted))
		return 1;
	status = fetch_file(p, buf_str(&quoted), target);
	return status == IS_DIRECTORY ? fetch_directory(p, buf_str(&quoted), target) : status;
}

/* The shell's $t: PATH, or a name in it where it is a directory. */
static void add_target(struct buf *command, const char *path, const char *name)
{
	buf_adds(command, *path == '-' ? "t=./" : "t=");
	talk_quote(command, path);
	buf_adds(command, "; n=");
	talk_quote(command, name);
	buf_adds(command, "; [ -d \"$t\" ] && t=$t/$n; ");
}

static int send_directory(const struct place_in *p, char *local, struct buf *command)
{
	char tar[] = "tar", flags[] = "-cf", dash[] = "-", from[] = "-C", all[] = ".";
	char *const argv[] = {tar, flags, dash, from, local, all, NULL};
	int in, status;
	pid_t pid = start_tar(argv, STDOUT_FILENO, &in);

	if (pid < 0)
		return 1;
	buf_adds(command, NEED_TAR "mkdir -p \"$t\" && exec tar -xf - -C \"$t\"");
	status = talk(p, buf_str(command), in, STDERR_FILENO);
	close(in);
	return report(status, p) | wait_tar(pid);
}

static int send_file(const struct place_in *p, const char *local, mode_t mode, struct buf *command)
{
	int in = open(local, O_RDONLY | O_CLOEXEC), status;

	if (in < 0) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", local, strerror(errno));
		return 1;
	}
	buf_addf(command, "cat >\"$t\" && chmod %o \"$t\"", mode & 0777);
	status = talk(p, buf_str(command), in, STDERR_FILENO);
	close(in);
	return report(status, p);
}

static int send(const struct place_in *p, char *local)
{
	auto_buf struct buf command = BUF_INIT(LIMIT_VALUE * 4);
	auto_free char *name = last_name(local);
	struct stat st;

	if (stat(local, &st)) {
		fprintf(stderr, "ecsfs cp: %s: %s\n", local, strerror(errno));
		return 1;
	}
	if (!name)
		return 1;
	add_target(&command, p->path, name);
	return S_ISDIR(st.st_mode) ? send_directory(p, local, &command)
				   : send_file(p, local, st.st_mode, &command);
}

int copy_main(int argc, char **argv)
{
	struct place_in p = {0};
	int status;

	if (argc != 3)
		return command_refuse("cp",
		    "expected CONTAINER_DIR:PATH and a local path, in the direction of the copy");
	if (split(argv[1], &p))
		status = fetch(&p, argv[2]);
	else if (split(argv[2], &p))
		status = send(&p, argv[1]);
	else
		return command_refuse("cp",
		    "neither '%s' nor '%s' is CONTAINER_DIR:PATH (clusters/CLUSTER/tasks/TASK/"
		    "containers/NAME:PATH)",
		    argv[1], argv[2]);
	free(p.dir);
	return status;
}
