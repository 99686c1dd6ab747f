/* When are credentials fetched again, by whom, and who waits? */
#include "backend/credentials/cached.h"
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define MINUTE_MS (60 * 1000)

/* A source that a test steers. */
struct source {
	struct credentials_provider provider;
	struct home *home;
	atomic_int fetches;
	int64_t lives_ms; /* of its credentials; 0: unlimited */
	int fails;	  /* with this errno; 0: it does not */
	bool changed;
	atomic_bool held; /* fetch waits until it is false */
};

static int source_fetch(
    struct credentials_provider *self, struct credentials **ret, struct ecsfs_error *err)
{
	struct source *s = (struct source *)self;
	char id[32];

	snprintf(id, sizeof(id), "KEY%d", ++s->fetches);
	while (s->held)
		sched_yield();
	s->changed = false;
	if (s->fails)
		return ecsfs_error_set(err, s->fails, NULL, "refused %s", id);
	*ret = credentials_new(
	    id, "s", NULL, NULL, s->lives_ms ? clock_wall(&s->home->clock) + s->lives_ms : 0);
	return 0;
}

static bool source_changed(struct credentials_provider *self)
{
	return ((struct source *)self)->changed;
}

static void source_destroy(struct credentials_provider *self)
{
	(void)self;
}

struct fixture {
	struct home home;
	struct source source;
	struct credentials_provider *cached;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	home_open(&f->home);
	f->source.provider.name = "source";
	f->source.provider.fetch = source_fetch;
	f->source.provider.changed = source_changed;
	f->source.provider.destroy = source_destroy;
	f->source.home = &f->home;
	f->cached = credentials_cached_new(&f->source.provider, &f->home.clock);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	credentials_provider_free(f->cached);
	home_close(&f->home);
	free(f);
	return 0;
}

/* Fetches and demands this key; NULL: a failure with `why`. */
static void gives(struct fixture *f, const char *key, const char *why)
{
	struct credentials *c = NULL;
	struct ecsfs_error err = {0};
	int r = f->cached->fetch(f->cached, &c, &err);

	if (key) {
		assert_int_equal(r, 0);
		assert_string_equal(credentials_access_key_id_peek(c), key);
	} else {
		assert_true(r < 0);
		assert_string_equal(err.message, why);
	}
	credentials_unref(c);
}

static void test_refreshed_five_minutes_early(void **state)
{
	struct fixture *f = *state;

	f->source.lives_ms = 60 * MINUTE_MS;
	gives(f, "KEY1", NULL);
	f->home.now_ms = 55 * MINUTE_MS - 1;
	gives(f, "KEY1", NULL);
	f->home.now_ms = 55 * MINUTE_MS;
	gives(f, "KEY2", NULL);
	assert_int_equal(credentials_cached_expires_ms(f->cached), HOME_START_MS + 115 * MINUTE_MS);
}

static void test_old_ones_are_used_until_they_expire(void **state)
{
	struct fixture *f = *state;

	f->source.lives_ms = 60 * MINUTE_MS;
	gives(f, "KEY1", NULL);
	f->source.fails = EACCES;
	f->home.now_ms = 56 * MINUTE_MS;
	gives(f, "KEY1", NULL);
	gives(f, "KEY1", NULL);
	assert_int_equal(f->source.fetches, 2); /* not again at once */
	f->home.now_ms = 60 * MINUTE_MS - 1;
	gives(f, "KEY1", NULL);
	f->home.now_ms = 60 * MINUTE_MS;
	gives(f, NULL, "refused KEY4");
	/* The source recovers. */
	f->source.fails = 0;
	f->home.now_ms += 1000;
	gives(f, "KEY5", NULL);
}

static void test_an_error_is_shared_for_a_second(void **state)
{
	struct fixture *f = *state;

	f->source.fails = EACCES;
	gives(f, NULL, "refused KEY1");
	f->home.now_ms = 999;
	gives(f, NULL, "refused KEY1");
	f->home.now_ms = 1000;
	gives(f, NULL, "refused KEY2");
}

static void test_a_change_is_looked_for_once_a_second(void **state)
{
	struct fixture *f = *state;

	gives(f, "KEY1", NULL);
	f->source.changed = true;
	f->home.now_ms = 999;
	gives(f, "KEY1", NULL);
	f->home.now_ms = 1000;
	gives(f, "KEY2", NULL);
	/* A new login ends the wait after a failure. */
	f->source.fails = EACCES;
	f->source.changed = true;
	f->home.now_ms = 2000;
	gives(f, "KEY2", NULL);
	f->source.fails = 0;
	f->source.changed = true;
	f->home.now_ms = 3000;
	gives(f, "KEY4", NULL);
}

static void test_forced_at_most_once_a_minute(void **state)
{
	struct fixture *f = *state;
	struct credentials *seen = NULL;

	assert_int_equal(f->cached->fetch(f->cached, &seen, NULL), 0);
	assert_true(credentials_cached_expire(f->cached, seen));
	gives(f, "KEY2", NULL);
	/* Somebody else has refreshed them since. */
	assert_true(credentials_cached_expire(f->cached, seen));
	gives(f, "KEY2", NULL);
	credentials_unref(seen);
	assert_int_equal(f->cached->fetch(f->cached, &seen, NULL), 0);
	assert_false(credentials_cached_expire(f->cached, seen));
	f->home.now_ms = MINUTE_MS;
	assert_true(credentials_cached_expire(f->cached, seen));
	gives(f, "KEY3", NULL);
	credentials_unref(seen);
}

static void test_doubted_once_in_a_quarter_of_an_hour(void **state)
{
	struct fixture *f = *state;
	struct credentials *seen = NULL;

	gives(f, "KEY1", NULL);
	assert_int_equal(f->cached->fetch(f->cached, &seen, NULL), 0);
	assert_true(credentials_cached_doubt(f->cached, seen));
	credentials_unref(seen);
	gives(f, "KEY2", NULL);
	assert_int_equal(f->cached->fetch(f->cached, &seen, NULL), 0);
	f->home.now_ms = 15 * MINUTE_MS - 1;
	assert_false(credentials_cached_doubt(f->cached, seen));
	gives(f, "KEY2", NULL);
	f->home.now_ms = 15 * MINUTE_MS;
	assert_true(credentials_cached_doubt(f->cached, seen));
	gives(f, "KEY3", NULL);
	credentials_unref(seen);
}

static void *fetch_in_thread(void *arg)
{
	struct fixture *f = arg;
	struct credentials *c = NULL;

	return f->cached->fetch(f->cached, &c, NULL) ? NULL : c;
}

static void test_one_fetch_for_all(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[8];
	void *got;

	f->source.held = true;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, fetch_in_thread, f);
	while (!f->source.fetches)
		sched_yield();
	f->source.held = false;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &got);
		assert_string_equal(credentials_access_key_id_peek(got), "KEY1");
		credentials_unref(got);
	}
	assert_int_equal(f->source.fetches, 1);
}

struct leaver {
	struct fixture *f;
	struct stop stop;
	int result;
};

static void *fetch_until_stopped(void *arg)
{
	struct leaver *l = arg;
	struct credentials *c = NULL;

	l->result = credentials_cached_fetch(l->f->cached, &l->stop, &c, NULL);
	return c;
}

/* A caller that has gone does not wait for a source that hangs; the others get its credentials. */
static void test_a_stopped_caller_leaves_and_the_fetch_goes_on(void **state)
{
	struct fixture *f = *state;
	struct leaver leaver = {.f = f};
	pthread_t fetcher, waiter;
	void *got;

	stop_init(&leaver.stop);
	f->source.held = true;
	pthread_create(&fetcher, NULL, fetch_in_thread, f);
	while (!f->source.fetches)
		sched_yield();
	pthread_create(&waiter, NULL, fetch_until_stopped, &leaver);
	stop_now(&leaver.stop);
	pthread_join(waiter, &got);
	assert_null(got);
	assert_int_equal(leaver.result, -EINTR);
	f->source.held = false;
	pthread_join(fetcher, &got);
	assert_string_equal(credentials_access_key_id_peek(got), "KEY1");
	credentials_unref(got);
	assert_int_equal(f->source.fetches, 1);
	stop_release(&leaver.stop);
}

static void test_nobody_waits_while_the_old_ones_are_good(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	void *got;

	f->source.lives_ms = 60 * MINUTE_MS;
	gives(f, "KEY1", NULL);
	f->home.now_ms = 56 * MINUTE_MS;
	f->source.held = true;
	pthread_create(&thread, NULL, fetch_in_thread, f);
	while (f->source.fetches < 2)
		sched_yield();
	gives(f, "KEY1", NULL); /* the refresh still hangs */
	f->source.held = false;
	pthread_join(thread, &got);
	assert_string_equal(credentials_access_key_id_peek(got), "KEY2");
	credentials_unref(got);
}

static void test_short_lived_ones_are_not_fetched_for_every_call(void **state)
{
	struct fixture *f = *state;

	f->source.lives_ms = 2 * MINUTE_MS;
	gives(f, "KEY1", NULL);
	gives(f, "KEY1", NULL);
	f->home.now_ms = 30 * 1000;
	gives(f, "KEY2", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_refreshed_five_minutes_early),
	    TEST(test_old_ones_are_used_until_they_expire),
	    TEST(test_an_error_is_shared_for_a_second),
	    TEST(test_a_change_is_looked_for_once_a_second),
	    TEST(test_forced_at_most_once_a_minute),
	    TEST(test_doubted_once_in_a_quarter_of_an_hour),
	    TEST(test_one_fetch_for_all),
	    TEST(test_a_stopped_caller_leaves_and_the_fetch_goes_on),
	    TEST(test_nobody_waits_while_the_old_ones_are_good),
	    TEST(test_short_lived_ones_are_not_fetched_for_every_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
