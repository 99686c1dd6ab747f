/*
 * Which row belongs to a service, and which rate to an action? Short tables, searched from the top;
 * a quota row without actions is for all others.
 */
#include "backend/service.h"

#include "backend/base/cleanup.h"
#include "backend/base/words.h"

#include <string.h>

/* "Request throttling for the Amazon ECS API" */
static const struct aws_quota ecs_quotas[] = {
    {"DescribeServices ListServices", 100, 20},
    {"DescribeTasks ListTasks DescribeContainerInstances ListContainerInstances ListAttributes",
	100, 20},
    {"DescribeClusters ListClusters", 50, 20},
    {"DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies", 50, 20},
    {"CreateService UpdateService DeleteService", 50, 5},
    {"RunTask StartTask StopTask UpdateContainerInstancesState ExecuteCommand "
     "RegisterContainerInstance DeregisterContainerInstance PutAttributes DeleteAttributes",
	100, 40},
    {"CreateCluster DeleteCluster UpdateCluster UpdateClusterSettings "
     "PutClusterCapacityProviders",
	20, 1},
    {"RegisterTaskDefinition DeregisterTaskDefinition", 20, 1},
    {"DeleteTaskDefinitions", 5, 1},
    {"DescribeCapacityProviders", 50, 20},
    {"CreateCapacityProvider UpdateCapacityProvider DeleteCapacityProvider", 10, 1},
    {"ListTagsForResource", 50, 20},
    {"TagResource UntagResource", 20, 10},
    {"ListAccountSettings", 50, 20},
    {"PutAccountSetting PutAccountSettingDefault DeleteAccountSetting", 10, 1},
    {"ListServiceDeployments DescribeServiceDeployments", 50, 20},
    {"DescribeServiceRevisions", 50, 20},
    {"GetTaskProtection UpdateTaskProtection", 200, 80},
    {"ListServicesByNamespace", 10, 1},
    {"", 20, 1},
};

/* "CloudWatch Logs quotas" */
static const struct aws_quota logs_quotas[] = {
    {"FilterLogEvents", 10, 10},
    {"GetLogEvents", 25, 25},
    {"DescribeLogStreams", 25, 25},
    {"DescribeLogGroups", 10, 10},
    {"StartLiveTail", 5, 5},
    {"", 5, 5},
};

static const struct aws_quota_elsewhere logs_elsewhere[] = {
    {"FilterLogEvents", "us-east-1", 25},
    {"FilterLogEvents", "ap-northeast-3 ap-southeast-3 ca-west-1 eu-central-1 il-central-1", 5},
    {"GetLogEvents",
	"us-west-2 ap-northeast-3 ap-southeast-3 ca-west-1 eu-central-1 eu-west-1 il-central-1",
	10},
    {"GetLogEvents", "eu-west-3", 30},
    {0},
};

static const struct aws_quota ecr_quotas[] = {
    {"BatchGetImage", 200, 200},
    {"", 20, 20},
};

/* "Request throttling for the ELB API": non-mutating actions of version 2 share a bucket of 40 that
 * is refilled with 10 a second; ECS's own calls have another one. */
static const struct aws_quota elb_quotas[] = {
    {"DescribeLoadBalancers DescribeTargetGroups DescribeTargetHealth DescribeListeners "
     "DescribeRules",
	40, 10},
    {"", 10, 3},
};

/* "CloudWatch service quotas": 500 GetMetricData a second, but also 180,000 data points of the last
 * three hours, six times what a full call of the last hour (500 queries of 60 minutes) brings. */
static const struct aws_quota monitoring_quotas[] = {
    {"GetMetricData", 6, 6},
    {"", 9, 9},
};

/* "Request throttling for the Amazon EC2 API": DescribeNetworkInterfaces is one of the unfiltered and
 * unpaginated non-mutating actions, an id being no filter. */
static const struct aws_quota ec2_quotas[] = {
    {"DescribeNetworkInterfaces", 50, 10},
    {"", 20, 5},
};

/* AWS publishes no rate for Application Auto Scaling; its actions share one bucket (re:Post,
 * "autoscaling-api-calls-throttled"). */
static const struct aws_quota scaling_quotas[] = {
    {"", 10, 10},
};

static const struct aws_quota common_quotas[] = {
    {"", 10, 10},
};

static const char *const logs_readers[] = {"StartLiveTail", NULL};

static const struct aws_service services[] = {
    {.name = "ecs",
	.protocol = AWS_JSON,
	.version = "AmazonEC2ContainerServiceV20141113",
	.host_prefix = "ecs",
	.signing_name = "ecs",
	.env_suffix = "ECS",
	.config_key = "ecs",
	.gov_fips_name = true,
	.quotas = ecs_quotas},
    {.name = "logs",
	.protocol = AWS_JSON,
	.version = "Logs_20140328",
	.host_prefix = "logs",
	.signing_name = "logs",
	.env_suffix = "CLOUDWATCH_LOGS",
	.config_key = "cloudwatch_logs",
	.empty_answers = true,
	.quotas = logs_quotas,
	.elsewhere = logs_elsewhere,
	.readers = logs_readers},
    {.name = "sts",
	.protocol = AWS_QUERY,
	.version = "2011-06-15",
	.host_prefix = "sts",
	.signing_name = "sts",
	.env_suffix = "STS",
	.config_key = "sts",
	.secret = true},
    {.name = "ecr",
	.protocol = AWS_JSON,
	.version = "AmazonEC2ContainerRegistry_V20150921",
	.host_prefix = "api.ecr",
	.dualstack_host = "ecr",
	.signing_name = "ecr",
	.env_suffix = "ECR",
	.config_key = "ecr",
	.gov_fips_name = true,
	.quotas = ecr_quotas},
    {.name = "application-autoscaling",
	.protocol = AWS_JSON,
	.version = "AnyScaleFrontendService",
	.host_prefix = "application-autoscaling",
	.signing_name = "application-autoscaling",
	.env_suffix = "APPLICATION_AUTO_SCALING",
	.page_in = "NextToken",
	.page_out = "NextToken",
	.config_key = "application_auto_scaling",
	.quotas = scaling_quotas},
    {.name = "elasticloadbalancing",
	.protocol = AWS_QUERY,
	.version = "2015-12-01",
	.host_prefix = "elasticloadbalancing",
	.signing_name = "elasticloadbalancing",
	.env_suffix = "ELASTIC_LOAD_BALANCING_V2",
	.page_in = "Marker",
	.page_out = "NextMarker",
	.config_key = "elastic_load_balancing_v2",
	.quotas = elb_quotas},
    /* Speaks JSON 1.0 and CBOR too; the query protocol is what every region and emulator has. */
    {.name = "monitoring",
	.protocol = AWS_QUERY,
	.version = "2010-08-01",
	.host_prefix = "monitoring",
	.signing_name = "monitoring",
	.env_suffix = "CLOUDWATCH",
	.page_in = "NextToken",
	.page_out = "NextToken",
	.config_key = "cloudwatch",
	.quotas = monitoring_quotas},
    {.name = "ec2",
	.protocol = AWS_EC2,
	.version = "2016-11-15",
	.host_prefix = "ec2",
	.signing_name = "ec2",
	.env_suffix = "EC2",
	.page_in = "NextToken",
	.page_out = "nextToken",
	.config_key = "ec2",
	.quotas = ec2_quotas},
    {.name = "ssm",
	.protocol = AWS_JSON,
	.version = "AmazonSSM",
	.host_prefix = "ssm",
	.signing_name = "ssm",
	.env_suffix = "SSM",
	.config_key = "ssm",
	.secret = true},
    {.name = "kms",
	.protocol = AWS_JSON,
	.version = "TrentService",
	.host_prefix = "kms",
	.signing_name = "kms",
	.env_suffix = "KMS",
	.config_key = "kms",
	.secret = true},
    {.name = "sso",
	.host_prefix = "portal.sso",
	.signing_name = "awsssoportal",
	.env_suffix = "SSO",
	.config_key = "sso"},
    {.name = "sso-oidc",
	.host_prefix = "oidc",
	.signing_name = "sso-oauth",
	.env_suffix = "SSO_OIDC",
	.config_key = "sso_oidc"},
    {.name = "signin",
	.host_prefix = "signin",
	.signing_name = "signin",
	.env_suffix = "SIGNIN",
	.config_key = "signin",
	.gov_fips_name = true},
};

const struct aws_service *aws_service_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	return NULL;
}

const struct aws_quota *aws_quota_of(
    const char *service, const char *action, const char *region, double *burst, double *rate)
{
	const struct aws_service *s = aws_service_find(service);
	const struct aws_quota *q = s && s->quotas ? s->quotas : common_quotas;
	const struct aws_quota_elsewhere *e = s ? s->elsewhere : NULL;

	while (*q->actions && !words_have(q->actions, action, strlen(action)))
		q++;
	*burst = q->burst;
	*rate = q->rate;
	for (; e && e->action; e++)
		if (!strcmp(e->action, action) && words_have(e->regions, region, strlen(region)))
			*burst = *rate = e->rate;
	return q;
}

bool aws_action_reads(const char *service, const char *action)
{
	static const char *const verbs[] = {
	    "List", "Describe", "Get", "Filter", "BatchGet", "BatchCheck"};
	const struct aws_service *s = aws_service_find(service);

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strncmp(action, verbs[i], strlen(verbs[i])))
			return true;
	for (const char *const *p = s ? s->readers : NULL; p && *p; p++)
		if (!strcmp(action, *p))
			return true;
	return false;
}
