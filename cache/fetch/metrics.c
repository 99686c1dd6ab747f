/*
 * How are CloudWatch's metrics of services fetched in few calls? A value a minute, for the last
 * hour. GetMetricData takes 500 queries a call. A metric of a service needs two, its average and
 * its maximum: a call has one metric of up to 250 services, or both of up to 125, since a reader of
 * one of few mostly reads the other too.
 */
#include "cache/fetch/metrics.h"

#include "backend/base/cleanup.h"
#include "backend/base/iso8601.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD_S 60
#define SPAN_S 3600
#define MOST_QUERIES 500

static const char *const stats[] = {"Average", "Maximum"};

#define STATS (sizeof(stats) / sizeof(*stats))

/* The queries of one call. */
struct metrics_call {
	const struct fetch *f;
	enum kind kinds[2]; /* the items' own, and the other one where there is room for it */
	size_t metrics;
	json_t **points; /* of each item and metric: borrowed */
};

static json_t *query_of(const struct metrics_call *c, size_t item, size_t metric, size_t stat)
{
	const struct key *k = c->f->items[item].key;
	char id[64];

	snprintf(id, sizeof(id), "q%zu_%zu_%zu", item, metric, stat);
	return json_pack("{s:s, s:{s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}, s:i, s:s}}", "Id", id,
	    "MetricStat", "Metric", "Namespace", "AWS/ECS", "MetricName",
	    kind_row(c->kinds[metric])->id, "Dimensions", "Name", "ClusterName", "Value", k->a,
	    "Name", "ServiceName", "Value", k->b, "Period", PERIOD_S, "Stat", stats[stat]);
}

/* The last whole hour of minutes: the present minute is not complete. */
static json_t *metrics_body(const struct metrics_call *c)
{
	int64_t end_s = clock_wall(c->f->clock) / 1000 / PERIOD_S * PERIOD_S;
	char from[21], to[21];
	json_t *body = fetch_body(c->f), *queries = json_array();

	iso8601_format((end_s - SPAN_S) * 1000, from);
	iso8601_format(end_s * 1000, to);
	for (size_t i = 0; i < c->f->n; i++)
		for (size_t m = 0; m < c->metrics; m++)
			for (size_t s = 0; s < STATS; s++)
				json_array_append_new(queries, query_of(c, i, m, s));
	json_object_set_new(body, fetch_row(c->f)->keys, queries);
	json_object_set_new(body, "StartTime", json_string(from));
	json_object_set_new(body, "EndTime", json_string(to));
	return body;
}

/* The point of a time in a sorted list of [time, average, maximum]; made where it is not there. */
static json_t *point_at(json_t *points, int64_t at_s)
{
	size_t i = json_array_size(points);
	json_t *point = NULL;

	while (i > 0) {
		point = json_array_get(points, i - 1);
		if (json_integer_value(json_array_get(point, 0)) <= at_s)
			break;
		i--;
	}
	if (i > 0 && json_integer_value(json_array_get(point, 0)) == at_s)
		return point;
	point = json_pack("[I, n, n]", (json_int_t)at_s);
	json_array_insert_new(points, i, point);
	return point;
}

static void take_result(const struct metrics_call *c, const json_t *result)
{
	const char *id = json_string_value(json_object_get(result, "Id"));
	const json_t *times = json_object_get(result, "Timestamps"), *time;
	const json_t *values = json_object_get(result, "Values");
	size_t item, metric, stat, i;

	if (!id || sscanf(id, "q%zu_%zu_%zu", &item, &metric, &stat) != 3 || item >= c->f->n ||
	    metric >= c->metrics || stat >= STATS)
		return;
	json_t *points = c->points[item * c->metrics + metric];
	json_array_foreach (times, i, time) {
		const char *value = json_string_value(json_array_get(values, i));
		int64_t at_ms;

		if (!value || !json_is_string(time) ||
		    iso8601_parse(json_string_value(time), &at_ms) < 0)
			continue;
		json_array_set_new(
		    point_at(points, at_ms / 1000), stat + 1, json_real(strtod(value, NULL)));
	}
}

/* Answers the items, and fills the same services' other metric. */
static void answer(struct fetch *f, const struct metrics_call *c)
{
	for (size_t i = 0; i < f->n; i++) {
		json_t **points = &c->points[i * c->metrics];
		struct key other = *f->items[i].key;

		fetch_answer(&f->items[i], json_incref(points[0]));
		if (c->metrics < 2)
			continue;
		other.kind = c->kinds[1];
		fetch_add_extra(f, &other, json_incref(points[1]));
	}
}

int fetch_metrics(struct fetch *f, struct ecsfs_error *err)
{
	enum kind own = f->items[0].key->kind;
	struct metrics_call c = {.f = f,
	    .kinds = {own, own == KIND_CPU_METRICS ? KIND_MEMORY_METRICS : KIND_CPU_METRICS},
	    .metrics = f->n * 2 * STATS <= MOST_QUERIES ? 2 : 1};
	auto_free json_t **points = calloc(f->n * c.metrics, sizeof(*points));
	json_auto_t *body = metrics_body(&c), *lists = json_array(), *results = NULL;
	const json_t *result;
	size_t i;
	int rc;

	if (!points)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	c.points = points;
	for (i = 0; i < f->n * c.metrics; i++) {
		points[i] = json_array();
		json_array_append_new(lists, points[i]);
	}
	rc = fetch_row_pages(f, body, &results, err);
	if (rc < 0)
		return rc;
	json_array_foreach (results, i, result)
		take_result(&c, result);
	answer(f, &c);
	return 0;
}
