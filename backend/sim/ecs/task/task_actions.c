/* How are tasks listed, described, stopped and protected? Running them is in run.c. */
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/revisions.h"
#include "backend/sim/ecs/task/task_doc.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/page.h"
#include "backend/sim/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task_filter {
	const char *started_by, *family, *launch_type;
	const struct instance *instance;
	bool stop, none;
};

static bool started_by(const struct task *t, const char *who)
{
	if (t->revision && strncmp(who, "ecs-svc/", 8) == 0)
		return strcmp(t->revision->number, who + 8) == 0;
	return t->started_by && strcmp(t->started_by, who) == 0;
}

static bool matches(const struct task_filter *f, const struct task *t)
{
	return t->stop == f->stop && (!f->started_by || started_by(t, f->started_by)) &&
	    (!f->family || strcmp(t->taskdef->family->name, f->family) == 0) &&
	    (!f->launch_type || strcmp(t->launch_type, f->launch_type) == 0) &&
	    (!f->instance || t->instance == f->instance);
}

/* Reads the filters; fails the call where AWS refuses them. */
static int read_filter(struct sim_call *c, struct cluster *k, struct task_filter *f)
{
	const char *desired = doc_str(c->in, "desiredStatus");
	const char *instance = doc_str(c->in, "containerInstance");

	*f = (struct task_filter){.started_by = doc_str(c->in, "startedBy"),
	    .family = doc_str(c->in, "family"),
	    .launch_type = doc_str(c->in, "launchType"),
	    .stop = desired && strcmp(desired, "STOPPED") == 0,
	    .none = desired && strcmp(desired, "PENDING") == 0};
	if (f->started_by && (f->family || instance || doc_has(c->in, "serviceName")))
		return sim_fail(c, 400, "InvalidParameterException",
		    "startedBy cannot be combined with another filter.");
	if (instance) {
		f->instance = sim_instance_find(c->region, k, instance);
		if (!f->instance)
			return sim_fail(c, 400, "InvalidParameterException",
			    "The specified container instance was not found.");
	}
	return 0;
}

static int act_list_tasks(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const struct vec *tasks;
	struct task_filter f;
	struct service *s;
	struct page p;

	if (!k || read_filter(c, k, &f) < 0)
		return -1;
	tasks = &k->tasks;
	if (doc_has(c->in, "serviceName")) {
		s = sim_service(c, k, "serviceName");
		if (!s)
			return -1;
		tasks = &s->tasks;
	}
	if (page_open(&p, c, 100, 100) < 0)
		return -1;
	for (size_t i = 0; !f.none && i < tasks->count; i++) {
		const struct task *t = tasks->items[i];

		if (t->seq > p.after && matches(&f, t) &&
		    !page_add(&p, t->seq, task_arn(c->region, t)))
			break;
	}
	return page_close(&p, "taskArns");
}

/* 32 hex digits, or a UUID with its dashes. */
static int check_task_id(struct sim_call *c, const char *text)
{
	const char *id = sim_last_part(text);
	size_t len = strlen(id);

	if (len != 32 && len != 36)
		return sim_fail(
		    c, 400, "InvalidParameterException", "taskId length should be one of [32,36]");
	if (id[strspn(id, "0123456789abcdefABCDEF-")])
		return sim_fail(
		    c, 400, "InvalidParameterException", "Invalid identifier: %.128s", text);
	return 0;
}

/* Checks the list `tasks`: 1 to `max` well-formed ids. */
static int check_task_ids(struct sim_call *c, size_t max)
{
	const json_t *names = doc_get(c->in, "tasks");
	const json_t *name;
	size_t i;

	if (!json_array_size(names))
		return sim_fail(c, 400, "InvalidParameterException", "Tasks cannot be empty.");
	if (json_array_size(names) > max)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Tasks can have at most %zu items.", max);
	json_array_foreach (names, i, name) {
		if (check_task_id(c, json_string_value(name)) < 0)
			return -1;
	}
	return 0;
}

static int act_describe_tasks(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	json_t *list, *failures;
	const json_t *name;
	size_t i;

	if (!k || check_task_ids(c, 100) < 0)
		return -1;
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "tasks", list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (doc_get(c->in, "tasks"), i, name) {
		const struct task *t = sim_task_find(k, c->region, json_string_value(name));

		if (t)
			json_array_append_new(
			    list, task_render(c->region, t, doc_lists(c->in, "include", "TAGS")));
		else
			sim_missing(c, failures, "task", "%s/%s", k->name,
			    sim_last_part(json_string_value(name)));
	}
	return 0;
}

static int act_stop_task(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	const char *text = doc_str(c->in, "task");
	const char *reason = doc_str(c->in, "reason");
	struct task *t;

	if (!k || check_task_id(c, text) < 0)
		return -1;
	t = sim_task_find(k, c->region, text);
	if (!t)
		return sim_fail(
		    c, 400, "InvalidParameterException", "The referenced task was not found.");
	if (reason && strlen(reason) > 1024)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Reason must be no longer than 1024 characters.");
	task_stop(
	    c->region, t, "UserInitiated", reason ? reason : "Task stopped by user", c->now_ms);
	if (t->service)
		service_unsettle(c->region, t->service);
	doc_put_new(c->out, "task", task_render(c->region, t, true));
	return 0;
}

static json_t *protection_render(const struct sim_region *r, const struct task *t, int64_t now_ms)
{
	json_t *o = json_object();

	doc_put_new(o, "taskArn", task_arn(r, t));
	doc_put_bool(o, "protectionEnabled", t->protected_ms > now_ms);
	if (t->protected_ms > now_ms)
		doc_put_time(o, "expirationDate", t->protected_ms);
	return o;
}

static bool is_deploying(const struct service *s)
{
	return s->deployments.count > 1;
}

/* true: it may be protected. false: `failures` has the reason. */
static bool protectable(struct sim_call *c, const struct task *t, bool changing, json_t *failures)
{
	json_t *arn = task_arn(c->region, t);
	const char *reason = NULL, *detail = NULL;

	if (!t->service || t->stop || (changing && t->status < TASK_RUNNING)) {
		reason = "TASK_NOT_VALID";
		detail = "Task is not part of a service, or is not running.";
	} else if (changing && is_deploying(t->service) &&
	    t->revision != primary_of(t->service)->revision &&
	    doc_bool(c->in, "protectionEnabled", false)) {
		reason = "DEPLOYMENT_BLOCKED";
		detail = "A deployment is blocked by protected tasks.";
	}
	if (reason)
		sim_failure(failures, json_string_value(arn), reason, detail);
	json_decref(arn);
	return !reason;
}

static int protection(struct sim_call *c, bool changing)
{
	struct cluster *k = sim_cluster(c);
	int64_t minutes = doc_int(c->in, "expiresInMinutes", 120);
	bool enable = doc_bool(c->in, "protectionEnabled", false);
	json_t *list, *failures;
	const json_t *name;
	size_t i;

	if (!k || check_task_ids(c, changing ? 10 : 100) < 0)
		return -1;
	if (changing && (minutes < 1 || minutes > 2880))
		return sim_fail(c, 400, "InvalidParameterException",
		    "expiresInMinutes must be between 1 and 2880.");
	list = json_array();
	failures = json_array();
	doc_put_new(c->out, "protectedTasks", list);
	doc_put_new(c->out, "failures", failures);
	json_array_foreach (doc_get(c->in, "tasks"), i, name) {
		struct task *t = sim_task_find(k, c->region, json_string_value(name));

		if (!t) {
			sim_missing(c, failures, "task", "%s/%s", k->name,
			    sim_last_part(json_string_value(name)));
			continue;
		}
		if (!protectable(c, t, changing, failures))
			continue;
		if (changing)
			t->protected_ms = enable ? c->now_ms + minutes * 60000 : 0;
		if (changing && !enable)
			service_unsettle(c->region, t->service);
		json_array_append_new(list, protection_render(c->region, t, c->now_ms));
	}
	return 0;
}

static int act_get_task_protection(struct sim_call *c)
{
	return protection(c, false);
}

static int act_update_task_protection(struct sim_call *c)
{
	return protection(c, true);
}

const struct sim_action sim_task_actions[] = {
    {"ListTasks", act_list_tasks},
    {"DescribeTasks", act_describe_tasks},
    {"StopTask", act_stop_task},
    {"GetTaskProtection", act_get_task_protection},
    {"UpdateTaskProtection", act_update_task_protection},
    {0},
};
