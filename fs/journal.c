#include "fs/journal.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/base/log.h"
#include "fs/kernel/caller.h"
#include "fs/value.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct journal {
	pthread_mutex_t lock;
	const struct clock *clock;
	struct buf lines; /* lock */
	int fd;		  /* -1: no file */
	bool complained;  /* lock: the file took a line badly, said once */
};

int journal_open(
    const char *file, const struct clock *clock, struct journal **ret, struct ecsfs_error *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (!j)
		return ecsfs_error_set(err, ENOMEM, NULL, "no memory");
	pthread_mutex_init(&j->lock, NULL);
	j->clock = clock;
	buf_init(&j->lines, 2 * LIMIT_JOURNAL);
	j->fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (file && j->fd < 0) {
		int e = errno;

		journal_close(j);
		return ecsfs_error_set(err, e, NULL, "journal=%s: %s", file, strerror(e));
	}
	*ret = j;
	return 0;
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

static void append(struct journal *j, const char *text, size_t len)
{
	pthread_mutex_lock(&j->lock);
	make_room(j, len);
	if (len <= LIMIT_JOURNAL)
		buf_add(&j->lines, text, len);
	bool bad = j->fd >= 0 && write(j->fd, text, len) != (ssize_t)len;
	bool say = bad && !j->complained;
	j->complained |= bad;
	pthread_mutex_unlock(&j->lock);
	if (say)
		log_error("the journal's file does not take all lines: %s", strerror(errno));
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

void journal_render(struct journal *j, struct buf *out)
{
	pthread_mutex_lock(&j->lock);
	buf_add(out, buf_str(&j->lines), j->lines.len);
	pthread_mutex_unlock(&j->lock);
}
