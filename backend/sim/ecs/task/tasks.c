/*
 * When do a task's counts change? Only in task_move(), which takes it out of every count of its old
 * status and adds it to those of the new one.
 */
#include "backend/sim/ecs/task/tasks.h"

#include "backend/sim/doc.h"

#include <stdlib.h>
#include <string.h>

static int *count_of(struct task *t, int *pending, int *running, int *draining)
{
	if (t->status == TASK_STOPPED)
		return NULL;
	if (t->stop)
		return draining;
	return t->status == TASK_RUNNING ? running : pending;
}

/* Adds `n` (1 or -1) to every count that the task is in. */
static void count_task(struct task *t, int n)
{
	int none = 0;
	struct cluster *k = t->cluster;
	int *of;

	if (t->revision) {
		struct revision *v = t->revision;

		of = count_of(t, &v->pending, &v->running, &v->draining);
		if (of)
			*of += n;
	}
	of = t->status == TASK_RUNNING ? &k->running
	    : t->status < TASK_RUNNING ? &k->pending
				       : &none;
	*of += n;
	if (!t->instance || t->status == TASK_STOPPED)
		return;
	if (t->status <= TASK_RUNNING)
		*(t->status == TASK_RUNNING ? &t->instance->running : &t->instance->pending) += n;
	t->instance->used_cpu += n * t->taskdef->cpu;
	t->instance->used_memory += n * t->taskdef->memory;
}

void task_move(struct task *t, enum task_status status)
{
	count_task(t, -1);
	t->status = status;
	t->version++;
	count_task(t, 1);
}

static uint32_t next_address(struct sim_region *r)
{
	return (10u << 24) | (uint32_t)(256 + r->seq % 65000);
}

struct task *task_add(struct sim_region *r, const struct task_plan *plan, int64_t now_ms)
{
	struct task *t = sim_alloc(sizeof(*t));

	t->seq = ++r->seq;
	sim_random_hex(r, t->id, 32);
	t->cluster = plan->cluster;
	t->service = plan->service;
	t->revision = plan->revision;
	t->taskdef = plan->taskdef;
	t->instance = plan->instance;
	t->launch_type = plan->launch_type;
	t->provider = plan->provider ? sim_strdup(plan->provider) : NULL;
	t->started_by = plan->started_by ? sim_strdup(plan->started_by) : NULL;
	t->group = plan->group ? sim_strdup(plan->group) : NULL;
	t->overrides = json_incref((json_t *)plan->overrides);
	t->tags = json_incref((json_t *)plan->tags);
	t->execute_command = plan->execute_command;
	t->created_ms = now_ms;
	t->version = 1;
	t->status = plan->instance && !plan->taskdef->awsvpc ? TASK_PENDING : TASK_PROVISIONING;
	if (plan->taskdef->awsvpc)
		t->address = next_address(r);
	count_task(t, 1);
	vec_push(&t->cluster->tasks, t);
	if (t->service)
		vec_push(&t->service->tasks, t);
	map_put(&r->task_ids, t->id, t);
	task_schedule(r, t, now_ms + sim_span(r, 1500));
	return t;
}

void task_free(struct task *t)
{
	free(t->started_by);
	free(t->group);
	free(t->provider);
	free(t->stopped_reason);
	free(t->container_reason);
	json_decref(t->overrides);
	json_decref(t->tags);
	free(t);
}

/* The task's index in a list sorted by seq. */
static size_t index_of(const struct vec *v, const struct task *t)
{
	size_t low = 0, high = v->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (((struct task *)v->items[mid])->seq < t->seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void task_forget(struct sim_region *r, struct task *t)
{
	if (t->status != TASK_STOPPED)
		return;
	TAILQ_REMOVE(&r->stopped, t, link);
	vec_remove(&t->cluster->tasks, index_of(&t->cluster->tasks, t));
	if (t->service)
		vec_remove(&t->service->tasks, index_of(&t->service->tasks, t));
	map_remove(&r->task_ids, t->id);
	task_free(t);
}

void task_schedule(struct sim_region *r, struct task *t, int64_t at_ms)
{
	t->next_ms = at_ms;
	if (t->moving)
		return;
	t->moving = true;
	TAILQ_INSERT_TAIL(&r->moving, t, link);
}

void task_stop(
    struct sim_region *r, struct task *t, const char *stop_code, const char *reason, int64_t now_ms)
{
	if (t->stop)
		return;
	count_task(t, -1);
	t->stop = true;
	t->version++;
	count_task(t, 1);
	t->stop_code = stop_code;
	t->stopped_reason = sim_strdup(reason);
	t->stopping_ms = now_ms;
	json_decref(t->tags);
	t->tags = NULL;
	task_schedule(r, t, now_ms + sim_span(r, 300));
}

static void unschedule(struct sim_region *r, struct task *t)
{
	if (t->moving)
		TAILQ_REMOVE(&r->moving, t, link);
	t->moving = false;
}

void task_run_now(struct sim_region *r, struct task *t, int64_t at_ms)
{
	unschedule(r, t);
	t->created_ms = at_ms - 35000;
	t->pull_ms = at_ms - 20000;
	t->pulled_ms = at_ms - 8000;
	t->started_ms = at_ms;
	task_move(t, TASK_RUNNING);
	t->version = 4;
}

void task_end_now(struct sim_region *r, struct task *t, int64_t at_ms, const char *stop_code,
    const char *reason, int exit_code)
{
	task_run_now(r, t, at_ms - 600000);
	task_stop(r, t, stop_code, reason, at_ms - 12000);
	unschedule(r, t);
	t->ended_ms = at_ms - 3000;
	t->stopped_ms = at_ms;
	t->exit_code = exit_code;
	t->has_exit = true;
	task_move(t, TASK_STOPPED);
	t->version = 7;
	TAILQ_INSERT_TAIL(&r->stopped, t, link);
}

struct instance *instance_pick(const struct cluster *k, const struct taskdef *td)
{
	struct instance *best = NULL;

	for (size_t i = 0; i < k->instances.count; i++) {
		struct instance *n = k->instances.items[i];

		if (n->draining || n->cpu - n->used_cpu < td->cpu ||
		    n->memory - n->used_memory < td->memory)
			continue;
		if (!best || n->used_memory < best->used_memory)
			best = n;
	}
	return best;
}
