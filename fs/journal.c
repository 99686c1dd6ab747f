/*
 * How does a line get into the journal whole? It is made in memory and appended with one write(2)
 * under flock(2), since several mounts may share the file; a cut line is removed again.
 */
#include "fs/journal.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "backend/errlog.h"
#include "fs/caller.h"
#include "fs/value.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
	pthread_mutex_t lock;
	const struct clock *clock;
	struct errlog *errors; /* borrowed */
	struct buf lines;      /* lock */
	int fd;		       /* -1: no file */
	uint64_t lost;	       /* lock: lines that could not be written to the file */
	uint64_t reported;     /* lock: of them, those before the last successful write */
};

/* A file of this user's alone: it holds the written values, and is never truncated. */
static int check_file(int fd, struct ecsfs_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ecsfs_error_set(err, errno, NULL, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ecsfs_error_set(err, EINVAL, NULL, "it is not a regular file");
	if (st.st_uid != geteuid())
		return ecsfs_error_set(err, EPERM, NULL, "it belongs to another user");
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return ecsfs_error_set(
		    err, EPERM, NULL, "other users have access to it: chmod 600 it");
	return 0;
}

/* Symbolic links are not followed, and FIFOs do not block. */
static int open_file(struct journal *j, const char *file, struct ecsfs_error *err)
{
	int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int e = 0;

	j->fd = open(file, flags, 0600);
	if (j->fd < 0 && errno == ELOOP)
		e = ecsfs_error_set(err, ELOOP, NULL, "it is a symbolic link");
	else if (j->fd < 0)
		e = ecsfs_error_set(err, errno, NULL, "%s", strerror(errno));
	else
		e = check_file(j->fd, err);
	return e ? ecsfs_error_wrap(err, "journal=%s", file) : 0;
}

int journal_open(const char *file, const struct clock *clock, struct errlog *errors,
    struct journal **ret, struct ecsfs_error *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	pthread_mutex_init(&j->lock, NULL);
	j->clock = clock;
	j->errors = errors;
	buf_init(&j->lines, 2 * LIMIT_JOURNAL);
	j->fd = -1;
	int e = file ? open_file(j, file, err) : 0;
	if (e)
		journal_close(j);
	else
		*ret = j;
	return e;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	buf_release(&j->lines);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

static void set_string(json_t *line, const char *key, const char *value)
{
	if (value && *value)
		json_object_set_new(line, key, json_string(value));
}

static json_t *line_of(struct journal *j, const struct commit *c, const char *service,
    const char *action, const json_t *request)
{
	auto_buf struct buf time = BUF_INIT(KIB);
	json_t *line = json_object();
	char name[64] = "";

	value_render_time((double)clock_wall(j->clock) / 1000, &time);
	caller_name(c->caller.pid, name, sizeof(name));
	set_string(line, "time", buf_str(&time));
	json_object_set_new(line, "uid", json_integer(c->caller.uid));
	json_object_set_new(line, "gid", json_integer(c->caller.gid));
	json_object_set_new(line, "pid", json_integer(c->caller.pid));
	set_string(line, "process", name);
	set_string(line, "path", c->path);
	if (c->place && c->place->region)
		set_string(line, "region", region_name_peek(c->place->region));
	set_string(line, "service", service);
	set_string(line, "action", action);
	json_object_set_new(line, "request", request ? json_deep_copy(request) : json_object());
	return line;
}

/* Whole lines are dropped from the front. Under the lock. */
static void make_room(struct journal *j, size_t len)
{
	while (j->lines.len && j->lines.len + len > LIMIT_JOURNAL) {
		const char *end = memchr(j->lines.data, '\n', j->lines.len);

		buf_consume(&j->lines, end ? (size_t)(end - j->lines.data) + 1 : j->lines.len);
	}
}

/* Whether a crash, or a full disk, left a part of a line. */
static bool ends_within_line(int fd, off_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/*
 * Appends a whole line or nothing: 0 or -errno. Several mounts may share the file. Under the lock.
 */
static int write_line(int fd, const char *text, size_t len)
{
	struct stat st;
	int e = 0;

	if (flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0)
		return -errno;
	if (ends_within_line(fd, st.st_size) && write(fd, "\n", 1) != 1)
		e = -errno;
	ssize_t n = e ? -1 : write(fd, text, len);
	if (!e && n != (ssize_t)len) {
		e = n < 0 ? -errno : -ENOSPC;
		if (n > 0 && ftruncate(fd, st.st_size) != 0)
			e = -errno;
	}
	flock(fd, LOCK_UN);
	return e;
}

/* Reported once, until a line was written again. */
static void complain(const struct journal *j, int e)
{
	struct ecsfs_error err = {0};

	ecsfs_error_set(&err, -e, NULL,
	    "cannot append to the journal file: %s; a line here says how many of its lines were "
	    "lost "
	    "once it is written again",
	    strerror(-e));
	errlog_add_change(j->errors, ".ecsfs/journal", &err);
	log_error("%s", err.message);
}

static void report_recovery(const struct journal *j, uint64_t lost)
{
	struct ecsfs_error err = {0};

	ecsfs_error_set(&err, ENODATA, NULL,
	    "the journal file is written again: %llu of its lines %s lost",
	    (unsigned long long)lost, lost == 1 ? "was" : "were");
	errlog_add_change(j->errors, ".ecsfs/journal", &err);
	log_error("%s", err.message);
}

static void append(struct journal *j, const char *text, size_t len)
{
	pthread_mutex_lock(&j->lock);
	make_room(j, len);
	if (len <= LIMIT_JOURNAL)
		buf_add(&j->lines, text, len);
	int e = j->fd >= 0 ? write_line(j->fd, text, len) : 0;
	uint64_t lost = j->lost - j->reported;
	if (e)
		j->lost++;
	else
		j->reported = j->lost;
	pthread_mutex_unlock(&j->lock);
	if (e && !lost)
		complain(j, e);
	else if (!e && lost)
		report_recovery(j, lost);
}

void journal_add(struct journal *j, const struct commit *c, const char *service, const char *action,
    const json_t *request, bool dry, const char *request_id, const struct ecsfs_error *err)
{
	json_auto_t *line = line_of(j, c, service, action, request);
	auto_free char *text = NULL;
	auto_buf struct buf out = BUF_INIT(LIMIT_DOCUMENT * 8);
	bool failed = err && err->err;

	set_string(line, "outcome", failed ? errno_name(err->err) : dry ? "dry_run" : "ok");
	if (failed) {
		set_string(line, "code", err->code);
		set_string(line, "message", err->message);
	}
	set_string(line, "request_id", failed ? err->request_id : request_id);
	text = json_dumps(line, JSON_COMPACT);
	if (!text)
		return;
	buf_adds(&out, text);
	buf_addc(&out, '\n');
	if (!buf_failed(&out))
		append(j, out.data, out.len);
}

uint64_t journal_lost(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	uint64_t lost = j->lost;
	pthread_mutex_unlock(&j->lock);
	return lost;
}

void journal_render(struct journal *j, struct buf *out)
{
	pthread_mutex_lock(&j->lock);
	buf_add(out, buf_str(&j->lines), j->lines.len);
	pthread_mutex_unlock(&j->lock);
}
