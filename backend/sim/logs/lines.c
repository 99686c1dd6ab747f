/* Which lines do the containers of a task write to their logs? */
#include "backend/sim/logs/lines.h"

#include "backend/sim/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGGING_MAX 64 /* tasks of a region that write every second */
#define CHATTER_MS 1000

static void add_line(struct sim_region *r, const char *region, const char *group,
    const char *stream, int64_t now_ms, const char *text)
{
	struct log_line *l;

	if (r->line_count == sizeof(r->lines) / sizeof(*r->lines))
		return;
	l = &r->lines[r->line_count++];
	l->region = region && strcmp(region, r->name) != 0 ? sim_strdup(region) : NULL;
	l->group = sim_strdup(group);
	l->stream = sim_strdup(stream);
	l->text = sim_strdup(text);
	l->time_ms = now_ms;
}

/* Writes to the log of one container, where it has one at CloudWatch Logs. */
__attribute__((format(printf, 5, 6))) static void write_line(struct sim_region *r,
    const struct task *t, unsigned index, int64_t now_ms, const char *fmt, ...)
{
	const json_t *definition =
	    json_array_get(doc_get(t->taskdef->doc, "containerDefinitions"), index);
	const json_t *log = doc_get(definition, "logConfiguration");
	const json_t *options = doc_get(log, "options");
	const char *driver = doc_str(log, "logDriver");
	const char *group = doc_str(options, "awslogs-group");
	const char *prefix = doc_str(options, "awslogs-stream-prefix");
	char text[512], stream[600];
	va_list ap;

	if (!driver || strcmp(driver, "awslogs") != 0 || !group)
		return;
	if (prefix)
		snprintf(stream, sizeof(stream), "%.256s/%.256s/%s", prefix,
		    doc_str(definition, "name"), t->id);
	else
		snprintf(stream, sizeof(stream), "%s-%010u", t->id,
		    (unsigned)(3059100000u + t->seq * 16 + index));
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_line(r, doc_str(options, "awslogs-region"), group, stream, now_ms, text);
}

static unsigned containers_of(const struct task *t)
{
	return (unsigned)json_array_size(doc_get(t->taskdef->doc, "containerDefinitions"));
}

static const char *container_name(const struct task *t, unsigned index)
{
	return doc_str(
	    json_array_get(doc_get(t->taskdef->doc, "containerDefinitions"), index), "name");
}

void task_log_start(struct sim_region *r, struct task *t, int64_t now_ms)
{
	for (unsigned i = 0; i < containers_of(t); i++)
		write_line(r, t, i, now_ms, "INFO %s: started, %s:%d, pid 1", container_name(t, i),
		    t->taskdef->family->name, t->taskdef->revision);
	if (t->logging || r->logging_count >= LOGGING_MAX)
		return;
	t->logging = true;
	r->logging_count++;
	TAILQ_INSERT_TAIL(&r->logging, t, log_link);
}

void task_log_stop(struct sim_region *r, struct task *t, int64_t now_ms)
{
	for (unsigned i = 0; i < containers_of(t); i++) {
		/* Below 128 it ended by itself, and no signal came. */
		if (t->has_exit && t->exit_code > 0 && t->exit_code < 128) {
			write_line(r, t, i, now_ms, "FATAL %s: exiting with status %d",
			    container_name(t, i), t->exit_code);
			continue;
		}
		write_line(r, t, i, now_ms, "INFO %s: received SIGTERM, shutting down",
		    container_name(t, i));
		write_line(r, t, i, now_ms, "INFO %s: stopped after %u requests",
		    container_name(t, i), t->lines);
	}
	if (!t->logging)
		return;
	t->logging = false;
	r->logging_count--;
	TAILQ_REMOVE(&r->logging, t, log_link);
}

/* A line about every second, at an instant of the task's own. */
void task_log_chatter(struct sim_region *r, struct task *t, int64_t now_ms)
{
	static const char *const paths[] = {"/", "/health", "/api/items", "/api/items/17", "/login",
	    "/static/app.js", "/api/orders", "/favicon.ico"};
	static const int statuses[] = {200, 200, 200, 200, 200, 304, 201, 404, 200, 200, 500, 200};
	int64_t due = t->started_ms + ((int64_t)t->lines + 1) * CHATTER_MS;
	uint64_t random;

	if (now_ms < due)
		return;
	if (now_ms - due > 10 * CHATTER_MS)
		t->lines = (unsigned)((now_ms - t->started_ms) / CHATTER_MS);
	t->lines++;
	for (unsigned i = 0; i < containers_of(t); i++) {
		random = sim_random(r) >> 16;
		if (t->taskdef->fate == FATE_ENDS) {
			write_line(r, t, i, now_ms, "INFO %s: part %u of 8 done, %u rows",
			    container_name(t, i), t->lines, (unsigned)(random % 9000 + 1000));
			continue;
		}
		int status = statuses[random / 8192 % 12];
		write_line(r, t, i, now_ms, "%s10.0.%u.%u - - \"GET %s HTTP/1.1\" %d %u %ums",
		    status == 500 ? "ERROR " : "", (unsigned)(random % 4),
		    (unsigned)(random / 4 % 250 + 2), paths[random / 1024 % 8], status,
		    (unsigned)(random / 65536 % 9000 + 120),
		    (unsigned)(random / 1048576 % 180 + 1));
	}
}

void log_line_release(struct log_line *l)
{
	free(l->region);
	free(l->group);
	free(l->stream);
	free(l->text);
}

void region_drop_lines(struct sim_region *r)
{
	for (unsigned i = 0; i < r->line_count; i++)
		log_line_release(&r->lines[i]);
	r->line_count = 0;
}
