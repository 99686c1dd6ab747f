/* Which members of a written or copied service document can CreateService take? */
#include "fs/edit/service_create.h"

#include "backend/base/cleanup.h"
#include "fs/edit/members/canon.h"
#include "fs/edit/members/doc.h"
#include "fs/edit/members/service_members.h"
#include "fs/edit/service_edit.h"
#include "fs/value.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

int client_token_set(json_t *request)
{
	uint8_t b[16];
	json_t *token;

	if (doc_peek(request, "clientToken"))
		return 0;
	if (getentropy(b, sizeof(b)) != 0)
		return -EIO;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	token = json_sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
	    b[14], b[15]);
	return json_object_set_new(request, "clientToken", token) ? -ENOMEM : 0;
}

/* A request that a person wrote has none of these; a described document has them all. */
static bool is_described(const json_t *written)
{
	return doc_peek(written, "serviceArn") || doc_peek(written, "deployments") ||
	    doc_peek(written, "createdAt");
}

static int check_clonable(const json_t *written, struct ecsfs_error *err)
{
	const char *controller = doc_controller_peek(written);

	if (!strcmp(doc_string_peek(written, "resourceManagementType"), "ECS"))
		return ecsfs_error_set(err, EOPNOTSUPP, NULL,
		    "an Express service is managed by ECS and cannot be cloned");
	if (is_described(written) && strcmp(controller, "ECS") != 0)
		return ecsfs_error_set(err, EOPNOTSUPP, NULL,
		    "a service with the %s deployment controller cannot be cloned: its deployments "
		    "are "
		    "made by %s",
		    controller,
		    !strcmp(controller, "CODE_DEPLOY") ? "an application of AWS CodeDeploy"
						       : "its task sets");
	return 0;
}

static int check_place(const json_t *written, const char *cluster, struct ecsfs_error *err)
{
	const char *named = doc_string_peek(written, "cluster");

	if (*named && strcmp(value_arn_name(named), cluster) != 0)
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the document's cluster is %s, this directory's is %s: remove it", named,
		    cluster);
	return 0;
}

static bool is_empty(const json_t *value)
{
	return json_is_null(value) || (json_is_array(value) && !json_array_size(value)) ||
	    (json_is_object(value) && !json_object_size(value));
}

static void drop_described(json_t *request)
{
	const char *member;
	json_t *value;
	void *next;

	json_object_foreach_safe (request, next, member, value) {
		bool dropped =
		    service_member_read_only(member) && !service_member_is(member, SERVICE_CLONED);

		if (dropped || is_empty(value))
			json_object_del(request, member);
	}
	json_object_del(request, "forceNewDeployment");
}

/* CreateService refuses the service-linked role by name; every other one is kept. */
static int keep_role(json_t *request, const json_t *written)
{
	const json_t *role = doc_peek(written, "roleArn");

	if (!role || doc_peek(written, "role") ||
	    strstr(json_string_value(role) ? json_string_value(role) : "", "/aws-service-role/"))
		return 0;
	return doc_set(request, "role", role);
}

static void settle_capacity(json_t *request)
{
	bool fargate = !strcmp(doc_string_peek(request, "launchType"), "FARGATE");
	const json_t *strategy = json_object_get(request, "capacityProviderStrategy");
	size_t i;
	json_t *item;

	if (json_array_size(strategy) > 0)
		json_object_del(request, "launchType");
	json_array_foreach (strategy, i, item)
		fargate =
		    fargate || !strncmp(doc_string_peek(item, "capacityProvider"), "FARGATE", 7);
	if (!fargate)
		json_object_del(request, "platformVersion");
}

static void settle_kind(json_t *request)
{
	json_t *tags = canon_tags(json_object_get(request, "tags"));

	if (doc_is_daemon(request)) {
		json_object_del(request, "desiredCount");
		json_object_del(request, "placementStrategy");
	}
	if (!json_object_get(request, "loadBalancers") &&
	    !json_object_get(request, "vpcLatticeConfigurations"))
		json_object_del(request, "healthCheckGracePeriodSeconds");
	if (json_array_size(tags) > 0)
		json_object_set(request, "tags", tags);
	else
		json_object_del(request, "tags");
	json_decref(tags);
}

/* Only a described document needs adapting: a request that a person wrote is sent as it is. */
static int settle_clone(json_t *request, const json_t *written)
{
	int ret = keep_role(request, written);

	settle_capacity(request);
	settle_kind(request);
	return ret;
}

int service_create_request(const json_t *written, const char *cluster, const char *name,
    json_t **ret, struct ecsfs_error *err)
{
	json_auto_t *request = NULL;
	int got = shape_check(written, shape_service, err);

	if (!got)
		got = check_clonable(written, err);
	if (!got)
		got = check_place(written, cluster, err);
	if (got)
		return got;
	if (!doc_peek(written, "taskDefinition") && !strcmp(doc_controller_peek(written), "ECS"))
		return ecsfs_error_set(err, EINVAL, NULL,
		    "the document has no taskDefinition: add \"taskDefinition\": \"FAMILY\" (its "
		    "newest "
		    "revision) or \"FAMILY:REVISION\"");
	json_auto_t *lifted = service_lifted(written);
	request = shape_request(lifted, shape_service);
	if (!request)
		return -ENOMEM;
	drop_described(request);
	if (is_described(written))
		got = settle_clone(request, written);
	json_object_set_new(request, "cluster", json_string(cluster));
	json_object_set_new(request, "serviceName", json_string(name));
	if (!got)
		got = client_token_set(request);
	if (!got)
		*ret = move_ptr(request);
	return got;
}
