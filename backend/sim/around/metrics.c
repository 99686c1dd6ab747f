/*
 * What does GetMetricData of CloudWatch say of ECS's services? The load is a wave with a period of
 * its own.
 */
#include "backend/sim/around/metrics.h"

#include "backend/sim/around/around.h"
#include "backend/sim/doc.h"
#include "backend/sim/request/query.h"

#include "backend/base/iso8601.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS 60000
#define MOST_QUERIES 500
#define WAVE_MS (20 * MINUTE_MS)

void around_load(const struct service *s, bool memory, int64_t at_ms, double ret[2])
{
	unsigned hash = memory ? 7 : 0;
	double phase;

	for (const char *c = s->name; *c; c++)
		hash = hash * 31 + (unsigned char)*c;
	phase = 2 * M_PI * (double)((at_ms + (int64_t)(hash % 20) * MINUTE_MS) % WAVE_MS) / WAVE_MS;
	ret[0] = 50 + (memory ? 5 : 40) * sin(phase);
	ret[1] = ret[0] + 4 + hash % 5;
}

/* The service that a query is about; NULL: unknown. */
static struct service *service_of(struct sim_region *r, const json_t *metric)
{
	const char *namespace = doc_str(metric, "Namespace");
	const char *cluster = NULL, *service = NULL;
	const json_t *dimension;
	struct cluster *k;
	size_t i;

	json_array_foreach (doc_get(metric, "Dimensions"), i, dimension) {
		const char *name = doc_str(dimension, "Name");

		if (name && strcmp(name, "ClusterName") == 0)
			cluster = doc_str(dimension, "Value");
		if (name && strcmp(name, "ServiceName") == 0)
			service = doc_str(dimension, "Value");
	}
	if (!namespace || strcmp(namespace, "AWS/ECS") != 0 || !cluster || !service)
		return NULL;
	k = sim_cluster_find(r, cluster);
	return k ? sim_service_find(k, service) : NULL;
}

static json_t *result_of(struct sim_call *c, const json_t *query, int64_t from, int64_t to)
{
	const json_t *stat = doc_get(query, "MetricStat"), *metric = doc_get(stat, "Metric");
	const char *name = doc_str(metric, "MetricName"), *which = doc_str(stat, "Stat");
	const struct service *s = service_of(c->region, metric);
	json_t *times = json_array(), *values = json_array();
	bool memory = name && strcmp(name, "MemoryUtilization") == 0;

	from = from / MINUTE_MS * MINUTE_MS;
	for (int64_t at = from; s && s->desired > 0 && at < to; at += MINUTE_MS) {
		double load[2];
		char text[21];

		if (at < s->created_ms)
			continue;
		around_load(s, memory, at, load);
		iso8601_format(at, text);
		json_array_append_new(times, json_string(text));
		json_array_append_new(
		    values, json_real(load[which && strcmp(which, "Maximum") == 0]));
	}
	return json_pack("{s:s?, s:s?, s:o, s:o, s:s}", "Id", doc_str(query, "Id"), "Label", name,
	    "Timestamps", times, "Values", values, "StatusCode", "Complete");
}

static int get_metric_data(struct sim_call *c)
{
	const json_t *queries = doc_get(c->in, "MetricDataQueries"), *query;
	const char *from = doc_str(c->in, "StartTime"), *to = doc_str(c->in, "EndTime");
	json_t *results = json_array();
	int64_t from_ms, to_ms;
	size_t i;

	doc_put_new(c->out, "MetricDataResults", results);
	if (!from || !to || iso8601_parse(from, &from_ms) < 0 || iso8601_parse(to, &to_ms) < 0 ||
	    from_ms >= to_ms)
		return sim_fail(c, 400, "ValidationError",
		    "The parameter StartTime must be less than the parameter EndTime.");
	if (json_array_size(queries) < 1 || json_array_size(queries) > MOST_QUERIES)
		return sim_fail(c, 400, "ValidationError",
		    "The collection MetricDataQueries must not have a size greater than %d.",
		    MOST_QUERIES);
	json_array_foreach (queries, i, query)
		json_array_append_new(results, result_of(c, query, from_ms, to_ms));
	return 0;
}

const struct sim_action sim_metrics_actions[] = {
    {"GetMetricData", get_metric_data},
    {0},
};
