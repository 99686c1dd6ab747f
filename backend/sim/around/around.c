/*
 * What is kept of a region beside ECS and logs? One struct for scaling, balancing, metrics and
 * network; and STS's one action.
 */
#include "backend/sim/around/around.h"

#include "backend/sim/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_around *sim_around_new(void)
{
	struct sim_around *a = sim_alloc(sizeof(*a));

	a->scalable_targets = json_array();
	a->policies = json_array();
	a->scheduled_actions = json_array();
	a->activities = json_array();
	a->balancers = json_array();
	a->groups = json_array();
	a->listeners = json_array();
	a->rules = json_array();
	a->fixed_targets = json_object();
	return a;
}

void sim_around_free(struct sim_around *a)
{
	json_decref(a->scalable_targets);
	json_decref(a->policies);
	json_decref(a->scheduled_actions);
	json_decref(a->activities);
	json_decref(a->balancers);
	json_decref(a->groups);
	json_decref(a->listeners);
	json_decref(a->rules);
	json_decref(a->fixed_targets);
	free(a);
}

struct service *around_service(struct sim_region *r, const char *resource)
{
	char cluster[256], service[256];
	struct cluster *k;
	struct service *s;

	if (!resource || sscanf(resource, "service/%255[^/]/%255s", cluster, service) != 2)
		return NULL;
	k = sim_cluster_find(r, cluster);
	s = k ? sim_service_find(k, service) : NULL;
	return s && s->status == SERVICE_ACTIVE ? s : NULL;
}

/* STS: GetCallerIdentity alone. */
static int get_caller_identity(struct sim_call *c)
{
	doc_put_str(c->out, "Arn", c->principal);
	doc_put_str(c->out, "UserId", "AIDACKCEVSQ6C2EXAMPLE");
	doc_put_str(c->out, "Account", c->account);
	return 0;
}

const struct sim_action sim_sts_actions[] = {
    {"GetCallerIdentity", get_caller_identity},
    {0},
};
