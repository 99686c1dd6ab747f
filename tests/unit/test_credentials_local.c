/* What do processes, container endpoints and instance metadata give, and how do they fail? */
#include "backend/credentials/cached.h"
#include "tests/unit/home.h"

#include "backend/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* A program of the test's as the default profile's credential_process, with one argument. */
static struct aws_settings *with_process(const char *script)
{
	home_write(&home, "program", "#!/bin/sh\n%s", script);
	assert_int_equal(chmod(home_path(&home, "program"), 0700), 0);
	home_write(&home, ".aws/config", "[default]\ncredential_process = '%s' \"a b\"\n",
	    home_path(&home, "program"));
	return home_settings(&home, NULL);
}

#define PRINT(id, more)                                                                            \
	"echo '{\"Version\":1,\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"s\"" more "}'\n"

static void test_process(void **state)
{
	struct aws_settings *s =
	    with_process("[ \"$1\" = 'a b' ] || exit 1\necho careful >&2\n" PRINT(
		"PROC", ",\"SessionToken\":\"t\",\"Expiration\":\"2030-01-01T01:00:00Z\""));

	(void)state;
	home_fetch(s, "PROC");
	assert_int_equal(credentials_cached_expires_ms(s->provider), HOME_START_MS + 3600 * 1000);
	assert_string_equal(s->provider->name, "process (profile default)");
	aws_settings_free(s);
}

static void fails_with(const char *script, const char *why)
{
	struct aws_settings *s = with_process(script);
	const char *text = home_fetch(s, NULL);

	if (!strstr(text, why))
		fail_msg("expected %s, got %s", why, text);
	aws_settings_free(s);
}

static void test_processes_that_fail(void **state)
{
	(void)state;
	fails_with("echo no luck >&2\nexit 7\n", "ended with status 7: no luck");
	fails_with("kill -9 $$\n", "ended with signal 9");
	fails_with("head -c 10000000 /dev/zero\n", "printed more than 64 KiB");
	fails_with("echo hello\n", "printed no JSON object");
	fails_with("echo '{\"Version\":2}'\n", "a Version that is not 1");
	fails_with("echo '{\"Version\":1,\"AccessKeyId\":\"A\"}'\n", "no SecretAccessKey");
	/* Its output is not in the message. */
	fails_with("echo '{\"Version\":1,\"SecretAccessKey\":\"hidden\"}'\n",
	    "credential_process: the response has no AccessKeyId");
}

static void test_a_long_complaint_does_not_stop_it(void **state)
{
	struct aws_settings *s =
	    with_process("head -c 1000000 /dev/zero | tr '\\0' x >&2\n" PRINT("PROC", ""));

	(void)state;
	home_fetch(s, "PROC");
	aws_settings_free(s);
}

static void test_process_that_is_not_there(void **state)
{
	struct aws_settings *s;

	(void)state;
	home_write(&home, ".aws/config", "[default]\ncredential_process = /nonexistent x\n");
	s = home_settings(&home, NULL);
	assert_non_null(strstr(home_fetch(s, NULL), "/nonexistent cannot be run: No such file"));
	aws_settings_free(s);
}

static void *cancel_when_started(void *arg)
{
	struct aws_settings *s = arg;

	while (access(home_path(&home, "pid"), F_OK) < 0)
		sched_yield();
	credentials_provider_cancel(s->provider);
	return NULL;
}

static void test_cancel_ends_a_process_that_hangs(void **state)
{
	struct aws_settings *s = with_process(
	    "echo $$ > \"$(dirname \"$0\")/pid.new\"\n"
	    "mv \"$(dirname \"$0\")/pid.new\" \"$(dirname \"$0\")/pid\"\nexec sleep 600\n");
	struct credentials *c = NULL;
	pthread_t thread;
	FILE *f;
	int pid = 0;

	(void)state;
	pthread_create(&thread, NULL, cancel_when_started, s);
	assert_int_equal(s->provider->fetch(s->provider, &c, NULL), -EINTR);
	pthread_join(thread, NULL);
	f = fopen(home_path(&home, "pid"), "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	assert_int_equal(kill(pid, 0), -1);
	aws_settings_free(s);
}

#define KEYS(id, expiry)                                                                           \
	"{\"Code\":\"Success\",\"AccessKeyId\":\"" id                                              \
	"\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","                                            \
	"\"Expiration\":\"" expiry "\",\"AccountId\":\"123456789012\"}"

static void test_container(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"GET /keys?id=1 ", "Authorization: first\r\n", "Accept: application/json"},
		.body = KEYS("CONT1", "2030-01-01T01:00:00Z")},
	    /* The token is read anew each time; what passes is tried again. */
	    {.expect = {"Authorization: second\r\n"}, .status = 503},
	    {.expect = {"Authorization: second\r\n"},
		.body = KEYS("CONT2", "2030-01-01T02:00:00Z")}};
	struct scripted *server = home_serve(
	    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "/keys?id=1", entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	home_write(&home, "token", "first");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", home_path(&home, "token"), 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "never", 1);
	s = home_settings(&home, NULL);
	home_fetch(s, "CONT1");
	home_write(&home, "token", "second");
	home.now_ms = 56 * 60 * 1000;
	home_fetch(s, "CONT2");
	aws_settings_free(s);
	unsetenv("http_proxy");
	scripted_finish(server);
}

static void container_fails(const char *url, const char *token, const char *why)
{
	struct aws_settings *s;

	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", token, 1);
	s = home_settings(&home, NULL);
	assert_non_null(strstr(home_fetch(s, NULL), why));
	aws_settings_free(s);
}

static void test_container_hosts_and_tokens(void **state)
{
	(void)state;
	container_fails("http://example.com/x", "t", "names example.com over http");
	container_fails("http://127.0.0.1@example.com/x", "t", "names example.com over http");
	container_fails("http://169.254.169.254/x", "t", "names 169.254.169.254 over http");
	container_fails("ftp://127.0.0.1/x", "t", "over ftp");
	container_fails("nonsense", "t", "");
	container_fails("http://127.0.0.1:1/x", "a\r\nX: y", "holds a line break");
	container_fails("http://[::1]:1/x", "a\nb", "holds a line break");
	container_fails("http://localhost:1/x", "a\nb", "holds a line break");
	container_fails("http://169.254.170.23/x", "a\nb", "holds a line break");
	container_fails("http://[fd00:ec2::23]/x", "a\nb", "holds a line break");
	container_fails("https://example.com/x", "a\nb", "holds a line break");
	/* What is added to the host may make another host of it. */
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/x", 1);
	container_fails("", "t", "RELATIVE_URI names example.com over http");
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".example.com/x", 1);
	container_fails("", "t", "names 169.254.170.2.example.com over http");
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ":x/", 1);
	container_fails("", "t", "RELATIVE_URI is not a path");
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x", 1); /* wins */
	container_fails("http://example.com/x", "a\nb", "holds a line break");
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nonexistent", 1);
	container_fails("http://127.0.0.1:1/x", "a", "/nonexistent cannot be read");
}

static void test_container_that_refuses(void **state)
{
	static const struct scripted_entry entries[] = {{.status = 403, .body = "no"}};
	struct scripted *server =
	    home_serve("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/", entries, ARRAY_SIZE(entries));
	struct aws_settings *s = home_settings(&home, NULL);

	(void)state;
	assert_non_null(strstr(home_fetch(s, NULL), "endpoint answered 403"));
	aws_settings_free(s);
	scripted_finish(server);
}

#define ROLES "/latest/meta-data/iam/security-credentials/"

static struct scripted *serve_imds(const struct scripted_entry *entries, size_t count)
{
	unsetenv("AWS_EC2_METADATA_DISABLED");
	return home_serve("AWS_EC2_METADATA_SERVICE_ENDPOINT", "/", entries, count);
}

static void test_imds(void **state)
{
	static const struct scripted_entry entries[] = {
	    {.expect = {"PUT /latest/api/token ", "x-aws-ec2-metadata-token-ttl-seconds: 21600"},
		.body = "tok1"},
	    {.expect = {"GET " ROLES " ", "x-aws-ec2-metadata-token: tok1\r\n"}, .status = 401},
	    {.expect = {"PUT /latest/api/token "}, .body = "tok2"},
	    {.expect = {"GET " ROLES " ", "x-aws-ec2-metadata-token: tok2\r\n"}, .body = "web\nx"},
	    {.expect = {"GET " ROLES "web ", "x-aws-ec2-metadata-token: tok2\r\n"},
		.body = KEYS("IMDS1", "2030-01-01T01:00:00Z")},
	    /* Past their expiry, while the service answers no more: static stability. */
	    {.expect = {"PUT "}, .status = 503}, {.expect = {"PUT "}, .body = "tok3"},
	    {.expect = {"GET "}, .body = "web"},
	    {.expect = {"GET "}, .body = KEYS("IMDS2", "2030-01-01T03:00:00Z")}};
	struct scripted *server = serve_imds(entries, ARRAY_SIZE(entries));
	struct aws_settings *s = home_settings(&home, NULL);
	int64_t ahead;

	(void)state;
	home_fetch(s, "IMDS1");
	home.now_ms = 61 * 60 * 1000;
	home_fetch(s, "IMDS1");
	ahead = credentials_cached_expires_ms(s->provider) - HOME_START_MS - home.now_ms;
	assert_in_range(ahead, 17 * 60 * 1000, 25 * 60 * 1000);
	home.now_ms += 22 * 60 * 1000;
	home_fetch(s, "IMDS2");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_imds_that_gives_nothing(void **state)
{
	static const struct scripted_entry entries[] = {{.expect = {"PUT "}, .status = 403},
	    {.expect = {"PUT "}, .body = "tok"}, {.expect = {"GET "}, .status = 404},
	    {.expect = {"PUT "}, .body = "tok"}, {.expect = {"GET "}, .body = "web"},
	    {.expect = {"GET "},
		.body = "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"m\"}"},
	    {.expect = {"PUT "}, .act = SCRIPTED_STALL}};
	struct scripted *server = serve_imds(entries, ARRAY_SIZE(entries));
	struct aws_settings *s = home_settings(&home, NULL);

	(void)state;
	assert_non_null(strstr(home_fetch(s, NULL), "refuses a token (IMDSv2)"));
	home.now_ms += 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "has no role for this instance"));
	home.now_ms += 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "has no keys for the role"));
	home.now_ms += 1000;
	assert_non_null(strstr(home_fetch(s, NULL), "--http-put-response-hop-limit 2"));
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_first_version_only_when_asked_for(void **state)
{
	static const struct scripted_entry entries[] = {{.expect = {"PUT "}, .status = 404},
	    {.expect = {"GET " ROLES " "}, .refuse = {"x-aws-ec2-metadata-token"}, .body = "web"},
	    {.expect = {"GET " ROLES "web "},
		.refuse = {"x-aws-ec2-metadata-token"},
		.body = KEYS("IMDS1", "2030-01-01T01:00:00Z")}};
	struct scripted *server = serve_imds(entries, ARRAY_SIZE(entries));
	struct aws_settings *s;

	(void)state;
	setenv("AWS_EC2_METADATA_V1_DISABLED", "false", 1);
	s = home_settings(&home, NULL);
	home_fetch(s, "IMDS1");
	aws_settings_free(s);
	scripted_finish(server);
}

static void test_imds_switched_off(void **state)
{
	struct aws_settings *s;

	(void)state;
	setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1", 1);
	s = home_settings(&home, NULL);
	assert_non_null(
	    strstr(home_fetch(s, NULL), "no AWS credentials found: set AWS_ACCESS_KEY_ID"));
	aws_settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOME_TEST_REGION(test_process),
	    HOME_TEST_REGION(test_processes_that_fail),
	    HOME_TEST_REGION(test_a_long_complaint_does_not_stop_it),
	    HOME_TEST_REGION(test_process_that_is_not_there),
	    HOME_TEST_REGION(test_cancel_ends_a_process_that_hangs),
	    HOME_TEST_REGION(test_container),
	    HOME_TEST_REGION(test_container_hosts_and_tokens),
	    HOME_TEST_REGION(test_container_that_refuses),
	    HOME_TEST_REGION(test_imds),
	    HOME_TEST_REGION(test_imds_that_gives_nothing),
	    HOME_TEST_REGION(test_first_version_only_when_asked_for),
	    HOME_TEST_REGION(test_imds_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
