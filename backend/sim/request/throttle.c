/*
 * Is a call throttled? By AWS's token buckets, one of each kind an account and region (API
 * reference, "Request throttling").
 */
#include "backend/sim/request/throttle.h"

#include "backend/sim/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
	double burst, rate; /* calls; calls a second */
	const char *actions;
} kinds[] = {
    {50, 20, " DescribeClusters ListClusters "},
    {20, 1,
	" CreateCluster DeleteCluster UpdateCluster UpdateClusterSettings "
	"PutClusterCapacityProviders "},
    {100, 20, " DescribeServices ListServices "},
    {50, 5, " CreateService UpdateService DeleteService "},
    {100, 20,
	" DescribeTasks ListTasks DescribeContainerInstances ListContainerInstances "
	"ListAttributes "},
    {100, 40, " RunTask StartTask StopTask UpdateContainerInstancesState "},
    {50, 20, " DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies "},
    {20, 1, " RegisterTaskDefinition DeregisterTaskDefinition "},
    {5, 1, " DeleteTaskDefinitions "},
    {50, 20, " DescribeCapacityProviders "},
    {10, 1, " CreateCapacityProvider UpdateCapacityProvider DeleteCapacityProvider "},
    {50, 20, " ListTagsForResource "},
    {20, 10, " TagResource UntagResource "},
    {50, 20, " ListAccountSettings "},
    {50, 20,
	" ListServiceDeployments DescribeServiceDeployments StopServiceDeployment "
	"ContinueServiceDeployment "},
    {50, 20, " DescribeServiceRevisions "},
    {200, 80, " GetTaskProtection UpdateTaskProtection "},
    {10, 1, " ListServicesByNamespace "},
    {25, 25, " FilterLogEvents "},
    {25, 25, " GetLogEvents "},
    {25, 25, " DescribeLogStreams "},
    {10, 10, " DescribeLogGroups "},
    {5, 5, " StartLiveTail "},
    {40, 10,
	" DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners "
	"DescribeRules "},
    {500, 500, " GetMetricData "},
    {50, 10, " DescribeNetworkInterfaces "},
    {10, 10,
	" DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions "
	"DescribeScalingActivities RegisterScalableTarget DeregisterScalableTarget "
	"PutScalingPolicy DeleteScalingPolicy PutScheduledAction DeleteScheduledAction "},
};

struct bucket {
	const struct kind *kind;
	char region[40];
	double tokens;
	int64_t filled_ms;
};

static const struct kind *kind_of(const char *action)
{
	char word[80];

	snprintf(word, sizeof(word), " %.70s ", action);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strstr(kinds[i].actions, word))
			return &kinds[i];
	}
	return NULL;
}

static struct bucket *bucket_of(
    struct sim *s, const struct kind *kind, const char *region, int64_t now_ms)
{
	struct bucket *b;

	for (size_t i = 0; i < s->buckets.count; i++) {
		b = s->buckets.items[i];
		if (b->kind == kind && strcmp(b->region, region) == 0)
			return b;
	}
	b = sim_alloc(sizeof(*b));
	b->kind = kind;
	snprintf(b->region, sizeof(b->region), "%s", region);
	b->tokens = kind->burst;
	b->filled_ms = now_ms;
	vec_push(&s->buckets, b);
	return b;
}

bool throttle_take(struct sim *s, const char *region, const char *action, int64_t now_ms)
{
	const struct kind *kind = kind_of(action);
	struct bucket *b;
	bool room;

	if (!s->throttle || !kind)
		return true;
	pthread_mutex_lock(&s->lock);
	b = bucket_of(s, kind, region, now_ms);
	b->tokens += (double)(now_ms - b->filled_ms) * kind->rate / 1000.0;
	b->filled_ms = now_ms;
	if (b->tokens > kind->burst)
		b->tokens = kind->burst;
	room = b->tokens >= 1;
	if (room)
		b->tokens -= 1;
	pthread_mutex_unlock(&s->lock);
	return room;
}

void throttle_free(struct sim *s)
{
	for (size_t i = 0; i < s->buckets.count; i++)
		free(s->buckets.items[i]);
	vec_release(&s->buckets);
}
