#include "fs/cli/run_watch.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/base/clock.h"
#include "backend/base/limits.h"
#include "fs/cli/run_request.h"
#include "fs/cli/talk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum {
	LOGS_MAX = 10, /* containers of a task definition (AWS's quota) */
	LOOK_MS = 300,
	/* CloudWatch Logs shows a line some seconds after it was sent: the logs are complete once
	 * they have been quiet for so long after the end, and there is a limit to that. */
	QUIET_MS = 4000,
	QUIET_MAX_MS = 60000,
};

struct log {
	char *name; /* the container's */
	char *path;
	int fd; /* -1: not open yet */
	bool line_open;
};

struct watch {
	const char *dir;
	struct log logs[LOGS_MAX];
	size_t count;
	atomic_bool ended;
	struct buf last; /* the last line of the outcome; the main thread's once `ended` */
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

/* The thread that waits for the end. Its read ends with an error where the task failed. */
static void *wait_for_end(void *arg)
{
	struct watch *w = arg;
	auto_free char *path = path_of(w->dir, "outcome"), *line = NULL;
	auto_fclose FILE *f = path ? fopen(path, "re") : NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		buf_reset(&w->last);
		buf_addf(&w->last, "%.*s", (int)strcspn(line, "\n"), line);
	}
	atomic_store(&w->ended, true);
	return NULL;
}

/* The logs there are: files named by the containers whose driver is awslogs. */
static void find_logs(struct watch *w)
{
	auto_free char *dir = path_of(w->dir, "logs");
	DIR *d = dir ? opendir(dir) : NULL;
	const struct dirent *e;

	while (d && w->count < LOGS_MAX && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len <= 4 || strcmp(e->d_name + len - 4, ".log") != 0)
			continue;
		w->logs[w->count++] = (struct log){
		    .name = strndup(e->d_name, len - 4), .path = path_of(dir, e->d_name), .fd = -1};
	}
	if (d)
		closedir(d);
	if (!w->count)
		fputs("ecsfs run: no container of the task logs to CloudWatch (awslogs): only its "
		      "end is shown\n",
		    stderr);
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

/* Whether anything came. */
static bool read_log(const struct watch *w, struct log *l)
{
	char bytes[65536];
	bool any = false;
	ssize_t n;

	if (l->fd < 0 && l->path)
		l->fd = open(l->path, O_RDONLY | O_CLOEXEC);
	while (l->fd >= 0 && (n = read(l->fd, bytes, sizeof(bytes))) > 0) {
		print(w, l, bytes, (size_t)n);
		any = true;
	}
	return any;
}

static bool read_logs(struct watch *w)
{
	bool any = false;

	for (size_t i = 0; i < w->count; i++)
		any |= read_log(w, &w->logs[i]);
	if (any)
		fflush(stdout);
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

/* What a Ctrl-C means; a third one leaves. False: leave. */
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

static bool follow(struct watch *w)
{
	int64_t ended_ms = 0, quiet_ms = 0;
	int seen = 0;

	for (;;) {
		bool ended = atomic_load(&w->ended);
		int64_t now = clock_mono(&clock_system);

		if (read_logs(w))
			quiet_ms = now;
		if (!obey_interrupts(w, &seen))
			return false;
		if (ended && !ended_ms)
			ended_ms = quiet_ms = now;
		if (ended_ms &&
		    (!w->count || now - quiet_ms >= QUIET_MS || now - ended_ms >= QUIET_MAX_MS))
			return true;
		poll(NULL, 0, LOOK_MS);
	}
}

/* A whole number from a file; -1: it has none. */
static int read_number(const char *dir, const char *name)
{
	auto_free char *path = path_of(dir, name);
	auto_fclose FILE *f = path ? fopen(path, "re") : NULL;
	int n;

	return f && fscanf(f, "%d", &n) == 1 ? n : -1;
}

static int exit_status(const struct watch *w, const char *container)
{
	auto_free char *name = NULL;
	int code;

	if (container && asprintf(&name, "containers/%s/exit_code", container) < 0)
		name = NULL;
	code = read_number(w->dir, name ? name : "exit_code");
	if (code >= 0)
		return code & 0xff;
	fprintf(stderr, "ecsfs run: the task did not run to its end: %s\n", buf_str(&w->last));
	return RUN_NOT_STARTED;
}

static void release(struct watch *w)
{
	for (size_t i = 0; i < w->count; i++) {
		if (w->logs[i].fd >= 0)
			close(w->logs[i].fd);
		free(w->logs[i].name);
		free(w->logs[i].path);
	}
	buf_release(&w->last);
}

int run_watch(const char *task_dir, const char *container)
{
	struct sigaction act = {.sa_handler = on_interrupt};
	struct watch w = {.dir = task_dir};
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
	find_logs(&w);
	if (!follow(&w))
		_exit(status); /* the thread still waits, and the task goes on stopping */
	pthread_join(thread, NULL);
	status = exit_status(&w, container);
	release(&w);
	return status;
}
