/*
 * What does .ecsfs/metrics show? The counters of all parts, and the fleet's counts, as Prometheus
 * text. The parts write plain samples; here they are grouped by family, each with its HELP and
 * TYPE, once.
 */
#include "fs/tree/control/metrics.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/metrics.h"
#include "cache/answer.h"
#include "fs/edit/members/doc.h"
#include "fs/journal.h"
#include "fs/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct family {
	const char *name, *type, *help;
} families[] = {
    {"ecsfs_up", "gauge", "1 where the region answers, else 0."},
    {"ecsfs_simulated", "gauge", "1 where the region is simulated (--demo)."},
    {"ecsfs_uptime_seconds", "gauge", "Seconds since the mount was made."},
    {"ecsfs_clusters", "gauge", "Clusters of the region."},
    {"ecsfs_cluster_running_tasks", "gauge", "Running tasks of the cluster."},
    {"ecsfs_cluster_pending_tasks", "gauge", "Pending tasks of the cluster."},
    {"ecsfs_cluster_active_services", "gauge", "Active services of the cluster."},
    {"ecsfs_cluster_container_instances", "gauge",
	"Registered container instances of the cluster."},
    {"ecsfs_aws_calls_total", "counter", "Calls to AWS by their outcome."},
    {"ecsfs_aws_repeats_total", "counter", "Attempts that were repeated, by reason."},
    {"ecsfs_aws_call_seconds_total", "counter", "Time spent in calls to AWS."},
    {"ecsfs_fuse_requests_total", "counter", "Requests of the kernel by kind."},
    {"ecsfs_fuse_parked", "gauge", "Requests that wait for AWS."},
    {"ecsfs_fuse_nodes", "gauge", "Files and directories that the kernel knows."},
    {"ecsfs_fuse_open_files", "gauge", "Open files."},
    {"ecsfs_memory_bytes", "gauge", "Memory that -o cache_limit bounds, by use."},
    {"ecsfs_cache_entries", "gauge", "Cached answers."},
    {"ecsfs_cache_bytes", "gauge", "Memory of cached answers."},
    {"ecsfs_cache_hits_total", "counter", "Questions that a cached answer answered."},
    {"ecsfs_cache_misses_total", "counter", "Questions that needed a call."},
    {"ecsfs_cache_joins_total", "counter", "Questions that joined a call under way."},
    {"ecsfs_read_ahead_calls_total", "counter", "Calls made ahead of their readers."},
    {"ecsfs_read_ahead_unused_calls", "gauge", "Calls made ahead whose answers nobody has used."},
    {"ecsfs_cache_stale_total", "counter", "Questions answered past the TTL while AWS was away."},
    {"ecsfs_journal_lost_total", "counter",
	"Lines that could not be written to the file of -o journal."},
    {"ecsfs_logs_open", "gauge", "Open logs."},
    {"ecsfs_logs_pollers", "gauge", "Log groups that are polled."},
    {"ecsfs_logs_rounds_total", "counter", "Polls of log groups."},
    {"ecsfs_logs_events_total", "counter", "Log events received."},
    {"ecsfs_logs_bytes_total", "counter", "Bytes of log text received."},
    {"ecsfs_logs_duplicates_total", "counter", "Log events received again and dropped."},
};

static const struct family *family_of(const char *line, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strlen(families[i].name) == len && strncmp(families[i].name, line, len) == 0)
			return &families[i];
	return NULL;
}

/* The samples of a text, grouped by family in the end. */
struct samples {
	struct buf of[ARRAY_SIZE(families)];
	char **others; /* without a family above */
	size_t others_count;
};

static void samples_init(struct samples *s)
{
	s->others = NULL;
	s->others_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		buf_init(&s->of[i], LIMIT_RESPONSE);
}

static void samples_release(struct samples *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		buf_release(&s->of[i]);
	for (size_t i = 0; i < s->others_count; i++)
		free(s->others[i]);
	free(s->others);
}

static void add_other(struct samples *s, const char *line)
{
	char **others = reallocarray(s->others, s->others_count + 1, sizeof(*others));
	char *copy = strdup(line);

	if (others)
		s->others = others;
	if (others && copy)
		others[s->others_count++] = copy;
	else
		free(copy);
}

/* `label`: `profile="ops",`, put first among a sample's labels; "": none. */
static void add_sample(struct samples *s, const char *line, const char *label)
{
	size_t len = strcspn(line, "{ ");
	const struct family *f = family_of(line, len);
	auto_buf struct buf labelled = BUF_INIT(64 * KIB);

	if (*line == '#')
		return;
	if (line[len] == '{')
		buf_addf(&labelled, "%.*s{%s%s", (int)len, line, label, line + len + 1);
	else
		buf_adds(&labelled, line);
	if (f)
		buf_addf(&s->of[f - families], "%s\n", buf_str(&labelled));
	else
		add_other(s, buf_str(&labelled));
}

static void add_samples(struct samples *s, struct buf *text, const char *label)
{
	char *rest = NULL, *line = text->data ? strtok_r(text->data, "\n", &rest) : NULL;

	for (; line; line = strtok_r(NULL, "\n", &rest))
		add_sample(s, line, label);
	buf_reset(text);
}

static void add_label(const char *name, const char *value, struct buf *out)
{
	buf_addf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
	buf_addc(out, '"');
}

static void add_count(
    struct buf *out, const char *region, const char *name, const json_t *doc, const char *member)
{
	buf_addf(out, "ecsfs_cluster_%s{", name);
	add_label("region", region, out);
	buf_addc(out, ',');
	add_label("cluster", doc_string_peek(doc, "clusterName"), out);
	buf_addf(
	    out, "} %" JSON_INTEGER_FORMAT "\n", json_integer_value(json_object_get(doc, member)));
}

static int add_cluster(struct ask *q, struct region *r, const char *cluster, struct buf *out)
{
	struct key k = {.kind = KIND_CLUSTER, .a = cluster};
	const char *region = region_name_peek(r);
	auto_answer struct answer a = {0};
	int e = ask(q, r, &k, &a, NULL);

	if (e == -EINPROGRESS)
		return e;
	if (e)
		return 0;
	add_count(out, region, "running_tasks", a.value, "runningTasksCount");
	add_count(out, region, "pending_tasks", a.value, "pendingTasksCount");
	add_count(out, region, "active_services", a.value, "activeServicesCount");
	add_count(out, region, "container_instances", a.value, "registeredContainerInstancesCount");
	return 0;
}

/* AWS's own counts, by DescribeClusters: one call for each hundred clusters, none while the answer
 * is fresh. A region that does not answer has no counts. */
static int add_fleet(struct ask *q, struct region *r, struct buf *out)
{
	struct key k = {.kind = KIND_CLUSTERS};
	auto_answer struct answer a = {0};
	const json_t *name;
	size_t i;
	int e = ask(q, r, &k, &a, NULL);

	if (e == -EINPROGRESS)
		return e;
	buf_addf(out, "ecsfs_up{region=\"%s\"} %d\n", region_name_peek(r), !e && !a.stale);
	if (e)
		return 0;
	buf_addf(out, "ecsfs_clusters{region=\"%s\"} %zu\n", region_name_peek(r),
	    json_array_size(a.value));
	json_array_foreach (a.value, i, name) {
		e = add_cluster(q, r, json_string_value(name), out);
		if (e)
			return e;
	}
	return 0;
}

static int add_account(
    struct ask *q, const struct fs *fs, const struct account *account, struct samples *s)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE), label = BUF_INIT(4 * KIB);

	if (fs->many_accounts) {
		add_label("profile", account->name, &label);
		buf_addc(&label, ',');
	}
	for (struct region **r = account->regions; *r; r++) {
		bool enabled = account_state(account, *r) != REGION_NOT_ENABLED;
		int e = enabled ? add_fleet(q, *r, &text) : 0;

		if (e)
			return e;
		region_metrics(*r, &text);
		add_samples(s, &text, buf_str(&label));
	}
	return 0;
}

static void put_families(struct samples *s, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		if (!s->of[i].len)
			continue;
		buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
		buf_add(out, s->of[i].data, s->of[i].len);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A metric without a row above is shown all the same, in the right form; a test demands the row. */
static void put_others(const struct samples *s, struct buf *out)
{
	const char *before = "";

	if (s->others_count)
		qsort(s->others, s->others_count, sizeof(*s->others), by_text);
	for (size_t i = 0; i < s->others_count; i++) {
		const char *line = s->others[i];
		int len = (int)strcspn(line, "{ ");
		bool total = len > 6 && strncmp(line + len - 6, "_total", 6) == 0;

		if (strncmp(before, line, (size_t)len + 1) != 0)
			buf_addf(out, "# HELP %.*s Not described.\n# TYPE %.*s %s\n", len, line,
			    len, line, total ? "counter" : "gauge");
		buf_addf(out, "%s\n", line);
		before = line;
	}
}

int control_render_metrics(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	const struct fs *fs = p->fs;
	__attribute__((cleanup(samples_release))) struct samples s;
	auto_buf struct buf text = BUF_INIT(LIMIT_RESPONSE);

	(void)row;
	(void)err;
	samples_init(&s);
	buf_addf(&text, "ecsfs_simulated %d\necsfs_uptime_seconds %.3f\n", fs->simulated,
	    (double)(clock_mono(fs->clock) - fs->started_mono_ms) / 1000);
	buf_addf(&text, "ecsfs_journal_lost_total %" PRIu64 "\n", journal_lost(fs->journal));
	metrics_render(fs->metrics, &text);
	fs_metrics(p->fs, &text);
	logs_metrics(fs->logs, &text);
	add_samples(&s, &text, "");
	for (struct account **a = fs->accounts; *a; a++) {
		int e = add_account(q, fs, *a, &s);

		if (e)
			return e;
	}
	put_families(&s, out);
	put_others(&s, out);
	return 0;
}
