/* What do RunTask and StartTask do? */
#include "backend/sim/ecs/task/run.h"

#include "backend/base/cleanup.h"
#include "backend/sim/api.h"
#include "backend/sim/doc.h"
#include "backend/sim/ecs/service/services.h"
#include "backend/sim/ecs/tags.h"
#include "backend/sim/ecs/task/place.h"
#include "backend/sim/ecs/task/task_doc.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/state.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_MS (24 * 3600 * 1000)
#define TOKENS_MAX 4096

/* The request that a client token of RunTask was used for. */
struct run_token {
	char *key; /* cluster and token */
	uint64_t hash;
	int64_t until_ms;
	json_t *answer;
};

static void token_free(struct run_token *t)
{
	json_decref(t->answer);
	free(t->key);
	free(t);
}

void run_tokens_free(struct sim_region *r)
{
	for (size_t i = 0; i < r->run_tokens.count; i++)
		token_free(r->run_tokens.items[i]);
	vec_release(&r->run_tokens);
}

/* FNV-1a over the text with its members sorted. */
static struct run_token *token_find(struct sim_region *r, const char *key, int64_t now_ms)
{
	for (size_t i = r->run_tokens.count; i > 0; i--) {
		struct run_token *t = r->run_tokens.items[i - 1];

		if (strcmp(t->key, key) == 0 && now_ms < t->until_ms)
			return t;
	}
	return NULL;
}

static void token_keep(
    struct sim_region *r, const char *key, uint64_t hash, int64_t now_ms, json_t *answer)
{
	struct run_token *t = sim_alloc(sizeof(*t));

	*t = (struct run_token){.key = sim_strdup(key),
	    .hash = hash,
	    .until_ms = now_ms + TOKEN_MS,
	    .answer = json_incref(answer)};
	if (r->run_tokens.count == TOKENS_MAX) {
		token_free(r->run_tokens.items[0]);
		vec_remove(&r->run_tokens, 0);
	}
	vec_push(&r->run_tokens, t);
}

/* Checks that the containers of the overrides exist, and the size of all overrides. */
static int check_overrides(struct sim_call *c, const struct taskdef *td)
{
	const json_t *overrides = doc_get(c->in, "overrides");
	const json_t *one, *def;
	char *text = overrides ? json_dumps(overrides, JSON_COMPACT) : NULL;
	bool long_one = text && strlen(text) > 8192;
	size_t i, j;

	free(text);
	if (long_one)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Container Overrides length must be at most 8192");
	json_array_foreach (doc_get(overrides, "containerOverrides"), i, one) {
		const char *name = doc_str(one, "name");
		bool found = false;

		json_array_foreach (doc_get(td->doc, "containerDefinitions"), j, def)
			found |= name && strcmp(doc_str(def, "name"), name) == 0;
		if (!found)
			return sim_fail(c, 400, "InvalidParameterException",
			    "Override for container named %.128s is not a container in the "
			    "TaskDefinition.",
			    name ? name : "");
	}
	return 0;
}

static int check_run(struct sim_call *c, const struct cluster *k, const struct taskdef *td)
{
	int64_t count = doc_int(c->in, "count", 1);
	const char *token = doc_str(c->in, "clientToken");
	const char *started_by = doc_str(c->in, "startedBy");
	const char *propagate = doc_str(c->in, "propagateTags");

	if (count < 1 || count > 10)
		return sim_fail(
		    c, 400, "InvalidParameterException", "Count must be between 1 and 10.");
	if (token && strlen(token) > 64)
		return sim_fail(c, 400, "InvalidParameterException",
		    "clientToken must have at most 64 characters.");
	if (started_by && strlen(started_by) > 128)
		return sim_fail(c, 400, "InvalidParameterException",
		    "startedBy must have at most 128 characters.");
	if (propagate && strcmp(propagate, "SERVICE") == 0)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Tag propagation from service is not supported for standalone tasks.");
	if (sim_check_launch(c, k, td, c->in) < 0 || check_overrides(c, td) < 0)
		return -1;
	return sim_check_tags(c, doc_get(c->in, "tags"), NULL);
}

static const json_t *tags_of_task(const struct sim_call *c, const struct taskdef *td)
{
	const char *propagate = doc_str(c->in, "propagateTags");

	if (json_array_size(doc_get(c->in, "tags")))
		return doc_get(c->in, "tags");
	return propagate && strcmp(propagate, "TASK_DEFINITION") == 0 ? td->tags : NULL;
}

/* A placement constraint that nothing meets. */
static bool hopeless(const struct sim_call *c, const struct taskdef *td)
{
	const json_t *one;
	size_t i;

	json_array_foreach (doc_get(c->in, "placementConstraints"), i, one) {
		const char *expression = doc_str(one, "expression");

		if (expression && strstr(expression, "nocapacity"))
			return true;
	}
	return td->no_capacity;
}

static void no_room(const struct cluster *k, json_t *failures)
{
	if (!k->instances.count) {
		sim_failure(failures, NULL, "RESOURCE:MEMORY", NULL);
		return;
	}
	for (size_t i = 0; i < k->instances.count; i++)
		sim_failure(failures, ((struct instance *)k->instances.items[i])->arn,
		    "RESOURCE:MEMORY", NULL);
}

static void run_one(struct sim_call *c, struct cluster *k, struct taskdef *td, unsigned turn,
    json_t *tasks, json_t *failures, struct instance *instance)
{
	struct task_plan plan = {.cluster = k,
	    .taskdef = td,
	    .instance = instance,
	    .started_by = doc_str(c->in, "startedBy"),
	    .group = doc_str(c->in, "group"),
	    .overrides = doc_get(c->in, "overrides"),
	    .tags = tags_of_task(c, td),
	    .execute_command = doc_bool(c->in, "enableExecuteCommand", false)};
	struct task *t;

	if (hopeless(c, td) || !place(c->region, &plan, c->in, turn)) {
		no_room(k, failures);
		return;
	}
	t = task_add(c->region, &plan, c->now_ms);
	json_array_append_new(tasks, task_render(c->region, t, true));
}

static int answer_again(struct sim_call *c, const struct run_token *seen, uint64_t hash)
{
	if (seen->hash != hash)
		return sim_fail(c, 400, "ConflictException",
		    "The RunTask request could not be processed due to conflicts: the clientToken "
		    "was used "
		    "with other arguments.");
	json_object_update(c->out, seen->answer);
	return 0;
}

static int act_run_task(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct taskdef *td = k ? sim_taskdef_usable(c) : NULL;
	const char *token = doc_str(c->in, "clientToken");
	uint64_t hash = doc_hash(c->in);
	json_t *tasks, *failures;
	struct run_token *seen;
	auto_free char *key = NULL;

	if (!td || check_run(c, k, td) < 0)
		return -1;
	key = sim_format("%s %s", k->name, token ? token : "");
	seen = token ? token_find(c->region, key, c->now_ms) : NULL;
	if (seen)
		return answer_again(c, seen, hash);
	tasks = json_array();
	failures = json_array();
	for (int64_t i = 0; i < doc_int(c->in, "count", 1); i++)
		run_one(c, k, td, (unsigned)i, tasks, failures, NULL);
	doc_put_new(c->out, "tasks", tasks);
	doc_put_new(c->out, "failures", failures);
	if (token && json_array_size(tasks))
		token_keep(c->region, key, hash, c->now_ms, c->out);
	return 0;
}

static int act_start_task(struct sim_call *c)
{
	struct cluster *k = sim_cluster(c);
	struct taskdef *td = k ? sim_taskdef_usable(c) : NULL;
	const json_t *names = doc_get(c->in, "containerInstances");
	json_t *tasks, *failures;
	const json_t *name;
	size_t i;

	if (!td || check_run(c, k, td) < 0)
		return -1;
	if (json_array_size(names) < 1 || json_array_size(names) > 10)
		return sim_fail(c, 400, "InvalidParameterException",
		    "Between 1 and 10 container instances are needed.");
	tasks = json_array();
	failures = json_array();
	json_array_foreach (names, i, name) {
		struct instance *n = sim_instance_find(c->region, k, json_string_value(name));

		if (n)
			run_one(c, k, td, (unsigned)i, tasks, failures, n);
		else
			sim_failure(failures, json_string_value(name), "MISSING", NULL);
	}
	doc_put_new(c->out, "tasks", tasks);
	doc_put_new(c->out, "failures", failures);
	return 0;
}

const struct sim_action sim_run_actions[] = {
    {"RunTask", act_run_task},
    {"StartTask", act_start_task},
    {0},
};
