/*
 * Which actions does each service have? Arrays of names from the public API models, one a service.
 */
#include "fs/tree/control/actions.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The names of the public API models (2014-11-13, 2014-03-28, 2016-02-06, 2015-09-21), except those
 * that return an event stream. */
static const char *const ecs[] = {"ContinueServiceDeployment", "CreateCapacityProvider",
    "CreateCluster", "CreateDaemon", "CreateExpressGatewayService", "CreateService",
    "CreateTaskSet", "DeleteAccountSetting", "DeleteAttributes", "DeleteCapacityProvider",
    "DeleteCluster", "DeleteDaemon", "DeleteDaemonTaskDefinition", "DeleteExpressGatewayService",
    "DeleteService", "DeleteTaskDefinitions", "DeleteTaskSet", "DeregisterContainerInstance",
    "DeregisterTaskDefinition", "DescribeCapacityProviders", "DescribeClusters",
    "DescribeContainerInstances", "DescribeDaemon", "DescribeDaemonDeployments",
    "DescribeDaemonRevisions", "DescribeDaemonTaskDefinition", "DescribeExpressGatewayService",
    "DescribeServiceDeployments", "DescribeServiceRevisions", "DescribeServices",
    "DescribeTaskDefinition", "DescribeTaskSets", "DescribeTasks", "DiscoverPollEndpoint",
    "ExecuteCommand", "GetTaskProtection", "ListAccountSettings", "ListAttributes", "ListClusters",
    "ListContainerInstances", "ListDaemonDeployments", "ListDaemonTaskDefinitions", "ListDaemons",
    "ListServiceDeployments", "ListServices", "ListServicesByNamespace", "ListTagsForResource",
    "ListTaskDefinitionFamilies", "ListTaskDefinitions", "ListTasks", "PutAccountSetting",
    "PutAccountSettingDefault", "PutAttributes", "PutClusterCapacityProviders",
    "RegisterContainerInstance", "RegisterDaemonTaskDefinition", "RegisterTaskDefinition",
    "RunTask", "StartTask", "StopServiceDeployment", "StopTask", "SubmitAttachmentStateChanges",
    "SubmitContainerStateChange", "SubmitTaskStateChange", "TagResource", "UntagResource",
    "UpdateCapacityProvider", "UpdateCluster", "UpdateClusterSettings", "UpdateContainerAgent",
    "UpdateContainerInstancesState", "UpdateDaemon", "UpdateExpressGatewayService", "UpdateService",
    "UpdateServicePrimaryTaskSet", "UpdateTaskProtection", "UpdateTaskSet", NULL};

static const char *const logs[] = {"AssociateKmsKey", "AssociateSourceToS3TableIntegration",
    "CancelExportTask", "CancelImportTask", "CreateDelivery", "CreateExportTask",
    "CreateImportTask", "CreateLogAnomalyDetector", "CreateLogGroup", "CreateLogStream",
    "CreateLookupTable", "CreateScheduledQuery", "DeleteAccountPolicy",
    "DeleteDataProtectionPolicy", "DeleteDelivery", "DeleteDeliveryDestination",
    "DeleteDeliveryDestinationPolicy", "DeleteDeliverySource", "DeleteDestination",
    "DeleteIndexPolicy", "DeleteIntegration", "DeleteLogAnomalyDetector", "DeleteLogGroup",
    "DeleteLogStream", "DeleteLookupTable", "DeleteMetricFilter", "DeleteQueryDefinition",
    "DeleteResourcePolicy", "DeleteRetentionPolicy", "DeleteScheduledQuery",
    "DeleteSubscriptionFilter", "DeleteTransformer", "DescribeAccountPolicies",
    "DescribeConfigurationTemplates", "DescribeDeliveries", "DescribeDeliveryDestinations",
    "DescribeDeliverySources", "DescribeDestinations", "DescribeExportTasks",
    "DescribeFieldIndexes", "DescribeImportTaskBatches", "DescribeImportTasks",
    "DescribeIndexPolicies", "DescribeLogGroups", "DescribeLogStreams", "DescribeLookupTables",
    "DescribeMetricFilters", "DescribeQueries", "DescribeQueryDefinitions",
    "DescribeResourcePolicies", "DescribeSubscriptionFilters", "DisassociateKmsKey",
    "DisassociateSourceFromS3TableIntegration", "FilterLogEvents", "GetDataProtectionPolicy",
    "GetDelivery", "GetDeliveryDestination", "GetDeliveryDestinationPolicy", "GetDeliverySource",
    "GetIntegration", "GetLogAnomalyDetector", "GetLogEvents", "GetLogFields", "GetLogGroupFields",
    "GetLogRecord", "GetLookupTable", "GetQueryResults", "GetScheduledQuery",
    "GetScheduledQueryHistory", "GetTransformer", "ListAggregateLogGroupSummaries", "ListAnomalies",
    "ListIntegrations", "ListLogAnomalyDetectors", "ListLogGroups", "ListLogGroupsForQuery",
    "ListScheduledQueries", "ListSourcesForS3TableIntegration", "ListTagsForResource",
    "ListTagsLogGroup", "PutAccountPolicy", "PutBearerTokenAuthentication",
    "PutDataProtectionPolicy", "PutDeliveryDestination", "PutDeliveryDestinationPolicy",
    "PutDeliverySource", "PutDestination", "PutDestinationPolicy", "PutIndexPolicy",
    "PutIntegration", "PutLogEvents", "PutLogGroupDeletionProtection", "PutMetricFilter",
    "PutQueryDefinition", "PutResourcePolicy", "PutRetentionPolicy", "PutSubscriptionFilter",
    "PutTransformer", "StartQuery", "StopQuery", "TagLogGroup", "TagResource", "TestMetricFilter",
    "TestTransformer", "UntagLogGroup", "UntagResource", "UpdateAnomaly",
    "UpdateDeliveryConfiguration", "UpdateLogAnomalyDetector", "UpdateLookupTable",
    "UpdateScheduledQuery", NULL};

static const char *const scaling[] = {"DeleteScalingPolicy", "DeleteScheduledAction",
    "DeregisterScalableTarget", "DescribeScalableTargets", "DescribeScalingActivities",
    "DescribeScalingPolicies", "DescribeScheduledActions", "GetPredictiveScalingForecast",
    "ListTagsForResource", "PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget",
    "TagResource", "UntagResource", NULL};

static const char *const ecr[] = {"BatchCheckLayerAvailability", "BatchDeleteImage",
    "BatchGetImage", "BatchGetRepositoryScanningConfiguration", "CompleteLayerUpload",
    "CreatePullThroughCacheRule", "CreateRepository", "CreateRepositoryCreationTemplate",
    "DeleteLifecyclePolicy", "DeletePullThroughCacheRule", "DeleteRegistryPolicy",
    "DeleteRepository", "DeleteRepositoryCreationTemplate", "DeleteRepositoryPolicy",
    "DeleteSigningConfiguration", "DeregisterPullTimeUpdateExclusion",
    "DescribeImageReplicationStatus", "DescribeImageScanFindings", "DescribeImageSigningStatus",
    "DescribeImages", "DescribePullThroughCacheRules", "DescribeRegistry", "DescribeRepositories",
    "DescribeRepositoryCreationTemplates", "GetAccountSetting", "GetAuthorizationToken",
    "GetDownloadUrlForLayer", "GetLifecyclePolicy", "GetLifecyclePolicyPreview",
    "GetRegistryPolicy", "GetRegistryScanningConfiguration", "GetRepositoryPolicy",
    "GetSigningConfiguration", "InitiateLayerUpload", "ListImageReferrers", "ListImages",
    "ListPullTimeUpdateExclusions", "ListTagsForResource", "PutAccountSetting", "PutImage",
    "PutImageScanningConfiguration", "PutImageTagMutability", "PutLifecyclePolicy",
    "PutRegistryPolicy", "PutRegistryScanningConfiguration", "PutReplicationConfiguration",
    "PutSigningConfiguration", "RegisterPullTimeUpdateExclusion", "SetRepositoryPolicy",
    "StartImageScan", "StartLifecyclePolicyPreview", "TagResource", "UntagResource",
    "UpdateImageStorageClass", "UpdatePullThroughCacheRule", "UpdateRepositoryCreationTemplate",
    "UploadLayerPart", "ValidatePullThroughCacheRule", NULL};

static const struct {
	const char *service;
	const char *const *actions;
} services[] = {
    {"ecs", ecs},
    {"logs", logs},
    {"application-autoscaling", scaling},
    {"ecr", ecr},
};

#define SERVICES (sizeof(services) / sizeof(services[0]))

const char *action_service_at(size_t i)
{
	return i < SERVICES ? services[i].service : NULL;
}

const char *const *actions_of(const char *service)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (!strcmp(services[i].service, service))
			return services[i].actions;
	return NULL;
}

bool action_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 3 || len > ACTION_NAME_MAX || !isupper((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]))
			return false;
	return true;
}
