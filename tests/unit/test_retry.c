/* How often is a call repeated, after which wait, and which never? */
#include "backend/retry.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

static int64_t now_ms, waited_ms;
static bool cancelled;

static int64_t hand(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock by_hand = {.mono_ms = hand, .wall_ms = hand};

static int turn_hand(struct pause *self, int64_t ms, struct stop *stop)
{
	(void)self;
	(void)stop;
	waited_ms += ms;
	now_ms += ms;
	return cancelled ? -EINTR : 0;
}

/* What the layer below answers, one a call. */
struct outcome {
	int err;
	enum retry_class retry;
	bool in_doubt;
	int64_t after_ms; /* 0: AWS did not say */
};

static const struct outcome *script;
static int calls;

static int play(struct aws_layer *self, struct aws_exchange *x, struct aws_response *ret,
    struct ecsfs_error *err)
{
	const struct outcome *o = &script[calls++];

	(void)self;
	(void)ret;
	assert_int_equal(x->attempt, calls);
	x->retry = o->retry;
	x->in_doubt = o->in_doubt;
	x->retry_after_ms = o->after_ms ? o->after_ms : -1;
	if (!o->err)
		return 0;
	ecsfs_error_set(err, o->err, NULL, "attempt %d", calls);
	err->lost_answer = o->in_doubt;
	return -o->err;
}

static int run(
    const struct outcome *outcomes, int attempts, unsigned flags, struct ecsfs_error *err)
{
	static struct pause pause = {.wait = turn_hand};
	struct aws_settings settings = {.max_attempts = attempts};
	struct aws_context cx = {.settings = &settings, .clock = &by_hand, .pause = &pause};
	struct aws_layer *l = retry_layer_new(&cx, aws_layer_new(sizeof(struct aws_layer), play));
	const struct aws_request rq = {.service = "ecs", .action = "UpdateService", .flags = flags};
	struct aws_exchange x = {.rq = &rq, .region = "r", .timeout_ms = 30000};
	struct aws_response ret = {0};
	int r;

	assert_non_null(l);
	script = outcomes;
	calls = 0;
	now_ms = waited_ms = 0;
	x.deadline_ms = 30000;
	r = l->call(l, &x, &ret, err);
	aws_layer_free(l);
	return r;
}

static void backoff(void **state)
{
	(void)state;
	assert_int_equal(retry_backoff_ms(RETRY_TRANSIENT, 1, UINT32_MAX), 50);
	assert_int_equal(retry_backoff_ms(RETRY_TRANSIENT, 3, UINT32_MAX), 200);
	assert_int_equal(retry_backoff_ms(RETRY_THROTTLE, 1, UINT32_MAX), 1000);
	assert_int_equal(retry_backoff_ms(RETRY_THROTTLE, 2, UINT32_MAX / 2), 999);
	assert_int_equal(retry_backoff_ms(RETRY_THROTTLE, 100, UINT32_MAX), 20000);
	assert_int_equal(retry_backoff_ms(RETRY_QUOTA, 1, 0), 0);
}

static void attempts_count_all(void **state)
{
	static const struct outcome always[] = {{EIO, RETRY_TRANSIENT, false, 0},
	    {EIO, RETRY_TRANSIENT, false, 0}, {EIO, RETRY_TRANSIENT, false, 0},
	    {EIO, RETRY_TRANSIENT, false, 0}};
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(run(always, 3, 0, &err), -EIO);
	assert_int_equal(calls, 3);
	assert_in_range(waited_ms, 0, 150);
	assert_string_equal(err.message, "attempt 3");
	assert_int_equal(run(always, 1, 0, &err), -EIO);
	assert_int_equal(calls, 1);
}

static void waits_as_asked(void **state)
{
	static const struct outcome tried[] = {
	    {EBUSY, RETRY_THROTTLE, false, 7000}, {0, RETRY_NEVER, false, 0}};
	static const struct outcome too_long[] = {{EBUSY, RETRY_THROTTLE, false, 30000}};
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(run(tried, 3, 0, &err), 0);
	assert_int_equal(waited_ms, 7000);
	assert_int_equal(run(too_long, 3, 0, &err), -EBUSY);
	assert_int_equal(waited_ms, 0);
}

static void never_and_quota(void **state)
{
	static const struct outcome never[] = {{EINVAL, RETRY_NEVER, false, 0}};
	static const struct outcome quota[] = {
	    {EDQUOT, RETRY_QUOTA, false, 0}, {EDQUOT, RETRY_QUOTA, false, 0}};
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(run(never, 5, 0, &err), -EINVAL);
	assert_int_equal(calls, 1);
	assert_int_equal(run(quota, 5, 0, &err), -EDQUOT);
	assert_int_equal(calls, 2);
}

static void doubt(void **state)
{
	static const struct outcome lost[] = {
	    {EIO, RETRY_TRANSIENT, true, 0}, {EINVAL, RETRY_NEVER, false, 0}};
	static const struct outcome proven[] = {
	    {ECONNREFUSED, RETRY_TRANSIENT, false, 0}, {0, RETRY_NEVER, false, 0}};
	struct ecsfs_error err;

	(void)state;
	assert_int_equal(run(lost, 3, AWS_ONCE, &err), -EIO);
	assert_int_equal(calls, 1);
	assert_true(err.lost_answer);
	assert_int_equal(run(proven, 3, AWS_ONCE, &err), 0);
	assert_int_equal(calls, 2);
	/* Without the flag it is repeated, but what the first one may have done is not forgotten. */
	assert_int_equal(run(lost, 3, 0, &err), -EINVAL);
	assert_true(err.lost_answer);
}

static void cancelled_while_waiting(void **state)
{
	static const struct outcome slow[] = {{EBUSY, RETRY_THROTTLE, false, 100}};
	struct ecsfs_error err;

	(void)state;
	cancelled = true;
	assert_int_equal(run(slow, 3, 0, &err), -EINTR);
	assert_int_equal(calls, 1);
	cancelled = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(backoff),
	    cmocka_unit_test(attempts_count_all),
	    cmocka_unit_test(waits_as_asked),
	    cmocka_unit_test(never_and_quota),
	    cmocka_unit_test(doubt),
	    cmocka_unit_test(cancelled_while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
