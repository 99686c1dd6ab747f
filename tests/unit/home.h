/*
 * How does a test get a home directory of its own, an environment without any AWS variable, and a
 * clock moved by hand that starts at 2030-01-01T00:00:00Z?
 */
#ifndef ECSFS_TESTS_HOME_H
#define ECSFS_TESTS_HOME_H

#include "backend/config/settings.h"
#include "tests/unit/scripted.h"

#include <stdatomic.h>

#define HOME_START_MS INT64_C(1893456000000)

struct home {
	struct clock clock;
	_Atomic int64_t now_ms; /* since the start */
	char path[64];
};

/* The one of a test with HOME_TEST(): opened for it, and closed behind it. */
extern struct home home;
int home_setup(void **state);
int home_setup_region(void **state); /* with AWS_REGION=eu-west-1 */
int home_teardown(void **state);
#define HOME_TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
#define HOME_TEST_REGION(name)                                                                     \
	cmocka_unit_test_setup_teardown(name, home_setup_region, home_teardown)

void home_open(struct home *h);
void home_close(struct home *h);
/* Writes a file below it, ".aws/config", with what directories it needs. */
void home_write(struct home *h, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Its path; static storage, good until the next call. */
const char *home_path(const struct home *h, const char *name);
/* Settings made there; fails the test where they cannot be. */
struct aws_settings *home_settings(struct home *h, const char *profile);
/* Starts a server and points a variable to `path` on it; scripted_finish() ends it. */
struct scripted *home_serve(
    const char *variable, const char *path, const struct scripted_entry *entries, size_t count);
/* Fetches and demands the key id; a new reference. */
struct credentials *home_credentials(struct aws_settings *s, const char *key_id);
/* Fetches, demands the key id (NULL: a failure), and gives the error's message; static storage. */
const char *home_fetch(struct aws_settings *s, const char *key_id);

#endif
