/* What does metrics/ of a service show? CloudWatch's metrics, a line a minute. */
#include "fs/tree/growing/growing.h"

#include <stdio.h>

static int cpu_metrics_key(
    struct ask *q, const struct place *p, struct key *ret, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	*ret = (struct key){.kind = KIND_CPU_METRICS, .a = p->cluster, .b = p->service};
	return 0;
}

static int memory_metrics_key(
    struct ask *q, const struct place *p, struct key *ret, struct ecsfs_error *err)
{
	(void)q;
	(void)err;
	*ret = (struct key){.kind = KIND_MEMORY_METRICS, .a = p->cluster, .b = p->service};
	return 0;
}

/* [epoch s, average, maximum], the oldest first, as lines: new. A minute needs both its average and
 * its maximum. */
static json_t *metric_lines(const json_t *points, const char *of)
{
	json_t *lines = json_array();

	(void)of;
	for (size_t i = json_array_size(points); i-- > 0;) {
		const json_t *point = json_array_get(points, i);
		const json_t *average = json_array_get(point, 1), *most = json_array_get(point, 2);
		json_int_t at = json_integer_value(json_array_get(point, 0));
		char id[32], message[64];

		if (!json_is_number(average) || !json_is_number(most))
			continue;
		snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, at);
		snprintf(message, sizeof(message), "%.2f %.2f", json_number_value(average),
		    json_number_value(most));
		json_array_append_new(lines,
		    json_pack("{s:s, s:I, s:s}", "id", id, "createdAt", at, "message", message));
	}
	return lines;
}

/* CloudWatch has a point a minute. */
#define POLL_MS 60000

const struct growing growing_cpu = {
    .ops = GROWING_OPS,
    .key = cpu_metrics_key,
    .lines = metric_lines,
    .poll_ms = POLL_MS,
    .dir = "metrics/",
};

const struct growing growing_memory = {
    .ops = GROWING_OPS,
    .key = memory_metrics_key,
    .lines = metric_lines,
    .poll_ms = POLL_MS,
    .dir = "metrics/",
};

static const struct row metrics_rows[] = {
    {
	.name = "cpu_utilization",
	.help = "CPU used, in percent of the reservation; one line per minute of the last hour: "
		"time, average, maximum; grows",
	.form = ROW_STREAM,
	.flags = ROW_OPTIONAL,
	.stream = &growing_cpu.ops,
    },
    {
	.name = "memory_utilization",
	.help = "memory used, in percent of the reservation; one line per minute of the last hour: "
		"time, average, maximum; grows",
	.form = ROW_STREAM,
	.flags = ROW_OPTIONAL,
	.stream = &growing_memory.ops,
    },
    {0},
};

const struct dir_type dir_metrics = {
    .what = "the metrics",
    .help = "CloudWatch's metrics of the service",
    .rows = metrics_rows,
};
