/* How does a service reach its desired state? One step at a time. */
#include "backend/sim/ecs/service/rollout.h"

#include "backend/base/buf.h"
#include "backend/base/cleanup.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/bluegreen.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/task/place.h"
#include "backend/sim/ecs/task/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 10 /* most tasks started or stopped in one step */

static int percent_up(int n, int64_t percent)
{
	return (int)(((int64_t)n * percent + 99) / 100);
}

static const json_t *configuration(const struct service *s)
{
	return doc_get(s->doc, "deploymentConfiguration");
}

char *task_names(struct task *const *tasks, size_t count)
{
	struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < count && i < 10; i++)
		buf_addf(&text, "%s(task %s)", i ? " " : "", tasks[i]->id);
	return buf_detach(&text, NULL);
}

static void tell_tasks(struct sim_region *r, struct service *s, const char *verb,
    struct task *const *tasks, size_t count, int64_t now_ms)
{
	auto_free char *names = task_names(tasks, count);

	service_event(r, s, now_ms, "(service %s) has %s %zu %stasks: %s.", s->name, verb, count,
	    strcmp(verb, "stopped") == 0 ? "running " : "", names);
}

static void tell_unplaced(struct sim_region *r, struct service *s, int64_t now_ms)
{
	if (!s->said_unplaced)
		service_event(r, s, now_ms,
		    "(service %s) was unable to place a task because no container instance met all "
		    "of "
		    "its requirements. Reason: No Container Instances were found in your cluster "
		    "with "
		    "enough resources. For more information, see the Troubleshooting section of "
		    "the "
		    "Amazon ECS Developer Guide.",
		    s->name);
	s->said_unplaced = true;
}

static struct task *start_one(struct sim_region *r, struct service *s, struct deployment *d,
    struct instance *instance, int64_t now_ms)
{
	struct revision *v = d->revision;
	struct task_plan plan = {.cluster = s->cluster,
	    .service = s,
	    .revision = v,
	    .taskdef = v->taskdef,
	    .instance = instance};

	if (v->taskdef->no_capacity ||
	    !place(r, &plan, v->doc, (unsigned)(v->pending + v->running)))
		return NULL;
	plan.execute_command = doc_bool(s->doc, "enableExecuteCommand", false);
	if (!strcmp(doc_str(s->doc, "propagateTags") ?: "NONE", "SERVICE"))
		plan.tags = s->tags;
	else if (!strcmp(doc_str(s->doc, "propagateTags") ?: "NONE", "TASK_DEFINITION"))
		plan.tags = v->taskdef->tags;
	return task_add(r, &plan, now_ms);
}

/* Starts up to `n` tasks of the deployment. */
static void start_tasks(
    struct sim_region *r, struct service *s, struct deployment *d, int n, int64_t now_ms)
{
	struct task *started[BATCH];
	int count = 0;

	while (count < n && count < BATCH) {
		struct task *t = start_one(r, s, d, NULL, now_ms);

		if (!t) {
			tell_unplaced(r, s, now_ms);
			d->hold_ms = now_ms + sim_span(r, 5000);
			break;
		}
		started[count++] = t;
	}
	if (!count)
		return;
	s->said_steady = s->said_unplaced = false;
	tell_tasks(r, s, "started", started, (size_t)count, now_ms);
	if (n > count)
		d->hold_ms = now_ms + sim_span(r, 1000);
}

static bool may_stop(const struct task *t, int64_t now_ms)
{
	return !t->stop && t->protected_ms <= now_ms;
}

/* Stops up to `n` tasks of `v`: those that do not run yet first, then the newest. */
static int stop_tasks(
    struct sim_region *r, struct service *s, const struct revision *v, int n, int64_t now_ms)
{
	struct task *stopped[BATCH];
	int count = 0;
	char reason[128];

	snprintf(reason, sizeof(reason), "Scaling activity initiated by (deployment ecs-svc/%s)",
	    primary_of(s)->revision->number);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = s->tasks.count; i > 0 && count < n && count < BATCH; i--) {
			struct task *t = s->tasks.items[i - 1];

			if (t->revision != v || !may_stop(t, now_ms) ||
			    (pass == 0 && t->status == TASK_RUNNING))
				continue;
			task_stop(r, t, "ServiceSchedulerInitiated", reason, now_ms);
			stopped[count++] = t;
		}
	}
	if (!count)
		return 0;
	s->said_steady = false;
	tell_tasks(r, s, "stopped", stopped, (size_t)count, now_ms);
	return count;
}

struct totals {
	int pending, running, draining;
};

static struct totals totals_of(const struct service *s)
{
	struct totals t = {0};

	for (size_t i = 0; i < s->deployments.count; i++) {
		const struct revision *v = ((struct deployment *)s->deployments.items[i])->revision;

		t.pending += v->pending;
		t.running += v->running;
		t.draining += v->draining;
	}
	return t;
}

static void start_missing(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct deployment *p = primary_of(s);
	struct totals all = totals_of(s);
	int64_t percent = doc_int(configuration(s), "maximumPercent", 200);
	int room = (int)((int64_t)s->desired * percent / 100) - all.running - all.pending;
	int need = s->desired - p->revision->running - p->revision->pending;

	if (p->rollout == ROLLOUT_FAILED || now_ms < p->hold_ms || !p->revision->taskdef)
		return;
	if (need > 0 && room > 0)
		start_tasks(r, s, p, need < room ? need : room, now_ms);
}

static void drain_old(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct totals all = totals_of(s);
	int least = percent_up(s->desired, doc_int(configuration(s), "minimumHealthyPercent", 100));
	int spare = all.running - least;

	if (primary_of(s)->rollout == ROLLOUT_FAILED)
		return;
	for (size_t i = s->deployments.count; i > 1; i--) {
		const struct revision *v =
		    ((struct deployment *)s->deployments.items[i - 1])->revision;
		int running = spare < v->running ? spare : v->running;

		if (v->pending + (running > 0 ? running : 0) > 0)
			spare -=
			    stop_tasks(r, s, v, v->pending + (running > 0 ? running : 0), now_ms);
	}
}

static void stop_excess(struct sim_region *r, struct service *s, int64_t now_ms)
{
	const struct revision *v = primary_of(s)->revision;
	int excess = v->running + v->pending - s->desired;

	if (excess > 0)
		stop_tasks(r, s, v, excess, now_ms);
}

/* The task of a DAEMON service on one instance whose desired status is RUNNING. */
static struct task *daemon_task_on(const struct service *s, const struct instance *n)
{
	for (size_t i = 0; i < s->tasks.count; i++) {
		struct task *t = s->tasks.items[i];

		if (t->instance == n && !t->stop)
			return t;
	}
	return NULL;
}

/* One task of the PRIMARY revision on every ACTIVE instance; an old task is stopped first. */
static void place_daemons(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct deployment *p = primary_of(s);
	bool ends = s->status != SERVICE_ACTIVE;

	s->desired = 0;
	for (size_t i = 0; i < s->cluster->instances.count; i++) {
		struct instance *n = s->cluster->instances.items[i];
		struct task *t = daemon_task_on(s, n);
		bool wanted = !n->draining && !ends;

		s->desired += wanted;
		if (t && (!wanted || t->revision != p->revision)) {
			task_stop(r, t, "ServiceSchedulerInitiated",
			    "Task of a daemon service replaced", now_ms);
			tell_tasks(r, s, "stopped", &t, 1, now_ms);
			s->said_steady = false;
		} else if (!t && wanted && now_ms >= p->hold_ms && p->rollout != ROLLOUT_FAILED) {
			t = start_one(r, s, p, n, now_ms);
			if (t)
				tell_tasks(r, s, "started", &t, 1, now_ms);
			s->said_steady = false;
		}
	}
}

static int breaker_threshold(const struct service *s)
{
	int half = (s->desired + 1) / 2;

	return half < 3 ? 3 : half > 200 ? 200 : half;
}

static void check_breaker(struct sim_region *r, struct service *s, int64_t now_ms)
{
	static const char reason[] = "ECS deployment circuit breaker: tasks failed to start.";
	const json_t *breaker = doc_get(configuration(s), "deploymentCircuitBreaker");
	struct deployment *p = primary_of(s);
	struct service_deployment *d = s->current;

	if (!doc_bool(breaker, "enable", false) || p->rollout != ROLLOUT_IN_PROGRESS || !d ||
	    p->failed < breaker_threshold(s))
		return;
	d->breaker_triggered = true;
	d->failed = p->failed;
	service_event(r, s, now_ms,
	    "(service %s) (deployment ecs-svc/%s) deployment failed: tasks failed to start.",
	    s->name, p->revision->number);
	if (doc_bool(breaker, "rollback", false) && !p->rolling_back) {
		roll_back(r, s, reason, now_ms);
		return;
	}
	p->rollout = ROLLOUT_FAILED;
	p->updated_ms = now_ms;
	snprintf(p->reason, sizeof(p->reason), "%s", reason);
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	deploying_set(d, p->rolling_back ? DEPLOYING_ROLLBACK_FAILED : DEPLOYING_STOPPED, now_ms);
}

/* StopServiceDeployment requested it. */
static void check_rollback_request(struct sim_region *r, struct service *s, int64_t now_ms)
{
	if (s->current && s->current->status == DEPLOYING_ROLLBACK_REQUESTED)
		roll_back(r, s, "Service deployment rolled back at the user's request.", now_ms);
}

static void finish_superseded(struct service *s, int64_t now_ms)
{
	for (size_t i = s->service_deployments.count; i > 0; i--) {
		struct service_deployment *d = s->service_deployments.items[i - 1];

		if (d->status == DEPLOYING_STOP_REQUESTED && d != s->current)
			deploying_set(d, DEPLOYING_STOPPED, now_ms);
	}
	if (s->current && s->current->status == DEPLOYING_PENDING)
		deploying_set(s->current, DEPLOYING_IN_PROGRESS, now_ms);
}

/* Removes replaced deployments that have no task left. */
void deployments_drop_old(struct service *s)
{
	while (s->deployments.count > 1) {
		free(s->deployments.items[s->deployments.count - 1]);
		s->deployments.count--;
	}
}

static void complete(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct deployment *p = primary_of(s);
	struct service_deployment *d = s->current;

	if (p->rollout != ROLLOUT_IN_PROGRESS)
		return;
	p->rollout = ROLLOUT_COMPLETED;
	p->was_completed = true;
	p->failed = 0;
	p->updated_ms = now_ms;
	snprintf(p->reason, sizeof(p->reason), "ECS deployment ecs-svc/%s completed.",
	    p->revision->number);
	service_event(r, s, now_ms, "(service %s) (deployment ecs-svc/%s) deployment completed.",
	    s->name, p->revision->number);
	if (d && !deploying_ended(d))
		deploying_set(d,
		    p->rolling_back ? DEPLOYING_ROLLBACK_SUCCESSFUL : DEPLOYING_SUCCESSFUL, now_ms);
	p->rolling_back = false;
}

static void end_service(struct service *s)
{
	deployments_drop_old(s);
	free(s->deployments.items[0]);
	s->deployments.count = 0;
	s->status = SERVICE_INACTIVE;
}

static bool is_steady(const struct service *s, const struct totals *all)
{
	const struct revision *v = primary_of(s)->revision;

	return v->running == s->desired && all->running == v->running && all->pending == 0 &&
	    all->draining == 0;
}

static bool settle(struct sim_region *r, struct service *s, int64_t now_ms)
{
	struct totals all = totals_of(s);
	struct deployment *p = primary_of(s);

	if (s->status == SERVICE_DRAINING) {
		if (all.running + all.pending + all.draining > 0)
			return false;
		end_service(s);
		return true;
	}
	if (p->rollout == ROLLOUT_FAILED)
		return all.pending + all.draining == 0;
	if (!is_steady(s, &all))
		return false;
	complete(r, s, now_ms);
	deployments_drop_old(s);
	if (!s->said_steady)
		service_event(r, s, now_ms, "(service %s) has reached a steady state.", s->name);
	s->said_steady = true;
	return true;
}

bool service_reconcile(struct sim_region *r, struct service *s, int64_t now_ms)
{
	bool held;

	if (s->status == SERVICE_INACTIVE)
		return true;
	if (now_ms < s->settle_after_ms)
		return false;
	if (!primary_of(s)) {
		if (s->status == SERVICE_DRAINING)
			s->status = SERVICE_INACTIVE;
		return true;
	}
	finish_superseded(s, now_ms);
	check_rollback_request(r, s, now_ms);
	check_breaker(r, s, now_ms);
	held = s->status == SERVICE_ACTIVE && strategy_has_stages(s) && !stages_step(r, s, now_ms);
	if (s->daemon) {
		place_daemons(r, s, now_ms);
	} else {
		start_missing(r, s, now_ms);
		stop_excess(r, s, now_ms);
	}
	if (held)
		return false;
	drain_old(r, s, now_ms);
	return settle(r, s, now_ms);
}

static struct deployment *deployment_of(const struct service *s, const struct revision *v)
{
	for (size_t i = 0; i < s->deployments.count; i++) {
		struct deployment *d = s->deployments.items[i];

		if (d->revision == v)
			return d;
	}
	return NULL;
}

void service_task_failed(struct sim_region *r, struct revision *v, int64_t now_ms)
{
	struct service *s = v->service;
	struct deployment *d = deployment_of(s, v);

	if (!d)
		return;
	d->failed++;
	d->updated_ms = now_ms;
	d->hold_ms = now_ms + sim_span(r, 1000 * (d->failed < 10 ? d->failed : 10));
	if (d->failed == 3)
		service_event(r, s, now_ms,
		    "(service %s) is unable to consistently start tasks successfully. For more "
		    "information, see the Troubleshooting section of the Amazon ECS Developer "
		    "Guide.",
		    s->name);
	s->said_steady = false;
	service_unsettle(r, s);
}

void service_task_runs(struct sim_region *r, struct revision *v)
{
	service_unsettle(r, v->service);
}
