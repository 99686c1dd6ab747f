/*
 * Where are calls counted? In one table of service and action under a lock; the last row counts all
 * others.
 */
#include "backend/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* AWS has fewer actions than that; a caller's invented ones (api/) are then counted together. */
enum { MAX_ROWS = 256, OUTCOMES = 4 };

struct row {
	char service[32];
	char action[64];
	uint64_t calls[OUTCOMES];
	uint64_t repeats[OUTCOMES];
	int64_t us;
};

struct metrics {
	pthread_mutex_t lock;
	struct row *rows; /* lock, as their number; room for MAX_ROWS */
	size_t count;
};

struct metrics *metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->rows = calloc(MAX_ROWS, sizeof(*m->rows));
	pthread_mutex_init(&m->lock, NULL);
	if (m->rows)
		return m;
	metrics_free(m);
	return NULL;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	pthread_mutex_destroy(&m->lock);
	free(m->rows);
	free(m);
}

/* Under the lock. Never NULL. */
static struct row *find(struct metrics *m, const char *service, const char *action)
{
	struct row *r;

	for (r = m->rows; r < m->rows + m->count; r++)
		if (!strncmp(r->action, action, sizeof(r->action) - 1) &&
		    !strncmp(r->service, service, sizeof(r->service) - 1))
			return r;
	if (m->count == MAX_ROWS)
		return &m->rows[MAX_ROWS - 1];
	r = &m->rows[m->count++];
	if (m->count == MAX_ROWS)
		service = action = "other";
	strncpy(r->service, service, sizeof(r->service) - 1);
	strncpy(r->action, action, sizeof(r->action) - 1);
	return r;
}

void metrics_call(struct metrics *m, const char *service, const char *action,
    enum metrics_outcome outcome, int64_t us)
{
	struct row *r;

	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	r = find(m, service, action);
	r->calls[outcome]++;
	r->us += us;
	pthread_mutex_unlock(&m->lock);
}

void metrics_retry(
    struct metrics *m, const char *service, const char *action, enum metrics_outcome why)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	find(m, service, action)->repeats[why]++;
	pthread_mutex_unlock(&m->lock);
}

static uint64_t sum(const uint64_t counts[OUTCOMES])
{
	uint64_t n = 0;

	for (int i = 0; i < OUTCOMES; i++)
		n += counts[i];
	return n;
}

uint64_t metrics_calls(struct metrics *m, const char *action)
{
	uint64_t n = 0;

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->count; i++)
		if (!action || !strcmp(m->rows[i].action, action))
			n += sum(m->rows[i].calls) + sum(m->rows[i].repeats);
	pthread_mutex_unlock(&m->lock);
	return n;
}

static void render_counts(
    const struct metrics *m, const char *metric, const char *label, bool repeats, struct buf *out)
{
	static const char *const names[OUTCOMES] = {"ok", "error", "throttled", "transient"};

	for (size_t i = 0; i < m->count; i++)
		for (int o = 0; o < OUTCOMES; o++) {
			uint64_t n = repeats ? m->rows[i].repeats[o] : m->rows[i].calls[o];

			if (n)
				buf_addf(out, "%s{service=\"%s\",action=\"%s\",%s=\"%s\"} %llu\n",
				    metric, m->rows[i].service, m->rows[i].action, label, names[o],
				    (unsigned long long)n);
		}
}

static void render_seconds(const struct metrics *m, struct buf *out)
{
	for (size_t i = 0; i < m->count; i++)
		buf_addf(out, "ecsfs_aws_call_seconds_total{service=\"%s\",action=\"%s\"} %.6f\n",
		    m->rows[i].service, m->rows[i].action, (double)m->rows[i].us / 1e6);
}

void metrics_render(struct metrics *m, struct buf *out)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	render_counts(m, "ecsfs_aws_calls_total", "outcome", false, out);
	render_counts(m, "ecsfs_aws_repeats_total", "reason", true, out);
	render_seconds(m, out);
	pthread_mutex_unlock(&m->lock);
}
