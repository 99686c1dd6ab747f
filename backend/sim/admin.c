/*
 * Which questions do tests ask the simulator itself? Unsigned, on loopback only:
 *
 *     GET  /_sim/calls      {"total": N, "actions": {"DescribeServices": 3, ...}} since the last reset
 *     GET  /_sim/requests   the newest of them: [{"number", "time", "action", "region", "status", "body"}]
 *     GET  /_sim/made       ["ecs:ListClusters", ...]: every action that ecsfs (by its User-Agent)
 *                           has called since the start
 *     POST /_sim/reset      forgets calls and requests
 *     POST /_sim/faults     the body is the fault script (faults.c); an empty one ends them
 *     POST /_sim/latency    the body is a number of milliseconds
 *     POST /_sim/hold       the body 1: tasks and deployments stand still; 0: they go on
 *     POST /_sim/exec?NAME=N   how the agents of ECS Exec behave (exec/exec.h)
 *     POST /_sim/logs?region=R&NAME=N   faults of the log store (logs/store.h)
 */
#include "backend/sim/admin.h"

#include "backend/sim/doc.h"
#include "backend/sim/exec/exec.h"
#include "backend/sim/exec/sessions.h"
#include "backend/sim/logs/store.h"
#include "backend/sim/request/faults.h"
#include "backend/sim/server.h"
#include "backend/sim/state.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void count_call(struct sim *s, const char *action)
{
	s->total++;
	for (size_t i = 0; i < SIM_MAX_ACTIONS; i++) {
		if (s->calls[i].action && strcmp(s->calls[i].action, action) != 0)
			continue;
		s->calls[i].action = action;
		s->calls[i].count++;
		return;
	}
}

/* Counts known actions only, and only calls of ecsfs itself: tests and other programs call too. */
static void note_made(
    struct sim *s, const struct sim_request *rq, const char *service, const char *action)
{
	if (!service || !rq->user_agent || strncmp(rq->user_agent, "ecsfs/", 6) != 0)
		return;
	for (size_t i = 0; i < SIM_MAX_ACTIONS; i++) {
		if (!s->made[i].action) {
			s->made[i].service = service;
			s->made[i].action = action;
		}
		if (s->made[i].action == action && s->made[i].service == service)
			return;
	}
}

uint64_t admin_record(struct sim *s, const char *region, const char *service, const char *action,
    const struct sim_request *rq, int64_t now_ms)
{
	struct kept_request *k;
	uint64_t number;

	pthread_mutex_lock(&s->lock);
	count_call(s, action);
	note_made(s, rq, service, action);
	number = ++s->kept_count;
	k = &s->kept[number % SIM_KEPT_REQUESTS];
	free(k->body);
	*k = (struct kept_request){.time_ms = now_ms, .number = number, .action = action};
	snprintf(k->region, sizeof(k->region), "%s", region);
	k->body = strndup(buf_str(&rq->body), SIM_KEPT_BODY);
	pthread_mutex_unlock(&s->lock);
	return number;
}

void admin_status(struct sim *s, uint64_t number, int status)
{
	struct kept_request *k = &s->kept[number % SIM_KEPT_REQUESTS];

	pthread_mutex_lock(&s->lock);
	if (k->number == number)
		k->status = status;
	pthread_mutex_unlock(&s->lock);
}

static void forget(struct sim *s)
{
	for (size_t i = 0; i < SIM_KEPT_REQUESTS; i++) {
		free(s->kept[i].body);
		s->kept[i] = (struct kept_request){0};
	}
	memset(s->calls, 0, sizeof(s->calls));
	s->total = 0;
}

void admin_free(struct sim *s)
{
	forget(s);
}

static json_t *calls_render(struct sim *s)
{
	json_t *actions = json_object();

	for (size_t i = 0; i < SIM_MAX_ACTIONS && s->calls[i].action; i++)
		doc_put_int(actions, s->calls[i].action, (int64_t)s->calls[i].count);
	return json_pack("{s:I,s:o}", "total", (json_int_t)s->total, "actions", actions);
}

static json_t *made_render(struct sim *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SIM_MAX_ACTIONS && s->made[i].action; i++)
		json_array_append_new(
		    list, json_sprintf("%s:%s", s->made[i].service, s->made[i].action));
	return list;
}

static json_t *request_render(const struct kept_request *k)
{
	json_t *o = json_object();
	json_t *body = json_loads(k->body ? k->body : "", JSON_ALLOW_NUL, NULL);

	doc_put_int(o, "number", (int64_t)k->number);
	doc_put_time(o, "time", k->time_ms);
	doc_put_str(o, "action", k->action);
	doc_put_str(o, "region", k->region);
	doc_put_int(o, "status", k->status);
	doc_put_new(o, "body", body ? body : json_string(k->body));
	return o;
}

static json_t *requests_render(struct sim *s)
{
	json_t *list = json_array();

	for (uint64_t i = 1; i <= SIM_KEPT_REQUESTS; i++) {
		const struct kept_request *k = &s->kept[(s->kept_count + i) % SIM_KEPT_REQUESTS];

		if (k->action)
			json_array_append_new(list, request_render(k));
	}
	return list;
}

struct log_modes {
	struct sim_region *region;
	bool refused;
};

static enum MHD_Result set_log_mode(
    void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct log_modes *m = arg;
	(void)kind;

	if (strcmp(key, "region") != 0)
		m->refused |=
		    sim_logs_set(sim_region_logs(m->region), key, value ? atol(value) : 0) < 0;
	return MHD_YES;
}

static int set_logs(struct sim *s, const struct sim_request *rq)
{
	const char *region =
	    MHD_lookup_connection_value(rq->connection, MHD_GET_ARGUMENT_KIND, "region");
	struct log_modes m = {.region = sim_region_get(s, region ? region : s->home_region)};

	if (!m.region)
		return -1;
	sim_region_lock(m.region);
	MHD_get_connection_values(rq->connection, MHD_GET_ARGUMENT_KIND, set_log_mode, &m);
	sim_region_unlock(m.region);
	return m.refused ? -1 : 0;
}

struct exec_modes {
	struct sim_exec *exec;
	bool refused;
};

static enum MHD_Result set_exec_mode(
    void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct exec_modes *m = arg;
	(void)kind;

	m->refused |= !m->exec || exec_set(m->exec, key, value ? atoi(value) : 0) < 0;
	return MHD_YES;
}

static int set_exec(struct sim *s, const struct sim_request *rq)
{
	struct exec_modes m = {.exec = s->exec};

	MHD_get_connection_values(rq->connection, MHD_GET_ARGUMENT_KIND, set_exec_mode, &m);
	return m.refused ? -1 : 0;
}

static int post(struct sim *s, const struct sim_request *rq, const char *what)
{
	if (strcmp(what, "faults") == 0)
		return faults_set(s, buf_str(&rq->body), NULL);
	if (strcmp(what, "latency") == 0) {
		atomic_store(&s->latency_ms, atoi(buf_str(&rq->body)));
		return 0;
	}
	if (strcmp(what, "hold") == 0) {
		atomic_store(&s->held, atoi(buf_str(&rq->body)) != 0);
		return 0;
	}
	if (strcmp(what, "exec") == 0)
		return set_exec(s, rq);
	if (strcmp(what, "logs") == 0)
		return set_logs(s, rq);
	if (strcmp(what, "reset") != 0)
		return -1;
	pthread_mutex_lock(&s->lock);
	forget(s);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static json_t *get(struct sim *s, const char *what)
{
	json_t *o = NULL;

	pthread_mutex_lock(&s->lock);
	if (strcmp(what, "calls") == 0)
		o = calls_render(s);
	else if (strcmp(what, "requests") == 0)
		o = requests_render(s);
	else if (strcmp(what, "made") == 0)
		o = made_render(s);
	pthread_mutex_unlock(&s->lock);
	return o;
}

void sim_admin(struct sim *s, const struct sim_request *rq, struct sim_reply *ret)
{
	const char *what = rq->path + strlen("/_sim/");
	json_t *o;

	if (strcmp(rq->method, "POST") == 0)
		o = post(s, rq, what) < 0 ? NULL : json_object();
	else
		o = get(s, what);
	ret->status = o ? 200 : 400;
	ret->type = "application/json";
	ret->body = o ? json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(13)) : sim_strdup("{}");
	ret->len = strlen(ret->body);
	json_decref(o);
}
