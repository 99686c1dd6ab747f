/*
 * When has a task of `ecsfs run` ended, and with which status? One thread reads `outcome`, the main
 * thread prints the logs; after the end the logs are read until they have been quiet for QUIET_MS.
 */
#include "fs/cli/run/run_watch.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "fs/cli/exec/talk.h"
#include "fs/cli/run/run_request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOGS_MAX = 10, /* containers of a task definition (AWS's quota) */
	LOOK_MS = 300,
	RETRY_MS = 1000,
	NEW_MS =
	    30000, /* DescribeTasks may not know a new task yet (it is eventually consistent) */
	/* CloudWatch Logs shows a line some seconds after it was sent: the logs are complete once
	 * they have been quiet for this long after the end, within a limit. */
	QUIET_MS = 4000,
	QUIET_MAX_MS = 60000,
};

struct log {
	char *name; /* the container's */
	char *path;
	int fd;	  /* -1: not open yet */
	bool any; /* a line came */
	bool line_open, complained;
	int missing; /* the errno of the last open or read, where lines may be missing; 0 */
};

struct watch {
	const char *dir;
	struct log logs[LOGS_MAX];
	size_t count;
	int unlisted;	/* the errno of reading their directory, EAGAIN before the first try; 0 */
	bool logs_said; /* why not */
	bool unquiet;	/* lines still came when it was left */
	atomic_bool ended;
	/* The main thread's once `ended`. */
	struct buf last; /* the last line of the outcome */
	int lost;	 /* the errno that ended the watching before the task's end; 0 */
	int unwritten;	 /* the errno of the first line that could not be printed; 0 */
};

static atomic_int interrupts;

static void on_interrupt(int sig)
{
	(void)sig;
	atomic_fetch_add(&interrupts, 1);
}

static char *path_of(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Whether the task has stopped: 1, 0, or -errno where that cannot be read. */
static int has_stopped(const struct watch *w)
{
	char status[32] = "";
	int e = run_read_value(w->dir, "last_status", status, sizeof(status));

	return e ? e : !strcmp(status, "STOPPED");
}

/* Reads `outcome` to its end. 0, or the errno of the open or the read. */
static int follow_outcome(struct watch *w)
{
	auto_free char *path = path_of(w->dir, "outcome"), *line = NULL;
	auto_fclose FILE *f = path ? fopen(path, "re") : NULL;
	size_t size = 0;
	int e;

	if (!f)
		return path ? errno : ENOMEM;
	for (errno = 0; getline(&line, &size, f) > 0; errno = 0) {
		buf_reset(&w->last);
		buf_addf(&w->last, "%.*s", (int)strcspn(line, "\n"), line);
	}
	e = errno;
	return ferror(f) ? e : 0;
}

/* Whether no later try can help; all other errors come from the network, AWS, or a restart of the
 * mount. */
static bool is_permanent(int e)
{
	return e == ENOENT || e == ENOTDIR || e == EACCES || e == EPERM || e == EINVAL ||
	    e == ENOTCONN;
}

static void say_trouble(const struct watch *w, int e, const char *what)
{
	auto_free char *path = path_of(w->dir, "outcome");
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	talk_complaint(path ? path : "", e, &text);
	fprintf(stderr, "ecsfs run: cannot see how the task ends: %s: %s\n", buf_str(&text), what);
}

/*
 * The thread that waits for the end. The read of `outcome` fails if the task failed, and if AWS
 * could not be reached: the task's own status distinguishes the two.
 */
static void *wait_for_end(void *arg)
{
	struct watch *w = arg;
	int64_t began_ms = clock_mono(&clock_system);
	bool said = false;

	for (;;) {
		int e = follow_outcome(w), stopped = has_stopped(w);
		bool fresh = clock_mono(&clock_system) - began_ms < NEW_MS;

		if (stopped == 1)
			break;
		e = e ? e : stopped < 0 ? -stopped : 0;
		if (is_permanent(e) && !(e == ENOENT && fresh)) {
			w->lost = e;
			break;
		}
		if (e && !said)
			say_trouble(w, e, "trying again");
		said |= e != 0;
		poll(NULL, 0, RETRY_MS);
	}
	atomic_store(&w->ended, true);
	return NULL;
}

/* A file named by a container whose driver is awslogs. */
static void add_log(struct watch *w, const char *dir, const char *name)
{
	size_t len = strlen(name);

	if (len <= 4 || strcmp(name + len - 4, ".log") != 0 || w->count == LOGS_MAX)
		return;
	w->logs[w->count++] =
	    (struct log){.name = strndup(name, len - 4), .path = path_of(dir, name), .fd = -1};
}

static void drop_logs(struct watch *w)
{
	for (; w->count; w->count--) {
		struct log *l = &w->logs[w->count - 1];

		if (l->fd >= 0)
			close(l->fd);
		free(l->name);
		free(l->path);
	}
}

static void say_no_logs(struct watch *w, const char *dir, int e)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	if (w->logs_said)
		return;
	w->logs_said = true;
	talk_complaint(dir, e, &text);
	fprintf(stderr, "ecsfs run: the logs cannot be listed: %s: trying again\n", buf_str(&text));
}

/* Lists the logs. Tries again while AWS does not answer: that does not mean "none". */
static void find_logs(struct watch *w)
{
	auto_free char *dir = path_of(w->dir, "logs");
	DIR *d = dir ? opendir(dir) : NULL;
	const struct dirent *e;
	int error = d ? 0 : errno;

	while (d && (errno = 0, e = readdir(d)))
		add_log(w, dir, e->d_name);
	if (d) {
		error = errno;
		closedir(d);
	}
	w->unlisted = error;
	if (error) {
		drop_logs(w);
		say_no_logs(w, dir ? dir : "", error);
	} else if (!w->count) {
		fputs("ecsfs run: no container of the task logs to CloudWatch (awslogs): only its "
		      "end is shown\n",
		    stderr);
	}
}

/* Prints lines, each led by the container's name where there are several logs. */
static void print(const struct watch *w, struct log *l, const char *bytes, size_t len)
{
	if (w->count == 1) {
		fwrite(bytes, 1, len, stdout);
		return;
	}
	while (len) {
		const char *newline = memchr(bytes, '\n', len);
		size_t n = newline ? (size_t)(newline - bytes) + 1 : len;

		if (!l->line_open)
			printf("%s: ", l->name);
		fwrite(bytes, 1, n, stdout);
		l->line_open = !newline;
		bytes += n;
		len -= n;
	}
}

/* A log that does not exist yet appears with its first line. */
static bool is_awaited(const struct log *l)
{
	return l->missing == ENOENT && l->fd < 0;
}

static void complain_of_log(struct log *l)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	if (l->complained)
		return;
	l->complained = true;
	talk_complaint(l->path ? l->path : "", l->missing, &text);
	fprintf(stderr, "ecsfs run: the log of %s cannot be read: %s\n", l->name, buf_str(&text));
}

/* Whether any line arrived. */
static bool read_log(const struct watch *w, struct log *l)
{
	char bytes[65536];
	bool any = false;
	ssize_t n = 0;

	errno = ENOMEM;
	if (l->fd < 0 && l->path)
		l->fd = open(l->path, O_RDONLY | O_CLOEXEC);
	while (l->fd >= 0 && (n = read(l->fd, bytes, sizeof(bytes))) > 0) {
		print(w, l, bytes, (size_t)n);
		any = l->any = true;
		l->complained = false;
	}
	int e = l->fd < 0 || n < 0 ? errno : 0;
	/* Ctrl-C: the next turn reads on. */
	if (e != EINTR)
		l->missing = e;
	if (l->missing && !is_awaited(l))
		complain_of_log(l);
	return any;
}

static bool read_logs(struct watch *w)
{
	bool any = false;

	for (size_t i = 0; i < w->count; i++)
		any |= read_log(w, &w->logs[i]);
	if (any && (fflush(stdout) || ferror(stdout)) && !w->unwritten) {
		w->unwritten = errno;
		fprintf(stderr,
		    "ecsfs run: standard output: %s: the log is not shown; the task goes on\n",
		    strerror(errno));
	}
	return any;
}

static void stop_task(const struct watch *w)
{
	static const char reason[] = "stopped by Ctrl-C of ecsfs run\n";
	auto_free char *path = path_of(w->dir, "stop");
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);
	auto_close int fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	if (fd >= 0 && write(fd, reason, sizeof(reason) - 1) > 0) {
		fputs("ecsfs run: stopping the task; its last lines follow\n", stderr);
		return;
	}
	talk_complaint(path ? path : "", errno, &text);
	fprintf(stderr, "ecsfs run: the task cannot be stopped: %s\n", buf_str(&text));
}

/* Acts on Ctrl-C; a third one leaves. False: leave. */
static bool obey_interrupts(const struct watch *w, int *seen)
{
	int now = atomic_load(&interrupts);

	if (now == *seen)
		return true;
	if (*seen == 0)
		fprintf(stderr,
		    "\necsfs run: the task goes on; Ctrl-C again stops it, as does\n"
		    "  echo REASON > %s/stop\n",
		    w->dir);
	if (*seen < 2 && now >= 2)
		stop_task(w);
	*seen = now;
	return now < 3;
}

/* Whether reading again may help. A file that has no room on the spool's disk stays without it. */
static bool may_recover(int e)
{
	return e && e != ENOSPC && !is_permanent(e);
}

static bool is_troubled(const struct watch *w)
{
	bool troubled = may_recover(w->unlisted);

	for (size_t i = 0; i < w->count; i++)
		troubled |= may_recover(w->logs[i].missing);
	return troubled;
}

/* Whether the logs are read no further: so long after the end of the task, and after the last line. */
static bool is_settled(struct watch *w, int64_t ended_ms, int64_t quiet_ms)
{
	if (!w->unlisted && !w->count)
		return true;
	if (ended_ms < QUIET_MAX_MS)
		return quiet_ms >= QUIET_MS && !is_troubled(w);
	w->unquiet = quiet_ms < QUIET_MS;
	return true;
}

static bool follow(struct watch *w)
{
	int64_t ended_ms = 0, quiet_ms = 0;
	int seen = 0;

	for (;;) {
		bool ended = atomic_load(&w->ended);
		int64_t now = clock_mono(&clock_system);

		if (w->unlisted)
			find_logs(w);
		if (read_logs(w))
			quiet_ms = now;
		if (!obey_interrupts(w, &seen))
			return false;
		if (ended && !ended_ms)
			ended_ms = quiet_ms = now;
		if (ended_ms && is_settled(w, now - ended_ms, now - quiet_ms))
			return true;
		poll(NULL, 0, LOOK_MS);
	}
}

static int say_no_code(const struct watch *w, const char *name, int e)
{
	auto_free char *path = path_of(w->dir, name);
	auto_buf struct buf text = BUF_INIT(LIMIT_VALUE);

	talk_complaint(path ? path : "", e, &text);
	fprintf(stderr, "ecsfs run: the exit code cannot be read: %s\n", buf_str(&text));
	return RUN_NOT_STARTED;
}

/* Reads it again while it fails for a temporary reason. 0 or -errno. */
static int read_patiently(const struct watch *w, const char *name, char *ret, size_t size)
{
	int e;

	while ((e = run_read_value(w->dir, name, ret, size)) && !is_permanent(-e) &&
	    atomic_load(&interrupts) < 3)
		poll(NULL, 0, RETRY_MS);
	return e;
}

static int exit_status(const struct watch *w, const char *container)
{
	auto_free char *name = NULL;
	char code[16] = "";
	int e = 0;

	if (container && asprintf(&name, "containers/%s/exit_code", container) < 0)
		return RUN_NOT_STARTED;
	if (w->lost) {
		say_trouble(w, w->lost, "the task may go on");
		return RUN_NOT_STARTED;
	}
	e = read_patiently(w, name ? name : "exit_code", code, sizeof(code));
	if (e)
		return say_no_code(w, name ? name : "exit_code", -e);
	if (*code)
		return (int)strtol(code, NULL, 10) & 0xff;
	fprintf(stderr, "ecsfs run: the task did not run to its end: %s\n", buf_str(&w->last));
	return RUN_NOT_STARTED;
}

/* What the messages of the reads do not say of the logs. */
static void say_losses(const struct watch *w)
{
	if (w->unlisted)
		fputs("ecsfs run: no log is shown: they could not be listed\n", stderr);
	if (w->unquiet)
		fprintf(stderr,
		    "ecsfs run: the logs still go on, %d s after the end of the task: %s/logs has "
		    "what follows\n",
		    QUIET_MAX_MS / 1000, w->dir);
	for (size_t i = 0; i < w->count; i++)
		if (!w->logs[i].any && (!w->logs[i].missing || is_awaited(&w->logs[i])))
			fprintf(stderr, "ecsfs run: the log of %s has no line\n", w->logs[i].name);
}

/*
 * Whether a log could not be read, from its start or to its end, or goes on. One that does not exist
 * is that of a container that printed nothing, as far as CloudWatch Logs tells.
 */
static bool lines_missing(const struct watch *w)
{
	bool missing = w->unlisted || w->unquiet;

	for (size_t i = 0; i < w->count; i++)
		missing |= w->logs[i].missing && !is_awaited(&w->logs[i]);
	return missing;
}

int run_watch(const char *task_dir, const char *container)
{
	struct sigaction act = {.sa_handler = on_interrupt};
	struct watch w = {.dir = task_dir, .unlisted = EAGAIN};
	sigset_t interrupt;
	pthread_t thread;
	int status = 130;

	buf_init(&w.last, LIMIT_VALUE);
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	/* The signal must not end the read of the thread that waits. */
	pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
	if (pthread_create(&thread, NULL, wait_for_end, &w)) {
		fputs("ecsfs run: out of threads\n", stderr);
		return RUN_NOT_STARTED;
	}
	sigaction(SIGINT, &act, NULL);
	pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
	if (!follow(&w))
		_exit(status); /* the thread still waits, and the task goes on stopping */
	pthread_join(thread, NULL);
	status = exit_status(&w, container);
	if (status != RUN_NOT_STARTED)
		say_losses(&w);
	/* Lost lines mean failure. */
	if ((lines_missing(&w) || w.unwritten) && !status)
		status = RUN_NOT_STARTED;
	drop_logs(&w);
	buf_release(&w.last);
	return status;
}
