/* Which errno, retry class and line of .ecsfs/errors does an answer of AWS become? */
#include "backend/error.h"

#include "backend/base/cleanup.h"
#include "backend/base/text.h"
#include "backend/errlog.h"
#include "backend/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void setting(void **state)
{
	struct ecsfs_error e;
	char longer[1000];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(ecsfs_error_set(&e, EINVAL, "Code", "a\nb\x1b[1mc %d", 7), -EINVAL);
	assert_int_equal(e.err, EINVAL);
	assert_string_equal(e.code, "Code");
	assert_string_equal(e.message, "a b [1mc 7");
	assert_false(e.lost_answer);
	assert_int_equal(ecsfs_error_set(NULL, ENOENT, NULL, "x"), -ENOENT);
	assert_int_equal(ecsfs_error_set(&e, EIO, longer, "%s", longer), -EIO);
	assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
	assert_int_equal(strlen(e.code), sizeof(e.code) - 1);
}

static void wrapping(void **state)
{
	struct ecsfs_error e = {0};
	char longer[600];

	(void)state;
	assert_int_equal(ecsfs_error_wrap(&e, "x"), -EIO);
	assert_int_equal(ecsfs_error_wrap(NULL, "x"), -EIO);
	ecsfs_error_set(&e, EACCES, "AccessDenied", "no");
	e.http_status = 403;
	assert_int_equal(ecsfs_error_wrap(&e, "profile %s\n", "ops"), -EACCES);
	assert_string_equal(e.message, "profile ops : no");
	assert_string_equal(e.code, "AccessDenied");
	assert_int_equal(e.http_status, 403);
	memset(longer, 'y', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ecsfs_error_set(&e, EACCES, NULL, "%s", longer);
	ecsfs_error_wrap(&e, "%s", longer);
	assert_int_equal(strlen(e.message), sizeof(e.message) - 1);
}

static void another_servers_response(void **state)
{
	struct ecsfs_error e;

	(void)state;
	assert_int_equal(ecsfs_error_not_aws(NULL, "ListTasks", NULL), -EIO);
	assert_int_equal(ecsfs_error_not_aws(&e, "ListTasks", NULL), -EIO);
	assert_string_equal(e.message,
	    "ListTasks: the response is not AWS's: check endpoint and proxy (ecsfs doctor)");
	ecsfs_error_not_aws(&e, "ListTasks", "it has no %s", "taskArns");
	assert_string_equal(e.message,
	    "ListTasks: the response is not AWS's (it has no taskArns): check endpoint and proxy "
	    "(ecsfs doctor)");
}

struct expected {
	const char *action, *code;
	int status, err;
	enum retry_class retry;
};

/* NAMESPACE's "Errors", row by row. */
static const struct expected table[] = {
    {"UpdateService", "ServiceNotFoundException", 400, ENOENT, RETRY_NEVER},
    {"UpdateService", "ClusterNotFoundException", 400, ENOENT, RETRY_NEVER},
    {"UpdateService", "ServiceNotActiveException", 400, ENOENT, RETRY_NEVER},
    {"GetLogEvents", "ResourceNotFoundException", 400, ENOENT, RETRY_NEVER},
    {"DescribeTaskDefinition", "ClientException", 400, ENOENT, RETRY_NEVER},
    {"DescribeTaskDefinition", "InvalidParameterException", 400, ENOENT, RETRY_NEVER},
    {"StopTask", "InvalidParameterException", 400, ENOENT, RETRY_NEVER},
    {"UpdateService", "ClientException", 400, EINVAL, RETRY_NEVER},
    {"CreateService", "ClientException", 400, EINVAL, RETRY_NEVER},
    {"RunTask", "ClientException", 400, EINVAL, RETRY_NEVER},
    {"RegisterTaskDefinition", "ClientException", 400, EINVAL, RETRY_NEVER},
    {"DeleteService", "InvalidParameterException", 400, EINVAL, RETRY_NEVER},
    {NULL, "AccessDeniedException", 400, EACCES, RETRY_NEVER},
    {NULL, "AccessDenied", 403, EACCES, RETRY_NEVER},
    {NULL, "UnrecognizedClientException", 400, EACCES, RETRY_KEYS},
    {NULL, "InvalidClientTokenId", 403, EACCES, RETRY_KEYS},
    {NULL, "ExpiredTokenException", 400, EACCES, RETRY_AUTH},
    {NULL, "ExpiredToken", 403, EACCES, RETRY_AUTH},
    {NULL, "InvalidSignatureException", 403, EACCES, RETRY_SKEW},
    {NULL, "SignatureDoesNotMatch", 403, EACCES, RETRY_SKEW},
    {NULL, "RequestExpired", 400, EACCES, RETRY_SKEW},
    {NULL, "MissingAuthenticationTokenException", 400, EACCES, RETRY_NEVER},
    {NULL, "IncompleteSignatureException", 400, EACCES, RETRY_NEVER},
    {NULL, "OptInRequired", 403, EACCES, RETRY_NEVER},
    {NULL, "NotAuthorized", 401, EACCES, RETRY_NEVER},
    {NULL, "BlockedException", 400, EACCES, RETRY_NEVER},
    {NULL, "SerializationException", 400, EINVAL, RETRY_NEVER},
    {NULL, "ValidationException", 400, EINVAL, RETRY_NEVER},
    {NULL, "UnsupportedFeatureException", 400, EINVAL, RETRY_NEVER},
    {NULL, "PlatformUnknownException", 400, EINVAL, RETRY_NEVER},
    {"DeleteCluster", "ClusterContainsServicesException", 400, ENOTEMPTY, RETRY_NEVER},
    {"DeleteCluster", "ClusterContainsTasksException", 400, ENOTEMPTY, RETRY_NEVER},
    {"DeleteCluster", "UpdateInProgressException", 400, EBUSY, RETRY_NEVER},
    {NULL, "ConflictException", 400, EBUSY, RETRY_NEVER},
    {NULL, "ResourceInUseException", 400, EBUSY, RETRY_NEVER},
    {NULL, "ThrottlingException", 400, EBUSY, RETRY_THROTTLE},
    {NULL, "Throttling", 400, EBUSY, RETRY_THROTTLE},
    {NULL, "SlowDown", 503, EBUSY, RETRY_THROTTLE},
    {NULL, "LimitExceededException", 400, EDQUOT, RETRY_QUOTA},
    {NULL, "ServerException", 500, EIO, RETRY_TRANSIENT},
    {NULL, "InternalFailure", 500, EIO, RETRY_TRANSIENT},
    {NULL, "InternalFailure", 501, EOPNOTSUPP, RETRY_NEVER},
    {NULL, NULL, 501, EIO, RETRY_TRANSIENT},
    {NULL, "IDPCommunicationError", 400, EIO, RETRY_TRANSIENT},
    {NULL, "TargetNotConnectedException", 400, ENOTCONN, RETRY_NEVER},
    /* Unknown codes go by the status. */
    {NULL, "Novel", 429, EBUSY, RETRY_THROTTLE},
    {NULL, "Novel", 503, EIO, RETRY_TRANSIENT},
    {NULL, "Novel", 400, EINVAL, RETRY_NEVER},
    {NULL, "", 500, EIO, RETRY_TRANSIENT},
    {NULL, NULL, 404, EINVAL, RETRY_NEVER},
    {NULL, NULL, 302, EIO, RETRY_NEVER},
};

static void rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct expected *x = &table[i];
		const struct aws_rule *r = aws_rule_for(x->action, x->code, x->status);

		if (r->err != x->err || r->retry != x->retry)
			fail_msg("%s %s %d: %s, %d", x->action ? x->action : "-",
			    x->code ? x->code : "-", x->status, errno_name(r->err), r->retry);
	}
}

static void rule_by_sentence(void **state)
{
	static const char busy[] = "Too many concurrent attempts to create a new revision";
	const struct aws_rule *r =
	    aws_rule_for_answer("RegisterTaskDefinition", "ClientException", busy, 400);

	(void)state;
	assert_int_equal(r->err, EBUSY);
	assert_int_equal(r->retry, RETRY_THROTTLE);
	r = aws_rule_for_answer("UpdateService", "ClientException", busy, 400);
	assert_int_equal(r->err, EINVAL);
	r = aws_rule_for_answer("RegisterTaskDefinition", "ClientException", "no image", 400);
	assert_int_equal(r->err, EINVAL);
}

static void failures(void **state)
{
	(void)state;
	assert_int_equal(aws_failure_errno("MISSING"), ENOENT);
	assert_int_equal(aws_failure_errno("INACTIVE"), ENOENT);
	assert_int_equal(aws_failure_errno("RESOURCE:CPU"), EBUSY);
	assert_int_equal(aws_failure_errno("DEPLOYMENT_BLOCKED"), EBUSY);
	assert_int_equal(aws_failure_errno("TASK_NOT_VALID"), EINVAL);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(errno_name(EINVAL), "EINVAL");
	assert_string_equal(errno_name(ENOTEMPTY), "ENOTEMPTY");
	assert_string_equal(errno_name(123456), "E?");
}

static int64_t some_time(const struct clock *c)
{
	(void)c;
	return 1440938160007;
}

static void log_of_errors(void **state)
{
	static const struct clock clock = {.mono_ms = some_time, .wall_ms = some_time};
	auto_buf struct buf out = BUF_INIT(1 << 20);
	struct ecsfs_error e;
	size_t lines = 0;

	(void)state;
	ecsfs_error_set(&e, EINVAL, "ClientException", "words");
	strcpy(e.action, "UpdateService");
	strcpy(e.request_id, "r-1");
	struct errlog *log = errlog_new(&clock);
	errlog_add(log, "clusters/a\nb", &e);
	errlog_render(log, &out);
	assert_string_equal(buf_str(&out),
	    "2015-08-30T12:36:00.007Z EINVAL clusters/a b UpdateService ClientException: words "
	    "(request id r-1)\n");
	for (int i = 0; i < 150; i++) {
		ecsfs_error_set(&e, EIO, NULL, "number %d", i);
		errlog_add(log, NULL, &e);
	}
	buf_reset(&out);
	errlog_render(log, &out);
	for (const char *p = buf_str(&out); *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 100);
	assert_non_null(strstr(buf_str(&out), "EIO -: number 149\n"));
	assert_null(strstr(buf_str(&out), "number 49\n"));
	errlog_free(log);
}

static size_t lines_with(const char *text, const char *words)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, words)); p++)
		n++;
	return n;
}

static void crawlers_do_not_wipe_out_what_matters(void **state)
{
	static const struct clock clock = {.mono_ms = some_time, .wall_ms = some_time};
	auto_buf struct buf out = BUF_INIT(1 << 20);
	struct ecsfs_error e;
	char path[64];

	(void)state;
	struct errlog *log = errlog_new(&clock);
	ecsfs_error_set(&e, EINVAL, "ClientException", "the deployment");
	strcpy(e.action, "UpdateService");
	errlog_add_change(log, "web/task_definition", &e);
	for (int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "tasks/%d/protection", i);
		ecsfs_error_set(&e, EACCES, "AccessDeniedException", "task %d", i);
		strcpy(e.action, "GetTaskProtection");
		errlog_add(log, path, &e);
		ecsfs_error_set(&e, EPERM, NULL, "this file cannot be deleted");
		errlog_add_change(log, path, &e);
	}
	errlog_render(log, &out);
	assert_int_equal(lines_with(buf_str(&out), "the deployment"), 1);
	assert_int_equal(lines_with(buf_str(&out), "AccessDenied"), 100);
	assert_int_equal(lines_with(buf_str(&out), "cannot be deleted"), 1);
	assert_non_null(strstr(buf_str(&out),
	    "EPERM tasks/4999/protection: this file cannot be deleted (5000 times since "
	    "2015-08-30T12:36:00.007Z, on several paths)\n"));
	errlog_free(log);
}

static void equal_lines_are_counted(void **state)
{
	static const struct clock clock = {.mono_ms = some_time, .wall_ms = some_time};
	auto_buf struct buf out = BUF_INIT(1 << 20);
	struct ecsfs_error e, other;

	(void)state;
	struct errlog *log = errlog_new(&clock);
	ecsfs_error_set(&e, EINVAL, NULL, "not a number");
	ecsfs_error_set(&other, EINVAL, NULL, "no such revision");
	strcpy(other.request_id, "r-1");
	for (int i = 0; i < 3; i++)
		errlog_add_change(log, "a", &e);
	for (int i = 0; i < 2; i++) /* the look-up's and the open's: one failure */
		errlog_add(log, "b", &other);
	errlog_add_change(log, "a", &e);
	errlog_render(log, &out);
	assert_string_equal(buf_str(&out),
	    "2015-08-30T12:36:00.007Z EINVAL b: no such revision (request id r-1)\n"
	    "2015-08-30T12:36:00.007Z EINVAL a: not a number (4 times since "
	    "2015-08-30T12:36:00.007Z)\n");
	buf_reset(&out);
	errlog_render_last(log, &out);
	assert_int_equal(lines_with(buf_str(&out), "not a number"), 1);
	errlog_free(log);
}

static void text_is_plain(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
	    {"plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		"plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
	    {"\x1b[31m\tx\x7f", " [31m x "},
	    {"a\xc2\x9b"
	     "31mb",
		"a 31mb"},
	    {"\xe2\x80\xae"
	     "evil",
		" evil"},
	    {"\xff\xfe ok \xc0\xaf", "?? ok ??"},
	    {"\xed\xa0\x80.", "???."},
	    {"cut \xe2\x82", "cut "},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].from);
		text_plain(text);
		assert_string_equal(text, cases[i].to);
	}
}

static void counters(void **state)
{
	auto_buf struct buf out = BUF_INIT(1 << 20);
	struct metrics *m = metrics_new(), *other = metrics_new();
	char action[32];

	(void)state;
	assert_non_null(m);
	assert_non_null(other);
	metrics_call(m, "ecs", "Alpha", METRICS_OK, 1500000);
	metrics_call(m, "ecs", "Alpha", METRICS_THROTTLED, 500000);
	metrics_retry(m, "ecs", "Alpha", METRICS_THROTTLED);
	assert_int_equal(metrics_calls(m, "Alpha"), 3);
	metrics_render(m, &out);
	assert_non_null(strstr(buf_str(&out),
	    "ecsfs_aws_calls_total{service=\"ecs\",action=\"Alpha\",outcome=\"ok\"} 1\n"));
	assert_non_null(strstr(buf_str(&out),
	    "ecsfs_aws_repeats_total{service=\"ecs\",action=\"Alpha\",reason=\"throttled\"} 1\n"));
	assert_non_null(strstr(buf_str(&out),
	    "ecsfs_aws_call_seconds_total{service=\"ecs\",action=\"Alpha\"} 2.000000\n"));
	for (int i = 0; i < 400; i++) {
		snprintf(action, sizeof(action), "Invented%d", i);
		metrics_call(m, "ecs", action, METRICS_OK, 1);
	}
	assert_int_equal(metrics_calls(m, NULL), 403);
	/* Those of another mount. */
	assert_int_equal(metrics_calls(other, NULL), 0);
	metrics_free(other);
	metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(setting),
	    cmocka_unit_test(wrapping),
	    cmocka_unit_test(another_servers_response),
	    cmocka_unit_test(rules),
	    cmocka_unit_test(rule_by_sentence),
	    cmocka_unit_test(failures),
	    cmocka_unit_test(names),
	    cmocka_unit_test(log_of_errors),
	    cmocka_unit_test(crawlers_do_not_wipe_out_what_matters),
	    cmocka_unit_test(equal_lines_are_counted),
	    cmocka_unit_test(text_is_plain),
	    cmocka_unit_test(counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
