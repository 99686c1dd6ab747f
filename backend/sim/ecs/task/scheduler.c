/* What happens as time passes? Tasks take their steps, then services and the region theirs. */
#include "backend/sim/ecs/task/scheduler.h"

#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/service/rollout.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/logs/lines.h"

#include <stdlib.h>
#include <string.h>

static bool has_load_balancer(const struct task *t)
{
	return t->revision && json_array_size(doc_get(t->revision->doc, "loadBalancers")) > 0;
}

static void stopped(struct sim_region *r, struct task *t, int64_t now_ms)
{
	task_move(t, TASK_STOPPED);
	t->stopped_ms = now_ms;
	TAILQ_REMOVE(&r->moving, t, link);
	t->moving = false;
	TAILQ_INSERT_TAIL(&r->stopped, t, link);
	if (t->service)
		service_unsettle(r, t->service);
}

/* A container cannot start: the task never runs. */
static void fail_start(struct sim_region *r, struct task *t, int64_t now_ms)
{
	const json_t *definition = json_array_get(
	    doc_get(t->taskdef->doc, "containerDefinitions"), (size_t)t->taskdef->fated);
	const char *image = doc_str(definition, "image");

	t->container_reason = sim_format(
	    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
	    "resolve ref %s: not found",
	    image);
	t->pulled_ms = 0;
	task_stop(r, t, "TaskFailedToStart", t->container_reason, now_ms);
	t->ended_ms = now_ms;
	if (t->revision)
		service_task_failed(r, t->revision, now_ms);
}

static void tell_targets(struct sim_region *r, struct task *t, const char *verb, int64_t now_ms)
{
	const json_t *first = json_array_get(doc_get(t->revision->doc, "loadBalancers"), 0);
	const char *group = doc_str(first, "targetGroupArn");

	if (group)
		service_event(r, t->service, now_ms,
		    "(service %s) %s 1 targets in (target-group %s)", t->service->name, verb,
		    group);
}

static void now_running(struct sim_region *r, struct task *t, int64_t now_ms)
{
	task_move(t, TASK_RUNNING);
	if (!t->started_ms)
		t->started_ms = now_ms;
	if (has_load_balancer(t))
		tell_targets(r, t, "registered", now_ms);
	if (t->revision)
		service_task_runs(r, t->revision);
	task_log_start(r, t, now_ms);
	if (t->taskdef->fate == FATE_CRASHES || t->taskdef->fate == FATE_ENDS) {
		task_schedule(
		    r, t, now_ms + sim_span(r, t->taskdef->fate == FATE_ENDS ? 8000 : 2500));
		return;
	}
	TAILQ_REMOVE(&r->moving, t, link);
	t->moving = false;
}

/* The container that the task's fate names ends by itself. */
static void ends_by_itself(struct sim_region *r, struct task *t, int64_t now_ms)
{
	t->has_exit = true;
	t->exit_code = t->taskdef->fate == FATE_ENDS ? 0 : 1;
	task_stop(r, t, "EssentialContainerExited", "Essential container in task exited", now_ms);
	if (t->revision)
		service_task_failed(r, t->revision, now_ms);
}

static void step_up(struct sim_region *r, struct task *t, int64_t now_ms)
{
	switch (t->status) {
	case TASK_PROVISIONING:
		task_move(t, TASK_PENDING);
		t->pull_ms = now_ms;
		task_schedule(r, t, now_ms + sim_span(r, 2000));
		break;
	case TASK_PENDING:
		t->pull_ms = t->pull_ms ? t->pull_ms : now_ms;
		if (t->taskdef->fate == FATE_CANNOT_PULL) {
			fail_start(r, t, now_ms);
			break;
		}
		t->pulled_ms = now_ms;
		t->started_ms = now_ms;
		if (!has_load_balancer(t)) {
			now_running(r, t, now_ms);
			break;
		}
		task_move(t, TASK_ACTIVATING);
		task_schedule(r, t, now_ms + sim_span(r, 700));
		break;
	case TASK_ACTIVATING:
		now_running(r, t, now_ms);
		break;
	default:
		ends_by_itself(r, t, now_ms);
		break;
	}
}

static void begin_stop(struct sim_region *r, struct task *t, int64_t now_ms)
{
	bool ran = t->status == TASK_RUNNING;

	if (ran && has_load_balancer(t)) {
		tell_targets(r, t, "deregistered", now_ms);
		service_event(r, t->service, now_ms,
		    "(service %s) has begun draining connections on 1 tasks.", t->service->name);
		task_move(t, TASK_DEACTIVATING);
		task_schedule(r, t, now_ms + sim_span(r, 1500));
		return;
	}
	if (ran)
		task_log_stop(r, t, now_ms);
	task_move(t, ran ? TASK_STOPPING : TASK_DEPROVISIONING);
	task_schedule(r, t, now_ms + sim_span(r, 1000));
}

static void step_down(struct sim_region *r, struct task *t, int64_t now_ms)
{
	switch (t->status) {
	case TASK_DEACTIVATING:
		task_log_stop(r, t, now_ms);
		task_move(t, TASK_STOPPING);
		task_schedule(r, t, now_ms + sim_span(r, 1000));
		break;
	case TASK_STOPPING:
		t->ended_ms = now_ms;
		if (!t->has_exit)
			t->exit_code = 143;
		t->has_exit = true;
		task_move(t, TASK_DEPROVISIONING);
		task_schedule(r, t, now_ms + sim_span(r, 800));
		break;
	case TASK_DEPROVISIONING:
		stopped(r, t, now_ms);
		break;
	default:
		begin_stop(r, t, now_ms);
		break;
	}
}

void task_step(struct sim_region *r, struct task *t, int64_t now_ms)
{
	if (t->stop)
		step_down(r, t, now_ms);
	else
		step_up(r, t, now_ms);
}

static void step_tasks(struct sim_region *r, int64_t now_ms)
{
	struct task *t, *next;

	for (t = TAILQ_FIRST(&r->moving); t; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->next_ms <= now_ms)
			task_step(r, t, now_ms);
	}
}

static void step_services(struct sim_region *r, int64_t now_ms)
{
	struct service *s, *next;

	for (s = TAILQ_FIRST(&r->unsettled); s; s = next) {
		next = TAILQ_NEXT(s, link);
		if (!service_reconcile(r, s, now_ms))
			continue;
		TAILQ_REMOVE(&r->unsettled, s, link);
		s->unsettled = false;
	}
}

void region_step(struct sim_region *r, int64_t now_ms)
{
	struct task *t;

	step_tasks(r, now_ms);
	step_services(r, now_ms);
	while ((t = TAILQ_FIRST(&r->stopped)) && t->stopped_ms + SIM_TASK_MEMORY_MS < now_ms)
		task_forget(r, t);
	TAILQ_FOREACH (t, &r->logging, log_link)
		task_log_chatter(r, t, now_ms);
}
