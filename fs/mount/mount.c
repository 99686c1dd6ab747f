/*
 * How is a mount started, served and ended? Log and signals, the fork into the background, the FUSE
 * session, its loop, and the end. No thread and no connection is made before the fork.
 */
#include "fs/mount/mount.h"

#include "backend/base/cleanup.h"
#include "backend/base/descriptors.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/base/portable.h"
#include "fs/files/handle.h"
#include "fs/kernel/notify.h"
#include "fs/kernel/ops.h"
#include "fs/kernel/parked.h"
#include "fs/mount/mountpoint.h"
#include "fs/mount/session.h"
#include "fs/mount/supervisor.h"
#include "fs/state.h"
#include "fs/tree/root.h"

#include <errno.h>
#include <fcntl.h>
#ifdef PORTABLE_FUSE_MESSAGES
#include <linux/fuse.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Callbacks never wait, so one thread would serve any number of requests, and what takes long goes to
 * others (request_go_aside()). Of several, one that is idle is woken for each request, which costs more
 * than most requests do: a warm open took 23 us with one thread, 45 to 60 with two, 57 to 79 with eight.
 * But what holds up the only one holds up the mount, and may wait for an answer of that mount.
 */
enum { LOOP_THREADS = 4 };

static void harden(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

/* Threads made meanwhile do not receive the signals that end the mount. */
static void block_signals(bool block)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

#ifdef PORTABLE_FUSE_MESSAGES
/*
 * libfuse 3.10 to 3.16 drop FUSE_PARALLEL_DIROPS from the answer to INIT, without which one waiting
 * look-up stops its whole directory, unkillable. So it is added to that answer, the first one.
 */
static ssize_t first_writev(int fd, struct iovec *iov, int count, void *userdata)
{
	struct fs *fs = userdata;
	bool first = !atomic_exchange(&fs->init_answered, true);

	if (first && count == 2 && iov[0].iov_len == sizeof(struct fuse_out_header) &&
	    iov[1].iov_len >= offsetof(struct fuse_init_out, max_background)) {
		const struct fuse_out_header *head = iov[0].iov_base;
		struct fuse_init_out *out = iov[1].iov_base;

		if (head->error == 0 && out->major == FUSE_KERNEL_VERSION)
			out->flags |= FUSE_PARALLEL_DIROPS;
	}
	return writev(fd, iov, count);
}

static ssize_t plain_read(int fd, void *bytes, size_t len, void *userdata)
{
	(void)userdata;
	return read(fd, bytes, len);
}

static ssize_t plain_splice(int fdin, off_t *offin, int fdout, off_t *offout, size_t len,
    unsigned int flags, void *userdata)
{
	(void)userdata;
	return splice(fdin, offin, fdout, offout, len, flags);
}

static int keep_parallel_dirops(struct fuse_session *se)
{
	static const struct fuse_custom_io io = {
	    .writev = first_writev, .read = plain_read, .splice_send = plain_splice};

	if (fuse_version() >= 317)
		return 0;
	return fuse_session_custom_io(se, &io, fuse_session_fd(se));
}
#else
static int keep_parallel_dirops(struct fuse_session *se)
{
	(void)se;
	return 0;
}
#endif

static void escape(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (*text == ',' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

static struct fuse_session *session_new(const struct options *o, struct session *s)
{
	auto_buf struct buf text = BUF_INIT(64 * KIB);
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *se = NULL;

	buf_addf(&text, "subtype=ecsfs,default_permissions,max_read=%d,fsname=", FS_MOST_READ);
	escape(s->fs.source, &text);
	if (o->fs.allow_other)
		buf_adds(&text, ",allow_other");
	if (o->fs.read_only)
		buf_adds(&text, ",ro");
	if (o->kernel)
		buf_addf(&text, ",%s", o->kernel);
	if (fuse_opt_add_arg(&args, "ecsfs") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
	    fuse_opt_add_arg(&args, buf_str(&text)) == 0)
		se = fuse_session_new(&args, &fs_ops, sizeof(fs_ops), &s->fs);
	fuse_opt_free_args(&args);
	return se;
}

static int attach(
    const struct options *o, struct session *s, struct fuse_session **ret, struct ecsfs_error *err)
{
	struct fuse_session *se = session_new(o, s);

	if (!se)
		return ecsfs_error_set(
		    err, EINVAL, NULL, "libfuse refuses the mount options: see --help-all");
	if (fuse_set_signal_handlers(se) != 0 || fuse_session_mount(se, o->mountpoint) != 0) {
		fuse_session_destroy(se);
		return ecsfs_error_set(err, EIO, NULL, "cannot mount on %s", o->mountpoint);
	}
	if (keep_parallel_dirops(se) != 0 || notify_start(&s->fs, se) != 0) {
		fuse_session_unmount(se);
		fuse_session_destroy(se);
		return ecsfs_error_set(err, ENOMEM, NULL,
		    "cannot serve the mount: out of memory or threads (ulimit -u, systemd's "
		    "TasksMax=)");
	}
	*ret = se;
	return 0;
}

/* Until the mount ends. */
static int loop(struct fuse_session *se, struct ecsfs_error *err)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int e;

	if (!config)
		return -ENOMEM;
	fuse_loop_cfg_set_clone_fd(config, 0);
	fuse_loop_cfg_set_max_threads(config, LOOP_THREADS);
	fuse_loop_cfg_set_idle_threads(config, LOOP_THREADS);
	e = fuse_session_loop_mt(se, config);
	fuse_loop_cfg_destroy(config);
	/* The number of the signal that ended it, 0, or -1 if no thread could be made. */
	if (e >= 0)
		return 0;
	e = e == -1 ? EAGAIN : -e;
	log_error("the mount cannot be served: %s", strerror(e));
	return ecsfs_error_set(err, e, NULL, "the mount cannot be served: %s", strerror(e));
}

static void detach(struct fuse_session *se, struct session *s)
{
	session_cancel(s);
	requests_shutdown(&s->fs);
	notify_stop(&s->fs);
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	handles_close(&s->fs);
}

static int prepare(struct options *o, struct session *s, struct ecsfs_error *err)
{
	int e;

	block_signals(true);
	e = session_open(o, s, err);
	if (!e) {
		s->fs.mountpoint = strdup(o->mountpoint);
		for (struct account **a = s->fs.accounts; *a; a++)
			for (struct region **r = (*a)->regions; *r; r++)
				region_on_change(*r, notify_key, &s->fs);
		e = fs_state_new(&s->fs, root_type(&s->fs));
	}
	block_signals(false);
	return e ? e : session_check(s, err);
}

static void tell_ready(const char *mountpoint)
{
	auto_buf struct buf state = BUF_INIT(64 * KIB);

	buf_addf(&state, "READY=1\nSTATUS=mounted on %s\n", mountpoint);
	supervisor_tell(buf_str(&state));
}

/* `ready` is called once the mount works. */
static int serve(struct options *o, void (*ready)(void *arg), void *arg, struct ecsfs_error *err)
{
	struct fuse_session *se = NULL;
	struct session s = {0};
	int e = prepare(o, &s, err);

	block_signals(true);
	if (!e)
		e = attach(o, &s, &se, err);
	block_signals(false);
	if (!e) {
		ready(arg);
		tell_ready(o->mountpoint);
		e = loop(se, err);
		supervisor_tell("STOPPING=1\n");
		detach(se, &s);
	}
	session_close(&s);
	if (se)
		fuse_session_destroy(se);
	/* All secrets are wiped; frees the rest for leak checkers. */
	prctl(PR_SET_DUMPABLE, 1);
	return e;
}

static int say(const struct ecsfs_error *err, int e)
{
	bool from_aws = err->http_status && err->code[0];

	fprintf(stderr, "ecsfs: %s%s%s\n", from_aws ? err->code : "", from_aws ? ": " : "",
	    err->message[0] ? err->message : strerror(-e));
	return 1;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The options' log level, for the child in the background. */
static enum log_level log_level_in_force;

/* Detaches from the terminal and the parent. */
static void go_to_background(void *arg)
{
	const int *pipe_fd = arg;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") != 0)
		log_warn("chdir: %s", strerror(errno));
	log_setup(log_level_in_force, true);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (write(*pipe_fd, "", 1) != 1)
		log_warn("the parent process has exited");
	close(*pipe_fd);
}

/* The parent ends when the mount works, or with a child that failed. */
static int wait_for_child(pid_t pid, int fd)
{
	char byte;
	int status;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		return 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status))
		fprintf(stderr, "ecsfs: killed by signal %d before the mount was ready\n",
		    WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
}

static int mount_in_background(struct options *o)
{
	struct ecsfs_error err = {0};
	int fds[2];
	pid_t pid;
	int e;

	if (pipe2(fds, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		fprintf(stderr, "ecsfs: %s\n", strerror(errno));
		return 1;
	}
	if (pid > 0) {
		close(fds[1]);
		return wait_for_child(pid, fds[0]);
	}
	close(fds[0]);
	e = serve(o, go_to_background, &fds[1], &err);
	return e ? say(&err, e) : 0;
}

static void on_usr1(int signal)
{
	(void)signal;
	log_toggle_debug();
}

static int start_log(const struct options *o, struct ecsfs_error *err)
{
	struct sigaction usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
	int e = o->log_file ? log_to_file(o->log_file) : 0;

	log_level_in_force = o->debug ? LOG_DEBUG_ : (enum log_level)o->log_level;
	log_setup(log_level_in_force, false);
	sigaction(SIGUSR1, &usr1, NULL);
	if (!e)
		return 0;
	return ecsfs_error_set(err, -e, NULL, "--log-file=%s: %s", o->log_file, strerror(-e));
}

int mount_run(struct options *o)
{
	struct ecsfs_error err = {0};
	int e;

	harden();
	descriptors_prepare();
	e = start_log(o, &err);
	if (!e)
		e = mountpoint_check(o, &err);
	if (!e && !o->foreground)
		return mount_in_background(o);
	if (!e)
		e = serve(o, nothing, NULL, &err);
	return e ? say(&err, e) : 0;
}
