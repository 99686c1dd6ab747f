/* List calls: one row a kind. */
#include "cache/fetch/fetch.h"

#include "backend/base/cleanup.h"

#include <errno.h>
#include <string.h>

struct list {
	enum kind kind;
	const char *action;
	const char *member;
	const char *filter; /* the request's member for the key's part b; NULL: none */
	const char *status_member, *status;
};

static const struct list lists[] = {
    {KIND_CLUSTERS, "ListClusters", "clusterArns", NULL, NULL, NULL},
    {KIND_SERVICES, "ListServices", "serviceArns", NULL, NULL, NULL},
    {KIND_TASKS, "ListTasks", "taskArns", NULL, "desiredStatus", "RUNNING"},
    {KIND_STOPPED_TASKS, "ListTasks", "taskArns", NULL, "desiredStatus", "STOPPED"},
    {KIND_SERVICE_TASKS, "ListTasks", "taskArns", "serviceName", "desiredStatus", "RUNNING"},
    {KIND_SERVICE_STOPPED_TASKS, "ListTasks", "taskArns", "serviceName", "desiredStatus",
	"STOPPED"},
    {KIND_CONTAINER_INSTANCES, "ListContainerInstances", "containerInstanceArns", NULL, NULL, NULL},
    {KIND_INSTANCE_TASKS, "ListTasks", "taskArns", "containerInstance", "desiredStatus", "RUNNING"},
    {KIND_FAMILIES, "ListTaskDefinitionFamilies", "families", NULL, "status", "ACTIVE"},
};

static const struct list *list_of(enum kind kind)
{
	const struct list *l = lists;

	while (l->kind != kind)
		l++;
	return l;
}

/* The most a page may have: ListServices gives ten otherwise. */
static json_t *list_body(void)
{
	return json_pack("{s:i}", "maxResults", 100);
}

int fetch_list(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	const struct list *l = list_of(k->kind);
	json_auto_t *body = list_body();
	json_auto_t *arns = NULL;
	int rc;

	if (k->a)
		json_object_set_new(body, "cluster", json_string(k->a));
	if (l->filter)
		json_object_set_new(body, l->filter, json_string(k->b));
	if (l->status)
		json_object_set_new(body, l->status_member, json_string(l->status));
	rc = fetch_pages(f, l->action, body, l->member, &arns, err);
	if (rc == 0)
		fetch_answer(&f->items[0], arn_names(arns));
	return rc;
}

/* The revision in an ARN or FAMILY:REVISION of exactly that family; NULL: of another. Borrowed. */
static const char *revision_peek(const char *arn, const char *family)
{
	const char *name = strrchr(arn, '/');
	size_t len = strlen(family);

	name = name ? name + 1 : arn;
	if (strncmp(name, family, len) != 0 || name[len] != ':')
		return NULL;
	return name + len + 1;
}

int fetch_revisions(struct fetch *f, struct ecsfs_error *err)
{
	const char *family = f->items[0].key->a;
	json_auto_t *body = list_body();
	json_auto_t *revisions = json_array();
	json_auto_t *arns = NULL;
	const json_t *arn;
	size_t i;
	int rc;

	json_object_set_new(body, "familyPrefix", json_string(family));
	json_object_set_new(body, "status", json_string("ACTIVE"));
	json_object_set_new(body, "sort", json_string("DESC"));
	rc = fetch_pages(f, "ListTaskDefinitions", body, "taskDefinitionArns", &arns, err);
	if (rc < 0)
		return rc;
	json_array_foreach (arns, i, arn) {
		const char *revision =
		    json_is_string(arn) ? revision_peek(json_string_value(arn), family) : NULL;

		if (revision)
			json_array_append_new(revisions, json_string(revision));
	}
	fetch_answer(&f->items[0], names_sorted(revisions));
	return 0;
}

/* There is no List call: describing without names lists, ten a page, and so fills the documents. */
int fetch_capacity_providers(struct fetch *f, struct ecsfs_error *err)
{
	json_auto_t *body = json_pack("{s:i,s:[s]}", "maxResults", 10, "include", "TAGS");
	json_auto_t *names = json_array();
	json_auto_t *docs = NULL;
	json_t *doc;
	size_t i;
	int rc;

	rc = fetch_pages(f, "DescribeCapacityProviders", body, "capacityProviders", &docs, err);
	if (rc < 0)
		return rc;
	json_array_foreach (docs, i, doc) {
		const char *name = json_string_value(json_object_get(doc, "name"));
		const char *status = json_string_value(json_object_get(doc, "status"));

		if (!name || (status && strcmp(status, "INACTIVE") == 0))
			continue;
		json_array_append_new(names, json_string(name));
		fetch_add_extra(
		    f, &(struct key){.kind = KIND_CAPACITY_PROVIDER, .a = name}, json_incref(doc));
	}
	fetch_answer(&f->items[0], names_sorted(names));
	return 0;
}

static double created_at(const json_t *brief)
{
	return json_number_value(json_object_get(brief, "createdAt"));
}

/* Newest first, which AWS does not promise; equal ones stay in AWS's order. */
static json_t *newest_first(const json_t *briefs)
{
	json_t *sorted = json_array();
	json_t *brief;
	size_t i;

	json_array_foreach (briefs, i, brief) {
		size_t at = json_array_size(sorted);

		while (at > 0 && created_at(json_array_get(sorted, at - 1)) < created_at(brief))
			at--;
		json_array_insert(sorted, at, brief);
	}
	return sorted;
}

int fetch_service_deployments(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = list_body();
	json_auto_t *briefs = NULL;
	int rc;

	json_object_set_new(body, "cluster", json_string(k->a));
	json_object_set_new(body, "service", json_string(k->b));
	rc = fetch_pages(f, "ListServiceDeployments", body, "serviceDeployments", &briefs, err);
	if (rc == 0)
		fetch_answer(&f->items[0], newest_first(briefs));
	return rc;
}
