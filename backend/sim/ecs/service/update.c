/* What does UpdateService take for each kind of service, and what starts a deployment? */
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/service_doc.h"
#include "backend/sim/ecs/service/service_make.h"
#include "backend/sim/ecs/service/services.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <string.h>

static bool equals(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static int refuse(struct sim_call *c, const char *message)
{
	return sim_fail(c, 400, "InvalidParameterException", "%s", message);
}

/* The members that a controller other than ECS's takes. */
static int check_controller(struct sim_call *c, const struct service *s)
{
	static const char common[] =
	    " cluster service desiredCount placementConstraints placementStrategy "
	    "healthCheckGracePeriodSeconds enableECSManagedTags propagateTags "
	    "deploymentController ";
	const char *key;
	json_t *value;

	if (equals(s->controller, "ECS"))
		return 0;
	if (doc_bool(c->in, "forceNewDeployment", false) && equals(s->controller, "CODE_DEPLOY"))
		return refuse(c,
		    "Cannot force a new deployment on services with a CODE_DEPLOY deployment "
		    "controller. Use AWS CodeDeploy to trigger a new deployment.");
	if (doc_has(c->in, "taskDefinition") && equals(s->controller, "CODE_DEPLOY"))
		return refuse(c,
		    "Unable to update task definition on services with a CODE_DEPLOY deployment "
		    "controller. Use AWS CodeDeploy to trigger a new deployment.");
	json_object_foreach ((json_t *)c->in, key, value) {
		char word[128];

		if (json_is_null(value) || json_is_false(value) ||
		    (equals(key, "deploymentConfiguration") &&
			equals(s->controller, "CODE_DEPLOY")))
			continue;
		snprintf(word, sizeof(word), " %.100s ", key);
		if (!strstr(common, word))
			return sim_fail(c, 400, "InvalidParameterException",
			    "Unable to update %s on services with a %s deployment controller.", key,
			    s->controller);
	}
	return 0;
}

static int check_daemon(struct sim_call *c, const struct service *s)
{
	if (!s->daemon)
		return 0;
	if (doc_has(c->in, "desiredCount"))
		return refuse(c,
		    "The daemon scheduling strategy does not support a desired count for "
		    "services. Remove the desired count value and try again");
	if (json_array_size(doc_get(c->in, "placementStrategy")))
		return refuse(
		    c, "The daemon scheduling strategy does not support placement strategies.");
	if (json_array_size(doc_get(c->in, "volumeConfigurations")))
		return refuse(
		    c, "The daemon scheduling strategy does not support volume configurations.");
	return 0;
}

static int check_strategy_change(struct sim_call *c, const struct service *s)
{
	const json_t *given = doc_get(c->in, "capacityProviderStrategy");
	json_t *wanted;
	bool same;

	if (!given || doc_bool(c->in, "forceNewDeployment", false))
		return 0;
	wanted = capacity_strategy(given);
	same = json_equal(wanted, doc_get(s->doc, "capacityProviderStrategy")) ||
	    (!json_array_size(wanted) && doc_has(s->doc, "launchType"));
	json_decref(wanted);
	if (same)
		return 0;
	return refuse(c,
	    "When switching from launch type to capacity provider strategy on an existing "
	    "service, or making a change to a capacity provider strategy on a service that is "
	    "already using one, you must force a new deployment.");
}

static int check_controller_change(struct sim_call *c, const struct service *s)
{
	const char *type = doc_str(doc_get(c->in, "deploymentController"), "type");
	const json_t *conf = doc_get(s->doc, "deploymentConfiguration");

	if (!type || equals(type, s->controller))
		return 0;
	if (s->deployments.count > 1 || (s->current && !deploying_ended(s->current)))
		return refuse(c,
		    "The deployment controller cannot be changed while a deployment is in "
		    "progress.");
	if (equals(type, "CODE_DEPLOY"))
		return refuse(c, "The deployment controller cannot be changed to CODE_DEPLOY.");
	if (equals(type, "EXTERNAL") && equals(s->controller, "ECS") &&
	    (doc_bool(doc_get(conf, "deploymentCircuitBreaker"), "enable", false) ||
		!equals(doc_str(conf, "strategy"), "ROLLING") ||
		doc_bool(doc_get(conf, "alarms"), "enable", false)))
		return refuse(c,
		    "A service with a deployment circuit breaker, alarms or a strategy other than "
		    "ROLLING cannot change to the EXTERNAL deployment controller.");
	return 0;
}

static int check_counts(struct sim_call *c, const struct service *s)
{
	int64_t desired = doc_int(c->in, "desiredCount", 0);

	if (desired < 0)
		return refuse(c, "Desired count can not be negative.");
	if (desired > 5000)
		return refuse(c, "The desired count exceeds the limit of 5000 tasks in a service.");
	if (doc_int(c->in, "healthCheckGracePeriodSeconds", 0) < 0)
		return refuse(c, "Health check grace period must not be negative.");
	if (doc_has(c->in, "healthCheckGracePeriodSeconds") &&
	    !json_array_size(doc_get(c->in, "loadBalancers") ?: doc_get(s->doc, "loadBalancers")))
		return refuse(c,
		    "Health check grace period is only valid for services configured to use load "
		    "balancers");
	return 0;
}

/* The service's document with what the request changes; new. */
static json_t *updated_doc(const struct service *s, const json_t *in)
{
	static const char *const plain[] = {"availabilityZoneRebalancing", "placementConstraints",
	    "placementStrategy", "healthCheckGracePeriodSeconds", "deploymentController",
	    "enableExecuteCommand", "enableECSManagedTags", "loadBalancers", "propagateTags",
	    "serviceRegistries"};
	json_t *doc = json_copy(s->doc);
	const json_t *strategy = doc_get(in, "capacityProviderStrategy");

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		doc_take(doc, in, plain[i]);
	if (doc_has(in, "deploymentConfiguration"))
		doc_put_new(doc, "deploymentConfiguration",
		    deployment_configuration(doc_get(in, "deploymentConfiguration"), s->daemon));
	if (doc_has(in, "networkConfiguration"))
		doc_put_new(doc, "networkConfiguration",
		    network_configuration(doc_get(in, "networkConfiguration")));
	if (json_array_size(strategy)) {
		json_object_del(doc, "launchType");
		doc_put_new(doc, "capacityProviderStrategy", capacity_strategy(strategy));
	} else if (strategy && doc_has(doc, "capacityProviderStrategy")) {
		json_object_del(doc, "capacityProviderStrategy");
		doc_put_str(doc, "launchType", doc_has(doc, "platformFamily") ? "FARGATE" : "EC2");
	}
	if (!json_array_size(doc_get(doc, "loadBalancers")))
		json_object_del(doc, "healthCheckGracePeriodSeconds");
	else if (!doc_has(doc, "healthCheckGracePeriodSeconds"))
		doc_put_int(doc, "healthCheckGracePeriodSeconds", 0);
	put_platform(doc, in);
	return doc;
}

/* The members that only revisions hold: the request's, else the PRIMARY's. New. */
static json_t *revision_extras(const struct service *s, const json_t *in)
{
	static const char *const keys[] = {
	    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"};
	const struct deployment *p = primary_of(s);
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (p)
			doc_take(o, p->revision->doc, keys[i]);
		doc_take(o, in, keys[i]);
		if (json_is_array(json_object_get(o, keys[i])) &&
		    !json_array_size(json_object_get(o, keys[i])))
			json_object_del(o, keys[i]);
	}
	return o;
}

/* Whether the request needs a new revision: it is forced, or a member of the revision differs. */
static bool deploys(
    const struct service *s, const struct taskdef *td, const json_t *doc, const json_t *in)
{
	const struct deployment *p = primary_of(s);

	if (!equals(s->controller, "ECS") || !p)
		return false;
	if (doc_bool(in, "forceNewDeployment", false) || td != s->taskdef)
		return true;
	return !json_equal(doc, p->revision->doc);
}

static int check(
    struct sim_call *c, const struct service *s, const struct taskdef *td, const json_t *doc)
{
	if (check_controller(c, s) < 0 || check_daemon(c, s) < 0 || check_counts(c, s) < 0 ||
	    check_strategy_change(c, s) < 0 || check_controller_change(c, s) < 0)
		return -1;
	if (sim_check_launch(c, s->cluster, td, doc) < 0 ||
	    sim_check_deployment_configuration(
		c, doc_get(doc, "deploymentConfiguration"), s->daemon) < 0)
		return -1;
	return td ? sim_check_load_balancers(c, td, doc_get(doc, "loadBalancers")) : 0;
}

static void apply(struct sim_call *c, struct service *s, struct taskdef *td, json_t *doc)
{
	json_t *extras = revision_extras(s, c->in);
	json_t *revision = revision_doc(doc, extras);

	json_decref(extras);
	json_decref(s->doc);
	s->doc = doc;
	s->controller = controller_name(doc);
	if (doc_has(c->in, "desiredCount")) {
		if (s->desired != doc_int(c->in, "desiredCount", 0))
			s->said_steady = false;
		s->desired = (int)doc_int(c->in, "desiredCount", 0);
	}
	if (deploys(s, td, revision, c->in))
		deploy(c->region, s, td, revision, c->now_ms);
	json_decref(revision);
	s->settle_after_ms = c->now_ms + sim_span(c->region, 300);
	service_unsettle(c->region, s);
}

/* The definition that the request names, else the service's own. NULL: the call has failed. */
static struct taskdef *wanted_taskdef(struct sim_call *c, const struct service *s)
{
	return doc_has(c->in, "taskDefinition") && equals(s->controller, "ECS")
	    ? sim_taskdef_usable(c)
	    : s->taskdef;
}

static int act_update_service(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct service *s = k ? sim_service(c, k, "service") : NULL;
	struct taskdef *td;
	json_t *doc;

	if (!s)
		return -1;
	if (s->status != SERVICE_ACTIVE)
		return sim_fail(c, 400, "ServiceNotActiveException", "Service was not ACTIVE.");
	td = wanted_taskdef(c, s);
	if (!td && c->status)
		return -1;
	doc = updated_doc(s, c->in);
	if (check(c, s, td, doc) < 0) {
		json_decref(doc);
		return -1;
	}
	apply(c, s, td, doc);
	doc_put_new(c->out, "service", service_render(s, true));
	return 0;
}

const struct sim_action sim_update_actions[] = {
    {"UpdateService", act_update_service},
    {0},
};
