#include "cache/answers/kinds.h"

#include <string.h>

static const char *const tags[] = {"tags", NULL};
static const char *const cluster_included[] = {
    "tags", "settings", "configuration", "statistics", "attachments", "attachmentsStatus", NULL};

#define SINGLE .batch = 1, .siblings = KIND_COUNT

/* Batch sizes are AWS's limits; ttl classes are the contract of the tree. */
static const struct kind_row rows[KIND_COUNT] = {
    [KIND_CLUSTERS] = {"clusters", TTL_SLOW, SINGLE, .fetch = fetch_list},
    [KIND_CLUSTER] = {"cluster", TTL_SLOW, FORM_NAME, .batch = 100, .siblings = KIND_CLUSTERS,
	.fetch = fetch_describe, .gone_status = "INACTIVE", .included = cluster_included},
    [KIND_SERVICES] = {"services", TTL_RESOURCE, FORM_NAME, SINGLE, .fetch = fetch_list},
    [KIND_SERVICE] = {"service", TTL_RESOURCE, FORM_NAME, FORM_NAME, .batch = 10,
	.by_cluster = true, .siblings = KIND_SERVICES, .fetch = fetch_describe,
	.gone_status = "INACTIVE", .included = tags},
    [KIND_SERVICE_TASKS] = {"service_tasks", TTL_RESOURCE, FORM_NAME, FORM_NAME, SINGLE,
	.fetch = fetch_list},
    [KIND_SERVICE_STOPPED_TASKS] = {"service_stopped_tasks", TTL_RESOURCE, FORM_NAME, FORM_NAME,
	SINGLE, .fetch = fetch_list},
    [KIND_TASKS] = {"tasks", TTL_RESOURCE, FORM_NAME, SINGLE, .fetch = fetch_list},
    [KIND_STOPPED_TASKS] = {"stopped_tasks", TTL_RESOURCE, FORM_NAME, SINGLE, .fetch = fetch_list},
    [KIND_TASK] = {"task", TTL_RESOURCE, FORM_NAME, FORM_ID, .batch = 100, .by_cluster = true,
	.siblings = KIND_TASKS, .fetch = fetch_describe, .included = tags},
    [KIND_TASK_PROTECTION] = {"task_protection", TTL_RESOURCE, FORM_NAME, FORM_ID, .batch = 100,
	.by_cluster = true, .siblings = KIND_TASKS, .fetch = fetch_describe},
    [KIND_CONTAINER_INSTANCES] = {"container_instances", TTL_RESOURCE, FORM_NAME, SINGLE,
	.fetch = fetch_list},
    [KIND_CONTAINER_INSTANCE] = {"container_instance", TTL_RESOURCE, FORM_NAME, FORM_ID,
	.batch = 100, .by_cluster = true, .siblings = KIND_CONTAINER_INSTANCES,
	.fetch = fetch_describe, .gone_status = "INACTIVE", .included = tags},
    [KIND_INSTANCE_TASKS] = {"instance_tasks", TTL_RESOURCE, FORM_NAME, FORM_ID, SINGLE,
	.fetch = fetch_list},
    [KIND_FAMILIES] = {"families", TTL_SLOW, SINGLE, .fetch = fetch_list},
    [KIND_REVISIONS] = {"revisions", TTL_RESOURCE, FORM_NAME, SINGLE, .fetch = fetch_revisions},
    [KIND_TASK_DEFINITION] = {"task_definition", TTL_FOREVER, FORM_NAME, FORM_REVISION, SINGLE,
	.fetch = fetch_task_definition, .included = tags},
    [KIND_LATEST] = {"latest", TTL_RESOURCE, FORM_NAME, SINGLE, .fetch = fetch_latest,
	.included = tags},
    [KIND_CAPACITY_PROVIDERS] = {"capacity_providers", TTL_RESOURCE, SINGLE,
	.fetch = fetch_capacity_providers},
    [KIND_CAPACITY_PROVIDER] = {"capacity_provider", TTL_RESOURCE, FORM_NAME, .batch = 10,
	.siblings = KIND_CAPACITY_PROVIDERS, .fetch = fetch_describe, .gone_status = "INACTIVE",
	.included = tags},
    [KIND_SERVICE_DEPLOYMENTS] = {"service_deployments", TTL_RESOURCE, FORM_NAME, FORM_NAME, SINGLE,
	.fetch = fetch_service_deployments},
    [KIND_SERVICE_DEPLOYMENT] = {"service_deployment", TTL_RESOURCE, FORM_ARN, .batch = 20,
	.siblings = KIND_COUNT, .fetch = fetch_describe},
    [KIND_SERVICE_REVISION] = {"service_revision", TTL_RESOURCE, FORM_ARN, .batch = 20,
	.siblings = KIND_COUNT, .fetch = fetch_describe},
    [KIND_REPOSITORIES] = {"repositories", TTL_RESOURCE, SINGLE, .fetch = fetch_repositories},
    [KIND_REPOSITORY] = {"repository", TTL_RESOURCE, FORM_REPOSITORY, SINGLE,
	.fetch = fetch_repository},
    [KIND_IMAGE_TAGS] = {"image_tags", TTL_RESOURCE, FORM_REPOSITORY, SINGLE,
	.fetch = fetch_image_tags},
    [KIND_IMAGE] = {"image", TTL_RESOURCE, FORM_REPOSITORY, FORM_IMAGE, .batch = 100,
	.by_cluster = true, .siblings = KIND_IMAGE_TAGS, .fetch = fetch_images},
    [KIND_IMAGE_REFERENCE] = {"image_reference", TTL_RESOURCE, FORM_REGISTRY, FORM_REPOSITORY,
	FORM_IMAGE, SINGLE, .fetch = fetch_image_reference},
    [KIND_NEWEST_TAGS] = {"newest_tags", TTL_RESOURCE, FORM_REGISTRY, FORM_REPOSITORY, SINGLE,
	.fetch = fetch_newest_tags},
    [KIND_CALLER] = {"caller", TTL_FOREVER, SINGLE, .fetch = fetch_caller},
    [KIND_SCALABLE_TARGETS] = {"scalable_targets", TTL_RESOURCE, SINGLE, .fetch = fetch_scaling},
    [KIND_SCALING_POLICIES] = {"scaling_policies", TTL_RESOURCE, SINGLE, .fetch = fetch_scaling},
    [KIND_SCHEDULED_ACTIONS] = {"scheduled_actions", TTL_RESOURCE, SINGLE, .fetch = fetch_scaling},
    [KIND_SCALING_ACTIVITIES] = {"scaling_activities", TTL_RESOURCE, SINGLE,
	.fetch = fetch_activities},
    [KIND_SERVICE_ACTIVITIES] = {"service_activities", TTL_RESOURCE, FORM_NAME, FORM_NAME, SINGLE,
	.fetch = fetch_activities},
    [KIND_TARGET_GROUPS] = {"target_groups", TTL_SLOW, SINGLE, .fetch = fetch_by_arn},
    [KIND_LOAD_BALANCERS] = {"load_balancers", TTL_SLOW, SINGLE, .fetch = fetch_by_arn},
    [KIND_LISTENERS] = {"listeners", TTL_SLOW, FORM_ARN, SINGLE, .fetch = fetch_of_arn},
    [KIND_RULES] = {"rules", TTL_SLOW, FORM_ARN, SINGLE, .fetch = fetch_of_arn},
    [KIND_TARGET_HEALTH] = {"target_health", TTL_RESOURCE, FORM_ARN, SINGLE, .fetch = fetch_of_arn},
    /* A minute is CloudWatch's own grain. AWS takes 500 queries a call, four a service. */
    [KIND_METRICS] = {"metrics", TTL_SLOW, FORM_NAME, FORM_NAME, .batch = 125, .by_cluster = true,
	.siblings = KIND_SERVICES, .fetch = fetch_metrics},
    [KIND_INTERFACE] = {"interface", TTL_RESOURCE, FORM_NAME, FORM_ID, .batch = 100,
	.by_cluster = true, .siblings = KIND_TASKS, .fetch = fetch_interfaces},
    [KIND_LOG_TAIL] = {"log_tail", TTL_RESOURCE, FORM_NAME, FORM_TEXT, FORM_TEXT, SINGLE,
	.fetch = fetch_log_tail},
};

const struct kind_row *kind_row(enum kind kind)
{
	return &rows[kind];
}

bool kind_gone(const struct kind_row *row, const json_t *doc)
{
	const char *status = json_string_value(json_object_get(doc, "status"));

	return row->gone_status && status && strcmp(status, row->gone_status) == 0;
}

bool kind_lists(enum kind kind)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		if (rows[i].siblings == kind)
			return true;
	}
	return rows[kind].fetch == fetch_list || rows[kind].fetch == fetch_revisions;
}
