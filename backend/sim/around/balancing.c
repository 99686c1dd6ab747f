/*
 * What do target groups of Elastic Load Balancing v2 show? The targets of a group are the tasks of
 * the services behind it.
 */
#include "backend/sim/around/balancing.h"

#include "backend/sim/around/around.h"
#include "backend/sim/doc.h"
#include "backend/sim/request/query.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 400
#define MOST_ARNS 20

static bool same(const json_t *doc, const char *member, const char *value)
{
	const char *is = doc_str(doc, member);

	return value && is && strcmp(is, value) == 0;
}

/*
 * A page of a list: the documents whose member `of` equals the call's, or whose `arn` is in the
 * call's list `arns`; all documents where the call has neither.
 */
static int describe(struct sim_call *c, const json_t *list, const char *out, const char *of,
    const char *arn, const char *arns)
{
	int64_t size = query_number(c->in, "PageSize", PAGE);
	int64_t from = query_number(c->in, "Marker", 0);
	const char *wanted = of ? doc_str(c->in, of) : NULL;
	const json_t *named = arns ? doc_get(c->in, arns) : NULL, *doc;
	json_t *page = json_array();
	size_t i;

	doc_put_new(c->out, out, page);
	if (size < 1 || size > PAGE)
		return sim_fail(c, 400, "ValidationError", "PageSize must be between 1 and 400");
	if (json_array_size(named) > MOST_ARNS)
		return sim_fail(c, 400, "ValidationError", "%s may have 20 elements", arns);
	json_array_foreach (list, i, doc) {
		if ((int64_t)i < from || (wanted && !same(doc, of, wanted)) ||
		    (named && !doc_lists(c->in, arns, doc_str(doc, arn))))
			continue;
		if ((int64_t)json_array_size(page) == size) {
			doc_put_new(c->out, "NextMarker", json_sprintf("%zu", i));
			return 0;
		}
		json_array_append(page, (json_t *)doc);
	}
	return 0;
}

static int describe_load_balancers(struct sim_call *c)
{
	return describe(c, c->region->around->balancers, "LoadBalancers", NULL, "LoadBalancerArn",
	    "LoadBalancerArns");
}

static int describe_target_groups(struct sim_call *c)
{
	return describe(c, c->region->around->groups, "TargetGroups", NULL, "TargetGroupArn",
	    "TargetGroupArns");
}

static int describe_listeners(struct sim_call *c)
{
	if (!doc_has(c->in, "LoadBalancerArn") && !doc_has(c->in, "ListenerArns"))
		return sim_fail(c, 400, "ValidationError",
		    "You must specify either listener ARNs or a load balancer ARN");
	return describe(c, c->region->around->listeners, "Listeners", "LoadBalancerArn",
	    "ListenerArn", "ListenerArns");
}

/*
 * AWS's document of a rule does not name its listener; the state's copy does, in a member of its
 * own.
 */
static int describe_rules(struct sim_call *c)
{
	const char *listener = doc_str(c->in, "ListenerArn");
	json_t *page = json_array();
	const json_t *rule;
	size_t i;

	doc_put_new(c->out, "Rules", page);
	if (!listener)
		return sim_fail(c, 400, "ValidationError",
		    "You must specify either listener rule ARNs or a listener ARN");
	json_array_foreach (c->region->around->rules, i, rule) {
		json_t *shown;

		if (!same(rule, "of", listener))
			continue;
		shown = json_copy((json_t *)rule);
		json_object_del(shown, "of");
		json_array_append_new(page, shown);
	}
	return 0;
}

/* The port of a service's container behind a group; 0: it is not behind it. */
static int64_t port_behind(const struct service *s, const char *group)
{
	const json_t *one;
	size_t i;

	json_array_foreach (doc_get(s->deployments.count
				    ? ((struct deployment *)s->deployments.items[0])->revision->doc
				    : NULL,
				"loadBalancers"),
	    i, one)
		if (same(one, "targetGroupArn", group))
			return doc_int(one, "containerPort", 0);
	return 0;
}

static void add_description(json_t *list, const char *id, int64_t port, const char *state,
    const char *reason, const char *description)
{
	json_array_append_new(list,
	    json_pack("{s:{s:s, s:I}, s:o, s:{s:s, s:s*, s:s*}}", "Target", "Id", id, "Port",
		(json_int_t)port, "HealthCheckPort", json_sprintf("%lld", (long long)port),
		"TargetHealth", "State", state, "Reason", reason, "Description", description));
}

static void add_task(json_t *list, const struct task *t, int64_t port)
{
	struct in_addr a = {.s_addr = htonl(t->address)};
	char id[INET_ADDRSTRLEN];

	if (!t->address)
		return;
	inet_ntop(AF_INET, &a, id, sizeof(id));
	if (t->status == TASK_DEACTIVATING)
		add_description(list, id, port, "draining", "Target.DeregistrationInProgress",
		    "Target deregistration is in progress");
	else if (t->status == TASK_ACTIVATING)
		add_description(list, id, port, "initial", "Elb.RegistrationInProgress",
		    "Target registration is in progress");
	else if (t->status == TASK_RUNNING)
		add_description(list, id, port, "healthy", NULL, NULL);
}

/* Appends the tasks behind a group. false: no service is behind it. */
static bool add_tasks(struct sim_region *r, json_t *list, const char *group)
{
	bool known = false;

	for (size_t i = 0; i < r->clusters.count; i++) {
		const struct cluster *k = r->clusters.items[i];

		for (size_t j = 0; j < k->services.count; j++) {
			const struct service *s = k->services.items[j];
			int64_t port = port_behind(s, group);

			known |= port != 0;
			for (size_t n = 0; port && n < s->tasks.count; n++)
				add_task(list, s->tasks.items[n], port);
		}
	}
	return known;
}

static int describe_target_health(struct sim_call *c)
{
	const struct sim_around *a = c->region->around;
	const char *group = doc_str(c->in, "TargetGroupArn");
	json_t *list = json_array();
	const json_t *one;
	bool known = false;
	size_t i;

	doc_put_new(c->out, "TargetHealthDescriptions", list);
	json_array_foreach (a->groups, i, one)
		known |= same(one, "TargetGroupArn", group);
	if (!group || !(add_tasks(c->region, list, group) || known))
		return sim_fail(
		    c, 400, "TargetGroupNotFound", "One or more target groups not found");
	json_array_extend(list, json_object_get(a->fixed_targets, group));
	return 0;
}

const struct sim_action sim_balancing_actions[] = {
    {"DescribeLoadBalancers", describe_load_balancers},
    {"DescribeTargetGroups", describe_target_groups},
    {"DescribeListeners", describe_listeners},
    {"DescribeRules", describe_rules},
    {"DescribeTargetHealth", describe_target_health},
    {0},
};

void around_add_target(struct sim_region *r, const char *group, const char *address, int port,
    const char *state, const char *reason, const char *description)
{
	json_t *list = json_object_get(r->around->fixed_targets, group);

	if (!list) {
		list = json_array();
		json_object_set_new(r->around->fixed_targets, group, list);
	}
	add_description(list, address, port, state, reason, description);
}

static json_t *forward_to(const char *group)
{
	return json_pack("[{s:s, s:s}]", "Type", "forward", "TargetGroupArn", group);
}

void around_balance(
    struct sim_region *r, const char *group, const char *balancer, const char *path, int64_t now_ms)
{
	struct sim_around *a = r->around;
	char *arn =
	    sim_format("arn:aws:elasticloadbalancing:%s:%s:loadbalancer/app/%s/50dc6c495c0c9188",
		r->name, r->account, balancer);
	char *listener = sim_format("arn:aws:elasticloadbalancing:%s:%s:listener/app/%s/"
				    "50dc6c495c0c9188/f2f7dc8efc522ab2",
	    r->name, r->account, balancer);

	(void)now_ms;
	json_array_append_new(a->groups,
	    json_pack("{s:s, s:o, s:s, s:i, s:s, s:[s]}", "TargetGroupArn", group,
		"TargetGroupName",
		json_sprintf(
		    "%.*s", (int)strcspn(strchr(group, '/') + 1, "/"), strchr(group, '/') + 1),
		"Protocol", "HTTP", "Port", 80, "TargetType", "ip", "LoadBalancerArns", arn));
	json_array_append_new(a->balancers,
	    json_pack("{s:s, s:s, s:o, s:s, s:s, s:{s:s}}", "LoadBalancerArn", arn,
		"LoadBalancerName", balancer, "DNSName",
		json_sprintf("%s-1234567890.%s.elb.amazonaws.com", balancer, r->name), "Type",
		"application", "Scheme", "internet-facing", "State", "Code", "active"));
	json_array_append_new(a->listeners,
	    json_pack("{s:s, s:s, s:i, s:s, s:o}", "ListenerArn", listener, "LoadBalancerArn", arn,
		"Port", 443, "Protocol", "HTTPS", "DefaultActions", forward_to(group)));
	json_array_append_new(a->rules,
	    json_pack("{s:s, s:s, s:o, s:[], s:s, s:b}", "of", listener, "Priority", "default",
		"Actions", forward_to(group), "Conditions", "RuleArn", listener, "IsDefault", 1));
	if (path)
		json_array_append_new(a->rules,
		    json_pack("{s:s, s:s, s:o, s:[{s:s, s:[s]}], s:s, s:b}", "of", listener,
			"Priority", "10", "Actions", forward_to(group), "Conditions", "Field",
			"path-pattern", "Values", path, "RuleArn", listener, "IsDefault", 0));
	free(arn);
	free(listener);
}
