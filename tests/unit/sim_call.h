/*
 * How is a simulated region used without a server? Actions are called by name, time is moved by
 * hand.
 */
#ifndef ECSFS_TEST_SIM_CALL_H
#define ECSFS_TEST_SIM_CALL_H

#include "backend/sim/demo.h"
#include "backend/sim/ecs/service/rollout.h"
#include "backend/sim/ecs/task/scheduler.h"
#include "backend/sim/ecs/task/tasks.h"
#include "backend/sim/logs/lines.h"
#include "backend/sim/region.h"
#include "backend/sim/request/model.h"
#include "backend/sim/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NETWORK "'networkConfiguration':{'awsvpcConfiguration':{'subnets':['subnet-0a1b']}}"
#define FARGATE_SERVICE "'launchType':'FARGATE'," NETWORK

struct bench {
	struct sim_region *region;
	int64_t now_ms;
	char code[64], message[512]; /* of the last call; "" where it succeeded */
};

static inline int bench_open(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->now_ms = 1700000000000;
	b->region = sim_region_new(NULL, "us-east-1", "123456789012", 7, 1);
	demo_make(b->region, b->now_ms);
	*state = b;
	return 0;
}

static inline int bench_close(void **state)
{
	struct bench *b = *state;

	sim_region_free(b->region);
	free(b);
	return 0;
}

/* Moves time by `ms` in steps of 100 ms, as the scheduler's thread does. */
static inline void bench_pass(struct bench *b, int64_t ms)
{
	for (int64_t end = b->now_ms + ms; b->now_ms < end;) {
		b->now_ms += 100;
		region_step(b->region, b->now_ms);
		region_drop_lines(b->region);
	}
}

/*
 * Calls an action with a request in which ' stands for ". The answer, new; NULL after a refusal,
 * whose code is in b->code.
 */
__attribute__((format(printf, 3, 4))) static inline json_t *call(
    struct bench *b, const char *action, const char *fmt, ...)
{
	struct sim_call c = {.region = b->region,
	    .region_name = "us-east-1",
	    .account = "123456789012",
	    .principal = "arn:aws:iam::123456789012:user/test",
	    .action = action,
	    .now_ms = b->now_ms};
	const struct sim_action *const others[] = {
	    sim_logs_actions, sim_logs_page_actions, sim_logs_tail_actions, sim_ecr_actions, NULL};
	const struct sim_action *a;
	char text[8192];
	va_list ap;
	json_t *in;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *s = text; *s; s++)
		*s = *s == '\'' ? '"' : *s;
	in = json_loads(text, 0, NULL);
	assert_non_null(in);
	a = sim_action_find(sim_ecs_tables, action);
	a = a ? a : sim_action_find(others, action);
	assert_non_null(a);
	c.in = in;
	c.out = json_object();
	if (model_check(&c, true) == 0)
		a->run(&c);
	json_decref(in);
	snprintf(b->code, sizeof(b->code), "%s", c.code);
	snprintf(b->message, sizeof(b->message), "%s", c.message);
	if (!c.status)
		return c.out;
	json_decref(c.out);
	return NULL;
}

#define assert_refused(b, wanted, ...)                                                             \
	do {                                                                                       \
		assert_null(call((b), __VA_ARGS__));                                               \
		assert_string_equal((b)->code, (wanted));                                          \
	} while (0)

#define assert_done(b, ...)                                                                        \
	do {                                                                                       \
		json_t *done_ = call((b), __VA_ARGS__);                                            \
		if (!done_)                                                                        \
			fail_msg("%s: %s", (b)->code, (b)->message);                               \
		json_decref(done_);                                                                \
	} while (0)

/* DescribeServices of one, new. */
static inline json_t *service(struct bench *b, const char *cluster, const char *name)
{
	json_t *o = call(b, "DescribeServices",
	    "{'cluster':'%s','services':['%s'],'include':['TAGS']}", cluster, name);
	json_t *s = json_incref(json_array_get(json_object_get(o, "services"), 0));

	json_decref(o);
	assert_non_null(s);
	return s;
}

static inline json_int_t number(const json_t *o, const char *key)
{
	assert_true(json_is_integer(json_object_get(o, key)));
	return json_integer_value(json_object_get(o, key));
}

static inline const char *string(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

#endif
