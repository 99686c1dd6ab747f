/*
 * Elastic Load Balancing v2: the target groups and load balancers of the region, each found by its
 * ARN, and what hangs on one of them. Its responses are XML: every scalar is a string, an empty list
 * is "".
 */
#include "cache/fetch/fetch.h"

#include "backend/base/cleanup.h"

struct balancing {
	enum kind kind;
	const char *action, *member;
	const char *arn; /* of an element; or the request's member that the key's ARN fills */
	bool paged;	 /* 400 a page */
};

static const struct balancing balancings[] = {
    {KIND_TARGET_GROUPS, "DescribeTargetGroups", "TargetGroups", "TargetGroupArn", true},
    {KIND_LOAD_BALANCERS, "DescribeLoadBalancers", "LoadBalancers", "LoadBalancerArn", true},
    {KIND_LISTENERS, "DescribeListeners", "Listeners", "LoadBalancerArn", true},
    {KIND_RULES, "DescribeRules", "Rules", "ListenerArn", true},
    {KIND_TARGET_HEALTH, "DescribeTargetHealth", "TargetHealthDescriptions", "TargetGroupArn",
	false},
};

static const struct balancing *balancing_of(enum kind kind)
{
	const struct balancing *b = balancings;

	while (b->kind != kind)
		b++;
	return b;
}

static int describe(struct fetch *f, json_t *body, json_t **ret, struct ecsfs_error *err)
{
	const struct balancing *b = balancing_of(f->items[0].key->kind);

	if (b->paged)
		json_object_set_new(body, "PageSize", json_integer(400));
	return fetch_service_pages(f, "elasticloadbalancing", b->action, body, b->member, ret, err);
}

int fetch_by_arn(struct fetch *f, struct ecsfs_error *err)
{
	const struct balancing *b = balancing_of(f->items[0].key->kind);
	json_auto_t *body = json_object();
	json_auto_t *docs = NULL;
	json_t *by_arn, *doc;
	size_t i;
	int rc = describe(f, body, &docs, err);

	if (rc < 0)
		return rc;
	by_arn = json_object();
	json_array_foreach (docs, i, doc) {
		const char *arn = json_string_value(json_object_get(doc, b->arn));

		if (arn)
			json_object_set(by_arn, arn, doc);
	}
	fetch_answer(&f->items[0], by_arn);
	return 0;
}

int fetch_of_arn(struct fetch *f, struct ecsfs_error *err)
{
	const struct key *k = f->items[0].key;
	json_auto_t *body = json_pack("{s:s}", balancing_of(k->kind)->arn, k->a);
	json_auto_t *docs = NULL;
	int rc = describe(f, body, &docs, err);

	if (rc == 0)
		fetch_answer(&f->items[0], move_ptr(docs));
	return rc;
}
