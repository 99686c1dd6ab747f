/* Describe calls that take a list of names or ARNs: one row a kind. */
#include "cache/answers/kinds.h"
#include "cache/fetch/fetch.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct describe {
	enum kind kind;
	const char *action;
	const char *keys;    /* the request's member that lists them */
	const char *answers; /* the answer's member */
	const char *name;    /* the member of a document that names it */
	const char *const *include;
};

static const char *const include_tags[] = {"TAGS", NULL};
static const char *const include_cluster[] = {
    "ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS", NULL};
static const char *const include_instance[] = {"TAGS", "CONTAINER_INSTANCE_HEALTH", NULL};

static const struct describe describes[] = {
    {KIND_CLUSTER, "DescribeClusters", "clusters", "clusters", "clusterArn", include_cluster},
    {KIND_SERVICE, "DescribeServices", "services", "services", "serviceArn", include_tags},
    {KIND_TASK, "DescribeTasks", "tasks", "tasks", "taskArn", include_tags},
    {KIND_TASK_PROTECTION, "GetTaskProtection", "tasks", "protectedTasks", "taskArn", NULL},
    {KIND_CONTAINER_INSTANCE, "DescribeContainerInstances", "containerInstances",
	"containerInstances", "containerInstanceArn", include_instance},
    {KIND_CAPACITY_PROVIDER, "DescribeCapacityProviders", "capacityProviders", "capacityProviders",
	"capacityProviderArn", include_tags},
    {KIND_SERVICE_DEPLOYMENT, "DescribeServiceDeployments", "serviceDeploymentArns",
	"serviceDeployments", "serviceDeploymentArn", NULL},
    {KIND_SERVICE_REVISION, "DescribeServiceRevisions", "serviceRevisionArns", "serviceRevisions",
	"serviceRevisionArn", NULL},
};

static const struct describe *describe_of(enum kind kind)
{
	const struct describe *d = describes;

	while (d->kind != kind)
		d++;
	return d;
}

/* The part of a key that names the object among those of its batch. */
static const char *own_name(const struct fetch_item *it)
{
	return kind_row(it->key->kind)->by_cluster ? it->key->b : it->key->a;
}

/* Whether an ARN ends in CLUSTER/NAME of another cluster. The old, shorter form names none. */
static bool of_other_cluster(const char *arn, const char *cluster)
{
	const char *type = strchr(arn, '/'), *name = strrchr(arn, '/');
	size_t len = strlen(cluster);

	if (type == name)
		return false;
	return (size_t)(name - type - 1) != len || strncmp(type + 1, cluster, len) != 0;
}

/* ARNs are matched whole where keys are ARNs, else by their last part: the old, shorter form of a
 * service's or task's ARN has the same one. */
static struct fetch_item *item_of(struct fetch *f, const char *arn)
{
	const struct kind_row *row = kind_row(f->items[0].key->kind);
	bool whole = row->form_a == FORM_ARN;
	const char *name = arn && !whole ? arn_name_peek(arn) : arn;

	if (arn && row->by_cluster && of_other_cluster(arn, f->items[0].key->a))
		return NULL;
	for (size_t i = 0; name && i < f->n; i++) {
		if (strcmp(own_name(&f->items[i]), name) == 0)
			return &f->items[i];
	}
	return NULL;
}

static json_t *describe_body(const struct fetch *f, const struct describe *d)
{
	const struct key *first = f->items[0].key;
	json_t *keys = json_array();
	json_t *body = json_object();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(keys, json_string(own_name(&f->items[i])));
	json_object_set_new(body, d->keys, keys);
	if (kind_row(first->kind)->by_cluster)
		json_object_set_new(body, "cluster", json_string(first->a));
	if (d->include) {
		json_t *include = json_array();

		for (size_t i = 0; d->include[i]; i++)
			json_array_append_new(include, json_string(d->include[i]));
		json_object_set_new(body, "include", include);
	}
	return body;
}

static void take_failure(struct fetch *f, const struct describe *d, const json_t *failure)
{
	const char *reason = json_string_value(json_object_get(failure, "reason"));
	const char *detail = json_string_value(json_object_get(failure, "detail"));
	struct fetch_item *it = item_of(f, json_string_value(json_object_get(failure, "arn")));
	struct ecsfs_error why = {0};

	if (!it || fetch_answered(it))
		return;
	if (!reason)
		reason = "MISSING";
	ecsfs_error_set(&why, aws_failure_errno(reason), reason, "%s: %s", own_name(it),
	    detail ? detail : "AWS has no such object");
	why.http_status = 200;
	snprintf(why.action, sizeof(why.action), "%s", d->action);
	fetch_refuse(it, &why);
}

/* AWS lists what it has, an empty list too, and tells what it has not. */
static bool understood(const struct describe *d, const json_t *answer)
{
	const json_t *docs = json_object_get(answer, d->answers);
	const json_t *doc;
	size_t i;

	json_array_foreach (docs, i, doc) {
		if (!json_is_string(json_object_get(doc, d->name)))
			return false;
	}
	return json_is_array(docs) || json_is_array(json_object_get(answer, "failures"));
}

int fetch_describe(struct fetch *f, struct ecsfs_error *err)
{
	const struct describe *d = describe_of(f->items[0].key->kind);
	json_auto_t *body = describe_body(f, d);
	json_auto_t *answer = NULL;
	const json_t *failure;
	json_t *doc;
	size_t i;
	int rc;

	rc = fetch_call(f, "ecs", d->action, body, &answer, err);
	if (rc < 0)
		return rc;
	if (!understood(d, answer))
		return ecsfs_error_set(
		    err, EIO, NULL, "%s: the answer is not understood", d->action);
	json_array_foreach (json_object_get(answer, d->answers), i, doc) {
		struct fetch_item *it =
		    item_of(f, json_string_value(json_object_get(doc, d->name)));

		if (it)
			fetch_answer(it, json_incref(doc));
	}
	json_array_foreach (json_object_get(answer, "failures"), i, failure)
		take_failure(f, d, failure);
	return 0;
}
