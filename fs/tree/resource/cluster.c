/*
 * Which files does a cluster's directory have, and which clusters are there? Also the root of a
 * mount of one cluster (-o cluster=).
 */
#include "cache/answer.h"
#include "fs/tree/write/cluster_write.h"
#include "fs/tree/write/run.h"
#include "fs/tree/write/tags_write.h"

#include "fs/edit/members/doc.h"
#include "fs/tree/report/overview.h"
#include "fs/value.h"

#include <errno.h>

static const struct listing clusters = {
    .lists = {.kind = KIND_CLUSTERS},
    .kind = KIND_CLUSTER,
    .trust = TRUST_ANY,
    .type = &dir_cluster,
    .part = PLACE(cluster),
};

const struct dir_type dir_clusters = {
    .what = "the clusters",
    .help = "the clusters of the region",
    .listing = &clusters,
    .make = make_cluster,
    .drop = drop_cluster,
};

/* The two members that PutClusterCapacityProviders replaces together. */
static int render_capacity_providers(struct ask *q, const struct place *p, const struct row *row,
    struct buf *out, struct ecsfs_error *err)
{
	static const char *const members[] = {
	    "capacityProviders", "defaultCapacityProviderStrategy"};
	auto_answer struct answer a = {0};
	const json_t *cluster;
	int e = dir_object(q, &dir_cluster, p, &a, &cluster, err);

	(void)row;
	if (e)
		return e;
	json_auto_t *doc = json_object();
	for (size_t i = 0; i < 2; i++) {
		const json_t *value = doc_peek(cluster, members[i]);
		if (value ? doc_set(doc, members[i], value)
			  : json_object_set_new(doc, members[i], json_array()))
			return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	}
	value_render_document(doc, out);
	return 0;
}

static const struct row cluster_rows[] = {
    {
	.name = "cluster.json",
	.help = "the DescribeClusters document",
	.form = ROW_DOCUMENT,
	.member = WHOLE_OBJECT,
    },
    {
	.name = "arn",
	.help = "the cluster's ARN",
	.member = "clusterArn",
    },
    {
	.name = "status",
	.help = "ACTIVE, PROVISIONING, DEPROVISIONING or FAILED",
	.member = "status",
    },
    {
	.name = "running_tasks_count",
	.help = "running tasks",
	.member = "runningTasksCount",
    },
    {
	.name = "pending_tasks_count",
	.help = "pending tasks",
	.member = "pendingTasksCount",
    },
    {
	.name = "active_services_count",
	.help = "services that are ACTIVE",
	.member = "activeServicesCount",
    },
    {
	.name = "registered_container_instances_count",
	.help = "container instances, DRAINING ones included",
	.member = "registeredContainerInstancesCount",
    },
    {
	.name = "capacity_providers.json",
	.help = "the capacity providers and the default strategy",
	.form = ROW_DOCUMENT,
	.render = render_capacity_providers,
	.commit = commit_capacity_providers,
    },
    {
	.name = "settings.json",
	.help = "the settings, such as containerInsights",
	.form = ROW_DOCUMENT,
	.member = "settings",
	.commit = commit_settings,
    },
    {
	.name = "run_task",
	.help =
	    "write a RunTask request or a task definition's name; reads what the last run started",
	.form = ROW_DIALOG,
	.render = render_run_task,
	.commit = commit_run_task,
    },
    {
	.name = "overview",
	.help = "one line per service: desired, running, pending, task definition, rollout, age; "
		"unsteady "
		"ones first",
	.form = ROW_REPORT,
	.render = render_cluster_overview,
    },
    {
	.name = "tags",
	.help = "KEY=VALUE lines",
	.form = ROW_LINES,
	.member = "tags",
	.commit = commit_tags,
    },
    {0},
};

#define CLUSTER_CHILDREN                                                                           \
	{"services", &dir_services, false}, {"tasks", &dir_tasks, false},                          \
	    {"stopped_tasks", &dir_stopped_tasks, false},                                          \
	{                                                                                          \
		"container_instances", &dir_container_instances, false                             \
	}

static const struct child cluster_children[] = {CLUSTER_CHILDREN, {0}};

/* -o cluster=NAME: the task definitions stand beside it, for the links of its tasks. */
static const struct child cluster_root_children[] = {CLUSTER_CHILDREN,
    {"task_definitions", &dir_task_definitions, false}, {".ecsfs", &dir_control, false}, {0}};

const struct dir_type root_cluster = {
    .what = "the mount",
    .help = "one cluster",
    .rows = cluster_rows,
    .children = cluster_root_children,
    .subject = {KIND_CLUSTER, {PLACE(cluster)}},
    .arn_member = "clusterArn",
};

const struct dir_type dir_cluster = {
    .what = "a cluster",
    .help = "a cluster",
    .rows = cluster_rows,
    .children = cluster_children,
    .subject = {KIND_CLUSTER, {PLACE(cluster)}},
    .arn_member = "clusterArn",
};
