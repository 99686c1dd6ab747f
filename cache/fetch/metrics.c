/*
 * CloudWatch's metrics of services, a minute each for the last hour: GetMetricData takes 500 queries
 * a call, and a service needs four, the average and the maximum of two metrics.
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

static const struct metric {
	const char *name;   /* CloudWatch's */
	const char *member; /* of the answer */
} metrics[] = {{"CPUUtilization", "cpu"}, {"MemoryUtilization", "memory"}};

static const char *const stats[] = {"Average", "Maximum"};

#define METRICS (sizeof(metrics) / sizeof(*metrics))
#define STATS (sizeof(stats) / sizeof(*stats))

static json_t *query_of(const struct key *k, size_t item, size_t metric, size_t stat)
{
	char id[64];

	snprintf(id, sizeof(id), "q%zu_%zu_%zu", item, metric, stat);
	return json_pack("{s:s, s:{s:{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}]}, s:i, s:s}}", "Id", id,
	    "MetricStat", "Metric", "Namespace", "AWS/ECS", "MetricName", metrics[metric].name,
	    "Dimensions", "Name", "ClusterName", "Value", k->a, "Name", "ServiceName", "Value",
	    k->b, "Period", PERIOD_S, "Stat", stats[stat]);
}

/* The last whole hour of minutes: the one that is under way is not complete. */
static json_t *metrics_body(const struct fetch *f)
{
	int64_t end_s = clock_wall(f->clock) / 1000 / PERIOD_S * PERIOD_S;
	char from[21], to[21];
	json_t *queries = json_array();

	iso8601_format((end_s - SPAN_S) * 1000, from);
	iso8601_format(end_s * 1000, to);
	for (size_t i = 0; i < f->n; i++)
		for (size_t m = 0; m < METRICS; m++)
			for (size_t s = 0; s < STATS; s++)
				json_array_append_new(queries, query_of(f->items[i].key, i, m, s));
	return json_pack("{s:o, s:s, s:s, s:s}", "MetricDataQueries", queries, "StartTime", from,
	    "EndTime", to, "ScanBy", "TimestampAscending");
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

static void take_result(const struct fetch *f, const json_t *result, json_t *const *docs)
{
	const char *id = json_string_value(json_object_get(result, "Id"));
	const json_t *times = json_object_get(result, "Timestamps"), *time;
	const json_t *values = json_object_get(result, "Values");
	size_t item, metric, stat, i;

	if (!id || sscanf(id, "q%zu_%zu_%zu", &item, &metric, &stat) != 3 || item >= f->n ||
	    metric >= METRICS || stat >= STATS)
		return;
	json_t *points = json_object_get(docs[item], metrics[metric].member);
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

int fetch_metrics(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *body = metrics_body(f), *docs = json_array(), *results = NULL;
	auto_free json_t **doc_of = calloc(f->n, sizeof(*doc_of));
	const json_t *result;
	size_t i;
	int rc;

	if (!doc_of)
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	for (i = 0; i < f->n; i++) {
		doc_of[i] = json_pack("{s:[], s:[]}", metrics[0].member, metrics[1].member);
		json_array_append_new(docs, doc_of[i]);
	}
	rc = fetch_service_pages(
	    f, "monitoring", "GetMetricData", body, "MetricDataResults", &results, err);
	if (rc < 0)
		return rc;
	json_array_foreach (results, i, result)
		take_result(f, result, doc_of);
	for (i = 0; i < f->n; i++)
		fetch_answer(&f->items[i], json_incref(doc_of[i]));
	return 0;
}
