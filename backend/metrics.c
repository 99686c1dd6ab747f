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

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct row rows[MAX_ROWS]; /* lock */
static size_t row_count;	  /* lock */

/* Under the lock. Never NULL. */
static struct row *find(const char *service, const char *action)
{
	struct row *r;

	for (size_t i = 0; i < row_count; i++)
		if (!strncmp(rows[i].action, action, sizeof(rows[i].action) - 1) &&
		    !strncmp(rows[i].service, service, sizeof(rows[i].service) - 1))
			return &rows[i];
	if (row_count == MAX_ROWS)
		return &rows[MAX_ROWS - 1];
	r = &rows[row_count++];
	if (row_count == MAX_ROWS)
		service = action = "other";
	strncpy(r->service, service, sizeof(r->service) - 1);
	strncpy(r->action, action, sizeof(r->action) - 1);
	return r;
}

void metrics_call(const char *service, const char *action, enum metrics_outcome outcome, int64_t us)
{
	struct row *r;

	pthread_mutex_lock(&lock);
	r = find(service, action);
	r->calls[outcome]++;
	r->us += us;
	pthread_mutex_unlock(&lock);
}

void metrics_retry(const char *service, const char *action, enum metrics_outcome why)
{
	pthread_mutex_lock(&lock);
	find(service, action)->repeats[why]++;
	pthread_mutex_unlock(&lock);
}

static uint64_t sum(const uint64_t counts[OUTCOMES])
{
	uint64_t n = 0;

	for (int i = 0; i < OUTCOMES; i++)
		n += counts[i];
	return n;
}

uint64_t metrics_calls(const char *action)
{
	uint64_t n = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < row_count; i++)
		if (!action || !strcmp(rows[i].action, action))
			n += sum(rows[i].calls) + sum(rows[i].repeats);
	pthread_mutex_unlock(&lock);
	return n;
}

static void render_counts(const char *metric, const char *label, bool repeats, struct buf *out)
{
	static const char *const names[OUTCOMES] = {"ok", "error", "throttled", "transient"};

	for (size_t i = 0; i < row_count; i++)
		for (int o = 0; o < OUTCOMES; o++) {
			uint64_t n = repeats ? rows[i].repeats[o] : rows[i].calls[o];

			if (n)
				buf_addf(out, "%s{service=\"%s\",action=\"%s\",%s=\"%s\"} %llu\n",
				    metric, rows[i].service, rows[i].action, label, names[o],
				    (unsigned long long)n);
		}
}

static void render_seconds(struct buf *out)
{
	for (size_t i = 0; i < row_count; i++)
		buf_addf(out, "ecsfs_aws_call_seconds_total{service=\"%s\",action=\"%s\"} %.6f\n",
		    rows[i].service, rows[i].action, (double)rows[i].us / 1e6);
}

void metrics_render(struct buf *out)
{
	pthread_mutex_lock(&lock);
	render_counts("ecsfs_aws_calls_total", "outcome", false, out);
	render_counts("ecsfs_aws_repeats_total", "reason", true, out);
	render_seconds(out);
	pthread_mutex_unlock(&lock);
}
