#include "backend/errlog.h"

#include "backend/base/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct entry {
	int64_t wall_ms;
	char path[512];
	struct ecsfs_error err;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry ring[LIMIT_ERRORS]; /* lock */
static size_t next;			/* lock; in all, so far */

void errlog_add(const struct clock *clock, const char *path, const struct ecsfs_error *err)
{
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = &ring[next++ % LIMIT_ERRORS];
	e->wall_ms = clock_wall(clock);
	snprintf(e->path, sizeof(e->path), "%s", path ? path : "-");
	for (char *p = e->path; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = '?';
	e->err = *err;
	pthread_mutex_unlock(&lock);
}

/* "2026-01-02T03:04:05.678Z EINVAL path UpdateService InvalidParameterException: words (request id X)" */
static void render_entry(const struct entry *e, struct buf *out)
{
	time_t s = (time_t)(e->wall_ms / 1000);
	char when[32];
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
	buf_addf(
	    out, "%s.%03dZ %s %s", when, (int)(e->wall_ms % 1000), errno_name(e->err.err), e->path);
	if (e->err.action[0])
		buf_addf(out, " %s", e->err.action);
	if (e->err.code[0])
		buf_addf(out, " %s", e->err.code);
	buf_addf(out, ": %s", e->err.message);
	if (e->err.request_id[0])
		buf_addf(out, " (request id %s)", e->err.request_id);
	buf_addc(out, '\n');
}

void errlog_render(struct buf *out)
{
	pthread_mutex_lock(&lock);
	for (size_t i = next > LIMIT_ERRORS ? next - LIMIT_ERRORS : 0; i < next; i++)
		render_entry(&ring[i % LIMIT_ERRORS], out);
	pthread_mutex_unlock(&lock);
}
