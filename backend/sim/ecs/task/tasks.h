/*
 * How is a task made, moved from status to status, stopped and forgotten? The counts of cluster,
 * instance and revision follow from task_move() alone.
 */
#ifndef ECSFS_SIM_TASKS_H
#define ECSFS_SIM_TASKS_H

#include "backend/sim/state.h"

/* The parts of a new task; the rest has defaults. Strings with static storage stay borrowed. */
struct task_plan {
	struct cluster *cluster;
	struct service *service;
	struct revision *revision;
	struct taskdef *taskdef;
	const char *launch_type; /* static */
	const char *provider;	 /* of the region's list; NULL: none */
	struct instance *instance;
	const char *started_by, *group;
	const json_t *overrides, *tags;
	bool execute_command;
};

/* A PROVISIONING (Fargate) or PENDING task whose steps begin at `now_ms`. */
struct task *task_add(struct sim_region *r, const struct task_plan *plan, int64_t now_ms);
/* Removes the task from every list and frees it. */
void task_forget(struct sim_region *r, struct task *t);
void task_free(struct task *t);

/* Changes the status and the counts, not the times. */
void task_move(struct task *t, enum task_status status);
/*
 * Sets the desired status STOPPED; the scheduler does the rest. Does nothing where it is set
 * already.
 */
void task_stop(struct sim_region *r, struct task *t, const char *stop_code, const char *reason,
    int64_t now_ms);
/* Schedules its next step at `at_ms`. */
void task_schedule(struct sim_region *r, struct task *t, int64_t at_ms);
/* Makes it RUNNING since `at_ms` in one step, for fleets. */
void task_run_now(struct sim_region *r, struct task *t, int64_t at_ms);
/* Makes it STOPPED at `at_ms` in one step, for the history of a fleet. */
void task_end_now(struct sim_region *r, struct task *t, int64_t at_ms, const char *stop_code,
    const char *reason, int exit_code);

/* An ACTIVE instance with room; NULL: none has it. */
struct instance *instance_pick(const struct cluster *k, const struct taskdef *td);

#endif
