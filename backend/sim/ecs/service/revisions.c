/* How are service revisions and service deployments made, superseded and rolled back? */
#include "backend/sim/ecs/service/revisions.h"

#include "backend/sim/doc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The members of a service's document that make a revision. NULL-ended. */
static const char *const revision_members[] = {"capacityProviderStrategy", "launchType",
    "platformVersion", "platformFamily", "loadBalancers", "serviceRegistries",
    "networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations",
    "vpcLatticeConfigurations", NULL};

static const char *const deploying_names[] = {"PENDING", "IN_PROGRESS", "STOP_REQUESTED",
    "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED"};

const char *deploying_name(enum deploying d)
{
	return deploying_names[d];
}

void deploying_set(struct service_deployment *d, enum deploying status, int64_t now_ms)
{
	d->status = status;
	d->updated_ms = now_ms;
	if (status == DEPLOYING_IN_PROGRESS && !d->started_ms)
		d->started_ms = now_ms;
	if (status == DEPLOYING_STOPPED)
		d->stopped_ms = now_ms;
	if (status >= DEPLOYING_SUCCESSFUL)
		d->finished_ms = now_ms;
}

json_t *revision_doc(const json_t *service, const json_t *request)
{
	static const char *const only[] = {
	    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"};
	json_t *doc = json_object();

	for (int i = 0; revision_members[i]; i++)
		doc_take(doc, service, revision_members[i]);
	for (size_t i = 0; i < sizeof(only) / sizeof(*only); i++)
		doc_take(doc, request, only[i]);
	if (doc_has(doc, "platformVersion"))
		doc_put_str(doc, "platformVersion", "1.4.0");
	return doc;
}

static struct revision *revision_add(
    struct sim_region *r, struct service *s, struct taskdef *td, const json_t *doc, int64_t now_ms)
{
	struct revision *v = sim_alloc(sizeof(*v));

	v->seq = ++r->seq;
	snprintf(v->number, sizeof(v->number), "%019" PRIu64,
	    1000000000000000000u + sim_random(r) % 8000000000000000000u);
	v->arn = sim_arn(r, "service-revision", "%s/%s/%s", s->cluster->name, s->name, v->number);
	v->service = s;
	v->taskdef = td;
	v->doc = json_incref((json_t *)doc);
	v->created_ms = now_ms;
	vec_push(&s->revisions, v);
	return v;
}

static void deployment_id(struct sim_region *r, char ret[24])
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (int i = 0; i < 21; i++)
		ret[i] = letters[sim_random(r) % (i == 0 ? 52 : 64)];
	ret[21] = '\0';
}

static struct service_deployment *service_deployment_add(
    struct sim_region *r, struct service *s, struct revision *target, int64_t now_ms)
{
	struct service_deployment *d = sim_alloc(sizeof(*d));

	d->seq = ++r->seq;
	deployment_id(r, d->id);
	d->arn = sim_arn(r, "service-deployment", "%s/%s/%s", s->cluster->name, s->name, d->id);
	d->service = s;
	d->target = target;
	d->stage = d->hook_stage = -1;
	d->created_ms = d->updated_ms = now_ms;
	d->configuration = json_incref(doc_get(s->doc, "deploymentConfiguration"));
	for (size_t i = 0; i < s->deployments.count; i++) {
		const struct deployment *old = s->deployments.items[i];

		if (old->revision != target)
			vec_push(&d->sources, old->revision);
	}
	vec_push(&s->service_deployments, d);
	s->current = d;
	return d;
}

/* A newer deployment ends the one in progress. */
static void supersede(struct service *s, int64_t now_ms)
{
	struct service_deployment *d = s->current;

	if (!d || deploying_ended(d))
		return;
	deploying_set(d, DEPLOYING_STOP_REQUESTED, now_ms);
	snprintf(d->reason, sizeof(d->reason), "Service deployment superseded by a newer one.");
}

static void progress_reason(struct deployment *d)
{
	snprintf(d->reason, sizeof(d->reason), "ECS deployment ecs-svc/%s in progress.",
	    d->revision->number);
}

void deploy(
    struct sim_region *r, struct service *s, struct taskdef *td, const json_t *doc, int64_t now_ms)
{
	struct deployment *d = sim_alloc(sizeof(*d));

	supersede(s, now_ms);
	s->taskdef = td;
	d->revision = revision_add(r, s, td, doc, now_ms);
	d->created_ms = d->updated_ms = now_ms;
	progress_reason(d);
	service_deployment_add(r, s, d->revision, now_ms);
	vec_insert(&s->deployments, 0, d);
	s->said_steady = false;
	service_unsettle(r, s);
}

void deploy_settled(struct service *s, int64_t now_ms)
{
	struct deployment *d = primary_of(s);

	d->rollout = ROLLOUT_COMPLETED;
	d->was_completed = true;
	snprintf(d->reason, sizeof(d->reason), "ECS deployment ecs-svc/%s completed.",
	    d->revision->number);
	d->updated_ms = now_ms;
	if (s->current)
		deploying_set(s->current, DEPLOYING_SUCCESSFUL, now_ms);
	s->said_steady = true;
}

/* The newest deployment, still listed or not, whose revision was reached before. */
static struct deployment *last_reached(const struct service *s)
{
	for (size_t i = 1; i < s->deployments.count; i++) {
		struct deployment *d = s->deployments.items[i];

		if (d->was_completed)
			return d;
	}
	return NULL;
}

/* The old deployment becomes PRIMARY again, under its old id. */
static void reinstate(struct service *s, struct deployment *old, int64_t now_ms)
{
	vec_drop(&s->deployments, old);
	vec_insert(&s->deployments, 0, old);
	old->rollout = ROLLOUT_IN_PROGRESS;
	old->rolling_back = true;
	old->failed = 0;
	old->hold_ms = 0;
	old->updated_ms = now_ms;
	s->taskdef = old->revision->taskdef;
	snprintf(old->reason, sizeof(old->reason), "ECS deployment ecs-svc/%s in progress.",
	    old->revision->number);
	s->said_steady = false;
}

/* The service's own members follow the revision that it goes back to. */
static void restore_doc(struct service *s, const struct revision *v)
{
	json_t *doc = json_copy(s->doc);

	for (int i = 0; revision_members[i]; i++) {
		const char *key = revision_members[i];

		if (strcmp(key, "platformVersion") == 0)
			continue;
		json_object_del(doc, key);
		doc_take(doc, v->doc, key);
	}
	json_decref(s->doc);
	s->doc = doc;
}

void roll_back(struct sim_region *r, struct service *s, const char *reason, int64_t now_ms)
{
	struct deployment *failed = primary_of(s);
	struct deployment *old = last_reached(s);
	struct service_deployment *d = s->current;

	failed->updated_ms = now_ms;
	snprintf(d->rollback_reason, sizeof(d->rollback_reason), "%s", reason);
	if (!old) {
		failed->rollout = ROLLOUT_FAILED;
		snprintf(failed->reason, sizeof(failed->reason),
		    "%s No rollback candidate was found to run the rollback.", reason);
		snprintf(d->reason, sizeof(d->reason), "%s", failed->reason);
		deploying_set(d, DEPLOYING_ROLLBACK_FAILED, now_ms);
		return;
	}
	failed->rollout = ROLLOUT_FAILED;
	snprintf(failed->reason, sizeof(failed->reason), "%s", reason);
	d->rollback_to = old->revision;
	d->rollback_ms = now_ms;
	d->hook_id[0] = '\0';
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	deploying_set(d, DEPLOYING_ROLLBACK_IN_PROGRESS, now_ms);
	service_event(r, s, now_ms, "(service %s) rolling back to deploymentId ecs-svc/%s.",
	    s->name, old->revision->number);
	reinstate(s, old, now_ms);
	restore_doc(s, old->revision);
	snprintf(old->reason, sizeof(old->reason), "%s Rolling back to deploymentId ecs-svc/%s.",
	    reason, old->revision->number);
	service_unsettle(r, s);
}

void service_event(struct sim_region *r, struct service *s, int64_t now_ms, const char *fmt, ...)
{
	struct service_event *e = &s->events[s->event_count++ % SIM_MAX_EVENTS];
	va_list ap;

	free(e->message);
	va_start(ap, fmt);
	if (vasprintf(&e->message, fmt, ap) < 0)
		sim_oom();
	va_end(ap);
	e->created_ms = now_ms;
	sim_random_uuid(r, e->id);
}

void service_unsettle(struct sim_region *r, struct service *s)
{
	if (s->unsettled)
		return;
	s->unsettled = true;
	TAILQ_INSERT_TAIL(&r->unsettled, s, link);
}
