/* How does the simulator start and end? With its regions and its scheduler. */
#include "backend/sim/sim.h"

#include "backend/sim/admin.h"
#include "backend/sim/demo.h"
#include "backend/sim/ecs/fleet.h"

#include "backend/base/clock.h"
#include "backend/sim/ecs/task/scheduler.h"
#include "backend/sim/exec/exec.h"
#include "backend/sim/exec/sessions.h"
#include "backend/sim/logs/lines.h"
#include "backend/sim/logs/store.h"
#include "backend/sim/region.h"
#include "backend/sim/request/faults.h"
#include "backend/sim/request/http_server.h"
#include "backend/sim/request/throttle.h"
#include "backend/sim/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Hands the lines of a step to the log stores, one region's lock at a time. */
static void deliver(struct sim *s, struct sim_region *from, struct log_line *lines, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct log_line *l = &lines[i];
		struct sim_region *to = l->region ? sim_region_get(s, l->region) : from;

		if (to) {
			sim_region_lock(to);
			sim_logs_put(
			    to->logs, l->group, l->stream, l->time_ms, l->text, strlen(l->text));
			sim_region_unlock(to);
		}
		log_line_release(l);
	}
}

static void step(struct sim *s, struct sim_region *r, struct log_line *lines)
{
	unsigned count;

	sim_region_lock(r);
	if (!atomic_load(&s->held)) {
		lively_step(r, clock_wall(&clock_system));
		region_step(r, clock_wall(&clock_system));
	}
	count = r->line_count;
	memcpy(lines, r->lines, count * sizeof(*lines));
	r->line_count = 0;
	sim_region_unlock(r);
	deliver(s, r, lines, count);
}

static size_t copy_regions(struct sim *s, struct sim_region **ret)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->ending ? 0 : s->region_count;
	memcpy(ret, s->regions, n * sizeof(struct sim_region *));
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void *schedule(void *arg)
{
	struct sim *s = arg;
	struct sim_region *regions[SIM_MAX_REGIONS];
	struct log_line *lines = sim_alloc(sizeof(regions[0]->lines));
	double pause = 100 / s->speed;
	size_t n;

	while ((n = copy_regions(s, regions)) > 0) {
		for (size_t i = 0; i < n; i++)
			step(s, regions[i], lines);
		sim_wait(s, pause < 5 ? 5 : pause > 100 ? 100 : (int64_t)pause);
	}
	free(lines);
	return NULL;
}

static struct sim *make(const struct sim_options *o)
{
	struct sim *s = sim_alloc(sizeof(*s));
	const char *secret = o->secret_access_key ? o->secret_access_key
						  : "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

	pthread_mutex_init(&s->lock, NULL);
	clock_cond_init(&s->wake);
	s->account = sim_strdup(o->account ? o->account : "123456789012");
	s->home_region = sim_strdup(o->region ? o->region : "us-east-1");
	s->access_key_id = sim_strdup(o->access_key_id ? o->access_key_id : "AKIDEXAMPLE");
	s->session_token = o->session_token ? sim_strdup(o->session_token) : NULL;
	s->keys = credentials_new(s->access_key_id, secret, NULL, NULL, 0);
	s->strict = o->strict;
	s->throttle = o->throttle;
	s->speed = o->speed > 0 ? o->speed : 1;
	s->seed = o->seed;
	s->request_random = (uint64_t)clock_wall(&clock_system);
	atomic_init(&s->latency_ms, o->latency_ms);
	return s;
}

static void populate(struct sim *s, const struct sim_options *o)
{
	int64_t now_ms = clock_wall(&clock_system);
	struct sim_region *home = sim_region_get(s, s->home_region);

	if (o->clusters || o->services || o->tasks)
		fleet_make(home, o->clusters, o->services, o->tasks, now_ms);
	else
		demo_make(home, now_ms);
	if (o->lively)
		lively_make(home, now_ms);
}

int sim_start(const struct sim_options *options, struct sim **ret, struct ecsfs_error *err)
{
	struct sim *s = make(options);
	int r = faults_set(s, options->faults, err);

	*ret = NULL;
	if (r == 0) {
		s->exec = options->exec ? exec_new(s) : NULL;
		populate(s, options);
		r = http_server_start(s, options->port, err);
	}
	if (r == 0 && pthread_create(&s->scheduler, NULL, schedule, s) != 0)
		r = ecsfs_error_set(err, EAGAIN, NULL, "cannot start the scheduler's thread");
	s->scheduling = r == 0;
	if (r < 0) {
		sim_stop(s);
		return r;
	}
	*ret = s;
	return 0;
}

int sim_port(const struct sim *s)
{
	return s->port;
}

void sim_stop(struct sim *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->exec)
		exec_stop(s->exec);
	http_server_stop(s);
	if (s->scheduling)
		pthread_join(s->scheduler, NULL);
	for (size_t i = 0; i < s->region_count; i++)
		sim_region_free(s->regions[i]);
	exec_free(s->exec);
	admin_free(s);
	faults_free(s);
	throttle_free(s);
	credentials_unref(s->keys);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s->account);
	free(s->home_region);
	free(s->access_key_id);
	free(s->session_token);
	free(s);
}
